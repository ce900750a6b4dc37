"""The unit of work: one transaction, one actor, one clock, one outbox. Only here is anything committed."""

from __future__ import annotations

import datetime as dt
import fcntl
import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Engine, Executable, Row, bindparam, event, insert, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from models.calendar import Calendar
from models.errors import Unavailable
from models.settings import Settings
from models.tables import Audit, Clock
from models.tables.sealed import Keyring, keyring
from models.text.times import show
from models.wake import Wake

T = TypeVar("T")
AnyRow = Row[*tuple[Any, ...]]
Result = CursorResult[*tuple[Any, ...]]
log = logging.getLogger(__name__)

ATTEMPTS = 3
LOCK_SECONDS = 8.0
#: serialization failure, deadlock, lock timeout: the same work succeeds when it is done again.
REPEATABLE = {"40001", "40P01", "55P03"}
#: what SQLite says when another writer is at it, or the file is out of reach.
BUSY = ("locked", "busy", "unable to open", "disk I/O")

RECORD = insert(Audit)
AHEAD = select(Clock.ahead_seconds).where(Clock.id == bindparam("id"))


@dataclass(frozen=True, slots=True)
class Notice:
    """A living card to show: copies of `kind:subject` change in place, people without one get one.

    `anew` sends another one although they have it: to be seen again, as a reminder is.
    """

    kind: str
    subject: int
    people: tuple[int, ...]
    anew: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}"


@dataclass
class Work:
    """What an operation gets: the transaction's connection, business time, and who is acting by which way in.

    `now` is business time, what people see and what is due by; `real` is delivery time.
    """

    connection: Connection
    now: dt.datetime
    real: dt.datetime
    settings: Settings
    office: Calendar
    wake: Callable[[], None]
    channel: str = ""
    request: str = ""
    actor_id: int | None = None
    notices: list[Notice] = field(default_factory=list)
    changed: bool = False
    after: list[Callable[[], None]] = field(default_factory=list)
    _session: Session | None = None

    def run(self, statement: Executable, **values: object) -> Result:
        """Execute a statement built at import; `values` fill its bind parameters."""
        if self._session is not None:
            self._session.flush()  # what the ORM holds back comes first
        return self.connection.execute(statement, values)

    def add(self, statement: Executable, **values: object) -> int:
        """Insert one row; returns its id."""
        key: int = cast(AnyRow, self.run(statement, **values).inserted_primary_key)[0]
        return key

    @property
    def db(self) -> Session:
        """The ORM on this very transaction, for paths that are not hot."""
        if self._session is None:
            self._session = Session(self.connection, expire_on_commit=False)
        return self._session

    @property
    def keys(self) -> Keyring:
        return keyring(self.connection.dialect)

    def shown(self, at: dt.datetime) -> str:
        """A moment as people write it, seen from now."""
        return show(at, self.now, self.office.zone)

    def audit(self, operation: str, subject: str, **detail: object) -> None:
        """One row an operation: who, when, by which way in, what. Never put contact data into `detail` (P6)."""
        self.changed = True
        self.run(
            RECORD,
            at=self.now,
            actor_id=self.actor_id,
            channel=self.channel,
            request=self.request,
            operation=operation,
            subject=subject,
            detail={key: value for key, value in detail.items() if value is not None},
        )

    def notify(self, kind: str, subject: int, people: Iterable[int] = (), *, anew: bool = False) -> None:
        """Show a subject to people; with nobody named only the copies that exist are brought up to date."""
        self.notices.append(Notice(kind, subject, tuple(dict.fromkeys(people)), anew))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only this part when it raises."""
        kept = len(self.notices)
        try:
            with self.db.begin_nested():
                self.db.connection()  # the ORM would put its SAVEPOINT off until it has something to do itself
                yield
        except BaseException:
            del self.notices[kept:]
            raise


class WriteLock:
    """Writers on SQLite stand in one queue: a mutex in the process, a file lock between processes.

    Its own busy waiting is unfair and lets some wait for seconds.
    """

    def __init__(self, path: Path) -> None:
        self._mutex = threading.Lock()
        self._path = path
        self._file: IO[str] | None = None

    def close(self, _: object = None) -> None:
        """Give the file back, with the engine's connections."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        if not self._mutex.acquire(timeout=LOCK_SECONDS):
            raise Unavailable("waited too long for the database")
        try:
            if self._file is None:
                self._file = self._path.open("a")
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._mutex.release()


class Works:
    """Opens units of work on one database.

    `clock` gives real time. Business time is the same, but where the playground is on: there it may run ahead.
    """

    def __init__(self, engine: Engine, clock: Callable[[], dt.datetime], settings: Settings) -> None:
        self._engine, self.clock, self.settings, self.wake = engine, clock, settings, Wake()
        self.office = Calendar.from_words(**settings.work_calendar.model_dump())
        self.sqlite = engine.dialect.name == "sqlite"
        database = engine.url.database
        self._lock = WriteLock(Path(f"{database}.lock")) if self.sqlite and database else None
        if self._lock:
            event.listen(engine, "engine_disposed", self._lock.close)
        self._reading = engine.execution_options(reading=True, **({} if self.sqlite else {"postgresql_readonly": True}))

    @contextmanager
    def read(self, **about: Any) -> Iterator[Work]:
        """A unit of work that changes nothing."""
        with _translated(), self._reading.connect() as connection, connection.begin() as transaction:
            yield self._work(connection, about)
            transaction.rollback()

    @contextmanager
    def write(self, **about: Any) -> Iterator[Work]:
        """A unit of work: committed whole when the block ends, undone whole when it raises."""
        with _translated():
            if self._lock is None:
                with self._transaction(about) as work:
                    yield work
            else:
                with self._lock(), self._transaction(about) as work:
                    yield work
        for call in work.after:
            call()

    def perform(self, task: Callable[[Work], T], **about: Any) -> T:
        """Run `task` in a unit of work, again when the database asks for it (deadlock, lock, lost connection).

        Raises Unavailable when it is away or stays busy; nothing was then changed.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.write(**about) as work:
                    return task(work)
            except Repeat as again:
                log.warning("unit of work repeated (%d): %s", attempt, again)
                time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 (spreads rivals, hides nothing)
        raise Unavailable("the database stays busy")

    @contextmanager
    def _transaction(self, about: Mapping[str, Any]) -> Iterator[Work]:
        with self._engine.begin() as connection:
            work = self._work(connection, about)
            yield work
            if work._session is not None:
                work._session.flush()  # the last of the ORM, before COMMIT

    def _work(self, connection: Connection, about: Mapping[str, Any]) -> Work:
        now = real = self.clock()
        if self.settings.playground.enabled:
            now += dt.timedelta(seconds=connection.execute(AHEAD, {"id": 1}).scalar() or 0)
        return Work(connection, now, real, self.settings, self.office, self.wake.set, **about)


class Repeat(Unavailable):
    """The database undid the work for a reason that may be gone the next time."""


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as away:
        raise Unavailable("no connection free") from away
    except DBAPIError as fault:
        if _passing(fault):
            raise Repeat(type(fault.orig).__name__) from fault
        raise


def _passing(fault: DBAPIError) -> bool:
    """Whether this is the database's trouble (locked, deadlock, gone) and not a defect of ours."""
    if fault.connection_invalidated or getattr(fault.orig, "sqlstate", None) in REPEATABLE:
        return True
    if isinstance(fault.orig, sqlite3.Error):
        return any(word in str(fault.orig) for word in BUSY)
    return isinstance(fault, OperationalError | InterfaceError)
