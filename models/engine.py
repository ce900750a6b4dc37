"""The database as this program needs it: pragmas, time limits, keys."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import cast

from psycopg import RawCursor
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url

from models.tables.sealed import Keyring, equip

LOCK_WAIT_MS = 1000
#: a process that froze in the middle of a transaction keeps its rows no longer than a message it was sending (a lease).
SILENCE_MS = 30_000
POOL = 24
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=1500",
    "secure_delete=ON",  # what is erased or replaced is overwritten, its seal as well (P7)
    "temp_store=MEMORY",  # savepoints keep what they would undo in memory instead of a file
    "cache_size=-8000",
)


def connect(url: str, ring: Keyring) -> Engine:
    """An engine for `sqlite:///file` or `postgresql+psycopg://…`, equipped with the data keys.

    Values of statements never reach an error's text: they hold contact data.
    A wait on somebody else's row is at most one second; the unit of work is then repeated. So is that of whoever says
    nothing for too long in the middle of it: the server ends his session, and others get at his rows.
    """
    at = make_url(url)
    if at.get_backend_name() == "sqlite":
        if at.database:
            Path(at.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(at, pool_size=POOL, max_overflow=POOL, hide_parameters=True)
        event.listen(engine, "connect", _sqlite)
        event.listen(engine, "begin", _begin)
    else:
        limits = {"lock_timeout": LOCK_WAIT_MS, "idle_in_transaction_session_timeout": SILENCE_MS, "timezone": "UTC"}
        options = " ".join(f"-c {name}={value}" for name, value in limits.items())
        engine = create_engine(
            at,
            pool_size=POOL,
            max_overflow=POOL,
            pool_reset_on_return=None,  # whoever begins also ends: nothing is left to roll back
            connect_args={"options": options, "cursor_factory": RawCursor},  # it reads no text for places of values
            paramstyle="numeric_dollar",
            use_native_hstore=False,
            hide_parameters=True,
        )
        event.listen(engine, "handle_error", _clean)
    equip(engine, ring)
    return engine


def without_values(*faults: BaseException | None) -> None:
    """PostgreSQL repeats the row that failed as a detail of the error: names and words that no log may hold."""
    for fault in faults:
        if fault is not None and fault.args:
            fault.args = (str(fault.args[0]).partition("\nDETAIL:")[0], *fault.args[1:])


def overwrite(engine: Engine) -> None:
    """Let what was erased leave SQLite's log too, where nobody reads in it at this moment."""
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            raw.close()


def _clean(context: ExceptionContext) -> None:
    without_values(context.original_exception, context.sqlalchemy_exception)


def _begin(connection: Connection) -> None:
    reading = bool(connection.get_execution_options().get("reading"))
    raw = cast(sqlite3.Connection, connection.connection.driver_connection)
    if connection.info.get("reading") is not reading:  # said again, it would make SQLite compile every statement anew
        raw.execute(f"PRAGMA query_only={reading:d}")
        connection.info["reading"] = reading
    raw.execute("BEGIN" if reading else "BEGIN IMMEDIATE")


def _sqlite(connection: sqlite3.Connection, _: object) -> None:
    """The driver's own transactions would process rows twice: it opens none, `BEGIN IMMEDIATE` is ours."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
