"""Writes that return nothing, held back so that PostgreSQL gets several of them in one statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, Insert

from models.prepared import Cache, Cursor, Values


class Together:
    """What one unit of work holds back.

    The parts of one statement all see the tables as they were before it, and run in no order. So an INSERT joins
    unless the same table already has one waiting (its ids would come in any order), and an UPDATE or DELETE joins only
    where its table has nothing waiting; else those that wait go first.
    """

    def __init__(self, cache: Cache, cursor: Cursor) -> None:
        self._cache, self._cursor = cache, cursor
        self._waiting: list[tuple[Executable, Values]] = []
        self._inserted, self._changed = set[Any](), set[Any]()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def joins(self, statement: Executable) -> bool:
        """Whether this write may go with those that wait."""
        table, new = _about(statement)
        return table not in self._inserted and (new or table not in self._changed)

    def touches(self, tables: frozenset[Any]) -> bool:
        """Whether what waits would change what a look at these tables finds."""
        return not tables.isdisjoint(self._inserted) or not tables.isdisjoint(self._changed)

    def add(self, statement: Executable, values: Values) -> None:
        """Hold a write back that may join."""
        table, new = _about(statement)
        (self._inserted if new else self._changed).add(table)
        self._waiting.append((statement, values))

    def send(self) -> None:
        """Send what is held back."""
        waiting, self._waiting = self._waiting, []
        self._inserted.clear()
        self._changed.clear()
        self._cache.run_together(self._cursor, waiting)


def _about(statement: Executable) -> tuple[Any, bool]:
    """The table it writes to, and whether it only adds to it."""
    return statement.table, isinstance(statement, Insert)  # type: ignore[attr-defined]
