"""Connections to PostgreSQL that stay with their thread, and ids that are there before their rows.

Borrowing a connection from the pool and waiting for the id of an INSERT cost more than most statements. A kept
connection commits each statement by itself; a unit of work says BEGIN only where one statement is not all it writes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast
from weakref import WeakSet

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from models.direct import Direct
from models.errors import Refused
from models.prepared import Cursor
from models.tables.base import BLOCK

#: where a connection keeps its cursor
DIRECT = "direct"


class Kept:
    """One connection a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._mine = threading.local()
        self._all: WeakSet[Connection] = WeakSet()

    @contextmanager
    def turn(self) -> Iterator[Connection]:
        """This thread's connection, another one inside of a block; what was begun on it ends with the block."""
        connection: Connection | None = vars(self._mine).pop("connection", None)
        if connection is None or connection.closed:
            connection = self._engine.connect()
            self._all.add(connection)
        try:
            yield connection
            _transaction(connection).commit()
        except Refused:
            _transaction(connection).rollback()
            self._mine.connection = connection
            raise
        except BaseException:
            with suppress(SQLAlchemyError, psycopg.Error):
                _transaction(connection).rollback()
            with suppress(SQLAlchemyError, psycopg.Error):
                connection.close()  # whatever is wrong with it, the pool finds out
            raise
        self._mine.connection = connection

    def cursor(self, connection: Connection) -> Cursor:
        """The one cursor of a connection, for one statement after the other."""
        found: Direct | None = connection.info.get(DIRECT)
        if found is None:
            raw = cast(psycopg.Connection, connection.connection.driver_connection)
            found = connection.info[DIRECT] = Direct(raw)
        return found

    def close(self, _: object = None) -> None:
        """Give all of them back, with the engine's own."""
        for connection in self._all:
            if not connection.closed:
                connection.invalidate()  # the pool it would go back to is gone
                connection.close()


def _transaction(connection: Connection) -> Any:
    """What ends it: SQLAlchemy where it took part, else the driver, which knows whether anything was begun."""
    return connection if connection.in_transaction() else connection.connection.driver_connection


class Ids:
    """Ids of new rows of tables that are numbered in blocks (`tables.base.in_blocks`)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, Iterator[int]] = {}

    def take(self, table: str, cursor: Cursor) -> int:
        """An id nobody else has."""
        with self._lock:
            found = next(self._left.get(table, iter(())), None)
            if found is None:
                cursor.execute(b"SELECT nextval($1::regclass)", [f"{table}_id_seq"])
                ((first,),) = cursor.fetchall()
                self._left[table] = iter(range(first, first + BLOCK))
                found = next(self._left[table])
        return found
