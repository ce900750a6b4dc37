"""Leave: from when to when somebody is away, who stands in, and what becomes of his own plans (P9)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update

from models.crm import access_team, follow_ups
from models.crm.people import Me
from models.errors import AlreadyDone, NotFound, Refused
from models.tables import Absence, Timer, TimerState, User
from models.text import times
from models.text.identifiers import narrow
from models.text.times import Settled
from models.work import Work

ABSENCE = "absence"
NOW = ("现在", "now")
LONGEST = dt.timedelta(days=366)
ONE_MINUTE = dt.timedelta(minutes=1)

#: one leave of a person is entered after the other.
LOCK = select(User.id).where(User.id == bindparam("person")).with_for_update()
ADD = insert(Absence).returning(Absence.id)
AHEAD = (
    select(Absence)
    .where(Absence.user_id == bindparam("person"), Absence.until > bindparam("moment"), Absence.until > Absence.since)
    .order_by(Absence.since)
)
SPANS = AHEAD.with_only_columns(Absence.since, Absence.until)
POSTPONE = (
    update(Timer)
    .where(
        Timer.person_id == bindparam("person"),
        Timer.kind == follow_ups.REMINDER,
        Timer.state == TimerState.PENDING,
        Timer.due_at >= bindparam("since"),
        Timer.due_at < bindparam("until"),
    )
    .values(due_at=bindparam("back"), plan=Timer.plan + 1)
    .returning(Timer.id)
)


@dataclass(frozen=True, slots=True)
class Leave:
    """Who is away from when until when, and who stands in. Both moments are UTC, the second is not included."""

    person: int
    since: dt.datetime
    until: dt.datetime
    deputy: int | None = None


def begins(work: Work, text: str) -> dt.datetime:
    """The moment a leave begins: a day means its very beginning, today means now. Raises Refused."""
    if narrow(text).strip().lower() in NOW:
        return work.now
    said = times.read(text, work.now, work.office.zone)
    return max(_midnight(work, said.at), work.now) if said.date_only else said.at


def ends(work: Work, text: str) -> dt.datetime:
    """The moment a leave ends: a day is its last one, whole. Raises Refused."""
    said = times.read(text, work.now, work.office.zone)
    return _midnight(work, said.at, days=1) if said.date_only else said.at


def _midnight(work: Work, at: dt.datetime, days: int = 0) -> dt.datetime:
    date = at.astimezone(work.office.zone).date() + dt.timedelta(days=days)
    return work.office.at(date, dt.time())


def enter(work: Work, leave: Leave, by: Me | None = None) -> int:
    """Write a leave down; reminders of his own inside it come on his next day at work. Returns its id.

    Without `by` it comes from the shell. Raises Refused for a wrong period or deputy, and where he is away already.
    """
    work.run(LOCK, person=leave.person)
    _check(work, leave)
    absence = work.add(
        ADD,
        user_id=leave.person,
        deputy_id=leave.deputy,
        since=leave.since,
        until=leave.until,
        entered_by=by.id if by else None,
    )
    back = at_work(work, leave.person, leave.since)
    moved = work.run(POSTPONE, person=leave.person, since=leave.since, until=leave.until, back=back).all()
    told = {leave.person, *([leave.deputy] if leave.deputy else [])} - {by.id if by else None}
    work.notify(ABSENCE, absence, [each for each in told if each is not None])
    work.audit(
        "absence.enter",
        f"user:{leave.person}",
        absence=absence,
        deputy=leave.deputy,
        moved_reminders=len(moved) or None,
    )
    return absence


def _check(work: Work, leave: Leave) -> None:
    if leave.until <= leave.since:
        raise Refused("请假的结束要在开始之后，例如：/请假 明天 下周五。")
    if leave.until - leave.since > LONGEST:
        raise Refused("一次最多请假一年，请把结束时间写近一些。")
    if leave.deputy == leave.person:
        raise Refused("代理人不能是请假的人自己，请换一位同事。")
    for row in work.run(SPANS, person=leave.person, moment=leave.since):
        if row.since < leave.until:
            raise Refused(f"{_span(work, row.since, row.until)} 已经请过假了，请先销假，或者把时间错开。")


def _span(work: Work, since: dt.datetime, until: dt.datetime) -> str:
    return f"{work.shown(since)} 到 {shown_end(work, until)}"


def shown_end(work: Work, until: dt.datetime) -> str:
    """The end of a leave as people write it: midnight is the last minute of the day before."""
    return work.shown(until - ONE_MINUTE if until == _midnight(work, until) else until)


def at_work(work: Work, person: int, moment: dt.datetime) -> dt.datetime:
    """The moment itself, or where it falls into a leave, the first minute of work after that (and any that follows)."""
    for row in work.run(SPANS, person=person, moment=moment):
        if row.since <= moment:
            moment = work.office.add(row.until, 1).due - ONE_MINUTE
    return moment


def settled(work: Work, me: Me, planned: Settled) -> Settled:
    """A plan of one's own: what falls into one's leave is for the next day at work, and says so."""
    if not me.leave_ahead or (moved := at_work(work, me.id, planned.at)) == planned.at:
        return planned
    return Settled(moved, f"那时你在请假，提醒改在{work.shown(moved)}")


def ahead(work: Work, person: int) -> list[Absence]:
    """Leaves of a person that are not over, the next one first."""
    return list(work.db.scalars(AHEAD, {"person": person, "moment": work.now}))


def end(work: Work, absence: Absence) -> None:
    """He is back: what has begun ends now, what has not is called off. Raises AlreadyDone.

    Reminders that were moved stay where they are.
    """
    if absence.until <= work.now or absence.until <= absence.since:
        raise AlreadyDone("这次请假已经结束了。")
    absence.until = max(absence.since, work.now)
    work.notify(ABSENCE, absence.id)
    work.audit("absence.end", f"user:{absence.user_id}", absence=absence.id)


def next_of(work: Work, me: Me, person: int) -> Absence:
    """The leave of a person that 销假 means. Raises NotFound, NotAllowed."""
    found = ahead(work, person)
    if not found:
        raise NotFound("没有正在进行或将要开始的请假。")
    return access_team.absence_to_end(work, me, found[0].id)
