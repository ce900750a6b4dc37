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


def test_what_is_lent_again_is_as_it_was_and_nobody_is_in_it(server: postgres.Server) -> None:
    server.template(
        "numbered", lambda url: execute(url, "CREATE TABLE lines (id serial PRIMARY KEY, of integer REFERENCES lines)")
    )
    with server.lent() as first:
        execute(first, "INSERT INTO lines (of) VALUES (1)")
        left = psycopg.connect(first.replace("+psycopg", ""))
        left.execute("LOCK TABLE lines")
    with server.lent() as again:
        assert again == first and execute(again, "INSERT INTO lines (of) VALUES (1) RETURNING id") == [1]
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")
    left.close()


@pytest.mark.parametrize("change", ["ADD COLUMN note text", "DROP COLUMN of", "DROP CONSTRAINT lines_of_fkey"])
def test_what_has_other_tables_now_is_not_lent_again(server: postgres.Server, change: str) -> None:
    with server.lent() as first:
        execute(first, f"ALTER TABLE lines {change}")
    with server.lent() as another:
        assert another != first
