"""What is kept for a while only, cards and typed words, when a person in them is erased (P7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from models.engine import overwrite
from models.tables import Claim, Code, Draft, Erasure, FormLink, Outbox, Shown
from models.text.erased import Traces, scrub_kept
from models.work import Work

#: longer than any unit of work lasts.
IN_FLIGHT = dt.timedelta(minutes=1)
AGAIN = insert(Erasure)
DUE = select(Erasure.id, Erasure.traces).where(Erasure.due_at <= bindparam("moment")).order_by(Erasure.id).limit(1)
DONE = delete(Erasure).where(Erasure.id == bindparam("row"))
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


def scrub_later(work: Work, traces: Traces) -> None:
    """Do so once more when every unit of work has ended that may have read of him before."""
    if traces:
        work.put(AGAIN, due_at=work.real + IN_FLIGHT, traces=traces.kept())


def scrub_again(work: Work) -> bool:
    """Take out what was written while somebody was erased; whether there may be more."""
    row = work.run(DUE, moment=work.real).first()
    if row is None:
        return False
    scrub(work, Traces.of_kept(row.traces))
    work.run(DONE, row=row.id)
    engine = work.connection.engine
    work.after.append(lambda: overwrite(engine))
    return True


def scrub(work: Work, traces: Traces) -> None:
    """Take this person out of everything that waits; the rest of it stays and is sent."""
    for each in COLUMNS if traces else ():
        each.write(work, each.changes(work, traces))
