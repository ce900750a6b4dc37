"""What people do at DingTalk, with a card template and without: everything pressed is what the stand-in received."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from ding_company import GROUP, Company, InsideDingTalk
from models.tables import FollowUp
from models.work import Works
from standins.dingtalk_api import DingTalkApi
from test_story import ENTRY
from world import HandClock

TEMPLATE = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
LINE = f"/新客户 {' '.join(f'{label}:{value}' for label, value in ENTRY.items())}"


@pytest.fixture(params=["card", "words"])
def template(request: pytest.FixtureRequest) -> str:
    """Mode (a), a card template with buttons; mode (b), none: buttons are words to say."""
    return TEMPLATE if request.param == "card" else ""


@pytest.fixture
def company(works: Works, clock: HandClock, template: str) -> Iterator[Company]:
    with DingTalkApi(clock=lambda: clock().timestamp()) as ding:
        yield Company(InsideDingTalk(works, ding, clock, template))
        assert not ding.problems, ding.problems


def test_from_a_new_customer_to_a_finished_reminder(company: Company) -> None:
    rep, boss, keban = company.rep, company.supervisor, company.keban
    assert rep.says("/新客户").title == "录入新客户"
    answer = rep.presses("提交", ENTRY)
    assert answer.title == "待审核 · 华星科技有限公司"
    review = boss.last("待审核 · 华星科技有限公司")
    assert "139****5678" in review.text and "13912345678" not in review.text

    boss.presses("退回")
    answer = boss.presses("确认退回", {"退回原因": "请补地址"})
    assert answer.title == "已退回 · 华星科技有限公司"
    keban.forward(seconds=4)
    assert "请补地址" in rep.last("已退回 · 华星科技有限公司").text

    rep.presses("修改")
    answer = rep.presses("重新提交", {"地址": "上海市浦东新区世纪大道 1 号"})
    assert answer.title == "待审核 · 华星科技有限公司"
    assert boss.presses("通过").title == "已建档 · C202611001"
    keban.forward(seconds=4)
    assert "已由赵强处理" in rep.last("已建档 · C202611001").text

    receipt = rep.says("/跟进 华星科技 已报价，等 回复 方式:电话 下次：明天上午10点")
    assert receipt.title == "已记录跟进 · 华星科技有限公司"
    assert "已报价，等 回复" in receipt.text and "明天 10:00" in receipt.text
    keban.until("2026-11-26 10:00")
    reminder = rep.last("该跟进了 · 华星科技有限公司")
    assert {"完成", "稍后", "改期", "已联系"} <= set(reminder.buttons)
    rep.presses("完成", on=reminder)
    answer = rep.presses("完成", {"结果": "客户同意签合同"})
    assert answer.title == "已记录跟进 · 华星科技有限公司"
    page = rep.says("/客户 C202611001")
    assert "客户同意签合同" in page.text and "13912345678" in page.text


def archived(company: Company) -> None:
    company.rep.says(LINE)
    company.supervisor.presses("通过")


def test_a_complaint_gets_louder_until_its_first_contact(company: Company) -> None:
    archived(company)
    service, owner, boss, keban = company.service, company.rep, company.supervisor, company.keban
    said = service.says("/投诉 华星科技 第二批货外壳有裂纹 渠道:电话")
    number = said.title.removeprefix("投诉 · ")
    assert "第二批货外壳有裂纹" in owner.last(f"投诉 · {number}").text
    keban.forward(minutes=91)
    assert "第二批货外壳有裂纹" in boss.last(f"投诉 · {number}").text
    boss.presses("收到")
    service.presses("首次响应")
    service.presses("首次响应", {"问题核心": "外壳有裂纹，客户要求换货", "是否致歉": "是"})
    keban.forward(seconds=4)
    for person in (service, owner, boss):
        seen = person.last(f"投诉 · {number}")
        assert "已由许安处理" in seen.text and seen.buttons == []
    keban.forward(hours=3)
    assert "已由许安处理" in boss.last(f"投诉 · {number}").text


def test_a_deal_a_survey_and_its_answer(company: Company) -> None:
    archived(company)
    rep, keban = company.rep, company.keban
    assert rep.says("/成交 华星科技 年度维保 金额:12.5万").title == "已记录成交 · 华星科技有限公司"
    keban.forward(days=3)
    (path,) = re.findall(r"/survey/[\w-]+(?=\s|$)", rep.last("满意度问卷 · 华星科技有限公司").text)
    assert keban.client.post(path, data={"score": "5", "comment": "交货很准时"}).status_code == 200
    keban.settle()
    assert "交货很准时" in rep.last("客户评价 · 华星科技有限公司").text


def test_a_manager_reads_the_digest_and_opens_a_number(company: Company) -> None:
    keban, boss = company.keban, company.manager
    keban.forward(seconds=1)
    archived(company)
    keban.until("2026-11-26 09:00")
    keban.until("2026-11-26 09:15")
    digest = boss.last("简报 · 11月26日 周四")
    assert "新客户 1" in digest.text
    opened = boss.presses(next(label for label in digest.buttons if "查看" in label), on=digest)
    assert "华星科技有限公司" in opened.text


def test_in_a_group_words_are_answered_and_what_is_private_is_told_alone(company: Company) -> None:
    archived(company)
    rep = company.rep
    assert rep.says("/跟进 华星科技 群里说一声", group=GROUP).title == "已记录跟进 · 华星科技有限公司"
    assert "已私信给你" in rep.says("/客户 华星科技", group=GROUP).text
    assert "13912345678" in rep.last("华星科技有限公司").text
    assert all("13912345678" not in each.text for each in rep.seen(GROUP))
    company.colleague.says("/跟进 华星科技 抢一下", group=GROUP)
    with company.keban.works.read() as work:
        assert work.connection.execute(select(func.count()).select_from(FollowUp)).scalar_one() == 1, "it is not his"


def test_a_message_that_comes_again_is_done_once(company: Company) -> None:
    archived(company)
    company.rep.says("/跟进 华星科技 已报价", msg_id="msg1")
    company.rep.says("/跟进 华星科技 已报价", msg_id="msg1", quiet=True)
    with company.keban.works.read() as work:
        assert work.connection.execute(select(func.count()).select_from(FollowUp)).scalar_one() == 1
    assert len([each for each in company.rep.seen() if each.title.startswith("已记录跟进")]) == 1


def test_a_stranger_is_asked_to_bind_and_one_without_an_id_is_told_why(company: Company) -> None:
    company.keban.ding.add_person("nobody", "谁")
    status, body = company.keban.post(company.keban.app.robot_message("nobody", "/待审"))
    company.keban.settle()
    assert status == 200 and body == {"msgtype": "empty"}
    assert "请先绑定" in company.keban.texts("nobody")[-1]
    status, body = company.keban.post(company.keban.app.robot_message("nobody", "/待审", outsider=True))
    assert status == 200 and "没有告诉我你是谁" in body["text"]["content"]


def test_the_address_is_checked_and_every_event_is_acknowledged(company: Company) -> None:
    app, client = company.keban.app, company.keban
    for request in (app.check_url(), app.subscription_event({"EventType": "user_leave_org", "UserId": ["wangmin"]})):
        assert app.acknowledged(client.raw(request)) == "success"


def test_an_answer_goes_through_the_door_of_the_chat_while_that_is_open(company: Company) -> None:
    rep, keban = company.rep, company.keban
    rep.says("/帮助 跟进")
    ways = lambda: [message.via for message in rep.inbox()]  # noqa: E731
    if rep.last().message.card:
        assert ways() == ["card"], "a card does not go that way"
        return
    assert ways() == ["session"] and keban.ding.billed == 0
    archived(company)
    rep.says("/跟进 华星科技 已报价 下次:2小时后")
    keban.forward(minutes=86)  # the door is shut 5 minutes before it ends
    keban.forward(minutes=34)
    assert rep.last("该跟进了").message.via != "session" and keban.ding.billed > 0
    rep.says("/帮助 跟进")
    keban.ding.fail_next(code=300001, path="/robot/sendBySession")
    assert rep.says("/帮助 跟进").message.via != "session", "one that refuses is given up for the API"
