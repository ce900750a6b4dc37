"""A reminder comes when it was promised, to whoever asked for it, and is done once: 完成, 稍后, 改期, 已联系."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from conftest import Company
from models.crm import people
from models.crm.people import Hire
from models.tables import FollowUp, Role, Timer
from world import GROUP, Seen

HUAXING = "华星科技有限公司"
TITLE = f"该跟进了 · {HUAXING}"
RECORDED = f"已记录跟进 · {HUAXING}"
DUE = "2026-11-26 09:00"


@pytest.fixture
def due(company: Company) -> Company:
    """It is Thursday 9:00, and the rep's reminder has just come."""
    company.make.customer("王敏", HUAXING)
    company.rep.says("/跟进 华星科技 已报价，等回复 下一步:问结果 下次:明天")
    company.keban.until(DUE)
    return company


def contents(company: Company) -> list[str]:
    with company.keban.works.read() as work:
        return list(work.run(select(FollowUp.content).order_by(FollowUp.id)).scalars())


def came(company: Company) -> list[Seen]:
    """Every message to the rep that came as a reminder."""
    seen = map(Seen, company.rep.inbox())
    return [each for each in seen if "header" in each.message.history[0] and first(each) == TITLE]


def first(seen: Seen) -> str:
    title: str = seen.message.history[0]["header"]["title"]["content"]
    return title


def test_it_comes_in_time_and_only_to_its_author(company: Company) -> None:
    company.make.customer("王敏", HUAXING)
    company.rep.says("/跟进 华星科技 已报价，等回复 下一步:问结果 下次:明天", group=True)
    company.keban.until("2026-11-26 08:59")
    assert came(company) == []
    company.keban.forward(seconds=60)
    (reminder,) = came(company)
    assert reminder.buttons == ["完成", "已联系", "稍后", "改期"]
    for shown in ("问结果", "已报价，等回复", "今天 9:00"):
        assert shown in reminder.text
    others = company.colleague, company.supervisor, company.manager
    assert not any(person.inbox() for person in others)
    assert [Seen(message).title for message in company.rep.inbox(GROUP)] == [RECORDED]
    company.keban.forward(hours=1)
    assert len(came(company)) == 1, "once"


def test_done_asks_for_the_result_and_writes_it_once(due: Company) -> None:
    (reminder,) = came(due)
    form = due.rep.presses("完成", on=reminder)
    assert form.title == f"完成 · {HUAXING}" and form.fields == {"结果": "", "方式": "", "下一步": "", "下次": ""}
    empty = due.rep.presses("完成", {"结果": "  ", "方式": "微信", "下一步": "发合同"}, on=reminder)
    assert "请写一下结果" in empty.text and empty.fields["方式"] == "微信" and empty.fields["下一步"] == "发合同"
    wrong = due.rep.presses("完成", {"结果": "同意了", "下次": "改天"}, on=reminder)
    kept = {"结果": "同意了", "方式": "微信", "下一步": "发合同", "下次": "改天"}
    assert "「改天」没说到哪一天" in wrong.text and wrong.fields == kept
    assert contents(due) == ["已报价，等回复"]

    done = due.rep.presses("完成", {"下次": "周日"}, on=reminder)
    assert done.title == RECORDED and done.toast == "已记录跟进"
    for shown in ("同意了", "微信", "发合同", "周日休息，提醒改在周五 9:00"):
        assert shown in done.text
    due.keban.forward(seconds=5)
    assert reminder.title == RECORDED and contents(due) == ["已报价，等回复", "同意了"]
    due.keban.until("2026-11-27 09:00")
    assert len(came(due)) == 2, "the next one"


def test_a_second_press_is_told_that_it_is_done(due: Company) -> None:
    (reminder,) = came(due)
    old = reminder.card
    due.rep.presses("完成", on=reminder)
    form = reminder.card
    due.rep.press_in(reminder, form, "完成", {"结果": "同意了"})
    for label, answers in (("完成", {"结果": "又一次"}), ("完成", {"结果": "第三次"})):
        again = due.rep.press_in(reminder, form, label, answers)
        assert "已经完成" in again.toast
    for label in ("完成", "已联系", "稍后", "改期"):
        late = due.rep.press_in(reminder, old, label)
        assert "已完成" in late.title or "已经完成" in late.toast, label
        assert late.fields == {}, "nobody fills in a form for nothing"
    assert contents(due) == ["已报价，等回复", "同意了"]


def test_contacted_is_one_tap(due: Company) -> None:
    (reminder,) = came(due)
    done = due.rep.presses("已联系", on=reminder)
    assert done.title == RECORDED and done.toast == "已记录跟进" and "还没有下次安排" in done.text
    assert contents(due) == ["已报价，等回复", "已联系"]
    assert "已联系" in due.rep.says("/客户 华星科技").text


LATER = {"10 分钟后": ("今天 9:10", 10), "1 小时后": ("今天 10:10", 60), "明天": ("明天 9:00", 22 * 60 + 50)}


def test_later_comes_again_as_a_new_message_each_time(due: Company) -> None:
    for times, (choice, (when, minutes)) in enumerate(LATER.items(), start=1):
        reminder = came(due)[-1]
        old = reminder.card
        assert due.rep.presses("稍后", on=reminder).buttons == [*LATER, "返回"]
        moved = due.rep.presses(choice, on=reminder)
        assert moved.title == moved.toast == f"已改到 {when}" and moved.buttons == []
        stale = due.rep.press_in(reminder, old, "已联系")
        assert f"已改到 {when}" in stale.toast and contents(due) == ["已报价，等回复"]

        due.keban.forward(minutes=minutes, seconds=-1)
        assert len(came(due)) == times
        due.keban.forward(seconds=1)
        assert len(came(due)) == times + 1 and came(due)[-1].buttons == ["完成", "已联系", "稍后", "改期"]
    assert due.rep.presses("已联系", on=came(due)[-1]).title == RECORDED
    due.keban.forward(seconds=5)
    assert not any(seen.buttons for seen in came(due)), "the older messages do not offer it any more"


def test_tomorrow_is_the_next_day_at_work(due: Company) -> None:
    due.rep.presses("已联系")
    due.rep.says("/跟进 华星科技 聊了 下次:周五")
    due.keban.until("2026-11-27 09:00")
    due.rep.presses("稍后")
    assert due.rep.presses("明天").toast == "已改到 周一 9:00"


NEVER = {
    "改天": "没说到哪一天",
    "昨天": "是过去的时间",
    "今天8点": "已经过去了",
    " ": "1 到 40 个字",
    "下周八": "看不懂",
}


def test_another_day_is_read_like_any_time(due: Company) -> None:
    reminder = came(due)[-1]
    asked = due.rep.presses("改期", on=reminder)
    assert asked.title == f"改期 · {HUAXING}" and asked.fields == {"改到什么时间": ""}
    for words, why in NEVER.items():
        answer = due.rep.presses("改期", {"改到什么时间": words}, on=reminder)
        assert why in answer.text and answer.fields["改到什么时间"].strip() == words.strip(), words
    assert due.rep.presses("返回", on=reminder).buttons == ["完成", "已联系", "稍后", "改期"]
    due.rep.presses("改期", on=reminder)
    sunday = due.rep.presses("改期", {"改到什么时间": "周日"}, on=reminder)
    assert sunday.toast == "已改到 明天 9:00" and "周日休息，提醒改在周五 9:00" in sunday.text
    due.keban.forward(seconds=5)
    assert "周日休息" in reminder.text, "the refresh that follows says it too"
    due.keban.until("2026-11-27 09:00")
    assert len(came(due)) == 2 and contents(due) == ["已报价，等回复"]


def test_a_form_of_an_older_plan_is_told_where_it_went(due: Company) -> None:
    (reminder,) = came(due)
    due.rep.presses("改期", on=reminder)
    form = reminder.card
    due.rep.press_in(reminder, form, "改期", {"改到什么时间": "2小时后"})
    again = due.rep.press_in(reminder, form, "改期", {"改到什么时间": "12月1日"})
    assert again.toast == "这个提醒已改到 今天 11:00。" and again.title == "已改到 今天 11:00"
    due.keban.forward(hours=2)
    assert len(came(due)) == 2


def test_nobody_else_can_press_it(due: Company) -> None:
    (reminder,) = came(due)
    due.rep.presses("完成", on=reminder)
    form = reminder.card
    for person in (due.supervisor, due.colleague, due.manager, due.stranger):
        for label in ("完成", "返回"):
            answer = person.press_in(reminder, form, label, {"结果": "抢"})
            assert "没有找到这个提醒，或它不是你的" in answer.toast and answer.card is None
    assert contents(due) == ["已报价，等回复"]
    assert due.rep.press_in(reminder, form, "完成", {"结果": "我的"}).title == RECORDED


def test_a_new_plan_takes_the_place_of_one_put_off(due: Company) -> None:
    (reminder,) = came(due)
    old = reminder.card
    due.rep.presses("稍后", on=reminder)
    due.rep.presses("1 小时后", on=reminder)
    due.rep.says("/跟进 华星科技 又聊了 下次:周五")
    stale = due.rep.press_in(reminder, old, "已联系")
    assert "已由新的跟进计划代替" in stale.toast and contents(due) == ["已报价，等回复", "又聊了"]
    assert "已由新的跟进计划代替" in due.rep.press_in(reminder, old, "完成").text
    due.keban.forward(hours=2)
    assert len(came(due)) == 1


def test_who_may_not_see_the_customer_any_more_is_refused_and_disturbs_nobody(due: Company) -> None:
    boss = due.supervisor
    boss.says("/跟进 华星科技 我来问 下次:今天10点")
    due.rep.says("/跟进 华星科技 我也问 下次:今天11点")
    due.keban.until("2026-11-26 10:00")
    reminder = boss.last(TITLE)
    boss.says("/跟进 华星科技 我再问 下次:今天11点")
    moved = Hire("S0003", "赵强", "销售二部", (Role.SALES_REP,), "13800138000")
    due.keban.works.perform(lambda work: people.add_user(work, moved))

    answer = boss.presses("已联系", on=reminder)
    assert answer.status == 200 and "没有权限" in answer.toast
    due.keban.until("2026-11-26 11:00")
    assert len(came(due)) == 2, "the rep's comes all the same"
    with due.keban.works.read() as work:
        states = work.run(select(Timer.state).where(Timer.kind == "follow_up").order_by(Timer.id)).scalars()
    assert states == ["fired", "fired", "fired", "cancelled"], "his own is dropped"
