"""What people live through, told once for every chat: at Feishu, and at DingTalk with a card template and without.

Everything that is pressed, said by a link or filled in is what the platform's stand-in received.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from conftest import Company, Inside
from ding_world import DingTalk
from models.tables import FollowUp
from models.work import Works
from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_schema import BUTTON_TEMPLATE
from standins.feishu_api import FeishuApi
from world import APP, APP_SECRET, End, Feishu, HandClock, Person

NAME = "华星科技有限公司"
ENTRY = {
    "客户全称": NAME,
    "客户性质": "企业",
    "所属行业": "制造业-电子设备",
    "客户来源": "展会推广",
    "联系人姓名": "李雷",
    "手机": "13912345678",
}
#: DingTalk's mode (a): a card template with buttons; (b): none, buttons are words to say.
SURFACES = {"feishu": None, "card": BUTTON_TEMPLATE, "words": ""}


@contextmanager
def opened(surface: str, **options: object) -> Iterator[End]:
    """The platform of a surface; whatever it had to refuse fails the test."""
    template = SURFACES[surface]
    stand_in = FeishuApi(APP.app_id, APP_SECRET, **options) if template is None else DingTalkApi(**options)
    with stand_in as api:
        yield Feishu(api) if template is None else DingTalk(api, template)
        assert not api.problems, api.problems


@pytest.fixture(params=SURFACES)
def company(request: pytest.FixtureRequest, works: Works, clock: HandClock) -> Iterator[Company]:
    with opened(request.param, clock=lambda: clock().timestamp()) as end:
        yield Company(Inside(works, end, clock))


def entered_and_returned(rep: Person, boss: Person) -> None:
    """A new customer, sent back once and corrected."""
    assert rep.says("/新客户").title == "录入新客户"
    assert rep.presses("提交", ENTRY).title == f"待审核 · {NAME}"
    review = boss.last(f"待审核 · {NAME}")
    assert "139****5678" in review.text and "13912345678" not in review.text
    boss.presses("退回", on=review)
    assert boss.presses("确认退回", {"退回原因": "请补地址"}).title == f"已退回 · {NAME}"


def corrected_and_approved(rep: Person, boss: Person, number: str) -> None:
    assert "请补地址" in rep.last(f"已退回 · {NAME}").text
    rep.presses("修改")
    assert rep.presses("重新提交", {"地址": "上海市浦东新区世纪大道 1 号"}).title == f"待审核 · {NAME}"
    assert boss.presses("通过").title == f"已建档 · {number}"


def followed_up(rep: Person, number: str) -> None:
    assert "已由赵强处理" in rep.last(f"已建档 · {number}").text
    receipt = rep.says("/跟进 华星科技 已报价，等 回复 方式:电话 下次：明天上午10点")
    assert receipt.title == f"已记录跟进 · {NAME}"
    assert "已报价，等 回复" in receipt.text and "明天 10:00" in receipt.text
    assert not any(each.title.startswith("该跟进了") for each in rep.seen())


def reminded_and_done(rep: Person, number: str) -> None:
    reminder = rep.last(f"该跟进了 · {NAME}")
    assert {"完成", "稍后", "改期", "已联系"} <= set(reminder.buttons)
    rep.presses("完成", on=reminder)
    assert rep.presses("完成", {"结果": "客户同意签合同"}).title == f"已记录跟进 · {NAME}"
    page = rep.says(f"/客户 {number}")
    assert "客户同意签合同" in page.text and "13912345678" in page.text


def test_from_a_new_customer_to_a_finished_reminder(company: Company) -> None:
    rep, boss, keban = company.rep, company.supervisor, company.keban
    entered_and_returned(rep, boss)
    keban.forward(seconds=4)
    corrected_and_approved(rep, boss, "C202611001")
    keban.forward(seconds=4)
    followed_up(rep, "C202611001")
    keban.until("2026-11-26 10:00")
    reminded_and_done(rep, "C202611001")


def archived(company: Company) -> None:
    company.rep.says(f"/新客户 {' '.join(f'{label}:{value}' for label, value in ENTRY.items())}")
    company.supervisor.presses("通过")


def follow_ups(company: Company) -> int:
    with company.keban.works.read() as work:
        return int(work.connection.execute(select(func.count()).select_from(FollowUp)).scalar_one())


def test_a_complaint_gets_louder_until_its_first_contact(company: Company) -> None:
    archived(company)
    service, owner, boss = company.joins("许安", "销售一部", "service_agent"), company.rep, company.supervisor
    said = service.says("/投诉 华星科技 第二批货外壳有裂纹 渠道:电话")
    assert re.fullmatch(r"投诉 · TS202611\d{3}", said.title)
    assert "第二批货外壳有裂纹" in owner.last(said.title).text
    company.keban.forward(minutes=91)
    assert "第二批货外壳有裂纹" in boss.last(said.title).text
    boss.presses("收到")
    service.presses("首次响应")
    service.presses("首次响应", {"问题核心": "外壳有裂纹，客户要求换货", "是否致歉": "是"})
    company.keban.forward(seconds=4)
    for person in (service, owner, boss):
        seen = person.last(said.title)
        assert "已由许安处理" in seen.text and seen.buttons == []
    before = len(boss.seen())
    company.keban.forward(hours=3)
    assert len(boss.seen()) == before, "nobody is told of what is done"


def test_a_deal_a_survey_and_its_answer(company: Company) -> None:
    archived(company)
    rep, keban = company.rep, company.keban
    assert rep.says("/成交 华星科技 年度维保 金额:12.5万").title == f"已记录成交 · {NAME}"
    keban.forward(days=3)
    (link,) = re.findall(r"https?://\S+/survey/[\w-]+", rep.last(f"满意度问卷 · {NAME}").text)
    assert keban.page(urlsplit(link).path, {"score": "5", "comment": "交货很准时"})[0] == 200
    keban.settle()
    assert "交货很准时" in rep.last(f"客户评价 · {NAME}").text


def test_a_manager_reads_the_digest_and_opens_a_number(company: Company) -> None:
    keban, boss = company.keban, company.manager
    keban.forward(seconds=1)
    archived(company)
    keban.until("2026-11-26 09:00")
    keban.until("2026-11-26 09:15")
    digest = boss.last("简报 · 11月26日 周四")
    assert "新客户 1" in digest.text
    opened = boss.presses(next(label for label in digest.buttons if "查看" in label), on=digest)
    assert NAME in opened.text


def test_in_a_group_words_are_answered_and_what_is_private_is_told_alone(company: Company) -> None:
    archived(company)
    rep = company.rep
    assert rep.says("/跟进 华星科技 群里说一声", group=True).title == f"已记录跟进 · {NAME}"
    assert "已私信给你" in rep.says("/客户 华星科技", group=True).text
    assert "13912345678" in rep.last(NAME).text
    assert all("13912345678" not in each.text for each in rep.seen(group=True))
    company.colleague.says("/跟进 华星科技 抢一下", group=True)
    assert follow_ups(company) == 1, "it is not his"


def test_what_is_delivered_again_is_done_once_and_answered_alike(company: Company) -> None:
    archived(company)
    rep, boss = company.rep, company.supervisor
    assert boss.again(), "the press"
    rep.says("/跟进 华星科技 已报价")
    assert rep.again() and follow_ups(company) == 1
    titles = [each.title for each in rep.seen()]
    assert len([title for title in titles if title.startswith("已记录跟进")]) == 1
    assert "C202611001" in rep.says("/客户 华星科技").text
