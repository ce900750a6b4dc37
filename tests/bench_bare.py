"""What the bench compares with: a bare Flask route that writes one row with the database's own driver."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Protocol, cast

import psycopg
from flask import Flask, request

TABLE = "CREATE TABLE IF NOT EXISTS bare (id {} PRIMARY KEY, body {} NOT NULL)"
COLUMNS = {"?": ("INTEGER", "BLOB"), "%s": ("BIGINT GENERATED ALWAYS AS IDENTITY", "BYTEA")}
#: as in the program; rivals wait as long as it takes, for a refused one would end the bench.
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000")


class Driver(Protocol):
    """What both drivers' connections can do."""

    def execute(self, query: str, params: tuple[bytes, ...] = ..., /) -> object: ...


def connect(url: str) -> tuple[Driver, str]:
    """A connection that commits every statement by itself, and how its driver marks a value."""
    if not url.startswith("sqlite"):
        return cast(Driver, psycopg.connect(url.replace("+psycopg", ""), autocommit=True)), "%s"
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return cast(Driver, connection), "?"


def prepare(url: str) -> None:
    """Make the table."""
    connection, mark = connect(url)
    connection.execute(TABLE.format(*COLUMNS[mark]))


def create() -> Flask:
    """The application, a connection for each thread; the database is named by the environment."""
    app, mine, url = Flask("bare"), threading.local(), os.environ["BARE_DATABASE"]

    @app.post("/")
    def receive() -> dict[str, str]:
        if not hasattr(mine, "connection"):
            mine.connection, mark = connect(url)
            mine.insert = f"INSERT INTO bare (body) VALUES ({mark})"  # noqa: S608 (a mark, not a value)
        mine.connection.execute(mine.insert, (request.get_data(),))
        return {}

    return app
