"""Rotation: what is sealed, every index and the audit's proofs go over to the first key, while the program serves (P5).

Rows are taken in small batches, each in a unit of work of its own. A run that was cut short is simply run again: what
has gone over already is only looked at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from models import heads, seals
from models.crm import indexes
from models.errors import Unavailable
from models.tables import Base, Contact, Customer, PrivateValue, Survey
from models.tables.sealed import Keyring, Sealed
from models.work import Work, Works

BATCH = 100
#: a batch that the database refused several times waits so many seconds, and is tried so many times more.
ATTEMPTS, PAUSE = 20, 0.5

Row = Mapping[str, Any]
Values = dict[str, Any]
After = TypeVar("After", Values, int)
#: how each index is made from the other columns of its row. A binding code is not kept: its index ends with it.
INDEXES: Mapping[Any, Callable[[Keyring, Row], str | None]] = {
    Customer.id_number_key: lambda keys, row: indexes.of_id_number(keys, row["id_number"]),
    Contact.mobile_key: lambda keys, row: indexes.of_mobile(keys, row["mobile"]),
    Contact.mobile_last4_key: lambda keys, row: indexes.of_ending(keys, row["mobile"]),
    Contact.email_key: lambda keys, row: indexes.of_email(keys, row["email"]),
    PrivateValue.value_key: lambda keys, row: indexes.of_private(keys, row["kind"], row["value"]),
    Survey.nonce_key: lambda keys, row: indexes.of_nonce(keys, row["nonce"]),
}


class Turn:
    """One table: its rows as they lie there, and how they are written again."""

    def __init__(self, table: Table) -> None:
        self._sealed = {each.name: each.type.purpose for each in table.c if isinstance(each.type, Sealed)}
        self._indexes = {each.key: made for each, made in INDEXES.items() if each.class_.__table__ is table}
        self._key = [*table.primary_key.columns]
        rows = select(*map(_raw, table.c)).order_by(*self._key).limit(BATCH).with_for_update()
        if not self._indexes:  # an index does not show which key made it, so those rows are all opened
            rows = rows.where(or_(*(_by_another_key(table.c[name]) for name in self._sealed)))
        after = tuple_(*(bindparam(f"after_{each.name}", type_=each.type) for each in self._key))
        self._first, self._next = rows, rows.where(tuple_(*self._key) > after)
        self._write = (
            update(table)
            .where(*(each == bindparam(f"at_{each.name}") for each in self._key))
            .values({name: bindparam(f"new_{name}", type_=LargeBinary) for name in self._sealed})
            .values({name: bindparam(f"new_{name}") for name in self._indexes})
        )

    def batch(self, work: Work, after: Values) -> tuple[Values, int]:
        """Bring the rows `after` a key over; the last one's key, empty where there are no more, and how many it was."""
        keys, connection = work.keys, work.connection
        head = {"head": keys.head, "length": len(keys.head)} if not self._indexes else {}
        look = self._next if after else self._first
        rows = [row._asdict() for row in connection.execute(look, {**head, **after})]
        turned = [each for row in rows if (each := self._turned(keys, row))]
        _write(connection, self._write, turned)
        last = {f"after_{each.name}": rows[-1][each.name] for each in self._key} if len(rows) == BATCH else {}
        return last, len(turned)

    def _turned(self, keys: Keyring, row: Row) -> Values | None:
        """What the row is written with; None where it has gone over already."""
        plain = {**row}
        new: Values = {}
        for name, purpose in self._sealed.items():
            if row[name] is not None:
                plain[name] = keys.open(bytes(row[name]), purpose)
            fresh = row[name] is None or bytes(row[name]).startswith(keys.head)
            new[name] = row[name] if fresh else keys.seal(plain[name], purpose)
        new |= {name: made(keys, plain) for name, made in self._indexes.items()}
        if all(new[name] == row[name] for name in new):
            return None
        at = {f"at_{each.name}": row[each.name] for each in self._key}
        return at | {f"new_{name}": value for name, value in new.items()}


def _raw(column: Column[Any]) -> ColumnElement[Any]:
    return type_coerce(column, LargeBinary).label(column.name) if isinstance(column.type, Sealed) else column


def _by_another_key(column: Column[Any]) -> ColumnElement[bool]:
    begins = func.substr(type_coerce(column, LargeBinary), 1, bindparam("length"), type_=LargeBinary)
    return begins != bindparam("head", type_=LargeBinary)


def _write(connection: Connection, statement: Any, rows: list[Values]) -> None:
    if rows:
        connection.execute(statement, rows)


TURNS = {
    table.name: Turn(table)
    for table in Base.metadata.sorted_tables
    if any(isinstance(column.type, Sealed) for column in table.c)
}


def rotate(works: Works) -> dict[str, int]:
    """Bring every table over; how many rows of each it was. Raises Unavailable where the database stays away.

    Of the audit's heads outside the database those in this machine's file are proven anew. Raises OSError.
    """
    moved = {name: _all(works, turn.batch, {}) for name, turn in TURNS.items()}
    return moved | {"audit": _all(works, seals.prove, 0), "heads": heads.prove(works.settings.audit.heads, works.keys)}


def _all(works: Works, batch: Callable[[Work, After], tuple[After, int]], beginning: After) -> int:
    after, count = _patiently(works, batch, beginning)
    while after:
        after, more = _patiently(works, batch, after)
        count += more
    return count


def _patiently(works: Works, batch: Callable[[Work, After], tuple[After, int]], after: After) -> tuple[After, int]:
    """One batch, although others are at its rows."""
    for _ in range(ATTEMPTS):
        try:
            return works.perform(lambda work: batch(work, after), channel="shell")
        except Unavailable:
            time.sleep(PAUSE)
    return works.perform(lambda work: batch(work, after), channel="shell")
