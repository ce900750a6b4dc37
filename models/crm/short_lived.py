"""What is kept for a while only, cards and typed words, when a person in them is erased (P7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import bindparam, select, update

from models.tables import Claim, Code, Draft, FormLink, Outbox, Shown
from models.text.erased import Traces, scrub_kept
from models.work import Work

Change = Callable[[str, Traces], str | None]


def _dropped(text: str, traces: Traces) -> str | None:
    """An answer as a platform has it, which nobody mends: a redelivery then gets an empty one."""
    return None if traces.touch(text) else text


#: every sealed column of that kind, and what becomes of a text in it. Files are dropped by their subject.
KEPT: Mapping[Any, Change] = {
    Outbox.card: scrub_kept,
    Claim.answer: _dropped,
    Draft.words: scrub_kept,
    FormLink.card: scrub_kept,
    Code.title: scrub_kept,
    Code.value: scrub_kept,
    Shown.face: scrub_kept,
}


class Column:
    """One of them: all that is in it, and how it is written again."""

    def __init__(self, column: Any, change: Change) -> None:
        table = column.class_.__table__
        (key,) = table.primary_key.columns
        self._change = change
        self._rows = select(key.label("row"), column.label("text")).where(column.is_not(None))
        self._write = update(table).where(key == bindparam("which")).values({column.key: bindparam("now")})

    def changes(self, work: Work, traces: Traces) -> list[dict[str, Any]]:
        """Rows that hold a trace, and what they become."""
        changed = ((row.row, row.text, self._change(row.text, traces)) for row in work.connection.execute(self._rows))
        return [{"which": row, "now": now} for row, before, now in changed if now != before]

    def write(self, work: Work, changes: list[dict[str, Any]]) -> None:
        if changes:
            work.connection.execute(self._write, changes)


COLUMNS = [Column(column, change) for column, change in KEPT.items()]


def count(work: Work, traces: Traces) -> int:
    """How many rows hold something of this person."""
    return sum(len(each.changes(work, traces)) for each in COLUMNS) if traces else 0


def scrub(work: Work, traces: Traces) -> None:
    """Take this person out of everything that waits; the rest of it stays and is sent."""
    for each in COLUMNS if traces else ():
        each.write(work, each.changes(work, traces))
