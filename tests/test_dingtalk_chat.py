"""What is DingTalk's own in a chat: whom it does not name, how events are acknowledged, which way an answer goes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from conftest import ON_SQLITE, Company, Inside
from models.work import Works
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
    request = keban.app.robot_message("nobody", "/待审")
    assert keban.post(request.path, request) == (200, {"msgtype": "empty"})
    keban.settle()
    assert "请先绑定" in nobody.last().text
    request = keban.app.robot_message("nobody", "/待审", outsider=True)
    status, body = keban.post(request.path, request)
    assert status == 200 and "没有告诉我你是谁" in body["text"]["content"]


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


@ON_SQLITE
@pytest.mark.parametrize("surface", ["card"])
def test_a_card_does_not_go_that_way(company: Company) -> None:
    assert company.rep.says("/帮助 跟进").message.via == "card"
