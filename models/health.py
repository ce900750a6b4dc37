"""Whether the program can do its work: the database answers, all its parts live, messages go out (O5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import bindparam, delete, func, inspect, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from models.engine import connect
from models.errors import Unavailable
from models.outbox import Lane
from models.tables import Heartbeat, Outbox, OutboxState
from models.tables.sealed import Keyring
from models.work import Work

SCHEDULER, STREAM = "scheduler", "stream:"
#: seconds after which something is wrong.
SCHEDULER_LATE, STREAM_LATE, OUTBOX_LATE = 60, 60, 300
#: seconds after which nobody expects a long connection any more: whoever receives by webhook now is well.
STREAM_FORGOTTEN = 24 * 3600


def _beat(kind: type[sqlite.Insert] | type[postgresql.Insert]) -> sqlite.Insert | postgresql.Insert:
    first = kind(Heartbeat).values(name=bindparam("part"), at=bindparam("first"))
    return first.on_conflict_do_update(index_elements=[Heartbeat.name], set_={"at": bindparam("later")})


BEAT = {"sqlite": _beat(sqlite.Insert), "postgresql": _beat(postgresql.Insert)}
#: alembic's own table.
VERSIONS, VERSION = "alembic_version", text("SELECT version_num FROM alembic_version")
GONE = delete(Heartbeat).where(Heartbeat.name == bindparam("part"))
SEEN = select(Heartbeat.name, Heartbeat.at)
#: of what somebody waits for: a wave of digests may take longer than that, within the platform's limits.
OLDEST = select(func.min(Outbox.not_before)).where(
    Outbox.state == OutboxState.QUEUED,
    Outbox.platform != "",
    Outbox.lane <= Lane.ANSWER,
    Outbox.not_before <= bindparam("moment"),
    or_(Outbox.lease_until.is_(None), Outbox.lease_until < bindparam("moment")),
)


@dataclass(frozen=True, slots=True)
class Health:
    """Ages in seconds; `scheduler` is None when it never ticked, `outbox` 0 when nothing waits.

    `streams` has each platform whose long connection stood within the last day, and when it did last.
    """

    scheduler: int | None
    outbox: int
    streams: dict[str, int]

    @property
    def ready(self) -> bool:
        ticks = self.scheduler is not None and self.scheduler <= SCHEDULER_LATE
        connected = all(age <= STREAM_LATE for age in self.streams.values())
        return ticks and connected and self.outbox <= OUTBOX_LATE


def beat(work: Work, part: str = SCHEDULER) -> None:
    """A part of the program was here: the scheduler, or with `STREAM` and a platform's name its long connection."""
    work.run(BEAT[work.connection.dialect.name], part=part, first=work.real, later=work.real)


def leave(work: Work, part: str) -> None:
    """A part of the program ended as it was told to: nobody misses it."""
    work.run(GONE, part=part)


def look(work: Work) -> Health:
    """How things stand."""
    ages = {name: int((work.real - at).total_seconds()) for name, at in work.run(SEEN).all()}
    waits = work.run(OLDEST, moment=work.real).scalar()
    streams = {
        name.removeprefix(STREAM): age
        for name, age in sorted(ages.items())
        if name.startswith(STREAM) and age <= STREAM_FORGOTTEN
    }
    return Health(ages.get(SCHEDULER), 0 if waits is None else int((work.real - waits).total_seconds()), streams)


def revision(url: str) -> str:
    """The migration that a database is at; empty where it was never set up. Makes no file. Raises Unavailable."""
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return ""
    engine = connect(url, Keyring.derived("nothing sealed is read"))
    try:
        with engine.execution_options(reading=True).connect() as connection:
            there = inspect(connection).has_table(VERSIONS)
            return (connection.execute(VERSION).scalar() or "") if there else ""
    except DBAPIError as away:
        raise Unavailable(type(away.orig).__name__) from away
    finally:
        engine.dispose()
