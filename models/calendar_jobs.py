"""Jobs that the calendar plans: one run for each planned time, whatever was down and however many schedulers there are.

What was missed is not made up one by one: the newest run stands for all before it, and a run that its own day did not
see is left to the next working day.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from models.tables import CalendarRun
from models.work import Work

NEWEST = select(func.max(CalendarRun.planned_at)).where(CalendarRun.job == bindparam("named"))
PLANNED_AT = select(CalendarRun.planned_at).where(CalendarRun.id == bindparam("run"))
CLAIMS = {
    name: kind.insert(CalendarRun).on_conflict_do_nothing().returning(CalendarRun.id)
    for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))
}


def newest(work: Work, clock: str) -> dt.datetime:
    """The newest time by now at which a working day's `clock` was."""
    time, today = dt.time.fromisoformat(clock), _day(work, work.now)
    at = work.office.at(today, time)
    if at <= work.now and work.office.is_working(today):
        return at
    return work.office.at(work.office.previous_working_day(today), time)


def before(work: Work, planned_at: dt.datetime) -> dt.datetime:
    """The planned time of the working day before."""
    local = planned_at.astimezone(work.office.zone)
    return work.office.at(work.office.previous_working_day(local.date()), local.time())


def claim(work: Work, job: str, clock: str) -> int | None:
    """The run that is due by now, for whoever asks first; None for all others and when nothing is due.

    A job that never ran begins with the next planned time: nobody missed what was before.
    """
    planned_at = newest(work, clock)
    last = work.run(NEWEST, named=job).scalar()
    if last is not None and (last >= planned_at or _day(work, planned_at) != _day(work, work.now)):
        return None
    statement = CLAIMS[work.connection.dialect.name]
    run: int | None = work.run(statement, job=job, planned_at=planned_at).scalar()
    return None if last is None else run


def stands(work: Work, run: int, clock: str) -> bool:
    """Whether this run still is the newest one, and its day not over."""
    planned_at = work.run(PLANNED_AT, run=run).scalar()
    return planned_at == newest(work, clock) and _day(work, planned_at) == _day(work, work.now)


def _day(work: Work, moment: dt.datetime) -> dt.date:
    return moment.astimezone(work.office.zone).date()
