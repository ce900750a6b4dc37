"""Engines of tests: every test has a database of its own, but what SQLAlchemy compiled for one serves all after it."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine, event, text

from bot import schema
from models.engine import connect
from models.prepared import Cache
from models.tables import Base
from models.tables.sealed import Keyring
from models.work import Works


class Kin:
    """Engines with one dialect for each kind of database: compiled statements belong to the dialect.

    Compiling them anew for each test was half of what a test cost.
    """

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._first: dict[str, Engine] = {}
        self._prepared: dict[str, Cache] = {}

    def begin(self, url: str) -> None:
        """Make every table in an empty database, from which those of the tests are copied."""
        first = connect(url, self._ring)
        Base.metadata.create_all(first)
        with first.begin() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": schema.newest()})
        first.dispose()
        self._first[first.dialect.name] = first

    def engine(self, url: str) -> Engine:
        """An engine as the program makes it; what SQLite writes need not survive a power cut, nobody reads it then."""
        made = connect(url, self._ring)
        first = self._first[made.dialect.name]
        made.dialect, made._compiled_cache = first.dialect, first._compiled_cache
        if made.dialect.name == "sqlite":
            event.listen(made, "connect", _fast)
        return made

    def works(self, works: Works) -> Works:
        """The same, with the statements that others have prepared."""
        works._prepared = self._prepared.setdefault(works._engine.dialect.name, works._prepared)
        return works


def _fast(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")
