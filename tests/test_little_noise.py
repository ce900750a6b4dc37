"""What is not urgent comes as one message a person and hour, and none of it is lost; what is urgent comes at once."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from bot import posting, telling
from conftest import ON_SQLITE, Company
from ding_company import Company as DingCompany
from models.crm import held, noise, people, preferences
from models.crm.noise import FOUR_HOURS, HOUR, LISTED, NONE, Listener, Wait
from models.tables import CardMessage, Held, Outbox, OutboxState, User
from models.work import Work, Works
from test_complaints import Service
from test_entry import submit
from test_leaving import ding
from world import Somebody

__all__ = ["ding"]
START = dt.datetime(2026, 11, 25, 2, tzinfo=dt.UTC)
NAMES = "甲乙丙丁戊己庚辛壬癸子丑寅卯"
KINDS = ("survey", "leaver", "reminder", "digest", "review")


def titles(who: Somebody) -> list[str]:
    return [seen.title for seen in who.seen()]


def left(company: Company, *names: str, told: str = "林总") -> None:
    """News for somebody: that a colleague left."""
    person = company.make.me(told).id

    def put(work: Work) -> None:
        for name in names:
            work.notify("leaver", work.db.scalars(select(User.id).where(User.name == name)).one(), [person], anew=True)
        posting.post_notices(work)

    company.keban.works.perform(put)


def reminded(company: Company, *names: str, at: str = "今天10点半") -> None:
    for name in names:
        company.make.customer("王敏", f"{name}精密机械有限公司")
        company.rep.says(f"/跟进 {name}精密 已报价 下次:{at}")


# --- the rule ---


@dataclass
class Told:
    """What somebody is told by a clock that ticks; `sent` has what came with each message and when."""

    quiet: tuple[int, int] = (0, 0)
    every: dt.timedelta = HOUR
    short: bool = False
    waits: list[Wait] = field(default_factory=list)
    told: dict[str, dt.datetime] = field(default_factory=dict)
    sent: list[tuple[dt.datetime, list[Wait]]] = field(default_factory=list)

    def tick(self, minute: int) -> None:
        now = START + dt.timedelta(minutes=minute)
        first, last = self.quiet
        rest = dt.timedelta(minutes=last - minute) if first <= minute < last else NONE
        moments = noise.moments(self.waits, now, Listener(self.every, rest, self.told, self.short))
        going = noise.together([each for each, at in zip(self.waits, moments, strict=True) if at <= now])
        if going:
            self.sent.append((now, going))
            self.told |= {each.kind: now for each in going}
            self.waits = [each for each in self.waits if each not in going]


NOTICES = st.lists(st.tuples(st.integers(0, 60).map(lambda few: few * 5), st.sampled_from(KINDS)), max_size=25)


@example([(185, "digest")], 10, (186, 5), False).via("it becomes quiet between the moment and the look")
@given(NOTICES, st.sampled_from([5, 10]), st.tuples(st.integers(0, 300), st.integers(0, 300)), st.booleans())
def test_no_hour_has_two_messages_of_news_and_nothing_is_late_or_lost(
    notices: list[tuple[int, str]], step: int, quiet: tuple[int, int], short: bool
) -> None:
    every, quiet = FOUR_HOURS if short else HOUR, (quiet[0], quiet[0] + quiet[1])
    who, rows = (
        Told(quiet, every, short),
        [Wait(row, kind, row, at(minute)) for row, (minute, kind) in enumerate(notices)],
    )
    for minute in range(0, 600 + 60 * 13, step):
        known = {row.id for _, going in who.sent for row in going} | {row.id for row in who.waits}
        who.waits += [row for row in rows if row.since <= at(minute) and row.id not in known]
        who.tick(minute)
    assert sorted(row.id for _, going in who.sent for row in going) == [row.id for row in rows], "each once"
    slow = [when for when, going in who.sent if any(noise._slow(each.kind, listener(short)) for each in going)]
    assert all(later - earlier >= every for earlier, later in pairwise(slow))
    for when, going in who.sent:
        for each in going:
            looked_at = -(-(each.since - START) // dt.timedelta(minutes=step)) * step
            awake = max(each.since, at(quiet[1])) if quiet[0] <= looked_at < quiet[1] else each.since
            assert when >= each.since
            if each.kind == "reminder" and not short:
                assert when - each.since < dt.timedelta(minutes=step), "the moment is his own"
            elif each.kind not in noise.NEWS and not short and len(rows) <= LISTED:
                assert when - awake < dt.timedelta(minutes=step)
            assert each.kind == "reminder" or not at(quiet[0]) <= when < at(quiet[1])


def at(minute: int) -> dt.datetime:
    return START + dt.timedelta(minutes=minute)


def listener(short: bool) -> Listener:
    return Listener(HOUR, NONE, {}, short)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=9), st.lists(st.integers(0, 400), max_size=9))
def test_news_waits_an_hour_at_most_however_many_reminders_come(news: list[int], reminders: list[int]) -> None:
    who = Told()
    for minute in range(0, 600):
        who.waits += [Wait(each, "survey", each, at(minute)) for each, when in enumerate(news) if when == minute]
        asked = [each for each, when in enumerate(reminders) if when == minute]
        who.waits += [Wait(99 + each, "reminder", each, at(minute)) for each in asked]
        who.tick(minute)
    assert all(when - each.since <= HOUR for when, going in who.sent for each in going) and not who.waits
    assert who.sent[0][0] == at(min(*news, *reminders, 400)), "the first comes at once"


def test_with_everything_at_once_nothing_waits() -> None:
    who = Told(every=NONE)
    for minute in (0, 1, 2):
        who.waits.append(Wait(minute, "survey", minute, at(minute)))
        who.tick(minute)
    assert [when for when, _ in who.sent] == [at(0), at(1), at(2)]


# --- stories ---


def test_the_first_comes_at_once_and_what_follows_within_the_hour_is_one_message(company: Company) -> None:
    boss, keban = company.manager, company.keban
    left(company, "王敏")
    keban.tick()
    assert titles(boss) == ["已离职 · 王敏"]
    keban.forward(minutes=10)
    left(company, "陈晨")
    keban.forward(minutes=20)
    left(company, "赵强")
    left(company, "赵强")
    keban.forward(minutes=29, seconds=59)
    assert len(titles(boss)) == 1
    keban.forward(seconds=1)
    assert titles(boss)[1:] == ["2 条提醒"]
    both = boss.last()
    assert "已离职 · 陈晨" in both.text and "已离职 · 赵强" in both.text and "每小时" not in both.text
    boss.presses("打开", on=both)
    assert boss.last().title == "已离职 · 陈晨" and both.title == "2 条提醒", "a message of its own"
    keban.forward(hours=5)
    assert len(titles(boss)) == 3, "once"


def test_what_others_were_told_is_opened_by_nobody_else(company: Company) -> None:
    left(company, "王敏", "陈晨")
    company.keban.tick()
    both = company.manager.last("2 条提醒")
    card = both.card
    answer = company.rep.press_in(both, card, "打开")
    assert "没有找到这条消息" in answer.toast and titles(company.rep) == []
    company.manager.press_in(both, card, "打开")
    assert titles(company.manager)[-1] == "已离职 · 王敏"


def test_reminders_of_one_moment_are_one_message_that_opens_each(company: Company) -> None:
    """The list tells them; what is opened is the living card, and is done there."""
    rep, keban = company.rep, company.keban
    reminded(company, "甲", "乙")
    before = len(titles(rep))
    keban.until("2026-11-25 10:30")
    assert titles(rep)[before:] == ["2 条提醒"]
    both = rep.last()
    assert both.buttons == ["打开", "打开"] and "已报价" in both.text
    rep.presses("打开", on=both)
    first = rep.last()
    assert first.title.startswith("该跟进了 · 甲") and first.buttons == ["完成", "已联系", "稍后", "改期"]
    assert rep.presses("已联系", on=first).title.startswith("已记录跟进 · 甲")
    keban.forward(seconds=5)
    assert len(titles(rep)) == before + 2 and both.title == "2 条提醒", "nothing came out of nowhere"
    with keban.works.read() as work:
        waiting = select(CardMessage).where(CardMessage.message_id.is_(None))
        assert not work.db.scalars(waiting).all(), "no copy waits for ever"


def test_a_reminder_that_was_told_in_a_list_and_is_done_elsewhere_sends_nothing(company: Company) -> None:
    rep, keban = company.rep, company.keban
    reminded(company, "甲", "乙")
    keban.until("2026-11-25 10:30")
    both, before = rep.last("2 条提醒"), len(titles(rep))
    rep.says("/今天")
    rep.presses("去处理")
    rep.presses("已联系")
    keban.forward(minutes=1)
    assert len(titles(rep)) == before + 1
    rep.presses("打开", on=both)
    assert rep.last().title.startswith("已完成 · 甲"), "it shows how things stand"


def test_more_than_a_message_lists_are_on_the_list_of_the_day(company: Company) -> None:
    rep = company.rep
    reminded(company, *NAMES[:12])
    before = len(titles(rep))
    company.keban.until("2026-11-25 10:30")
    assert titles(rep)[before:] == ["12 条提醒"] and "另外还有 2 条提醒" in rep.last().text
    assert rep.last().buttons == ["打开"] * LISTED + ["今天"]
    rep.presses("今天")
    assert "已到期 12" in "".join(seen.text for seen in rep.seen())


def test_a_reminder_waits_for_no_hour_and_is_the_message_of_its_hour(company: Company) -> None:
    rep, keban = company.rep, company.keban
    reminded(company, "甲")
    reminded(company, "乙", at="今天10点50")
    keban.until("2026-11-25 10:30")
    left(company, "陈晨", told="王敏")
    keban.until("2026-11-25 10:50")
    assert [title[:8] for title in titles(rep)[-2:]] == ["该跟进了 · 甲", "该跟进了 · 乙"]
    keban.until("2026-11-25 11:29")
    assert titles(rep)[-1].startswith("该跟进了")
    keban.until("2026-11-25 11:30")
    assert titles(rep)[-1] == "已离职 · 陈晨", "it has waited for an hour"


def test_what_the_night_held_back_is_one_message_in_the_morning(company: Company) -> None:
    boss, keban = company.supervisor, company.keban
    keban.until("2026-11-25 22:30")
    submit(company.rep)
    left(company, "陈晨", told="赵强")
    keban.until("2026-11-26 07:59")
    assert titles(boss) == [] and company.keban.works.perform(held.due) == []
    keban.until("2026-11-26 08:00")
    assert titles(boss) == ["2 条提醒"]
    boss.presses("打开")
    assert titles(boss)[-1].startswith("待审核") and "通过" in boss.last().buttons


def test_who_wants_everything_at_once_gets_each_by_itself(company: Company) -> None:
    boss, keban = company.manager, company.keban
    boss.says("/设置")
    assert "合并，每小时最多一条" in boss.last().text
    assert "立即" in boss.presses("不急的也立即发").text
    left(company, "王敏", "陈晨")
    keban.tick()
    left(company, "赵强")
    keban.forward(minutes=1)
    assert titles(boss)[1:] == ["已离职 · 王敏", "已离职 · 陈晨", "已离职 · 赵强"]
    boss.presses("不急的合并发")
    left(company, "王敏")
    keban.forward(minutes=1)
    assert len(titles(boss)) == 4


def test_preferences_that_change_meanwhile_hold_from_the_next_look(company: Company) -> None:
    boss, keban = company.manager, company.keban
    left(company, "王敏")
    keban.tick()
    left(company, "陈晨")
    keban.forward(minutes=1)
    boss.says("/设置")
    boss.presses("不急的也立即发")
    keban.forward(minutes=5)
    assert titles(boss)[-1] == "已离职 · 陈晨"


@ON_SQLITE
def test_who_moves_is_told_where_he_is_then_and_who_left_is_not(company: Company, ding: DingCompany) -> None:
    keban, works = company.keban, company.keban.works
    rep, boss = company.make.me("王敏").id, company.make.me("赵强").id
    left(company, "陈晨", told="王敏")
    left(company, "陈晨", told="赵强")
    company.rep.says("/设置")
    company.rep.presses("发到钉钉")

    def leaves(work: Work) -> None:
        work.db.get_one(User, boss).active = False

    works.perform(leaves)
    keban.tick()
    with works.read() as work:
        rows = work.db.execute(select(Outbox.user_id, Outbox.platform).where(Outbox.kind == "leaver")).all()
        assert rows == [(rep, "dingtalk")] and not work.db.scalars(select(Held).where(Held.user_id == boss)).all()
        assert people.reach(work, rep) == "dingtalk" and preferences.of(work, rep).hourly


# --- several at once, and what fails ---


def test_two_schedulers_at_once_tell_it_once(company: Company) -> None:
    left(company, "王敏", "陈晨")
    works, start = company.keban.works, threading.Barrier(2)

    def look() -> None:
        start.wait(10)
        works.perform(telling.tell)

    both = [threading.Thread(target=look) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(30)
    company.keban.tick()
    assert titles(company.manager) == ["2 条提醒"]


def test_a_crash_between_telling_and_its_commit_loses_and_doubles_nothing(company: Company, works: Works) -> None:
    left(company, "王敏", "陈晨")

    def dies(work: Work) -> None:
        telling.tell(work)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        works.perform(dies)
    company.keban.settle()
    assert titles(company.manager) == []
    company.keban.tick()
    company.keban.tick()
    assert titles(company.manager) == ["2 条提醒"]


def test_what_cannot_be_shown_stands_in_nobodys_way(company: Company, works: Works) -> None:
    """What is not his to see any more is dropped; a card that cannot be made is tried again."""
    boss = company.make.me("林总").id

    def put(work: Work) -> None:
        held.hold(work, boss, "reminder", 4711)
        held.hold(work, boss, "leaver", 4711)

    works.perform(put)
    left(company, "王敏")
    company.keban.tick()
    assert titles(company.manager) == ["已离职 · 王敏"]
    with works.read() as work:
        kept = [(row.kind, row.subject_id) for row in work.db.scalars(select(Held).where(Held.told_at.is_(None)))]
    assert kept == [("leaver", 4711)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # on SQLite there is one writer
def test_news_of_the_same_while_it_is_told_is_told_again(company: Company, works: Works) -> None:
    """Whoever says it meanwhile waits, so that nothing he changed goes untold."""
    left(company, "王敏")
    began, went = threading.Event(), threading.Event()

    def slowly(work: Work) -> None:
        telling.tell(work)
        work.send()
        began.set()
        went.wait(0.3)

    teller = threading.Thread(target=lambda: works.perform(slowly))
    teller.start()
    assert began.wait(10)
    left(company, "王敏")
    went.set()
    teller.join(10)
    company.keban.forward(hours=1)
    assert titles(company.manager) == ["已离职 · 王敏"] * 2


def test_answers_and_alerts_are_never_held(company: Company) -> None:
    left(company, "王敏")
    company.keban.tick()
    Service(company).agent.says("/投诉 华星科技 送错货")
    company.keban.settle()
    assert company.rep.last("投诉") and company.manager.says("/帮助").title == "我会这些"
    with company.keban.works.read() as work:
        assert set(work.db.scalars(select(Outbox.state))) == {OutboxState.SENT}
