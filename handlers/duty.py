"""/值班: who gets the alerts outside office hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from bot.routing import Router
from cards import duty as cards
from cards.kit import Card
from models.crm import access_team, colleagues, duty, duty_views
from models.crm.people import Me
from models.errors import Refused
from models.policy import Permission
from models.tables import Department
from models.text.roster import hours
from models.work import Work

NOBODY = "无人"
T = TypeVar("T")
router = Router()


@router.command("/值班 [部门]", "/duty", "/zb", may=Permission.SELF)
def show(department: Department | None = None, *, work: Work, me: Me) -> Card:
    """这周谁值班、现在是谁，下班后的告警发给他；主管和管理员在卡片上排班。
    例：/值班
    """
    return _shown(work, me, department or work.db.get_one(Department, me.department_id))


@router.action(cards.Show, may=Permission.SELF)
def back(action: cards.Show, *, work: Work, me: Me) -> Card:
    """返回."""
    return _shown(work, me, work.db.get_one(Department, action.department))


@router.action(cards.Ask, may=Permission.SELF)
def ask(action: cards.Ask, *, work: Work, me: Me) -> Card:
    """排班."""
    return cards.form(_led(work, me, action.department), {}, {})


@router.action(cards.Submit, may=Permission.SELF)
def submit(action: cards.Submit, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """The form of 排班."""
    seen, errors = _led(work, me, action.department), dict[str, str]()
    on = _read(form, "days", lambda text: duty.days(work, text), errors)
    _read(form, "hours", hours, errors)
    who = _read(form, "person", lambda text: None if text == NOBODY else colleagues.named(work, text), errors)
    if on is None or errors:
        return cards.form(seen, form, errors)
    try:
        duty.put(work, seen.department, on, form["hours"], who.id if who else None)
    except Refused as no:
        return cards.form(seen, form, {"": no.say})
    return _shown(work, me, work.db.get_one(Department, seen.department), "已保存")


def _read(form: Mapping[str, str], name: str, read: Callable[[str], T], errors: dict[str, str]) -> T | None:
    """A field as a value; what is wrong with it goes to the errors."""
    try:
        return read(form.get(name, "").strip())
    except Refused as no:
        errors[name] = no.say
        return None


@router.action(cards.Rows, may=Permission.SELF)
def rows(action: cards.Rows, *, work: Work, me: Me) -> Card:
    """删除: the rows to choose from."""
    return cards.rows(_led(work, me, action.department), max(action.page, 0))


@router.action(cards.Remove, may=Permission.SELF)
def remove(action: cards.Remove, *, work: Work, me: Me) -> Card:
    """删除 of one row."""
    shift = access_team.shift(work, me, action.shift)
    department = work.db.get_one(Department, shift.department_id)
    duty.remove(work, shift)
    return _shown(work, me, department, "已删除")


def _led(work: Work, me: Me, department_id: int) -> duty_views.Roster:
    return duty_views.roster(work, me, access_team.department_led(work, me, department_id))


def _shown(work: Work, me: Me, department: Department, toast: str = "") -> Card:
    return cards.card(duty_views.roster(work, me, department), toast)
