"""Deadlines: promises in working minutes, kept with their ground; their rungs are timers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update

from models import due
from models.calendar import Calendar
from models.tables import Deadline, Timer, TimerState
from models.work import Work

OFFICE, ALWAYS = "office", "always"


@dataclass(frozen=True, slots=True)
class Rung:
    """A timer of a deadline: so many working minutes before its end (0 is the end itself, less is after it)."""

    kind: str
    minutes_before: int

    def moment(self, hours: Calendar, end: dt.datetime) -> dt.datetime:
        """When it fires, for a deadline that ends then."""
        before = self.minutes_before
        return hours.subtract(end, before) if before > 0 else hours.add(end, -before).due


ADD = insert(Deadline).returning(Deadline.id)
FOUND = (
    select(Deadline.started_at, Deadline.budget_minutes, Deadline.calendar)
    .where(Deadline.kind == bindparam("about"), Deadline.subject_id == bindparam("subject"))
    .order_by(Deadline.id.desc())
    .limit(1)
)
MEET = (
    update(Deadline)
    .where(Deadline.kind == bindparam("about"), Deadline.subject_id == bindparam("subject"), Deadline.met_at.is_(None))
    .values(met_at=bindparam("moment"))
)
OF_SUBJECT = select(Deadline.id).where(Deadline.kind == bindparam("about"), Deadline.subject_id == bindparam("subject"))
END = (
    update(Timer)
    .where(Timer.deadline_id.in_(OF_SUBJECT), Timer.state == TimerState.PENDING)
    .values(state=TimerState.CANCELLED, closed_at=bindparam("moment"))
)


def calendar(work: Work, name: str) -> Calendar:
    """The working time a deadline counts in: the office's, or every minute of every day."""
    return work.office if name == OFFICE else Calendar.always(work.settings.work_calendar.zone)


def start(
    work: Work, kind: str, subject_id: int, minutes: int, rungs: tuple[Rung, ...], counted_in: str = OFFICE
) -> dt.datetime:
    """Promise something within so many minutes of a calendar, and plan its rungs. Returns the moment it is due."""
    hours = calendar(work, counted_in)
    until = hours.add(work.now, minutes).due
    deadline = work.add(
        ADD,
        kind=kind,
        subject_id=subject_id,
        started_at=work.now,
        budget_minutes=minutes,
        calendar=counted_in,
        due_at=until,
    )
    for rung in rungs:
        due.plan(work, rung.kind, subject_id, rung.moment(hours, until), deadline_id=deadline)
    return until


def explained(work: Work, kind: str, subject_id: int) -> list[str]:
    """Why it is due when it is, in short lines (F7)."""
    found = work.run(FOUND, about=kind, subject=subject_id).first()
    return calendar(work, found.calendar).explain(found.started_at, found.budget_minutes)


def meet(work: Work, kind: str, subject_id: int) -> None:
    """The promise was kept, late or not: nothing of its ladder fires any more."""
    work.put(MEET, about=kind, subject=subject_id, moment=work.now)
    work.put(END, about=kind, subject=subject_id, moment=work.now)
