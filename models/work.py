"""The unit of work: one transaction, one actor, one clock, one outbox. Only here is anything committed."""

from __future__ import annotations

import datetime as dt
import logging
import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import psycopg
from sqlalchemy import Connection, CursorResult, Engine, Executable, Row, bindparam, event, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from models.calendar import Calendar
from models.engine import without_values
from models.errors import Claimed, Repeat, Taken, Unavailable
from models.group_commit import Writers
from models.kept import Ids, Kept
from models.prepared import Cache, Cursor, Rows
from models.settings import Settings
from models.tables import Audit, Clock, Outcome
from models.tables.sealed import Keyring, keyring
from models.text.times import show
from models.together import Together
from models.wake import Wake

T = TypeVar("T")
AnyRow = Row[*tuple[Any, ...]]
Result = CursorResult[*tuple[Any, ...]]
log = logging.getLogger(__name__)

ATTEMPTS = 3
#: serialization failure, deadlock, lock timeout, silent for too long: the same work succeeds when it is done again.
REPEATABLE = {"40001", "40P01", "55P03", "25P03"}
#: what SQLite says when another writer is at it, or the file is out of reach.
BUSY = ("locked", "busy", "unable to open", "disk I/O")

RECORD = insert(Audit)
AHEAD = select(Clock.ahead_seconds).where(Clock.id == bindparam("id"))


@dataclass(frozen=True, slots=True)
class Notice:
    """A living card to show: copies of `kind:subject` change in place, people without one get one.

    `anew` sends another one although they have it: to be seen again, as a reminder is. An `urgent` one rings. What goes
    `everywhere` goes to all platforms where somebody is, not only to the one he used last. `in_place` changes only
    copies that a platform still lets us change: an older one is no reason for a new message.
    """

    kind: str
    subject: int
    people: tuple[int, ...]
    anew: bool = False
    urgent: bool = False
    everywhere: bool = False
    in_place: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}"


@dataclass
class Work:
    """What an operation gets: the transaction's connection, business time, and who is acting by which way in.

    `now` is business time, what people see and what is due by; `real` is delivery time.
    """

    _connection: Connection
    _cursor: Cursor
    now: dt.datetime
    real: dt.datetime
    settings: Settings
    office: Calendar
    wake: Callable[[], None]
    prepared: Cache
    serves: Callable[[str], bool]
    channel: str = ""
    request: str = ""
    actor_id: int | None = None
    roles: str = ""
    notices: list[Notice] = field(default_factory=list)
    changed: bool = False
    after: list[Callable[[], None]] = field(default_factory=list)
    ids: Ids | None = None  # only on PostgreSQL, where writes are held back
    _begun: bool = True
    _session: Session | None = None

    def __post_init__(self) -> None:
        self._held = Together(self.prepared, self._cursor)

    @property
    def connection(self) -> Connection:
        """The transaction's connection, with everything said before already sent."""
        self.send()
        self._begin()
        return self._connection

    @property
    def db(self) -> Session:
        """The ORM on this very transaction, for paths that are not hot."""
        if self._session is None:
            self._session = Session(self.connection, expire_on_commit=False)
            self.ids = None  # from now on nothing of ours is held back
        return self._session

    def run(self, statement: Executable, **values: object) -> Rows:
        """Execute a statement built at import; `values` fill its bind parameters."""
        looks = None if self.ids is None else self.prepared.reads(statement)
        if looks is None:
            self.send()
            self._begin()
        elif self._held.touches(looks):
            self.send()
        return self.prepared.run(self._connection, self._cursor, statement, values)

    def put(self, statement: Executable, **values: object) -> None:
        """A write that returns nothing: as `run`, but PostgreSQL gets several of them at once."""
        if self.ids is None:
            self.run(statement, **values)
            return
        if not self._held.joins(statement):
            self.send()
        self._held.add(statement, values)

    def add(self, statement: Executable, **values: object) -> int:
        """Insert one row with a statement that returns its id."""
        table = statement.table  # type: ignore[attr-defined]
        if self.ids is not None and table.info.get("in_blocks"):
            key = self.ids.take(table.name, self._cursor)
            self.put(statement, id=key, **values)
        else:
            key = self.run(statement, **values).scalar()
        return key

    def send(self) -> None:
        """Send all that is held back, the ORM's and ours."""
        if self._held:
            self._begin()
            self._held.send()
        if self._session is not None:
            self._session.flush()  # what it holds back comes before what is said next

    def finish(self) -> None:
        """Send the last of it. Where that is one statement and nothing was begun, it commits itself."""
        if self._held:
            self._held.send()
        self.send()

    def _begin(self) -> None:
        if not self._begun:
            self._cursor.execute(b"BEGIN")
            self._begun = True

    @property
    def keys(self) -> Keyring:
        return keyring(self._connection.dialect)

    def shown(self, at: dt.datetime) -> str:
        """A moment as people write it, seen from now."""
        return show(at, self.now, self.office.zone)

    def acts(self, person: int, roles: Iterable[str]) -> None:
        """Who is acting from here on, and in which roles."""
        self.actor_id, self.roles = person, ",".join(sorted(roles))

    def audit(self, operation: str, subject: str, *, outcome: Outcome = Outcome.DONE, **detail: object) -> None:
        """One row an operation: who, when, by which way in, what, and what came of it (P6).

        Never put contact data into `detail`. What was refused or failed has changed nothing.
        """
        self.changed = self.changed or outcome is Outcome.DONE
        self.put(
            RECORD,
            at=self.now,
            actor_id=self.actor_id,
            roles=self.roles,
            channel=self.channel,
            request=self.request,
            operation=operation,
            subject=subject,
            outcome=outcome,
            detail={key: value for key, value in detail.items() if value is not None},
        )

    def notify(
        self,
        kind: str,
        subject: int,
        people: Iterable[int] = (),
        *,
        anew: bool = False,
        urgent: bool = False,
        everywhere: bool = False,
        in_place: bool = False,
    ) -> None:
        """Show a subject to people; with nobody named only the copies that exist are brought up to date."""
        self.notices.append(Notice(kind, subject, tuple(dict.fromkeys(people)), anew, urgent, everywhere, in_place))

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


class Works:
    """Opens units of work on one database.

    `clock` gives real time. Business time is the same, but where the playground is on: there it may run ahead.
    """

    def __init__(self, engine: Engine, clock: Callable[[], dt.datetime], settings: Settings) -> None:
        self._engine, self.clock, self.settings, self.wake = engine, clock, settings, Wake()
        self.office = Calendar.from_words(**settings.work_calendar.model_dump())
        self._prepared = Cache(engine.dialect)
        self.sqlite = engine.dialect.name == "sqlite"
        self._transactions = Writers(engine, Path(f"{engine.url.database}.lock")) if self.sqlite else Kept(engine)
        self._ids = None if self.sqlite else Ids()
        #: the platforms that messages can go to; None where nobody said which.
        self.platforms: frozenset[str] | None = None
        event.listen(engine, "engine_disposed", self._transactions.close)
        self._reading = engine.execution_options(reading=True, **({} if self.sqlite else {"postgresql_readonly": True}))

    @property
    def keys(self) -> Keyring:
        return keyring(self._engine.dialect)

    def serves(self, platform: str) -> bool:
        """Whether messages can go to a platform."""
        return self.platforms is None or platform in self.platforms

    @contextmanager
    def read(self, **about: Any) -> Iterator[Work]:
        """A unit of work that changes nothing."""
        with _translated(), self._reading.connect() as connection, connection.begin() as transaction:
            yield self._work(connection, cast(Cursor, connection.connection.cursor()), about)
            transaction.rollback()

    @contextmanager
    def write(self, **about: Any) -> Iterator[Work]:
        """A unit of work: committed whole when the block ends, undone whole when it raises."""
        with _translated(), self._transactions.turn() as connection:
            work = self._work(connection, self._transactions.cursor(connection), about)
            if self._ids:
                work.ids, work._begun = self._ids, False
            yield work
            work.finish()
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
                if isinstance(again, Taken) and attempt == ATTEMPTS and again.__cause__:
                    raise again.__cause__ from None  # what is there again and again was no rival's
                log.warning("unit of work repeated (%d): %s", attempt, again)
                time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 (spreads rivals, hides nothing)
        raise Unavailable("the database stays busy")

    def _work(self, connection: Connection, cursor: Cursor, about: Mapping[str, Any]) -> Work:
        now = real = self.clock()
        if self.settings.playground.enabled:
            now += dt.timedelta(seconds=connection.execute(AHEAD, {"id": 1}).scalar() or 0)
        wake, known = self.wake.set, self._prepared
        return Work(connection, cursor, now, real, self.settings, self.office, wake, known, self.serves, **about)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as away:
        raise Unavailable("no connection free") from away
    except (DBAPIError, sqlite3.Error, psycopg.Error) as fault:
        raised = fault.orig if isinstance(fault, DBAPIError) else fault
        if _passing(raised):
            raise Repeat(type(fault).__name__) from fault
        if _claimed(raised):
            raise Claimed from None
        without_values(fault)
        if isinstance(raised, psycopg.errors.UniqueViolation):
            raise Taken(type(fault).__name__) from fault
        raise


def passing(fault: BaseException) -> bool:
    """Whether the unit of work that raised this is repeated, so that no part of it should be mended by itself."""
    return isinstance(fault, Repeat) or _passing(fault.orig if isinstance(fault, DBAPIError) else fault)


def _passing(fault: BaseException | None) -> bool:
    """Whether this is the database's trouble (locked, deadlock, gone) and not a defect of ours."""
    if isinstance(fault, sqlite3.Error):
        return any(word in str(fault) for word in BUSY)
    if getattr(fault, "sqlstate", None) in REPEATABLE:
        return True
    return isinstance(fault, psycopg.OperationalError | psycopg.InterfaceError)


def _claimed(fault: BaseException | None) -> bool:
    """Whether an event's key is there already."""
    if isinstance(fault, psycopg.errors.UniqueViolation):
        return fault.diag.constraint_name == "pk_claims"
    return isinstance(fault, sqlite3.IntegrityError) and str(fault) == "UNIQUE constraint failed: claims.key"
