"""What is DingTalk's own in a chat: whom it does not name, how events are acknowledged, which way an answer goes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from conftest import ON_SQLITE, Company, Inside
from models.tables import Code
from models.work import Works
from test_entry import stored
from test_story import opened
from world import HandClock


@pytest.fixture
def surface() -> str:
    return "words"


@pytest.fixture
def company(works: Works, clock: HandClock, surface: str) -> Iterator[Company]:
    with opened(surface, clock=lambda: clock().timestamp()) as end:
        yield Company(Inside(works, end, clock))


@ON_SQLITE
def test_a_stranger_is_asked_to_bind_and_one_without_an_id_is_told_why(company: Company) -> None:
    keban = company.keban
    nobody = keban.somebody("nobody", "谁")
    assert "请先绑定" in nobody.says("/待审").text
    request = keban.app.robot_message("nobody", "/待审", outsider=True)
    status, body = keban.post(request.path, request)
    assert status == 200 and "没有告诉我你是谁" in body["text"]["content"]


@ON_SQLITE
def test_a_code_that_stands_for_nothing_here_is_a_button_that_is_gone(company: Company) -> None:
    rep, nobody = company.rep, company.keban.somebody("nobody", "谁")
    rep.says("/更进")
    [given, *_] = stored(company, select(Code.code))
    for foreign in ("通过 #zzzzzzz", "通过 ＃zzzzzzz "):
        assert "这个按钮已经失效" in rep.says(foreign).text
    assert "这个按钮已经失效" in company.colleague.says(f"通过 #{given}").text, "it was given in another chat"
    for words in ("客户说 #新品 不错", "看 #1", "#zzzzzzz 在前面"):
        assert rep.says(words).title == "你好，我是客伴", words
    assert "没有找到" in rep.says("/客户 华星 #zzzzzzz").text, "a command is one"
    assert "请先绑定" in nobody.says("通过 #zzzzzzz").text


@ON_SQLITE
def test_the_address_is_checked_and_every_event_is_acknowledged(company: Company) -> None:
    app, keban = company.keban.app, company.keban
    for request in (app.check_url(), app.subscription_event({"EventType": "user_leave_org", "UserId": ["wangmin"]})):
        status, body = keban.post(request.path, request)
        assert status == 200 and app.acknowledged(json.dumps(body).encode()) == "success"


def test_an_answer_goes_through_the_door_of_the_chat_while_that_is_open(company: Company) -> None:
    rep, keban = company.rep, company.keban
    company.make.customer("王敏", "华星科技有限公司")
    keban.forward(seconds=4)
    billed = keban.api.billed
    assert rep.says("/跟进 华星科技 已报价 下次:2小时后").message.via == "session" and keban.api.billed == billed
    keban.forward(minutes=86)  # the door is shut 5 minutes before it ends
    keban.forward(minutes=34)
    assert rep.last("该跟进了").message.via != "session" and keban.api.billed > billed
    keban.api.fail_next(code=300001, path="/robot/sendBySession")
    assert rep.says("/跟进 华星科技 又报价").message.via != "session", "one that refuses is given up for the API"


def test_an_answer_that_changed_nothing_stands_in_the_answer_itself_unless_another_is_under_way(
    company: Company,
) -> None:
    rep, keban = company.rep, company.keban
    company.make.customer("王敏", "华星科技有限公司")
    keban.forward(seconds=4)
    assert rep.says("/帮助 跟进").message.via == "answer" and rep.again(), "and is the same when it is delivered again"
    assert rep.says("/没有这个", group=True).message.via == "answer"
    assert [rep.says(private).message.via for private in ("/新客户", "/客户 华星科技")] == ["session"] * 2
    typo = rep.says("/更进")
    assert typo.message.via == "answer" and "/跟进" in str(typo.buttons), "its buttons are words that are understood"
    assert "跟进" in rep.presses(typo.buttons[0], on=typo).title
    keban.api.fail_next(status=502, path="/robot/sendBySession")
    rep.says("/跟进 华星科技 已报价", quiet=True)
    assert "已记录跟进" not in rep.seen()[-1].title
    rep.says("/帮助 跟进", quiet=True)
    keban.forward(seconds=4)
    later = [seen.message.via for seen in rep.seen()[-2:]]
    assert later == ["session", "session"] and rep.seen()[-2].title.startswith("已记录跟进"), (
        "in the order of what was said"
    )


@pytest.mark.parametrize("surface", ["words", "card"])
def test_who_did_it_gets_the_answer_and_no_message_more_for_the_copies_he_has(company: Company, surface: str) -> None:
    keban = company.keban
    agent, lead = company.joins("客服小吴", "总公司", "service_agent"), company.manager
    company.make.customer("王敏", "华星科技有限公司")
    agent.says("/投诉 华星科技 外壳有裂纹")
    number = agent.last("投诉 · ").title.removeprefix("投诉 · ")
    for _ in range(11):  # the ladder sends him and others cards of their own
        keban.forward(minutes=20)
    mine, owner, above = (len(each.seen()) for each in (agent, company.rep, lead))
    assert mine > 2 and owner >= 1 and above > 1
    agent.says(f"/首响 {number} 外壳裂纹，客户要求换货 致歉:是 超时原因:占线")
    assert len(agent.seen()) == mine + 1, [each.title for each in agent.seen()[mine:]]
    told = 1 if surface == "words" else 0
    assert (len(company.rep.seen()), len(lead.seen())) == (owner + told, above + told)
    for each in (company.rep, lead):
        assert "首次响应" in each.seen()[-1].text and "首次响应" not in each.seen()[-1].buttons


@ON_SQLITE
@pytest.mark.parametrize("surface", ["card"])
def test_a_card_does_not_go_that_way(company: Company) -> None:
    assert company.rep.says("/帮助 跟进").message.via == "card"
