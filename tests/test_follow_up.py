"""A rep writes down a talk: in one line, from the form that opens for what is missing, with what comes next."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from cards.labels import DEAL_STAGES
from conftest import ON_SQLITE, ZONE, Company
from models.tables import Customer, DealStage, FollowUp, FunnelStage, Method, StageEntry, Timer, TimerState
from world import GROUP, Seen

HUAXING = "华星科技有限公司"
RECORDED = f"已记录跟进 · {HUAXING}"
FORM = "记一次跟进"


@pytest.fixture
def huaxing(company: Company) -> Company:
    """The company with one archived customer of the rep."""
    company.make.customer("王敏", HUAXING)
    return company


def written(company: Company) -> list[FollowUp]:
    with company.keban.works.read() as work:
        return list(work.db.scalars(select(FollowUp).order_by(FollowUp.id)))


def reminders(company: Company) -> list[tuple[TimerState, str]]:
    """Every reminder of a next step: its state and its moment in Shanghai."""
    with company.keban.works.read() as work:
        rows = work.run(select(Timer.state, Timer.due_at).where(Timer.kind == "follow_up").order_by(Timer.id)).all()
    return [(row.state, f"{row.due_at.astimezone(ZONE):%m-%d %H:%M}") for row in rows]


def test_one_line_with_all_its_words_is_recorded(huaxing: Company) -> None:
    receipt = huaxing.rep.says(
        "/跟进 华星科技 已报价，等 **回复** 方式:电话 反馈：嫌贵，想 再谈 下一步:发 合同 下次:周五下午3点 阶段:报价"
    )
    assert receipt.title == RECORDED
    for shown in ("已报价，等 **回复**", "电话", "嫌贵，想 再谈", "发 合同", "周五 15:00", "报价（意向客户）"):
        assert shown in receipt.text
    (entry,) = written(huaxing)
    assert (entry.content, entry.feedback, entry.next_step) == ("已报价，等 **回复**", "嫌贵，想 再谈", "发 合同")
    assert (entry.method, entry.deal_stage, entry.at) == (Method.PHONE, DealStage.QUOTE, huaxing.keban.clock())
    assert entry.next_at == dt.datetime(2026, 11, 27, 15, tzinfo=ZONE)
    assert reminders(huaxing) == [(TimerState.PENDING, "11-27 15:00")]
    page = huaxing.rep.says("/客户 华星科技")
    assert "已报价，等 **回复**" in page.text and "周五 15:00" in page.text


WAYS = {
    "电话": Method.PHONE,
    "打电话": Method.PHONE,
    "phone": Method.PHONE,
    "拜访": Method.VISIT,
    "面谈": Method.VISIT,
    "上门": Method.VISIT,
    "视频": Method.VIDEO,
    "邮件": Method.EMAIL,
    "邮箱": Method.EMAIL,
    "Email": Method.EMAIL,
    "会议": Method.MEETING,
    "微信": Method.WECHAT,
    "WeChat": Method.WECHAT,
    "其他": Method.OTHER,
}


@ON_SQLITE
def test_a_way_has_several_names(huaxing: Company) -> None:
    for word in WAYS:
        assert huaxing.rep.says(f"/跟进 华星科技 聊了 方式:{word}").title == RECORDED
    assert [entry.method for entry in written(huaxing)] == [*WAYS.values()]


WRONG = [
    ("方式:飞鸽", "方式", "没有「飞鸽」这种方式，可以写：电话、拜访"),
    ("阶段:天上", "阶段", "没有「天上」这个阶段，可以写：意向、报价、合同、成交"),
    ("下次:改天", "下次", "改天"),
    ("下次:昨天", "下次", "过去的时间"),
    ("下次:本周一", "下次", "已经过去了"),
]


def after(seen: Seen, label: str) -> str:
    """What is written right below a field."""
    elements = [each for part in seen.card["body"]["elements"] if part["tag"] == "form" for each in part["elements"]]
    for place, each in enumerate(elements):
        words = each.get("label") or (each.get("text") if each["tag"] == "div" else None)
        if words and words["content"] == label:
            wrong = elements[place + (1 if each["tag"] == "input" else 2)]
            return str(wrong.get("content", "")) if wrong["tag"] == "markdown" else ""
    raise LookupError(label)


@ON_SQLITE
def test_a_word_nobody_can_read_opens_the_form_at_its_field(huaxing: Company) -> None:
    rep = huaxing.rep
    for number, (word, label, why) in enumerate(WRONG):
        form = rep.says(f"/跟进 华星科技 聊了新需求 反馈:想便宜 {word}")
        typed = {"客户": "华星科技", "内容": "聊了新需求", "客户反馈": "想便宜"}
        assert form.title == FORM and typed.items() <= form.fields.items()
        assert why in after(form, label) and len(written(huaxing)) == number
        assert not any(after(form, other) for other in form.fields if other != label), "only that field is wrong"

        good = {"方式": "电话", "下次": "明天", "阶段": "意向"}[label]
        answer = rep.presses("提交", {label: good}, on=form)
        assert answer.title == RECORDED and answer.toast == "已记录跟进"
        entry = written(huaxing)[number]
        assert (entry.content, entry.feedback) == ("聊了新需求", "想便宜")


@ON_SQLITE
def test_several_wrong_words_are_told_at_once_and_again_until_they_are_right(huaxing: Company) -> None:
    rep = huaxing.rep
    form = rep.says("/跟进 华兴 聊了 方式:飞鸽 阶段:天上 下次:改天 下一步:发样品")
    assert [bool(after(form, label)) for label in form.fields] == [True, False, True, False, False, True, True]
    assert form.fields["下次"] == "改天" and form.fields["下一步"] == "发样品"
    again = rep.presses("提交", {"客户": "华星", "下次": "去年"})
    assert again.title == FORM and "过去的时间" in again.text and again.fields["下次"] == "去年"
    assert (again.fields["方式"], again.fields["客户"], again.fields["下一步"]) == ("", "华星", "发样品")
    assert written(huaxing) == []
    assert rep.presses("提交", {"下次": "12月1日"}).title == RECORDED
    assert reminders(huaxing) == [(TimerState.PENDING, "12-01 09:00")]


MISSING: dict[str, dict[str, str]] = {
    "/跟进": {},
    "/log": {},
    "/跟进 华星科技": {"客户": "华星科技"},
    "/跟进 华星科技 方式:电话": {"客户": "华星科技", "方式": "电话"},
    "/跟进 方式:微信 下次:周五": {"方式": "微信", "下次": "周五"},
}


@ON_SQLITE
def test_missing_words_open_the_form_with_the_others_in_it(huaxing: Company) -> None:
    empty = dict.fromkeys(["客户", "内容", "方式", "客户反馈", "下一步", "下次", "阶段"], "")
    for number, (line, kept) in enumerate(MISSING.items()):
        form = huaxing.rep.says(line)
        assert form.title == FORM and form.fields == empty | kept and len(written(huaxing)) == number
        assert not any(after(form, label) for label in empty), "nobody is told off for asking for the form"
        blank = huaxing.rep.presses("提交", {"客户": "  ", "内容": " "}, on=form)
        assert blank.title == FORM and blank.text.count("请填写") == 2, "the form says what is missing"
        answer = huaxing.rep.presses("提交", {"客户": "华星", "内容": f"聊了{number}"}, on=form)
        assert answer.title == RECORDED and written(huaxing)[-1].content == f"聊了{number}"


@ON_SQLITE
def test_what_is_missing_does_not_hide_what_is_wrong(huaxing: Company) -> None:
    form = huaxing.rep.says("/跟进 华兴 方式:飞鸽 下次:改天")
    assert "没有找到客户「华兴」" in after(form, "客户") and "「飞鸽」" in after(form, "方式")
    assert "改天" in after(form, "下次") and after(form, "内容") == ""


def test_a_long_text_is_kept_while_the_rest_is_mended(huaxing: Company) -> None:
    long = "很长的内容，" * 400
    form = huaxing.rep.says(f"/跟进 华星科技 {long} 下次:改天")
    assert "内容" not in form.fields and f"你写的 {len(long)} 字内容已保留" in form.text
    other = huaxing.colleague.press_in(form, form.card, "提交", {"下次": "明天"})
    assert "已过期" in other.toast and written(huaxing) == []
    assert huaxing.rep.presses("提交", {"下次": "改年"}).title == FORM, "kept for the second try as well"
    assert huaxing.rep.presses("提交", {"下次": "明天"}).title == RECORDED
    assert [entry.content for entry in written(huaxing)] == [long]
    too_long = huaxing.rep.says(f"/跟进 华星科技 {'长' * 5001}")
    assert "最多 5000 字，现在是 5001 字" in too_long.text and len(written(huaxing)) == 1


def test_an_ambiguous_name_gives_choices_that_go_on_with_what_was_said(huaxing: Company) -> None:
    huaxing.make.customer("王敏", "华星贸易有限公司", 手机="13912345679")
    card = huaxing.rep.says("/跟进 华星 聊了 方式:电话 下次:明天")
    assert card.title == "请选一个" and HUAXING in card.text and "华星贸易有限公司" in card.text
    assert card.buttons == ["选这个", "选这个"] and written(huaxing) == []
    second = card.card["body"]["elements"][-1]
    only = card.card | {"body": {"elements": [second]}}
    assert "已过期" in huaxing.colleague.press_in(card, only, "选这个").toast
    answer = huaxing.rep.press_in(card, only, "选这个")
    assert answer.title == "已记录跟进 · 华星贸易有限公司"
    assert [(entry.content, entry.method) for entry in written(huaxing)] == [("聊了", Method.PHONE)]


TYPOS = {"/跟近 华星 聊了": "/跟进", "/跟 华星 聊了": "/跟进", "/lgo 华星": "/log", "/新客": "/新客户", "/kehu": "/kh"}


@ON_SQLITE
def test_a_slip_in_the_command_gets_suggestions(huaxing: Company) -> None:
    for line, meant in TYPOS.items():
        card = huaxing.rep.says(line)
        assert card.title == "没有这个命令" and "你是不是要" in card.text and meant in card.buttons, line
    huaxing.rep.says("/跟近 华星 聊了")
    assert huaxing.rep.presses("/跟进").title == "怎么用 /跟进"
    nothing = huaxing.rep.says("/完全不同的东西")
    assert "发 /帮助 看看能做什么" in nothing.text and written(huaxing) == []


@ON_SQLITE
def test_english_names_and_pinyin_do_the_same(huaxing: Company) -> None:
    for line in ("/log huaxingkeji fine 方式:phone", "/gj hxkj fine", "/LOG C202611001 fine", "/log c202611001 fine"):
        assert huaxing.rep.says(line).title == RECORDED, line
    assert {entry.content for entry in written(huaxing)} == {"fine"}


def test_in_a_group_the_receipt_is_public_and_a_form_is_not(huaxing: Company) -> None:
    receipt = huaxing.rep.says("/跟进 华星科技 聊了", group=True)
    assert receipt.title == RECORDED and [entry.content for entry in written(huaxing)] == ["聊了"]
    told = huaxing.rep.says("/跟进 华星科技", group=True)
    assert told.title == "已私信给你" and huaxing.rep.last().title == FORM
    assert huaxing.rep.presses("提交", {"内容": "又聊了"}).title == RECORDED
    secret = huaxing.rep.says("/跟进 华星科技 他的手机是13700137000", group=True)
    assert secret.title == "已私信给你" and "13700137000" in huaxing.rep.last(RECORDED).text
    shown = [Seen(message).text for message in huaxing.rep.inbox(GROUP)]
    assert not any("13700137000" in text for text in shown)


def test_a_colleagues_talk_of_the_same_day_is_shown(huaxing: Company) -> None:
    assert "也跟进过" not in huaxing.rep.says("/跟进 华星科技 早上聊了").text
    huaxing.keban.forward(hours=2)
    receipt = huaxing.supervisor.says("/跟进 华星科技 我也聊了")
    assert "今天 王敏 也跟进过这个客户（今天 10:00）" in receipt.text
    assert "今天 赵强 也跟进过这个客户（今天 12:00）" in huaxing.rep.says("/跟进 华星科技 下午再聊").text
    huaxing.keban.until("2026-11-26 00:01")
    assert "也跟进过" not in huaxing.rep.says("/跟进 华星科技 第二天").text


MOVES: list[tuple[str, FunnelStage, str]] = [
    ("意向", FunnelStage.INTERESTED, "意向"),
    ("报价", FunnelStage.INTERESTED, "意向"),
    ("合同", FunnelStage.NEGOTIATION, "意向"),
    ("报价", FunnelStage.NEGOTIATION, "意向"),
    ("意向", FunnelStage.INTERESTED, "意向"),
    ("成交", FunnelStage.WON, "成交"),
    ("成交", FunnelStage.WON, "成交"),
    ("意向", FunnelStage.REPURCHASE, "成交"),
    ("合同", FunnelStage.REPURCHASE, "成交"),
]


def test_a_stage_moves_the_deal_and_the_funnel_by_the_table(huaxing: Company) -> None:
    seen: list[tuple[str, Any, bool]] = []
    for word, _, kind in MOVES:
        receipt = huaxing.rep.says(f"/跟进 华星科技 聊了 阶段:{word}")
        with huaxing.keban.works.read() as work:
            row = work.run(select(Customer.funnel_stage, Customer.deal_stage)).first()
        seen.append((DEAL_STAGES[row.deal_stage], row.funnel_stage, f"{word}（{kind}客户）" in receipt.text))
    assert seen == [(word, stage, True) for word, stage, _ in MOVES]
    with huaxing.keban.works.read() as work:
        entered = list(work.run(select(StageEntry.stage).order_by(StageEntry.id)).scalars())
    stages = ["lead", "prospect", "interested", "negotiation", "interested", "won", "repurchase"]
    assert entered == [FunnelStage(stage) for stage in stages], "a stage is entered when it changes"


def test_without_a_stage_the_deal_stays_where_it_is(huaxing: Company) -> None:
    huaxing.rep.says("/跟进 华星科技 聊了 阶段:报价")
    assert "阶段" not in huaxing.rep.says("/跟进 华星科技 再聊").text
    with huaxing.keban.works.read() as work:
        row = work.run(select(Customer.funnel_stage, Customer.deal_stage, Customer.last_follow_up_at)).first()
    assert tuple(row) == (FunnelStage.INTERESTED, DealStage.QUOTE, huaxing.keban.clock())


def test_a_second_next_time_takes_the_place_of_the_one_that_waits(huaxing: Company) -> None:
    rep, boss = huaxing.rep, huaxing.supervisor
    rep.says("/跟进 华星科技 聊了 下次:明天")
    boss.says("/跟进 华星科技 我也要问 下次:明天上午10点")
    rep.says("/跟进 华星科技 没有新的时间")
    rep.says("/跟进 华星科技 改了 下次:周五")
    off, on = TimerState.CANCELLED, TimerState.PENDING
    assert reminders(huaxing) == [(off, "11-26 09:00"), (on, "11-26 10:00"), (on, "11-27 09:00")]
    huaxing.keban.until("2026-11-27 09:00")
    assert len([1 for message in rep.inbox() if Seen(message).title.startswith("该跟进了")]) == 1
    assert boss.last("该跟进了").title.endswith(HUAXING)


DAYS_OFF = [
    ("周日", "周日休息，提醒改在周五 9:00", "11-27 09:00"),
    ("周六下午3点", "周六休息，提醒改在周五 9:00", "11-27 09:00"),
    ("1月1日", "元旦休息，提醒改在周四 9:00", "12-31 09:00"),
    ("周五", "", "11-27 09:00"),
    ("100小时后", "", "11-29 14:00"),
]


def test_a_day_off_moves_the_reminder_and_says_so(huaxing: Company) -> None:
    for phrase, note, _ in DAYS_OFF:
        receipt = huaxing.rep.says(f"/跟进 华星科技 聊了 下次:{phrase}")
        assert receipt.title == RECORDED and note in receipt.text and ("提醒改在" in receipt.text) is bool(note)
    assert [at for _, at in reminders(huaxing)] == [at for _, _, at in DAYS_OFF]
    huaxing.keban.until("2026-11-28 10:00")
    receipt = huaxing.rep.says("/跟进 华星科技 聊了 下次:明天")
    assert "周日休息，提醒改在11月30日（周一） 9:00" in receipt.text, "never earlier than now"


def test_only_archived_customers_take_follow_ups(company: Company) -> None:
    rep, boss = company.rep, company.supervisor
    rep.says(f"/新客户 {HUAXING} 客户性质:企业 所属行业:制造业-电子设备 客户来源:其他 联系人姓名:李雷 手机:13912345678")
    assert "还在待审核，通过以后才能记跟进" in rep.says("/跟进 华星科技 聊了").text
    boss.presses("退回")
    boss.presses("确认退回", {"退回原因": "补地址"})
    assert "被退回了，请先修改并重新提交" in rep.says("/跟进 华星科技 聊了").text
    company.keban.forward(seconds=4)
    rep.presses("修改")
    rep.presses("重新提交", {"地址": "上海市浦东新区世纪大道 1 号"})
    rep.presses("撤回")
    assert "已撤回，请先重新提交" in rep.says("/跟进 华星科技 聊了").text and written(company) == []
    rep.presses("修改")
    rep.presses("重新提交")
    boss.presses("通过")
    assert rep.says("/跟进 华星科技 聊了").title == RECORDED and len(written(company)) == 1


def test_somebody_elses_customer_is_refused_by_name_and_unknown_ones_are_not_found(huaxing: Company) -> None:
    for person in (huaxing.colleague, huaxing.stranger):
        card = person.says(f"/跟进 {HUAXING} 聊了")
        assert card.title == FORM and "没有权限" in after(card, "客户") and card.fields["内容"] == "聊了"
    unknown = huaxing.rep.says("/跟进 不存在的客户 聊了")
    assert "没有找到客户「不存在的客户」" in after(unknown, "客户") and written(huaxing) == []
    assert huaxing.manager.says("/跟进 华星科技 聊了").title == RECORDED
