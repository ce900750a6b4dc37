"""/请假 and /销假: somebody is away, and somebody stands in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.routing import Router, reads
from cards import absences as cards
from cards.kit import Card
from models.crm import absence_views, absences, access_team
from models.crm.absences import Leave
from models.crm.colleagues import Colleague
from models.crm.people import Me
from models.policy import Permission
from models.tables import Absence
from models.work import Work

router = Router()


@dataclass(frozen=True, slots=True)
class Begin:
    """When a leave begins."""

    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Finish:
    """When a leave ends."""

    at: dt.datetime


@reads(Begin)
def begins(text: str, work: Work, me: Me) -> Begin:
    """A day is meant from its beginning on."""
    return Begin(absences.begins(work, text))


@reads(Finish)
def ends(text: str, work: Work, me: Me) -> Finish:
    """A day is meant to its end."""
    return Finish(absences.ends(work, text))


def mine(*, work: Work, me: Me) -> Card:
    """One's own leaves; the form where there are none."""
    rows = absence_views.mine(work, me)
    return cards.mine(rows) if rows else cards.form({}, {}, 0)


@router.command("/请假 <从> <到> [代理:] [人:]", "/leave", "/qj", may=Permission.SELF, form=cards.form, alone=mine)
def leave(
    since: Begin,
    until: Finish,
    deputy: Colleague | None = None,
    person: Colleague | None = None,
    *,
    work: Work,
    me: Me,
) -> Card:
    """请假，期间的审核和告警转给代理人；主管可以给团队的同事登记。只发 /请假 看自己的。
    例：/请假 明天 12月3日 代理:陈晨
    """
    who = access_team.member(work, me, person.id if person else me.id)
    absence = absences.enter(work, Leave(who, since.at, until.at, deputy.id if deputy else None), me)
    return _shown(work, me, absence, "已登记请假")


@router.command("/销假 [人]", "/back", "/xj", may=Permission.SELF)
def back(person: Colleague | None = None, *, work: Work, me: Me) -> Card:
    """提前回来上班，或取消还没开始的请假；主管可以写上同事的名字。
    例：/销假
    """
    return _ended(work, me, absences.next_of(work, me, person.id if person else me.id))


@router.action(cards.New, may=Permission.SELF)
def new(action: cards.New, *, work: Work, me: Me) -> Card:
    """再请一次."""
    return cards.form({}, {}, 0)


@router.action(cards.End, may=Permission.SELF)
def end(action: cards.End, *, work: Work, me: Me) -> Card:
    """销假."""
    return _ended(work, me, access_team.absence_to_end(work, me, action.absence))


def _ended(work: Work, me: Me, absence: Absence) -> Card:
    absences.end(work, absence)
    work.db.flush()  # the card is read anew
    return _shown(work, me, absence.id, "已销假")


def _shown(work: Work, me: Me, absence: int, toast: str) -> Card:
    return cards.card(absence_views.away(work, me, absence), toast)
