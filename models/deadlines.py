"""Deadlines: promises in working minutes, kept with their ground; their rungs are timers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, update

from models import due
from models.tables import Deadline
from models.work import Work


@dataclass(frozen=True, slots=True)
class Rung:
    """A timer of a deadline: so many working minutes before its end (0 is the end itself)."""

    kind: str
    minutes_before: int


ADD = insert(Deadline).returning(Deadline.id)
MEET = (
    update(Deadline)
    .where(Deadline.kind == bindparam("about"), Deadline.subject_id == bindparam("subject"), Deadline.met_at.is_(None))
    .values(met_at=bindparam("moment"))
)


def start(work: Work, kind: str, subject_id: int, minutes: int, rungs: tuple[Rung, ...]) -> dt.datetime:
    """Promise something within so many office minutes from now, and plan its rungs. Returns the moment it is due."""
    until = work.office.add(work.now, minutes).due
    deadline = work.add(
        ADD,
        kind=kind,
        subject_id=subject_id,
        started_at=work.now,
        budget_minutes=minutes,
        calendar="office",
        due_at=until,
    )
    for rung in rungs:
        moment = work.office.subtract(until, rung.minutes_before) if rung.minutes_before else until
        due.plan(work, rung.kind, subject_id, moment, deadline_id=deadline)
    return until


def meet(work: Work, kind: str, subject_id: int, rungs: tuple[Rung, ...]) -> None:
    """The promise was kept, late or not: nothing of its ladder fires any more."""
    work.put(MEET, about=kind, subject=subject_id, moment=work.now)
    for rung in rungs:
        due.cancel(work, rung.kind, subject_id)
