"""The audit's seal (P6): a chain without a gap over what was committed, and every way to tamper with it is found."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, text

from bot import audits
from conftest import SECRET, START, Company, HandClock, Inside
from models import heads, rotation, seals
from models.engine import connect
from models.settings import Settings
from models.tables import Audit, AuditHead, Outcome
from models.tables.sealed import Keyring
from models.work import Works
from scheduler.jobs import JOBS
from scheduler.run import tick
from test_private_data import NEW
from test_redelivery import at_once
from test_rotation import OLD

SEAL = next(job for job in JOBS if job.name == "seal")
KEEP = next(job for job in JOBS if job.name == "audit_head")
NOTHING = argparse.Namespace()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the heads are kept."""
    return tmp_path / "kept" / "heads.jsonl"


@pytest.fixture
def settings(file: Path) -> Settings:
    return Settings.model_validate({"audit": {"heads": str(file)}})


def does(works: Works, *operations: str) -> None:
    """One unit of work for each."""
    for each in operations:
        works.perform(lambda work, each=each: work.audit(each, "test:1", word="甲", number=3), channel="test")  # type: ignore[misc]


def sealed(works: Works, *operations: str) -> None:
    does(works, *operations)
    tick(works, SEAL)


def numbers(works: Works) -> list[int | None]:
    with works.read() as work:
        return work.run(select(Audit.number).order_by(Audit.number)).scalars()


def verified(works: Works, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    return audits.verify(works, NOTHING), capsys.readouterr().out


# --- sealing ---


def test_what_was_committed_is_numbered_without_a_gap_and_linked(
    works: Works, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified(works, capsys)[0] == 0, "a database where nothing was ever done"
    with suppress(KeyError):
        works.perform(lambda work: [work.audit("undone", "test:1"), {}["no"]])
    sealed(works, "a", "b")
    sealed(works, "c")
    tick(works, SEAL)
    assert numbers(works) == [1, 2, 3]
    code, told = verified(works, capsys)
    assert code == 0 and "核对到第 3 号，没有发现问题" in told
    with works.read() as work:
        last = seals.head(work)
        assert last and (last.number, last.link) == (3, [*seals.rows(work)][-1].link)


def test_many_rows_are_sealed_batch_by_batch(works: Works, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"at": works.clock(), "roles": "", "channel": "", "request": "", "operation": "x", "subject": "y"}
    many = [{**row, "outcome": Outcome.DONE, "detail": {"n": n}} for n in range(2 * seals.BATCH + 1)]
    works.perform(lambda work: work.connection.execute(insert(Audit), many))
    works.perform(SEAL.run)
    assert numbers(works).count(None) == seals.BATCH + 1
    tick(works, SEAL)
    assert numbers(works) == [*range(1, len(many) + 1)]
    assert verified(works, capsys)[0] == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_row_that_is_committed_late_gets_a_later_number(works: Works, capsys: pytest.CaptureFixture[str]) -> None:
    with works.write() as late:
        late.audit("late", "test:1")
        late.send()
        sealed(works, "soon", "too")
    tick(works, SEAL)
    with works.read() as work:
        chain = [(row.number, row.operation) for row in seals.rows(work)]
        assert chain == [(1, "soon"), (2, "too"), (3, "late")]
        assert [row.id for row in seals.rows(work)] != sorted(row.id for row in seals.rows(work))
    assert verified(works, capsys)[0] == 0


def test_several_sealers_and_writers_at_once_leave_no_gap(
    works: Works, database_url: str, ring: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [Works(connect(database_url, ring), works.clock, works.settings) for _ in range(2)]
    stop = threading.Event()

    def seals_on(mine: Works) -> None:
        while not stop.is_set():
            tick(mine, SEAL)

    sealing = [threading.Thread(target=seals_on, args=[mine]) for mine in others]
    for thread in sealing:
        thread.start()
    at_once(*[lambda: does(works, *"abcdefghij")] * 6)
    stop.set()
    for thread in sealing:
        thread.join()
    at_once(*[lambda mine=mine: tick(mine, SEAL) for mine in others])  # type: ignore[misc]
    assert numbers(works) == [*range(1, 61)]
    assert verified(works, capsys)[0] == 0
    for mine in others:
        mine._engine.dispose()


# --- tampering ---

ROW = "at, actor_id, roles, channel, request, operation, subject, outcome, detail"
PUT = f"INSERT INTO audit ({ROW}, number, link, mac) SELECT {ROW}, :number, link, mac FROM audit WHERE number = 2"  # noqa: S608


def says(connection: Connection, *statements: str, **values: object) -> None:
    for each in statements:
        connection.execute(text(each), values)


def swaps(connection: Connection) -> None:
    says(
        connection,
        "UPDATE audit SET number = -2 WHERE number = 2",
        "UPDATE audit SET number = 2 WHERE number = 3",
        "UPDATE audit SET number = 3 WHERE number = -2",
    )


def links_anew(connection: Connection) -> None:
    """Change a row and compute every link after it, as anybody can who has read how."""
    says(connection, "UPDATE audit SET operation = 'other' WHERE number = 2")
    link = seals.BEGINNING
    for row in connection.execute(select(*seals.COLUMNS).order_by(Audit.number)).all():
        link = seals.linked(link, row)
        says(connection, "UPDATE audit SET link = :link WHERE number = :number", link=link, number=row.number)
    says(connection, "UPDATE audit_heads SET link = :link", link=link)


def closes_the_gap(connection: Connection) -> None:
    says(connection, "DELETE FROM audit WHERE number = 3")
    for number in (4, 5, 6):
        says(connection, "UPDATE audit SET number = :to WHERE number = :number", to=number - 1, number=number)


TAMPERED: dict[str, tuple[Callable[[Connection], None], str]] = {
    "a field": (lambda c: says(c, "UPDATE audit SET subject = 'test:2' WHERE number = 3"), "第 3 号和封存时不一样"),
    "the detail": (lambda c: says(c, 'UPDATE audit SET detail = \'{"word": "乙"}\' WHERE number = 3'), "第 3 号和"),
    "the last row": (lambda c: says(c, "UPDATE audit SET roles = 'admin' WHERE number = 6"), "第 6 号和封存时不一样"),
    "links computed anew": (links_anew, "第 2 号的封印不是我们的"),
    "a seal taken off": (lambda c: says(c, "UPDATE audit SET mac = NULL WHERE number = 3"), "第 3 号的封印不是我们的"),
    "one removed": (lambda c: says(c, "DELETE FROM audit WHERE number = 3"), "少了第 3 到 3 号"),
    "the first removed": (lambda c: says(c, "DELETE FROM audit WHERE number = 1"), "少了第 1 到 1 号"),
    "one removed, the gap closed": (closes_the_gap, "第 3 号的封印不是我们的"),
    "the tail": (lambda c: says(c, "DELETE FROM audit WHERE number > 4"), "数据库里的链头封到第 6 号，现在没有这一号"),
    "one inserted": (lambda c: says(c, PUT, number=7), "第 7 号的封印不是我们的"),
    "one before all": (lambda c: says(c, PUT, number=-3), "第 -3 号重复，或者不是封存时给的"),
    "two swapped": (swaps, "第 2 号和封存时不一样"),
    "the head removed": (lambda c: says(c, "DELETE FROM audit_heads"), "链头落后于第 6 号，或者没有了"),
    "the head forged": (lambda c: says(c, "UPDATE audit_heads SET number = 4"), "数据库里的链头被改过"),
    "one past the sealer": (
        lambda c: says(c, PUT.replace(":number, link, mac", "NULL, NULL, NULL")),
        "1 行超过一分钟没有封存",
    ),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_whatever_is_tampered_with_is_found(
    works: Works, engine: Engine, clock: HandClock, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed(works, *"abcdef")
    assert verified(works, capsys)[0] == 0
    tamper, found = TAMPERED[how]
    with engine.begin() as connection:
        tamper(connection)
    clock.forward(seconds=61)
    code, told = verified(works, capsys)
    assert code == 1 and found in told, told
    assert len(told.splitlines()) <= 12, "each finding is told once"


def test_every_field_of_a_row_is_part_of_its_link() -> None:
    row: dict[str, Any] = {
        "id": 1, "at": START, "actor_id": 2, "roles": "admin", "channel": "feishu", "request": "r", "operation": "o",
        "subject": "s", "outcome": Outcome.DONE, "detail": {"b": 1, "a": "甲"},
    }  # fmt: skip
    other: dict[str, Any] = {
        "id": 2, "at": START + dt.timedelta(microseconds=1), "actor_id": None, "roles": "", "channel": "",
        "request": "", "operation": "", "subject": "", "outcome": Outcome.REFUSED, "detail": {"b": 1, "a": "乙"},
    }  # fmt: skip
    first = seals.linked(seals.BEGINNING, SimpleNamespace(**row))  # type: ignore[arg-type]
    links = {seals.linked(seals.BEGINNING, SimpleNamespace(**row | {key: other[key]})) for key in row}  # type: ignore[arg-type]
    assert len(links) == len(row) and first not in links
    same = row | {"at": START.astimezone(dt.UTC), "detail": {"a": "甲", "b": 1}}
    assert seals.linked(seals.BEGINNING, SimpleNamespace(**same)) == first, "the same on both databases"  # type: ignore[arg-type]
    assert first != seals.linked("1" * 64, SimpleNamespace(**row))  # type: ignore[arg-type]


def test_a_row_is_given_its_time_before_it_counts_as_not_sealed(
    works: Works, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    does(works, "a")
    clock.forward(seconds=59)
    assert verified(works, capsys)[0] == 0
    clock.forward(seconds=2)
    assert "1 行超过一分钟没有封存" in verified(works, capsys)[1]


def test_other_keys_prove_nothing(works: Works, database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    sealed(works, *map(str, range(60)))
    other = connect(database_url, Keyring.derived(f"not {SECRET}"))
    code, told = verified(Works(other, works.clock, works.settings), capsys)
    assert code == 1 and "第 1 号的封印不是我们的" in told and "另外还有 11 处" in told
    other.dispose()


def test_proofs_go_over_to_a_new_key_and_what_was_tampered_with_does_not(
    works: Works, engine: Engine, database_url: str, clock: HandClock, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engines = {keys: connect(database_url, Keyring(keys)) for keys in ((NEW,), (NEW, OLD))}
    new, both = (Works(each, works.clock, works.settings) for each in engines.values())
    sealed(works, *map(str, range(seals.BATCH + 2)))
    tick(works, KEEP)
    file.write_text(file.read_text() + "none of ours\n")
    assert verified(new, capsys)[0] == 1, "the new key alone knows none of it"
    assert "发现 1 处" in verified(both, capsys)[1], "the old one proves it; one line outside is nobody's"
    with engine.begin() as connection:
        says(connection, "UPDATE audit SET link = mac, mac = link WHERE number = 2")

    moved = rotation.rotate(both)
    assert (moved["audit"], moved["heads"]) == (seals.BATCH + 1, 1), "not what was changed"
    assert file.stat().st_mode & 0o777 == 0o600 and file.read_text().endswith("none of ours\n")
    assert sum(rotation.rotate(both).values()) == 0
    for _ in range(2):
        code, told = verified(new, capsys)
        assert code == 1 and "第 2 号的封印不是我们的" in told and "外部记录的第 2 行看不懂" in told
        assert "发现 4 处" in told, "besides them: the row's link, and the next one's"
        sealed(new, "goes on")
    for each in engines.values():
        each.dispose()


# --- outside the database ---


def test_a_tail_that_was_cut_together_with_the_head_is_found_by_what_stands_outside(
    works: Works, engine: Engine, clock: HandClock, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed(works, "a", "b")
    with engine.begin() as connection:
        before = connection.execute(select(AuditHead.number, AuditHead.link, AuditHead.mac)).one()._asdict()
    sealed(works, "c", "d")
    tick(works, KEEP)
    sealed(works, "e")
    put_back = "UPDATE audit_heads SET number = :number, link = :link, mac = :mac"
    with engine.begin() as connection:
        says(connection, "DELETE FROM audit WHERE number > 2", put_back, **before)
    code, told = verified(works, capsys)
    assert code == 1 and told.startswith("外部记录的第 1 行封到第 4 号，现在没有这一号。")
    sealed(works, "x", "y", "z")
    code, told = verified(works, capsys)
    assert code == 1 and "外部记录的第 1 行里的第 4 号不是现在这一行" in told, "also after others took the numbers"
    with engine.begin() as connection:
        says(connection, "DELETE FROM audit", "DELETE FROM audit_heads")
    assert verified(works, capsys)[0] == 1, "also where everything is gone"
    kept = file.read_text()
    file.write_text(kept.replace('"number": 4', '"number": 3') + "{}\n")
    told = verified(works, capsys)[1]
    assert "外部记录的第 1 行被改过" in told and "外部记录的第 2 行看不懂" in told


def test_the_head_is_written_outside_once_a_day(works: Works, clock: HandClock, file: Path) -> None:
    tick(works, KEEP)
    assert not file.exists(), "nothing was sealed yet"
    sealed(works, "a")
    for _ in range(3):
        tick(works, KEEP)
        clock.forward(hours=1)
    assert file.stat().st_mode & 0o777 == 0o600
    sealed(works, "b")
    clock.forward(hours=12)
    tick(works, KEEP)
    told = [json.loads(line) for line in file.read_text().splitlines()]
    assert [each["number"] for each in told] == [1, 2]
    assert next(heads.lines(file)).at == START


def test_an_admin_reads_the_head_in_the_morning_and_nobody_else_does(company: Company, file: Path) -> None:
    admin = company.joins("小李", "总公司", "admin")
    company.make.customer("王敏", "华星科技有限公司")
    keban: Inside = company.keban
    for moment in ("08:59", "09:01", "09:15"):
        keban.until(f"2026-11-26 {moment}")
    with keban.works.read() as work:
        known = {f"审计链头 {row.number}:{row.link[:24]}" for row in seals.rows(work)}
    morning = admin.last("简报").text
    assert any(each in morning for each in known), morning
    assert "审计链头" not in company.manager.last("简报").text
    assert len(file.read_text().splitlines()) == 1


def test_the_clock_of_a_day_is_that_of_the_company(works: Works, clock: HandClock, file: Path) -> None:
    """16:00 in UTC is midnight in Shanghai."""
    sealed(works, "a")
    clock.at = dt.datetime(2026, 11, 25, 15, 59, tzinfo=dt.UTC)
    tick(works, KEEP)
    clock.forward(minutes=2)
    tick(works, KEEP)
    assert len(file.read_text().splitlines()) == 2


def test_a_line_outside_that_is_no_head_is_a_finding(
    works: Works, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed(works, "a")
    tick(works, KEEP)
    strange = '{"at": "2026-11-25T00:00:00+00:00", "number": 1, "link": "\\ud800", "mac": "x"}'
    file.write_text(f"{file.read_text()}{strange}\n")
    assert "外部记录的第 2 行看不懂" in verified(works, capsys)[1]
    assert heads.prove(str(file), works.keys) == 0 and file.read_text().endswith(f"{strange}\n")
