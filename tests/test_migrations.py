"""The migrations: they reach exactly the tables of the program, there and back, and carry over what was there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text

import app
from conftest import HandClock
from models import seals
from models.engine import connect
from models.settings import Settings
from models.tables import Base, Code, Outcome
from models.tables.sealed import Keyring
from models.work import Works
from scheduler.run import tick
from test_command_line import ADD, empty_url, logging_is_put_back, sayer
from test_private_data import kept
from test_seals import SEAL, verified

__all__ = ["empty_url", "logging_is_put_back"]


def difference(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


def alembic(connection: Connection) -> Config:
    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", str(app.ROOT / "migrations"))
    return made


def shape(connection: Connection) -> dict[str, Any]:
    """Tables with their columns, indexes and keys, as the database describes them."""
    seen = inspect(connection)
    return {
        table: (
            sorted((each["name"], str(each["type"]), each["nullable"]) for each in seen.get_columns(table)),
            sorted((str(each["name"]), str(each["column_names"]), each["unique"]) for each in seen.get_indexes(table)),
            sorted(str(each["name"]) for each in seen.get_foreign_keys(table)),
            sorted(str(each["column_names"]) for each in seen.get_unique_constraints(table)),
        )
        for table in seen.get_table_names()
    }


def test_upgrading_reaches_exactly_the_tables_of_the_program(empty_url: str, tmp_path: Path, ring: Keyring) -> None:
    say = sayer(empty_url, tmp_path)
    assert say("db upgrade") == 0
    assert say(ADD, "--feishu", "ou_1") == 0
    assert say("db upgrade") == 0
    engine = connect(empty_url, ring)
    with engine.connect() as connection:
        assert difference(connection) == []
        assert connection.execute(text("SELECT name FROM users")).scalars().all() == ["王敏"]
        first = shape(connection)
    assert set(first) == {*Base.metadata.tables, "alembic_version"}
    with engine.begin() as connection:
        command.downgrade(alembic(connection), "base")
    with engine.begin() as connection:
        assert set(shape(connection)) == {"alembic_version"}
        command.upgrade(alembic(connection), "head")
    with engine.begin() as connection:
        assert difference(connection) == [] and shape(connection) == first
        assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 0
    engine.dispose()


def test_rows_of_an_older_version_are_sealed_as_they_are(
    empty_url: str,
    ring: Keyring,
    clock: HandClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = connect(empty_url, ring)
    old = "INSERT INTO audit (at, channel, request, operation, subject, detail) VALUES "
    rows = ("('2026-11-01 10:00:00', 'feishu', 'r', 'review.approve', 'customer:1', '{\"review\": 1}')",
            "('2026-11-01 10:00:00', 'feishu', 'r', 'refused', 'user:1', '{}')")  # fmt: skip
    with engine.begin() as connection:
        command.upgrade(alembic(connection), "0013")
        for row in rows:
            connection.execute(text(old + row))
    with engine.begin() as connection:
        command.upgrade(alembic(connection), "head")
    works = Works(engine, clock, Settings())
    tick(works, SEAL)
    assert verified(works, capsys)[0] == 0
    with works.read() as work:
        told = [(row.number, row.roles, row.outcome, row.detail) for row in seals.rows(work)]
    assert told == [(1, "", Outcome.DONE, {"review": 1}), (2, "", Outcome.REFUSED, {})]


def test_what_lay_clear_before_the_upgrade_is_sealed_by_it(empty_url: str, ring: Keyring) -> None:
    engine = connect(empty_url, ring)
    with engine.begin() as connection:
        command.upgrade(alembic(connection), "0013")
        connection.execute(
            text(
                "INSERT INTO codes (platform, chat, code, message_id, title, value, at)"
                " VALUES ('dingtalk', 'c', 'abcdefg', 'm', '找到 1 个', '13912345678', '2026-11-25 02:00:00')"
            )
        )
    with engine.begin() as connection:
        command.upgrade(alembic(connection), "head")
    with engine.connect() as connection:
        assert connection.execute(select(Code.title, Code.value)).one() == ("找到 1 个", "13912345678")
    engine.dispose()  # the last connection empties the WAL
    seen = dict(kept(engine))
    assert "codes" in seen and [where for where, raw in seen.items() if b"13912345678" in raw] == []
    engine.dispose()


def test_a_table_that_differs_would_be_noticed(empty_url: str, tmp_path: Path, ring: Keyring) -> None:
    assert sayer(empty_url, tmp_path)("db upgrade") == 0
    engine = connect(empty_url, ring)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE users ADD COLUMN nickname VARCHAR(10)"))
        connection.execute(text("DROP INDEX ix_customers_name_key"))
        assert sorted(each[0] for each in difference(connection)) == ["add_index", "remove_column"]
    engine.dispose()
