"""The morning of a working day: one digest for who leads, one list for who sells, and numbers that open."""

from __future__ import annotations

import datetime as dt
import re
import threading
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bot.sending import Sender
from cards import html
from cards.kit import Bars, Card
from conftest import ZONE, Company
from models.outbox import Lane
from models.settings import Settings
from models.tables import CalendarRun, Outbox, Timer
from models.work import Works
from scheduler.jobs import JOBS
from scheduler.run import tick
from standins import feishu_says
from test_survey import path, send
from world import JSON, Answer, Seen, Somebody

#: Wednesday 25 November 2026, 10:00, is when a test begins.
THURSDAY, FRIDAY, MONDAY = "2026-11-26", "2026-11-27", "2026-11-30"


def came(person: Somebody, title: str = "简报") -> list[Seen]:
    """Every message that first showed such a card."""
    return [
        seen
        for seen in map(Seen, person.inbox())
        if seen.message.history[0]["header"]["title"]["content"].startswith(f"{title} · ")
    ]


def figures(text: str) -> dict[str, int]:
    """The numbers of a digest by their label."""
    lines = [line.split() for line in text.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit() and line[0] in FIGURES}


FIGURES = {
    "新客户": "customers",
    "录入待审核": "reviews",
    "跟进": "follow_ups",
    "阶段推进": "stages",
    "成交": "deals",
    "客户评价": "surveys",
    "投诉": "complaints",
    "待首次响应的投诉": "unanswered",
    "逾期提醒": "overdue",
}


def bars(card: JSON) -> dict[str, int]:
    """The chart of a card."""
    (chart,) = [part for part in card["body"]["elements"] if part["tag"] == "chart"]
    return {each["label"]: each["number"] for each in chart["chart_spec"]["data"]["values"]}


def opening(card: JSON, figure: str) -> Any:
    """What the button of a number says."""
    return next(each for each in feishu_says.buttons(card) if each.value.get("figure") == figure)


def opens(person: Somebody, seen: Seen, figure: str, payload: JSON | None = None) -> Answer:
    """Press the button of a number, or one made from it by hand."""
    button = opening(seen.message.history[0], figure)
    request = person.host.app.press(
        person.account, payload or button.value, seen.message.message_id, seen.message.chat_id, name=button.name
    )
    answer = Answer(*person.host.post("/feishu/cards", request))
    person.host.settle()
    return answer


def wait(company: Company, moment: str) -> None:
    """Let time pass as it does, minute by minute over the last quarter of an hour."""
    at = dt.datetime.fromisoformat(moment).replace(tzinfo=ZONE)
    while company.keban.clock() < at:
        left = at - company.keban.clock()
        step = dt.timedelta(minutes=1) if left <= dt.timedelta(minutes=15) else left - dt.timedelta(minutes=15)
        company.keban.forward(seconds=min(step, left).total_seconds())


def story(company: Company) -> None:
    """Two teams on a Wednesday: customers, talks, an entry that waits, and a reminder that is missed."""
    company.keban.tick()  # the scheduler was there before
    for owner, name, mobile in (
        ("王敏", "华星科技有限公司", "13912340001"),
        ("陈晨", "云帆贸易有限公司", "13912340002"),
        ("周舟", "远山物流有限公司", "13912340003"),
    ):
        company.make.customer(owner, name, 手机=mobile)
    company.make.entry("王敏", "新芽教育有限公司", 手机="13912340004")
    company.rep.says("/跟进 华星 已报价 阶段:报价 下次:1小时后 下一步:发合同")
    company.rep.says("/跟进 华星 再谈一次")
    company.colleague.says("/跟进 云帆 看了样品")
    company.stranger.says("/跟进 远山 要报价 阶段:意向")
    company.colleague.says("/成交 云帆 年度维保 金额:12万")
    company.colleague.says("/投诉 云帆 包装破损")
    send(company, path(company.rep.says("/问卷 华星")), score="5")


#: by hand: 一部 has two customers, one entry, three talks of two people, two moves (意向 and 成交), one deal, one
#: answer, one complaint that waits and one missed reminder; 二部 a customer, a talk and a move more.
TEAM = dict(zip(FIGURES, (2, 1, 3, 2, 1, 1, 1, 1, 1), strict=True))
ALL = dict(zip(FIGURES, (3, 1, 4, 3, 1, 1, 1, 1, 1), strict=True))


def test_leaders_get_one_digest_between_three_and_twelve_past_nine(company: Company) -> None:
    story(company)
    wait(company, f"{THURSDAY} 09:02")
    leaders = (company.supervisor, company.manager)
    assert [len(came(person)) for person in leaders] == [0, 0]
    wait(company, f"{THURSDAY} 09:12")
    assert [len(came(person)) for person in leaders] == [1, 1]
    for person, numbers in zip(leaders, (TEAM, ALL), strict=True):
        (seen,) = came(person)
        assert seen.title == "简报 · 11月26日 周四" and figures(seen.text) == numbers
        assert "11月25日 周三 9:00 起，截至 11月26日 周四 9:" in seen.text
        assert feishu_says.texts(seen.card).count("查看") == len(FIGURES)
    assert bars(came(company.supervisor)[0].card) == {"王敏": 2, "陈晨": 1}
    assert bars(came(company.manager)[0].card) == {"销售一部": 3, "销售二部": 1}
    assert "销售二部" not in came(company.supervisor)[0].text
    assert "跟进 4\n销售一部 3 · 销售二部 1" in came(company.manager)[0].text
    assert "跟进（按人员）" in came(company.supervisor)[0].text and "跟进（按部门）" in came(company.manager)[0].text
    with company.keban.works.read() as work:
        sent = work.run(select(Outbox.lane).where(Outbox.kind.in_(["digest", "morning"]))).scalars()
    assert sent == [Lane.DIGEST] * 3, "two digests and one list of the day"
    wait(company, f"{THURSDAY} 23:00")
    assert [len(came(person)) for person in leaders] == [1, 1]
    assert not any(came(person) for person in (company.rep, company.colleague, company.stranger))


def test_what_happens_while_the_digests_go_out_is_counted_in_the_next_one_only(company: Company) -> None:
    story(company)
    wait(company, f"{THURSDAY} 09:01")
    company.rep.says("/跟进 华星 一早就打来")
    for day, talks, until in ((THURSDAY, 4, "11月26日 周四 9:00"), (FRIDAY, 1, "11月27日 周五 9:00")):
        wait(company, f"{day} 09:15")
        text = came(company.manager)[-1].text
        assert figures(text)["跟进"] == talks and f"截至 {until}\n" in text


def test_nothing_comes_on_a_day_off(company: Company) -> None:
    story(company)
    days = {FRIDAY: 2, "2026-11-28": 2, "2026-11-29": 2, MONDAY: 3}  # Thursday's, Friday's; a weekend; Monday's
    wait(company, f"{THURSDAY} 10:00")
    for day, count in days.items():
        wait(company, f"{day} 10:00")
        assert len(came(company.manager)) == count, day
    assert "11月27日 周五 9:00 起" in came(company.manager)[-1].text
    wait(company, "2026-12-31 10:00")
    wait(company, "2027-01-01 12:00")  # New Year's Day, a Friday
    assert [seen.title for seen in came(company.manager)[3:]] == ["简报 · 12月31日 周四"]
    assert len(came(company.rep, "今天")) == 4, "on working days, as long as the reminder stays open"


@pytest.mark.parametrize(
    ("away", "since"), [({"hours": 26}, "11月25日 周三 9:00"), ({"days": 10}, "11月26日 周四 9:00")]
)
def test_after_a_scheduler_that_was_away_one_digest_comes(company: Company, away: dict[str, int], since: str) -> None:
    story(company)
    wait(company, f"{THURSDAY} 09:00" if "hours" in away else f"{THURSDAY} 09:15")
    if "days" in away:
        wait(company, f"{FRIDAY} 08:00")
    before = len(came(company.manager))
    company.keban.clock.forward(**away)  # Friday 11:00; Monday a week later, 8:00, when nothing is due yet
    company.keban.tick()
    wait(company, f"{FRIDAY} 11:15" if "hours" in away else "2026-12-07 11:15")
    new = came(company.manager)[before:]
    assert len(new) == 1 and f"{since} 起" in new[0].text
    assert figures(new[0].text)["跟进"] == (4 if "hours" in away else 0)
    wait(company, f"{FRIDAY} 20:00" if "hours" in away else "2026-12-07 20:00")
    assert len(came(company.manager)) == before + 1


def test_a_job_that_never_ran_begins_with_the_next_planned_time(company: Company) -> None:
    story(company)  # Wednesday 10:00: this morning's is not made up
    for _ in range(15):
        company.keban.forward(minutes=1)
    assert came(company.manager) == []


def test_what_was_planned_before_the_scheduler_went_away_is_not_sent_beside_the_newest(company: Company) -> None:
    story(company)
    company.keban.until(f"{THURSDAY} 09:00")  # planned, and then nobody is there
    company.keban.clock.at = dt.datetime(2026, 11, 28, 12, tzinfo=ZONE)
    company.keban.tick()
    assert came(company.manager) == [], "a Saturday"
    wait(company, f"{MONDAY} 09:15")
    (seen,) = came(company.manager)
    assert "11月25日 周三 9:00 起" in seen.text and figures(seen.text) == ALL, "nothing is left out"


def test_a_scheduler_that_comes_late_sends_at_once(company: Company) -> None:
    story(company)
    wait(company, f"{THURSDAY} 08:50")
    company.keban.clock.forward(hours=2)
    company.keban.tick()
    for _ in range(9):
        company.keban.forward(minutes=1)
    assert [len(came(person)) for person in (company.supervisor, company.manager)] == [1, 1]


def test_two_schedulers_plan_and_send_one_each(company: Company, engine: Engine) -> None:
    keban = company.keban
    story(company)
    keban.clock.at = dt.datetime(2026, 11, 26, 9, 0, tzinfo=ZONE)
    several = [keban.works, Works(engine, keban.clock, keban.works.settings)]
    for minute in range(13):
        keban.clock.at = dt.datetime(2026, 11, 26, 9, minute, tzinfo=ZONE)
        gate = threading.Barrier(len(several))

        def run(works: Works, gate: threading.Barrier = gate) -> None:
            gate.wait()
            for job in JOBS:
                tick(works, job)

        threads = [threading.Thread(target=run, args=(works,)) for works in several]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    while Sender(several[1], keban.platforms["feishu"]).drain():
        pass
    assert [len(came(person)) for person in (company.supervisor, company.manager)] == [1, 1]
    assert [len(came(person, "今天")) for person in (company.rep, company.colleague)] == [1, 0]
    with keban.works.read() as work:
        assert len(work.run(select(CalendarRun.id)).all()) == 2, "where the job began, and this run"
        assert len(work.run(select(Timer.id).where(Timer.kind.in_(["digest", "morning"]))).all()) == 5


def test_a_rep_gets_what_is_due_and_nothing_where_nothing_is(company: Company) -> None:
    story(company)
    company.rep.says("/跟进 华星 约了明天 下次:明天16点")  # takes the place of the one due today
    company.supervisor.presses("去审核", on=company.supervisor.says("/待审"))
    company.supervisor.presses("退回")
    company.supervisor.presses("确认退回", {"reason": "请补地址"})
    wait(company, f"{THURSDAY} 09:12")
    (seen,) = came(company.rep, "今天")
    assert seen.title == "今天 · 11月26日 周四" and seen.buttons == ["查看", "去修改"]
    assert "今天到期 1，录入被退回 1 · 截至 9:" in seen.text and "今天 16:00" in seen.text
    assert came(company.colleague, "今天") == came(company.supervisor, "今天") == []
    company.keban.until(f"{THURSDAY} 16:00")
    now = company.rep.says("/今天")
    assert "已到期 1，录入被退回 1 · 截至 16:00" in now.text and now.buttons == ["去处理", "去修改"]
    assert company.rep.presses("去修改", on=now).title == "修改录入 · 新芽教育有限公司"
    again = company.rep.says("/today")
    assert company.rep.presses("去处理", on=again).title == "该跟进了 · 华星科技有限公司"
    assert company.colleague.says("/今天").text.splitlines()[1] == "今天没有到期的事。"
    foreign = company.stranger.press_in(again, again.message.history[0], "去处理")
    assert "没有找到" in foreign.text + foreign.toast


def test_a_long_day_has_pages(company: Company) -> None:
    for number in range(1, 13):
        company.make.customer("王敏", f"第{number}号有限公司", 手机=f"139123400{number:02}")
        company.rep.says(f"/跟进 第{number}号有限公司 已报价 下次:{number}小时后")
    first = company.rep.says("/今天")
    assert first.buttons == ["查看"] * 10 + ["下一页"] and "今天到期 12" in first.text
    second = company.rep.presses("下一页", on=first)
    assert second.buttons == ["查看"] * 2 + ["上一页"] and "第12号" in second.text
    assert company.rep.presses("上一页", on=first).text == first.text


def test_every_number_opens_its_records_and_agrees_with_them(company: Company) -> None:
    story(company)
    company.keban.until("2026-11-25 11:30")
    for person, numbers in ((company.supervisor, TEAM), (company.manager, ALL)):
        seen = person.says("/简报")
        assert figures(seen.text) == numbers
        for label, figure in FIGURES.items():
            listed = opens(person, seen, figure)
            assert listed.title == f"{label} {numbers[label]}"
            assert listed.buttons == ["查看"] * numbers[label] + ["返回简报"]
            assert "怎么算的：" in listed.text and "截至 11月25日 周三 11:30。" in listed.text
    listed = opens(company.supervisor, company.supervisor.says("/简报"), "follow_ups")
    assert "远山" not in listed.text and "云帆贸易有限公司\n11月25日 周三 10:00 · 陈晨 · 销售一部" in listed.text
    page = company.supervisor.press_in(seen := company.supervisor.says("/简报"), listed.card or {}, "查看")
    assert page.title in ("华星科技有限公司", "云帆贸易有限公司")
    opened = opens(company.supervisor, seen, "complaints")
    assert company.supervisor.press_in(seen, opened.card or {}, "查看").title == "投诉 · TS202611001"
    opened = opens(company.supervisor, seen, "reviews")
    assert company.supervisor.press_in(seen, opened.card or {}, "查看").title == "待审核 · 新芽教育有限公司"


def test_a_list_shows_what_was_counted_however_late_it_is_opened(company: Company) -> None:
    story(company)
    seen = company.supervisor.says("/digest")
    company.keban.forward(minutes=5)
    company.rep.says("/跟进 华星 又谈了")
    listed = opens(company.supervisor, seen, "follow_ups")
    assert listed.title == "跟进 3" and "又谈了" not in listed.text and "截至 11月25日 周三 10:00。" in listed.text
    back = company.supervisor.press_in(seen, listed.card or {}, "返回简报")
    assert figures(back.text)["跟进"] == 4 and "截至 11月25日 周三 10:05" in back.text


def test_a_button_gives_no_rights_and_a_made_up_one_does_no_harm(company: Company) -> None:
    story(company)
    seen = company.manager.says("/简报")
    payload = opening(seen.card, "follow_ups").value
    assert opens(company.manager, seen, "follow_ups").title == "跟进 4"
    refused = opens(company.rep, seen, "follow_ups")
    assert refused.toast == "没有权限做这个操作。" and "华星" not in refused.text
    assert "权限" in company.rep.says("/简报").text
    assert company.manager.says("/简报", group=True).title == "已私信给你", "teams are not compared in a group"
    assert opens(company.supervisor, seen, "follow_ups").toast == "已私信给你"
    assert company.supervisor.last().title == "跟进 3", "his own team, whoever's card it was"
    for wrong in ({"figure": "salaries"}, {"since": -1}, {"until": 2**53 - 1}, {"since": payload["until"] + 1}):
        answer = opens(company.manager, seen, "follow_ups", payload | wrong)
        assert "已经失效" in answer.text + answer.toast, wrong
    far = opens(company.manager, seen, "follow_ups", payload | {"page": 2**53 - 1})
    assert "没有记录。" in far.text
    assert opens(company.manager, seen, "follow_ups", payload | {"page": -5}).title == "跟进 4"


def test_a_list_has_pages_of_ten(company: Company) -> None:
    story(company)
    for number in range(9):
        company.keban.forward(seconds=60)
        company.rep.says(f"/跟进 华星 第{number}次")
    seen = company.supervisor.says("/简报")
    first = opens(company.supervisor, seen, "follow_ups")
    assert first.title == "跟进 12" and first.buttons == ["查看"] * 10 + ["下一页", "返回简报"]
    second = company.supervisor.press_in(seen, first.card or {}, "下一页")
    assert second.title == "跟进 12" and second.buttons == ["查看"] * 2 + ["上一页", "返回简报"]
    assert company.supervisor.press_in(seen, second.card or {}, "上一页").text == first.text


def test_bars_hold_ten_the_last_of_them_the_rest_and_namesakes_apart(company: Company) -> None:
    story(company)
    for number in range(10):
        company.make.user(f"同事{number}", "销售一部", "sales_rep")
    company.make.user("王敏", "销售一部", "sales_rep")
    shown = bars(company.supervisor.says("/简报").card)
    assert len(shown) == 10 and shown["王敏 S0001"] == 2 and shown["陈晨"] == 1 and shown["其余 4 个"] == 0
    assert sum(shown.values()) == 3


def test_in_the_playground_bars_are_a_table_that_everybody_can_read() -> None:
    shown = html.render(Card("简报", (Bars("跟进", (("<b>", 4), ("陈晨", 1), ("王敏", 0))), Bars("空", ()))))
    assert '<caption>跟进</caption><tr><th scope="row">&lt;b&gt;</th>' in shown
    assert re.findall(r'width="(\d+)%".*?<td>(\d+)</td>', shown) == [("100", "4"), ("25", "1"), ("0", "0")]
    assert shown.count("<table") == 1
    assert '<rect width="0%"' in html.render(Card("简报", (Bars("跟进", (("王敏", 0),)),)))


def test_a_leader_of_nobody_who_sells_is_not_told_of_nothing(company: Company) -> None:
    company.make.department("法务部", parent="总公司")
    lawyer = company.keban.somebody(company.make.user("方律", "法务部", "supervisor"))
    story(company)
    wait(company, f"{THURSDAY} 09:12")
    assert came(lawyer) == [] and len(came(company.manager)) == 1
    assert figures(lawyer.says("/简报").text) == dict.fromkeys(FIGURES, 0)


class TestAnotherTime:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings.model_validate({"digest": {"at": "08:30", "after_minutes": 0, "spread_minutes": 1}})

    def test_the_company_says_when(self, company: Company) -> None:
        story(company)
        wait(company, f"{THURSDAY} 08:29")
        assert came(company.manager) == []
        wait(company, f"{THURSDAY} 08:31")
        assert len(came(company.manager)) == 1 and "11月25日 周三 8:30 起" in came(company.manager)[0].text


@pytest.mark.parametrize("at", ["9:00", "22:00", "24:00", "09:60", "早上"])
def test_a_time_that_is_none_is_a_sentence(at: str) -> None:
    with pytest.raises(ValueError, match="要写成 09:00 这样的钟点"):
        Settings.model_validate({"digest": {"at": at}})
