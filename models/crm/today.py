"""What a rep has to do today: reminders that are due or overdue, and entries that came back (H2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, select

from models.crm import access, follow_ups, private
from models.crm.digests import moment
from models.crm.people import Me
from models.tables import Customer, FollowUp, Status, Timer, TimerState
from models.work import AnyRow, Work

MORNING = "morning"
PAGE = 10


class What(StrEnum):
    """Why something stands on the list; in the order in which it does."""

    OVERDUE = "overdue"
    DUE = "due"
    RETURNED = "returned"


REMINDERS = (
    select(
        Timer.id,
        Timer.state,
        Timer.due_at,
        Customer.id.label("customer"),
        Customer.name,
        Customer.owner_id,
        FollowUp.content,
        FollowUp.next_step,
    )
    .join(FollowUp, FollowUp.id == Timer.subject_id)
    .join(Customer, Customer.id == FollowUp.customer_id)
    .where(
        Timer.kind == follow_ups.REMINDER,
        Timer.person_id == bindparam("me"),
        Timer.state.in_([TimerState.PENDING, TimerState.FIRED]),
        Timer.due_at < bindparam("before"),
        access.MINE,
    )
    .order_by(Timer.due_at, Timer.id)
)
RETURNED = (
    select(Customer.id, Customer.name)
    .where(Customer.owner_id == bindparam("me"), Customer.status == Status.RETURNED)
    .order_by(Customer.id)
)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to do. `timer` is a reminder that has fired; without one the customer is what opens."""

    what: What
    customer: int
    name: str
    about: str = ""
    at: str = ""
    timer: int = 0


@dataclass(frozen=True, slots=True)
class Today:
    """A page of what there is to do, and how much there is of each."""

    date: str
    now: str
    counts: tuple[tuple[What, int], ...]
    things: tuple[Thing, ...]
    page: int
    more: bool

    @property
    def empty(self) -> bool:
        return not any(number for _, number in self.counts)


def today(work: Work, me: Me, page: int = 0) -> Today:
    """One's own list, the most urgent first."""
    reminders = work.run(REMINDERS, before=_tomorrow(work), **access.scope(me)).all()
    returned = work.run(RETURNED, me=me.id).all()
    overdue = sum(row.due_at <= work.now for row in reminders)
    counts = ((What.OVERDUE, overdue), (What.DUE, len(reminders) - overdue), (What.RETURNED, len(returned)))
    rows, start = [*reminders, *returned], page * PAGE
    things = tuple(_thing(work, me, row) for row in rows[start : start + PAGE])
    date, _, clock = moment(work, work.now).rpartition(" ")
    return Today(date, clock, counts, things, page, len(rows) > start + PAGE)


def _tomorrow(work: Work) -> dt.datetime:
    local = work.now.astimezone(work.office.zone).date()
    return work.office.at(local + dt.timedelta(days=1), dt.time())


def _thing(work: Work, me: Me, row: AnyRow) -> Thing:
    if not hasattr(row, "due_at"):
        return Thing(What.RETURNED, row.id, row.name)
    text = [row.next_step or row.content]
    (about,) = private.show(work, row.customer, text, clear=row.owner_id == me.id)
    what = What.OVERDUE if row.due_at <= work.now else What.DUE
    timer = row.id if row.state is TimerState.FIRED else 0
    return Thing(what, row.customer, row.name, about, work.shown(row.due_at), timer)
