"""Statements given to PostgreSQL's library: prepared once they are used often, right whatever comes between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import psycopg
import pytest

import postgres
from models.direct import AT_MOST, OFTEN, Direct

PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE NOT name LIKE '\\_pg3%'"
NOON = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)


@pytest.fixture
def connection(server: postgres.Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def prepared(connection: psycopg.Connection) -> int:
    row = connection.execute(PREPARED).fetchone()
    assert row
    return int(row[0])


def test_what_is_used_often_is_prepared_and_not_without_end(connection: psycopg.Connection) -> None:
    direct = Direct(connection)
    for number in range(AT_MOST + 5):
        for _ in range(OFTEN):
            assert prepared(connection) == min(number, AT_MOST)
            direct.execute(b"SELECT $1::bigint + %d" % number, [1])
            assert direct.fetchall() == [(1 + number,)]


@pytest.mark.parametrize("times", [1, OFTEN + 1])
def test_values_come_back_as_they_went(connection: psycopg.Connection, times: int) -> None:
    direct, given = Direct(connection), ["客𠮷 '$1' \\x", b"\x00\xff'\\", None, True, 2**40, NOON]
    for _ in range(times):
        direct.execute(b"SELECT $1::text, $2::bytea, $3::text, $4::bool, $5::bigint, $6::timestamptz", given)
        assert [list(row) for row in direct.fetchall()] == [given]
    direct.execute(b"CREATE TEMPORARY TABLE nothing (id bigint)")
    assert direct.fetchall() == [], "what was found before is not found again"


def test_an_undone_transaction_leaves_it_what_was_prepared(connection: psycopg.Connection) -> None:
    """The driver would throw away every prepared statement of the connection, ours too."""
    direct = Direct(connection)
    for _ in range(3 * OFTEN):
        direct.execute(b"BEGIN")
        connection.execute("SELECT 1", prepare=True)
        with pytest.raises(psycopg.errors.DivisionByZero):
            direct.execute(b"SELECT 1 / $1::bigint", [0])
        connection.rollback()
    assert prepared(connection) >= 1


def test_a_connection_that_was_cut_is_the_databases_trouble(
    connection: psycopg.Connection, server: postgres.Server
) -> None:
    direct = Direct(connection)
    server.admin.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        direct.execute(b"SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        direct.execute(b"SELECT 1")
