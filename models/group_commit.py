"""Writers on SQLite: one queue a process, one file lock between processes, one COMMIT for all who wait.

SQLite's own busy waiting is unfair and every COMMIT is a wait for the disk. Here the first writer opens a
transaction; each unit of work is a savepoint in it; whoever leaves while another waits hands the open transaction on,
and everybody answers only after the COMMIT of his batch.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from sqlalchemy import Connection, Engine

from models.errors import Repeat
from models.prepared import Cursor

MOST = 16


class Batch:
    """Units of work that are committed together."""

    def __init__(self) -> None:
        self.size = 0
        self.ended = threading.Event()
        self.fault: Exception | None = None


class Writers:
    """The queue of one process at one database file."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine, self._path = engine, path
        self._mutex, self._counting = threading.Lock(), threading.Lock()
        self._waiting = 0
        self._batch: Batch | None = None
        self._connection: Connection | None = None
        self._file: IO[str] | None = None

    @contextmanager
    def turn(self) -> Iterator[Connection]:
        """A savepoint of one's own in the batch; returns when the batch is committed. Raises Repeat when it was not.

        What the block raises waits as well: it may rest on what others wrote in the same batch.
        """
        self._wait()
        batch = None
        try:
            try:
                connection, batch = self._enter()
                try:
                    with _savepoint(connection):
                        yield connection
                    batch.size += 1
                finally:
                    self._leave(batch)
            finally:
                self._mutex.release()
        finally:
            if batch is not None:
                batch.ended.wait()
                if batch.fault is not None:
                    raise Repeat("the batch was not committed") from batch.fault

    def cursor(self, connection: Connection) -> Cursor:
        """A cursor of the driver."""
        return cast(Cursor, connection.connection.cursor())

    def close(self, _: object = None) -> None:
        """Give connection and file back, with the engine's own."""
        with self._mutex:
            self._drop()
            if self._file is not None:
                self._file.close()
                self._file = None

    def _wait(self) -> None:
        with self._counting:
            self._waiting += 1
        self._mutex.acquire()
        with self._counting:
            self._waiting -= 1

    def _enter(self) -> tuple[Connection, Batch]:
        if self._batch is not None and self._connection is not None:
            return self._connection, self._batch
        if self._file is None:
            self._file = self._path.open("a")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            connection = self._connection = self._connection or self._engine.connect()
            connection.begin()
        except BaseException:
            self._drop()
            fcntl.flock(self._file, fcntl.LOCK_UN)
            raise
        self._batch = Batch()
        return connection, self._batch

    def _leave(self, batch: Batch) -> None:
        """Hand the transaction on to whoever waits, else end it. Nothing leaves the mutex without one or the other."""
        if self._waiting and batch.size < MOST:
            return
        self._batch = None
        try:
            if self._connection is not None:
                self._connection.commit()
        except Exception as fault:
            batch.fault = fault
            self._drop()
        finally:
            if self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)
            batch.ended.set()

    def _drop(self) -> None:
        """A connection that failed is not used again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()  # else the pool would lend it out with its transaction still open
            connection.close()


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    """On the driver: the ORM's own bookkeeping of savepoints costs more than the savepoint."""
    execute = connection.connection.driver_connection.execute  # type: ignore[union-attr]
    execute("SAVEPOINT unit")
    try:
        yield
    except BaseException:
        execute("ROLLBACK TO unit")
        raise
    finally:
        execute("RELEASE unit")
