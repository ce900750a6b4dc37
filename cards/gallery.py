"""One sample of every card in every state: golden files, previews and pictures all come from here.

People, companies and numbers are invented. A sample is called `module.function.state`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from cards import (
    common,
    customers,
    entries,
    follow_ups,
    gallery_absence,
    gallery_mornings,
    gallery_ops,
    gallery_orgs,
    gallery_people,
    gallery_privacy,
    gallery_sales,
    gallery_service,
    gallery_views,
    help,
    reminders,
    reviews,
)
from cards.kit import Card
from cards.samples import HUAXING, LONG, NASTY, NOW, ODD, SPARSE, STRANGE, Samples, shown
from models.crm import entries as entering
from models.crm.customers import Happening, Person
from models.crm.follow_ups import Recorded, Talk
from models.crm.reminders import Reminder
from models.crm.views import Reviewed, Standing, Waiting
from models.errors import Ambiguous
from models.settings import Entry as Rules
from models.tables import (
    DealStage,
    Method,
    ReviewState,
    Status,
    TimerState,
)
from models.text.times import Settled

RULES = Rules()
WORDS = {
    "客户全称": "华星科技有限公司",
    "客户性质": "企业",
    "统一社会信用代码": "91310115MA1K35X27N",
    "所属行业": "制造业-电子设备",
    "客户来源": "展会推广",
    "联系人姓名": "李雷",
    "职位": "采购经理",
    "手机": "13800138001",
    "邮箱": "lilei@huaxing.example",
    "地址": "上海市浦东新区世纪大道 1 号",
}
LINES: list[help.Line] = [
    ("/帮助 [词]", ("/帮助", "/help", "/h"), "看看能做什么。\n例：/帮助 跟进"),
    (
        "/跟进 <客户> <内容…> [方式:] [反馈:] [下一步:] [下次:] [阶段:]",
        ("/跟进", "/log", "/gj"),
        "记一次跟进。\n例：/跟进 华星科技 已报价，等回复 方式:电话 下次:周五",
    ),
    ("/待审", ("/待审", "/review"), "等你审核的新客户，最急的在前。\n例：/待审"),
]


def gallery() -> dict[str, Card]:
    """Every sample by name."""

    parts = (_common, _help, _follow_ups, _follow_up_forms, _entries, _entry_forms, _reviews, _review_lists)
    more = (_reminders, _reminder_forms, _customers, _hits, *gallery_service.PARTS, *gallery_absence.PARTS)
    last = (
        gallery_mornings.samples,
        gallery_sales.samples,
        gallery_ops.samples,
        gallery_people.samples,
        gallery_orgs.samples,
        gallery_views.samples,
        gallery_privacy.samples,
    )
    return {name: card for part in (*parts, *more, *last) for name, card in part()}


def _common() -> Samples:
    yield "common.refused.plain", common.refused("没有找到客户「花星」。可以发 /查 加一部分名字，或用 /新客户 录入。")
    yield "common.refused.nasty", common.refused(f"没有找到客户「{ODD}」。")
    yield "common.failed", common.failed("3f9a12bc")
    yield "common.gone", common.gone()
    yield "common.told_privately", common.told_privately()
    yield "common.hello", common.hello("先绑定，再说话。")
    yield "common.unknown.sentence", common.unknown("你好", [])
    yield "common.unknown.near", common.unknown("/跟劲", ["/跟进", "/gj"])
    yield "common.unknown.nothing_near", common.unknown("/" + NASTY[1], [])
    few = [("C202611007", "华星科技有限公司"), ("华兴贸易有限公司", "华兴贸易有限公司")]
    yield "common.choose.two", common.choose(Ambiguous("「华」有 2 个符合，请选一个：", few), 5, "customer")
    many = [(f"C2026110{number:02}", f"华{number}科技有限公司") for number in range(1, 11)]
    yield "common.choose.ten", common.choose(Ambiguous("「华」有 10+ 个符合，请选一个：", many), 5, "customer")
    yield "common.choose.nasty", common.choose(Ambiguous(f"「{ODD}」有 2 个符合：", [(ODD, ODD), *few]), 5, "customer")
    yield "common.done.plain", common.done("绑定成功", "王敏，你好！发 /帮助 看看能做什么。")
    yield "common.form.plain", common.form("记一次跟进", "/跟进", follow_ups.FORM, {"customer": "华星"}, {}, 0)
    yield "common.done.nasty", common.done("绑定成功", f"{ODD}，你好！")


def _help() -> Samples:
    yield "help.overview.few", help.overview(LINES)
    yield "help.overview.nothing_found", help.overview(LINES, NASTY[0])
    yield "help.overview.all", help.overview([LINES[1]] * 45)
    yield "help.one.plain", help.one(*LINES[1])
    yield "help.one.no_other_name", help.one("/待审", ("/待审",), LINES[2][2])


def _follow_ups() -> Samples:
    bare = Recorded(31, HUAXING, Talk("已报价，等回复"), NOW, "意向", sensitive=False)
    friday = Settled(NOW + dt.timedelta(days=2, hours=-1))
    talk = Talk("已报价，等回复", Method.PHONE, "价格能接受，担心交期", "发交期说明", friday, DealStage.QUOTE)
    full = replace(bare, talk=talk)
    yield "follow_ups.recorded.bare", follow_ups.recorded(bare, shown)
    yield "follow_ups.recorded.full", follow_ups.recorded(full, shown)
    moved = replace(talk, next_at=Settled(friday.at, "周日休息，提醒改在周五 9:00"))
    yield "follow_ups.recorded.moved", follow_ups.recorded(replace(full, talk=moved), shown)
    busy = replace(full, colleague="陈晨", colleague_at=NOW - dt.timedelta(minutes=45), sensitive=True)
    yield "follow_ups.recorded.colleague", follow_ups.recorded(busy, shown)
    odd = Talk(ODD, Method.OTHER, ODD, ODD, Settled(friday.at, ODD), DealStage.WON)
    strange = replace(busy, customer=STRANGE, talk=odd, colleague=ODD)
    yield "follow_ups.recorded.nasty", follow_ups.recorded(strange, shown)
    long = replace(talk, content=LONG, feedback=LONG[:1000])
    yield "follow_ups.recorded.longest", follow_ups.recorded(replace(full, talk=long), shown)
    yield "follow_ups.finished", follow_ups.finished(full, shown, 12)


def _follow_up_forms() -> Samples:
    said = {"customer": "华星", "content": "已报价，等回复", "method": "电话", "next_at": "周五", "stage": "报价"}
    wrong = {"customer": "没有找到客户「华星」。", "method": "没有「电邮」这种方式，可以写：电话、拜访、视频。"}
    yield "follow_ups.form.empty", follow_ups.form({}, {}, 0)
    yield "follow_ups.form.prefilled", follow_ups.form(said, {"content": ""}, 0)
    yield "follow_ups.form.errors", follow_ups.form(said | {"method": "电邮"}, wrong, 0)
    kept = {"next_at": "没有看懂「下下周八」，可以写：明天、周五。", "content": "内容最多 5000 字。"}
    yield "follow_ups.form.longest", follow_ups.form(said | {"content": LONG, "next_at": "下下周八"}, kept, 5)
    names = ("customer", "content", "feedback", "next_step", "next_at")
    yield "follow_ups.form.nasty", follow_ups.form(dict.fromkeys(names, ODD), {"customer": ODD, "stage": ODD}, 0)


def _entries() -> Samples:
    waits = Standing(
        id=7,
        status=Status.PENDING,
        name="华星科技有限公司",
        number=None,
        industry="制造业-电子设备",
        source="展会推广",
        contact="李雷",
        pending=("统一社会信用代码", "邮箱"),
        reviewers=("赵强",),
        due="明天 10:00",
        reason="",
        decided="",
    )
    back = replace(
        waits, status=Status.RETURNED, reason="请补地址", decided="已由赵强处理：11月25日 周三 9:40 退回了录入。"
    )
    filed = replace(
        waits, status=Status.ARCHIVED, number="C202611007", pending=(), decided="已由赵强处理：今天 9:50 通过了审核。"
    )
    yield "entries.standing.pending", entries.standing(waits)
    yield "entries.standing.nobody_above", entries.standing(replace(waits, reviewers=()))
    yield "entries.standing.returned", entries.standing(back)
    yield "entries.standing.withdrawn", entries.standing(replace(waits, status=Status.WITHDRAWN))
    yield "entries.standing.archived", entries.standing(filed)
    odd = replace(back, name=ODD, industry=ODD, source=ODD, contact=ODD, reason=ODD, pending=(ODD,), decided=ODD)
    yield "entries.standing.nasty", entries.standing(odd)


def _entry_forms() -> Samples:
    wrong = {
        "统一社会信用代码": "校验位不对，请对照营业执照再看一遍。",
        "所属行业": "请选一个二级行业，例如 制造业-电子设备、制造业-机械设备。",
        "手机": "不是有效的大陆手机号。",
        "联系电话": "没有这个字段，可以写：客户全称 客户性质 手机。",
    }
    bad = WORDS | {"统一社会信用代码": "91310115MA1K35X27X", "所属行业": "制造业", "手机": "1380013800"}
    yield "entries.form.empty", entries.form(RULES, {}, {})
    yield "entries.form.prefilled", entries.form(RULES, WORDS, {}, 7, "请补地址")
    yield "entries.form.errors", entries.form(RULES, bad, wrong)
    labels = dict.fromkeys(WORDS, ODD)
    yield "entries.form.nasty", entries.form(RULES, labels, labels, 7, ODD)
    long_lists = RULES.model_copy(
        update={"industries": {"制造业": [f"第{n}类" for n in range(60)]}, "sources": [f"渠道{n}" for n in range(50)]}
    )
    yield "entries.form.long_lists", entries.form(long_lists, WORDS, {}, 7)
    yield "entries.details.empty", entries.details(RULES, 7, "华星科技有限公司", {}, {})
    said = {
        "人员规模": "100-499人",
        "预算": "很多",
        "产品需求": "年产线改造",
        "紧急程度": "高",
        "微信": "huaxing_lilei",
    }
    wrong = {"预算": "没有看懂这个金额，例如：10-20万元。"}
    yield "entries.details.errors", entries.details(RULES, 7, "华星科技有限公司", said, wrong)
    every = {label: LONG[:500] if label in entries.LONG else LONG[:60] for label in entering.DETAILS}
    yield "entries.details.longest", entries.details(RULES, 7, "华星科技有限公司", every, {})
    yield "entries.details.nasty", entries.details(RULES, 7, ODD, dict.fromkeys(every, ODD), {"预算": ODD})


REVIEWED = Reviewed(
    id=3,
    state=ReviewState.PENDING,
    customer="华星科技有限公司",
    number=None,
    submitter="王敏",
    department="销售一部",
    facts=(
        ("客户性质", "企业"),
        ("统一社会信用代码", "91310115MA1K35X27N"),
        ("所属行业", "制造业-电子设备"),
        ("客户来源", "展会推广"),
        ("联系人姓名", "李雷"),
        ("职位", None),
        ("手机", "138****8001"),
        ("邮箱", None),
        ("地址", "上海市浦东新区世纪大道 1 号"),
    ),
    pending=("职位", "邮箱"),
    due="明天 10:00",
    late=False,
    decided="",
    reason="",
    round=1,
    customer_id=7,
)
STRANGE_REVIEW = replace(
    REVIEWED,
    customer=ODD,
    submitter=ODD,
    department=ODD,
    facts=((NASTY[0], ODD), ("地址", ODD)),
    pending=(ODD,),
    decided=ODD,
    reason=ODD,
)


def _reviews() -> Samples:
    passed = replace(
        REVIEWED, state=ReviewState.APPROVED, number="C202611007", decided="已由赵强处理：今天 9:50 通过了审核。"
    )
    back = replace(
        REVIEWED, state=ReviewState.RETURNED, reason="请补职位", decided="已由赵强处理：今天 9:50 退回了录入。"
    )
    gone = replace(REVIEWED, state=ReviewState.WITHDRAWN, decided="已由王敏处理：今天 9:50 撤回了录入。")
    yield "reviews.card.pending", reviews.card(REVIEWED)
    yield "reviews.card.late", reviews.card(replace(REVIEWED, late=True, due="11月24日 周二 10:00"))
    yield "reviews.card.second_round", reviews.card(replace(REVIEWED, round=2, pending=()))
    yield "reviews.card.deputy", reviews.card(replace(REVIEWED, acting="赵强"))
    yield "reviews.card.approved", reviews.card(passed)
    yield "reviews.card.returned", reviews.card(back)
    yield "reviews.card.withdrawn", reviews.card(gone)
    yield "reviews.card.nasty", reviews.card(replace(STRANGE_REVIEW, state=ReviewState.RETURNED))


def _review_lists() -> Samples:
    yield "reviews.ask_reason.empty", reviews.ask_reason(REVIEWED)
    yield "reviews.ask_reason.error", reviews.ask_reason(REVIEWED, " ", "请写明退回原因，让同事知道怎么改。")
    yield "reviews.ask_reason.nasty", reviews.ask_reason(STRANGE_REVIEW, ODD, ODD)
    yield "reviews.waiting.none", reviews.waiting([], 0, more=False)
    line = Waiting(3, "华星科技有限公司", "王敏", "11月24日 周二 10:00", late=True)
    rows = [line, *(Waiting(n, f"华{n}科技有限公司", "陈晨", "今天 16:00", late=False) for n in range(4, 13))]
    yield "reviews.waiting.first_page", reviews.waiting(rows, 0, more=True)
    yield "reviews.waiting.last_page", reviews.waiting(rows[:2], 1, more=False)
    yield "reviews.waiting.nasty", reviews.waiting([Waiting(3, ODD, ODD, "今天 16:00", late=False)], 0, more=False)


REMINDER = Reminder(12, 1, TimerState.FIRED, HUAXING, "已报价，等回复", "发交期说明", "今天 10:00", "")


def _reminders() -> Samples:
    yield "reminders.card.fired", reminders.card(REMINDER)
    waits = replace(REMINDER, state=TimerState.PENDING, due="周五 9:00")
    yield "reminders.card.pending", reminders.card(waits)
    yield "reminders.card.moved", reminders.card(waits, "周日休息，提醒改在周五 9:00")
    yield "reminders.card.done", reminders.card(replace(REMINDER, state=TimerState.DONE, closed="今天 10:05"))
    yield "reminders.card.cancelled", reminders.card(replace(REMINDER, state=TimerState.CANCELLED))
    yield "reminders.card.longest", reminders.card(replace(REMINDER, content=LONG, next_step=LONG[:1000]))
    odd = replace(REMINDER, customer=STRANGE, content=ODD, next_step=ODD)
    yield "reminders.card.nasty", reminders.card(odd)


def _reminder_forms() -> Samples:
    words = {"result": "", "method": "电话", "next_step": "发合同", "next_at": "下下周八"}
    no = "没有看懂「下下周八」，可以写：明天、周五。"
    yield "reminders.finish.empty", reminders.finish(REMINDER, {}, {})
    yield "reminders.finish.errors", reminders.finish(REMINDER, words, {"result": "请写一下结果。", "next_at": no})
    odd = dict.fromkeys(("result", "next_step", "next_at"), ODD)
    yield "reminders.finish.nasty", reminders.finish(replace(REMINDER, customer=STRANGE), odd, {"next_at": ODD})
    yield "reminders.reschedule.empty", reminders.reschedule(REMINDER)
    yield "reminders.reschedule.error", reminders.reschedule(REMINDER, "下下周八", no)
    yield "reminders.reschedule.nasty", reminders.reschedule(REMINDER, ODD, ODD)
    yield "reminders.later", reminders.later(REMINDER)


HAPPENINGS = (
    Happening(NOW - dt.timedelta(hours=1), "follow_up", "phone", "已报价，等回复", "王敏"),
    Happening(NOW - dt.timedelta(days=1), "follow_up", None, "看了样品，想要交期说明", "王敏"),
    Happening(NOW - dt.timedelta(days=2), "review", "approved", "", "赵强"),
    Happening(NOW - dt.timedelta(days=3), "review", "returned", "请补职位", "赵强"),
    Happening(NOW - dt.timedelta(days=4), "review", "withdrawn", "", "王敏"),
)
BUYER = Person(
    "李雷", "采购经理", "决策人", "13800138001", "021-62785001转8001", "lilei@huaxing.example", "huaxing_lilei"
)


def _customers() -> Samples:
    needs = (("产品需求", "年产线改造"), ("预算", "10-20万元"), ("采购时间", "2027年Q1"), ("紧急程度", "高"))
    more_facts = (("统一社会信用代码", "91310115MA1K35X27N"), ("地址", "上海市浦东新区世纪大道 1 号"))
    full = replace(
        SPARSE,
        facts=SPARSE.facts + more_facts,
        contacts=(BUYER, replace(BUYER, name="韩梅梅", decision_role="使用者")),
        needs=needs,
        pending=("主营业务",),
        next_at=NOW + dt.timedelta(days=2),
        last_at=NOW - dt.timedelta(hours=1),
        happenings=HAPPENINGS,
        more=True,
    )
    waits = replace(HUAXING, number=None, status=Status.PENDING, deal_stage=None)
    yield "customers.page.sparse", customers.page(replace(SPARSE, ref=waits), shown)
    yield "customers.page.full", customers.page(full, shown)
    yield "customers.page.second", customers.page(replace(full, page=1, more=False), shown)
    long = tuple(replace(each, text=LONG) for each in HAPPENINGS)
    yield "customers.page.longest", customers.page(replace(full, happenings=long), shown)
    odd = replace(
        full,
        ref=STRANGE,
        facts=((NASTY[0], ODD),),
        contacts=(Person(*[ODD] * 7),),
        needs=(("产品需求", ODD),),
        pending=(ODD,),
        happenings=(replace(HAPPENINGS[0], text=ODD, who=ODD),),
    )
    yield "customers.page.nasty", customers.page(odd, shown)


def _hits() -> Samples:
    found = [replace(HUAXING, id=n, number=f"C2026110{n:02}", name=f"华{n}科技有限公司") for n in range(10, 33)]
    waits = replace(HUAXING, number=None, status=Status.PENDING)
    yield "customers.hits.none", customers.hits([], "花星", 0)
    yield "customers.hits.near", customers.hits([], "花星科技", 0, [HUAXING, waits])
    yield "customers.hits.one", customers.hits([waits], "华星", 0)
    yield "customers.hits.many", customers.hits(found, "华", 0)
    yield "customers.hits.second_page", customers.hits(found, "华", 1)
    yield "customers.hits.nasty", customers.hits([STRANGE], ODD, 0)
