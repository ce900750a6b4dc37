"""The PostgreSQL for tests: a clone has what its template has, and nothing of another clone."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

import postgres


def execute(url: str, statement: str) -> list[object]:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        result = connection.execute(sa.text(statement))
        rows = list(result.scalars()) if result.returns_rows else []
    engine.dispose()
    return rows


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    server = postgres.start(fast=True)
    server.template("one_row", lambda url: execute(url, "CREATE TABLE notes AS SELECT 1 AS id"))
    yield server
    server.stop()


def test_a_clone_has_what_its_template_has_and_nothing_of_another_clone(server: postgres.Server) -> None:
    first, second = server.clone(), server.clone()
    execute(first, "INSERT INTO notes VALUES (2)")
    assert execute(first, "SELECT id FROM notes ORDER BY id") == [1, 2]
    assert execute(second, "SELECT id FROM notes") == [1]


def test_a_dropped_clone_is_gone_even_while_somebody_is_connected(server: postgres.Server) -> None:
    url = server.clone("one_row")
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        server.drop(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(sa.exc.OperationalError, match="does not exist"):
        execute(url, "SELECT 1")


@pytest.mark.parametrize("setting", postgres.FAST)
def test_a_fast_server_does_not_wait_for_the_disk(server: postgres.Server, setting: str) -> None:
    assert execute(server.url, f"SHOW {setting}") == ["off"]
