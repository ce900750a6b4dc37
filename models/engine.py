"""The database as this program needs it: pragmas, time limits, keys."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url

from models.tables.sealed import Keyring, equip

LOCK_WAIT_MS = 1000
POOL = 24


def connect(url: str, ring: Keyring) -> Engine:
    """An engine for `sqlite:///file` or `postgresql+psycopg://…`, equipped with the data keys.

    Values of statements never reach an error's text: they hold contact data.
    A wait on somebody else's row is at most one second; the unit of work is then repeated.
    """
    at = make_url(url)
    if at.get_backend_name() == "sqlite":
        if at.database:
            Path(at.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(at, pool_size=POOL, max_overflow=POOL, hide_parameters=True)
        event.listen(engine, "connect", _sqlite)
        event.listen(engine, "begin", _begin)
    else:
        options = f"-c lock_timeout={LOCK_WAIT_MS} -c timezone=UTC"
        engine = create_engine(
            at, pool_size=POOL, max_overflow=POOL, connect_args={"options": options}, hide_parameters=True
        )
        event.listen(engine, "handle_error", _clean)
    equip(engine, ring)
    return engine


def without_values(*faults: BaseException | None) -> None:
    """PostgreSQL repeats the row that failed as a detail of the error: names and words that no log may hold."""
    for fault in faults:
        if fault is not None and fault.args:
            fault.args = (str(fault.args[0]).partition("\nDETAIL:")[0], *fault.args[1:])


def _clean(context: ExceptionContext) -> None:
    without_values(context.original_exception, context.sqlalchemy_exception)


def _begin(connection: Connection) -> None:
    reading = bool(connection.get_execution_options().get("reading"))
    raw = cast(sqlite3.Connection, connection.connection.driver_connection)
    raw.execute(f"PRAGMA query_only={reading:d}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _sqlite(connection: sqlite3.Connection, _: object) -> None:
    """The driver's own transactions would process rows twice: it opens none, `BEGIN IMMEDIATE` is ours."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=1500"):
        connection.execute(f"PRAGMA {pragma}")
