"""Reminders of the next step: done, later, another day, or just contacted (C7)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from models import due
from models.crm import absences, access, follow_ups, private
from models.crm.access import CustomerRef
from models.crm.follow_ups import Recorded, Talk
from models.crm.people import Me
from models.errors import AlreadyDone
from models.tables import Timer, TimerState
from models.text.times import Settled
from models.work import AnyRow, Work


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder as its owner sees it."""

    timer: int
    plan: int
    state: TimerState
    customer: CustomerRef
    content: str
    next_step: str | None
    due: str
    closed: str

    @property
    def open(self) -> bool:
        """Whether there is still something to do about it."""
        return self.state in (TimerState.PENDING, TimerState.FIRED)


LATER = {"10": "10 分钟后", "60": "1 小时后", "day": "明天"}


def fire(work: Work, timer: AnyRow) -> None:
    """The moment has come: show the reminder to whoever planned it."""
    work.notify("reminder", timer.id, [timer.person_id] if timer.person_id else [], anew=True)


def view(work: Work, me: Me, timer_id: int) -> Reminder:
    """One's own reminder with the follow-up it comes from. Raises NotFound."""
    timer, entry = access.reminder(work, me, timer_id)
    customer = access.customer_by_id(work, me, entry.customer_id)
    texts = [entry.content, entry.next_step or ""]
    content, next_step = private.show(work, customer.id, texts, clear=customer.owner_id == me.id)
    closed = work.shown(timer.closed_at) if timer.closed_at else ""
    due_at = work.shown(timer.due_at)
    return Reminder(timer.id, timer.plan, timer.state, customer, content, next_step or None, due_at, closed)


def finish(work: Work, me: Me, timer: Timer, plan: int, customer: CustomerRef, talk: Talk) -> Recorded:
    """Write the follow-up that this was a reminder of, and close it. Raises AlreadyDone."""
    if not due.close(work, timer.id, plan):
        raise stale(work, timer)
    work.db.refresh(timer)
    work.notify("reminder", timer.id)
    return follow_ups.record(work, me, customer, talk)


def move(work: Work, timer: Timer, plan: int, to: Settled) -> None:
    """Be reminded at another time. Raises AlreadyDone."""
    if not due.move(work, timer.id, plan, to.at):
        raise stale(work, timer)
    work.db.refresh(timer)
    work.audit("reminder.move", f"timer:{timer.id}", to=to.at.isoformat())


def later(work: Work, me: Me, choice: str) -> Settled:
    """The moment a 稍后 means: so many minutes from now, or 9:00 of the next day at work."""
    if choice != "day":
        return Settled(work.now + dt.timedelta(minutes=int(choice)))
    tomorrow = work.office.next_working_day(work.now.astimezone(work.office.zone).date())
    return absences.settled(work, me, Settled(work.office.at(tomorrow, dt.time(9))))


def stale(work: Work, timer: Timer) -> AlreadyDone:
    """What became of a reminder that an old card still offers."""
    work.db.refresh(timer)
    when = work.shown(timer.due_at)
    if timer.state is TimerState.DONE:
        return AlreadyDone("这个提醒已经完成了。")
    if timer.state is TimerState.CANCELLED:
        return AlreadyDone("这个提醒已由新的跟进计划代替。")
    return AlreadyDone(f"这个提醒已改到 {when}。")
