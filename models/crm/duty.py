"""The duty roster: who gets a department's alerts outside office hours (P10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, delete, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from models.crm import deputies
from models.crm.people import PARENT
from models.errors import Refused
from models.tables import ComplaintDuty, DutyShift, User
from models.text import times
from models.text.roster import hours, weekdays
from models.work import Work

ONE_DAY, ONE_MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)

SHIFTS = (
    select(DutyShift.id, DutyShift.weekday, DutyShift.date, DutyShift.opens, DutyShift.closes, User.id, User.name)
    .outerjoin(User, and_(User.id == DutyShift.user_id, User.active))
    .where(
        DutyShift.department_id == bindparam("department"),
        or_(DutyShift.date.is_(None), DutyShift.date >= bindparam("since")),
    )
)
#: departments on whose roster one stands, or somebody for whom one acts.
ROSTERS = select(DutyShift.department_id).where(DutyShift.user_id.in_(deputies.ACTING)).distinct()
ADD = insert(DutyShift)
OF_DEPARTMENT = delete(DutyShift).where(DutyShift.department_id == bindparam("department"))
ON_WEEKDAY = OF_DEPARTMENT.where(DutyShift.weekday == bindparam("day"))
ON_DATE = OF_DEPARTMENT.where(DutyShift.date == bindparam("day"))
OVERLAPPING = and_(DutyShift.opens < bindparam("until"), DutyShift.closes > bindparam("since"))
ON_WEEKDAY_THEN, ON_DATE_THEN = ON_WEEKDAY.where(OVERLAPPING), ON_DATE.where(OVERLAPPING)
TAKEN = {
    name: kind.insert(ComplaintDuty).on_conflict_do_nothing()
    for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))
}
TOOK = select(ComplaintDuty.user_id).where(
    ComplaintDuty.complaint_id == bindparam("complaint"), ComplaintDuty.user_id == bindparam("person")
)


@dataclass(frozen=True, slots=True)
class Shift:
    """A row of the roster: every week on a `weekday`, or on one `date`. Nobody is on duty where `person` is None."""

    id: int
    weekday: int | None
    date: dt.date | None
    opens: int
    closes: int
    person: int | None
    name: str | None

    def starts_on(self, date: dt.date) -> bool:
        """Whether it begins on that day."""
        return self.date == date if self.date else self.weekday == date.weekday()

    def began(self, moment: dt.datetime) -> dt.datetime | None:
        """When it began, where it covers this local moment: today, or yesterday past midnight."""
        for date in (moment.date(), moment.date() - ONE_DAY):
            midnight = dt.datetime.combine(date, dt.time(), moment.tzinfo)
            opens, closes = (midnight + dt.timedelta(minutes=each) for each in (self.opens, self.closes))
            if self.starts_on(date) and opens <= moment < closes:
                return opens
        return None


@dataclass(frozen=True, slots=True)
class Days:
    """What a row of the roster is for: days of the week, or one date."""

    weekdays: tuple[int, ...] = ()
    date: dt.date | None = None


def days(work: Work, text: str) -> Days:
    """Days of the week or a date, as people write them. Raises Refused."""
    if found := weekdays(text):
        return Days(found)
    at = times.read(text, work.now, work.office.zone).at
    return Days(date=at.astimezone(work.office.zone).date())


def put(work: Work, department: int, on: Days, span: str, person: int | None) -> None:
    """Set who is on duty; what overlapped on those days is gone. Only on a date may it be nobody. Raises Refused."""
    if person is None and on.date is None:
        raise Refused("每周的值班要写人；某一天没有人值班，请写日期，例如 12月25日。")
    opens, closes = hours(span)
    row = {"department_id": department, "opens": opens, "closes": closes, "user_id": person}
    for weekday in on.weekdays:
        work.run(ON_WEEKDAY_THEN, department=department, day=weekday, since=opens, until=closes)
        work.run(ADD, weekday=weekday, date=None, **row)
    if on.date:
        work.run(ON_DATE_THEN, department=department, day=on.date, since=opens, until=closes)
        work.run(ADD, weekday=None, date=on.date, **row)
    work.audit("duty.set", f"department:{department}", hours=span, person=person)


def clear(work: Work, department: int, on: Days | None = None) -> None:
    """Take days out of the roster, or all of it."""
    if on is None:
        work.run(OF_DEPARTMENT, department=department)
    for weekday in on.weekdays if on else ():
        work.run(ON_WEEKDAY, department=department, day=weekday)
    if on and on.date:
        work.run(ON_DATE, department=department, day=on.date)
    work.audit("duty.clear", f"department:{department}")


def remove(work: Work, shift: DutyShift) -> None:
    """Take one row out."""
    work.db.delete(shift)
    work.audit("duty.clear", f"department:{shift.department_id}", shift=shift.id)


def shifts(work: Work, department: int, since: dt.date) -> list[Shift]:
    """The weekly rows of a department, then its dates from a day on."""
    found = [Shift(*row) for row in work.run(SHIFTS, department=department, since=since)]
    return sorted(found, key=lambda each: (each.date or dt.date.min, each.weekday or 0, each.opens, each.id))


def now(found: Iterable[Shift], moment: dt.datetime) -> Shift | None:
    """The row that holds at a local moment: a date before the weekly pattern, of several the one that began last."""
    covering = [(bool(each.date), began, each.id, each) for each in found if (began := each.began(moment))]
    return max(covering)[3] if covering else None


def on_duty(work: Work, department: int | None) -> int | None:
    """Who is on duty for a department at this moment, or for the nearest one above; his deputy while he is away."""
    moment, absent = work.now.astimezone(work.office.zone), deputies.away(work)
    while department is not None:
        found = now(shifts(work, department, moment.date() - ONE_DAY), moment)
        if found and found.person and (there := deputies.acting([found.person], absent)):
            return there[0]
        department = work.run(PARENT, department=department).scalar()
    return None


def is_on_duty(work: Work, person: int) -> bool:
    """Whether somebody is on duty at this moment, himself or for whom he stands in."""
    rosters = work.run(ROSTERS, me=person, acting_at=work.now).scalars()
    return any(on_duty(work, department) == person for department in rosters)


def in_office(work: Work) -> bool:
    """Whether this is a minute of the company's office hours."""
    return bool(work.office.between(work.now, work.now + ONE_MINUTE))


def takes(work: Work, complaint: int, department: int) -> int | None:
    """Outside office hours: who is on duty and gets the alerts of a complaint, which is open to him from now on."""
    if in_office(work) or (person := on_duty(work, department)) is None:
        return None
    work.run(TAKEN[work.connection.dialect.name], complaint_id=complaint, user_id=person, at=work.now)
    return person


def took(work: Work, complaint: int, person: int) -> bool:
    """Whether a complaint came to somebody while he was on duty."""
    return bool(work.run(TOOK, complaint=complaint, person=person).first())


def covers(found: Shift, exceptions: Sequence[Shift]) -> bool:
    """Whether one of the exceptions of its day takes all of its hours."""
    return any(each.opens <= found.opens and each.closes >= found.closes for each in exceptions)
