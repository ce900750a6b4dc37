"""Reading the audit: what happened to a customer's record, and what was refused (P6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from models.crm.access import CustomerRef
from models.tables import Audit, Outcome, User
from models.work import AnyRow, Work

PAGE = 10
SHOWN = (
    select(Audit.at, Audit.channel, Audit.operation, Audit.outcome, Audit.detail, User.name.label("who"))
    .outerjoin(User, User.id == Audit.actor_id)
    .order_by(Audit.id.desc())
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
)
OF_SUBJECT = SHOWN.where(Audit.subject == bindparam("subject"))
IN_VAIN = SHOWN.where(Audit.outcome != Outcome.DONE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as people read it; `changes` are what it was about, how it was and how it is."""

    at: str
    who: str
    channel: str
    operation: str
    outcome: Outcome
    changes: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """A page of rows, the newest first; `customer` is whose they are, None where they are nobody's in particular."""

    customer: CustomerRef | None
    entries: tuple[Entry, ...]
    page: int
    more: bool


def of_customer(work: Work, customer: CustomerRef, page: int) -> Log:
    """What was done with a customer, and what was refused about it."""
    return _log(work, customer, page, work.run(OF_SUBJECT, subject=f"customer:{customer.id}", **_part(page)).all())


def in_vain(work: Work, page: int) -> Log:
    """What was refused or failed, whatever it was about."""
    return _log(work, None, page, work.run(IN_VAIN, **_part(page)).all())


def _part(page: int) -> dict[str, object]:
    return {"most": PAGE + 1, "skip": page * PAGE}


def _log(work: Work, customer: CustomerRef | None, page: int, rows: list[AnyRow]) -> Log:
    shown = tuple(_entry(work, row) for row in rows[:PAGE])
    return Log(customer, shown, page, len(rows) > PAGE)


def _entry(work: Work, row: AnyRow) -> Entry:
    return Entry(work.shown(row.at), row.who or "", row.channel, row.operation, row.outcome, _changes(row.detail))


def _changes(detail: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    before, after = detail.get("before", {}), detail.get("after", {})
    return tuple((key, _said(before.get(key)), _said(after[key])) for key in after)


def _said(value: object) -> str:
    """Numbers and lists are written the same way wherever they are shown."""
    if isinstance(value, list):
        return "、".join(map(str, value))
    return "" if value is None else str(value)
