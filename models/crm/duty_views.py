"""What the card of the duty roster shows: this week, and who is on duty now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from models.calendar import WEEKDAYS
from models.crm import access_team, duty, people
from models.crm.duty import Shift
from models.crm.people import Me
from models.tables import Department
from models.text.roster import shown
from models.work import Work


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the roster on one day of this week."""

    day: str
    hours: str
    who: str
    exception: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be taken out."""

    id: int
    when: str
    who: str


@dataclass(frozen=True, slots=True)
class Roster:
    """The roster of a department as one reader sees it; `rows` are for whoever sets it."""

    department: int
    name: str
    week: tuple[Line, ...]
    now: str
    in_office: bool
    rows: tuple[Row, ...]
    may_set: bool


def roster(work: Work, me: Me, department: Department) -> Roster:
    """This week's duty of a department."""
    today = work.now.astimezone(work.office.zone).date()
    monday = today - dt.timedelta(days=today.weekday())
    found = duty.shifts(work, department.id, monday)
    week = [line for n in range(7) for line in _day(found, monday + dt.timedelta(days=n))]
    person = people.by_id(work, duty.on_duty(work, department.id) or 0)
    may_set = access_team.sets_duty(work, me, department.id)
    rows = [Row(each.id, _when(each), _who(each)) for each in found] if may_set else []
    name, here = person.name if person else "", duty.in_office(work)
    return Roster(department.id, department.name, tuple(week), name, here, tuple(rows), may_set)


def _day(found: list[Shift], date: dt.date) -> list[Line]:
    there = [each for each in found if each.starts_on(date)]
    special = [each for each in there if each.date]
    kept = special + [each for each in there if not each.date and not duty.covers(each, special)]
    return [
        Line(f"{WEEKDAYS[date.weekday()]} {_date(date)}", shown(each.opens, each.closes), _who(each), bool(each.date))
        for each in sorted(kept, key=lambda each: each.opens)
    ]


def _when(each: Shift) -> str:
    day = _date(each.date) if each.date else f"每{WEEKDAYS[each.weekday or 0]}"
    return f"{day} {shown(each.opens, each.closes)}"


def _who(each: Shift) -> str:
    return each.name or "无人"


def _date(date: dt.date) -> str:
    return f"{date.month}月{date.day}日"
