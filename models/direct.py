"""Statements run by the driver's library in one blocking call each.

The driver's own cursor sends, waits, reads and asks for the result step by step, and after each step a thread has to
wait for its turn in the interpreter again: under load most of a statement's cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import Buffer, PGresult

#: as the driver does: what is used this often is prepared, and so many statements at most on one connection
OFTEN, AT_MOST = 5, 100
DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class Direct:
    """A cursor of PostgreSQL for texts with places `$1`, `$2` …; one thread at a time."""

    def __init__(self, connection: psycopg.Connection) -> None:
        connection.prepare_threshold = None  # with a rollback it would throw away ours with its own
        self._library, self._values = connection.pgconn, Transformer(connection)
        self._used: dict[bytes, int] = {}
        self._names: dict[bytes, bytes] = {}
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, text: bytes, values: Sequence[Any] = ()) -> None:
        """Run one statement. Raises psycopg.Error."""
        given = cast(Sequence[Buffer], self._values.dump_sequence(values, [_format(value) for value in values]))
        formats = self._values.formats
        name = self._names.get(text) or self._name(text)
        if name:
            found = self._library.exec_prepared(name, given, formats)
        else:
            found = self._library.exec_params(text, given, None, formats)
        self._values.set_pgresult(self._done(found))
        self._rows = self._values.load_rows(0, found.ntuples, tuple)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Every row of the statement run last."""
        return self._rows

    def _name(self, text: bytes) -> bytes | None:
        """What a statement is prepared as, once it was used often enough to be."""
        used = self._used[text] = self._used.get(text, 0) + 1
        if used < OFTEN or len(self._names) == AT_MOST:
            return None
        name = b"keban_%d" % len(self._names)
        self._done(self._library.prepare(name, text))
        self._names[text] = name
        return name

    def _done(self, result: PGresult) -> PGresult:
        if result.status in DONE:
            return result
        if self._library.status == ConnStatus.BAD:
            raise psycopg.OperationalError(result.get_error_message())
        raise error_from_result(result)


def _format(value: object) -> PyFormat:
    """As text, whose type the statement tells; bytes would double in it."""
    return PyFormat.BINARY if isinstance(value, bytes) else PyFormat.TEXT
