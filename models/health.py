"""Whether the program can do its work: the database answers, the scheduler ticks, messages go out (O5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import bindparam, func, inspect, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from models.engine import connect
from models.errors import Unavailable
from models.outbox import Lane
from models.tables import Heartbeat, Outbox, OutboxState
from models.tables.sealed import Keyring
from models.work import Work

SCHEDULER = "scheduler"
#: seconds after which something is wrong.
SCHEDULER_LATE, OUTBOX_LATE = 60, 300


def _beat(kind: type[sqlite.Insert] | type[postgresql.Insert]) -> sqlite.Insert | postgresql.Insert:
    first = kind(Heartbeat).values(name=bindparam("part"), at=bindparam("first"))
    return first.on_conflict_do_update(index_elements=[Heartbeat.name], set_={"at": bindparam("later")})


BEAT = {"sqlite": _beat(sqlite.Insert), "postgresql": _beat(postgresql.Insert)}
#: alembic's own table.
VERSIONS, VERSION = "alembic_version", text("SELECT version_num FROM alembic_version")
LAST = select(Heartbeat.at).where(Heartbeat.name == bindparam("part"))
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
    """Ages in seconds; `scheduler` is None when it never ticked, `outbox` 0 when nothing waits."""

    scheduler: int | None
    outbox: int

    @property
    def ready(self) -> bool:
        return self.scheduler is not None and self.scheduler <= SCHEDULER_LATE and self.outbox <= OUTBOX_LATE


def beat(work: Work) -> None:
    """The scheduler was here."""
    work.run(BEAT[work.connection.dialect.name], part=SCHEDULER, first=work.real, later=work.real)


def look(work: Work) -> Health:
    """How things stand."""
    seen = work.run(LAST, part=SCHEDULER).scalar()
    waits = work.run(OLDEST, moment=work.real).scalar()
    scheduler = None if seen is None else int((work.real - seen).total_seconds())
    return Health(scheduler, 0 if waits is None else int((work.real - waits).total_seconds()))


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
