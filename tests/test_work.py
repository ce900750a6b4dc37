"""The unit of work: whole or not at all, again when the database asks for it, few statements and none built anew."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Delete, Engine, Insert, Select, Update, bindparam, event, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.base import Generative
from sqlalchemy.sql.compiler import SQLCompiler

from conftest import Company, HandClock
from driver import noted, work_of
from models import outbox
from models.errors import Claimed, Refused, Unavailable
from models.settings import Playground, Settings
from models.tables import Audit, Clock, Department
from models.work import Notice, Work, Works

ADD = insert(Department).returning(Department.id)
PUT = insert(Department)
RENAME = update(Department).where(Department.name == bindparam("old")).values(name=bindparam("new"))
TICK = insert(Clock)
NAMES = select(Department.name).order_by(Department.id)


def names(works: Works) -> list[str]:
    with works.read() as work:
        return list(work.run(NAMES).scalars())


def test_what_raises_is_undone_whole(works: Works) -> None:
    told: list[str] = []

    def task(work: Work, fault: Exception | None) -> str:
        work.run(ADD, name="甲")
        work.db.add(Department(name="乙"))
        work.audit("test", "department:1", why=None, name="甲")
        work.after.append(lambda: told.append("after"))
        if fault:
            raise fault
        return "done"

    for fault in (Refused("不行"), RuntimeError("broken"), KeyboardInterrupt()):
        with pytest.raises(type(fault)):
            works.perform(lambda work, fault=fault: task(work, fault))  # type: ignore[misc]
        assert names(works) == [] and told == []
    assert works.perform(lambda work: task(work, None)) == "done"
    assert names(works) == ["甲", "乙"] and told == ["after"]
    with works.read() as work:
        assert work.run(select(Audit.detail)).scalars() == [{"name": "甲"}]


def test_hooks_run_after_the_commit_and_may_look(works: Works) -> None:
    seen: list[list[str]] = []
    with works.write() as work:
        work.run(ADD, name="甲")
        work.after.append(lambda: seen.append(names(works)))
        assert seen == []
    assert seen == [["甲"]]


def test_a_look_changes_nothing(works: Works) -> None:
    works.perform(lambda work: work.run(ADD, name="甲"))
    with pytest.raises((DBAPIError, sqlite3.Error, psycopg.Error), match=r"readonly|read-only"), works.read() as work:
        work.run(ADD, name="乙")
    with pytest.raises((DBAPIError, sqlite3.Error, psycopg.Error), match=r"readonly|read-only"), works.read() as work:
        work.db.add(Department(name="丙"))
        work.db.flush()
    assert names(works) == ["甲"]
    works.perform(lambda work: work.run(ADD, name="丁"))
    assert names(works) == ["甲", "丁"], "the same connection can write again"


def test_a_look_does_not_wait_for_a_writer(works: Works) -> None:
    with works.write() as work:
        work.run(ADD, name="甲")
        assert names(works) == []
    assert names(works) == ["甲"]


def test_the_orm_and_core_see_each_other(works: Works) -> None:
    def task(work: Work) -> tuple[list[str], str]:
        work.db.add(Department(name="甲"))
        by_core = list(work.run(NAMES).scalars())
        number = work.add(ADD, name="乙")
        return by_core, work.db.get_one(Department, number).name

    assert works.perform(task) == (["甲"], "乙")
    assert names(works) == ["甲", "乙"]


def test_a_savepoint_undoes_only_its_part(works: Works) -> None:
    def task(work: Work) -> list[Notice]:
        work.run(ADD, name="甲")
        work.notify("test", 1, [1, 1, 2])
        for fault, name in ((True, "乙"), (False, "丙")):
            try:
                with work.savepoint():
                    work.run(ADD, name=name)
                    work.db.add(Department(name=f"{name}二"))
                    work.notify("test", 2 if fault else 3, anew=True)
                    if fault:
                        raise ValueError(name)
            except ValueError:
                work.run(ADD, name="还在")
        return work.notices

    assert works.perform(task) == [Notice("test", 1, (1, 2)), Notice("test", 3, (), anew=True)]
    assert names(works) == ["甲", "还在", "丙", "丙二"]


@contextmanager
def held(engine: Engine) -> Iterator[Callable[[], None]]:
    """The row 甲 held by somebody else (on SQLite the whole file), until the given function is called."""
    if engine.dialect.name == "sqlite":
        rival = sqlite3.connect(str(engine.url.database), isolation_level=None, check_same_thread=False)
        rival.execute("BEGIN IMMEDIATE")
        try:
            yield lambda: rival.execute("ROLLBACK") and None
        finally:
            rival.close()
        return
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT * FROM departments FOR UPDATE")
        yield connection.rollback


def impatient(engine: Engine) -> None:
    """SQLite gives up as soon as PostgreSQL does."""
    if engine.dialect.name == "sqlite":
        engine.dispose()
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=200") and None)


def rename(work: Work) -> str:
    work.db.scalars(select(Department)).one().name = "乙"
    work.db.flush()
    return "renamed"


def test_a_lock_is_waited_for_and_the_work_repeated(
    works: Works, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    works.perform(lambda work: work.run(ADD, name="甲"))
    impatient(engine)
    with held(engine) as release:
        patience = 0.3 if works.sqlite else 1.3
        later = threading.Timer(patience, release)
        later.start()
        assert works.perform(rename) == "renamed"
        later.join()
    assert "unit of work repeated (1)" in caplog.text and names(works) == ["乙"]


def test_a_database_that_stays_locked_is_unavailable(works: Works, engine: Engine) -> None:
    works.perform(lambda work: work.run(ADD, name="甲"))
    impatient(engine)
    with held(engine) as release:
        with pytest.raises(Unavailable, match="stays busy"):
            works.perform(rename)
        release()
    assert names(works) == ["甲"] and works.perform(rename) == "renamed"


def test_a_defect_is_not_repeated(works: Works) -> None:
    tries: list[int] = []

    def task(work: Work) -> None:
        tries.append(1)
        work.run(ADD, name="甲")
        work.run(ADD, name=None)

    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.NotNullViolation)):
        works.perform(task)
    assert tries == [1] and names(works) == []


def test_a_key_that_is_taken_whenever_it_is_tried_was_no_rivals(works: Works) -> None:
    tries: list[int] = []

    def task(work: Work) -> None:
        tries.append(1)
        work.run(ADD, name="甲")
        work.run(ADD, name="甲")

    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation)) as twice:
        works.perform(task)
    assert len(tries) == (1 if works.sqlite else 3) and names(works) == []
    assert "甲" not in str(twice.value), "values never reach a log"


def test_sixteen_writers_all_succeed(works: Works) -> None:
    """Each reads, thinks and writes; a lost update or a refused writer would show."""
    works.perform(lambda work: work.run(insert(Clock), id=1, ahead_seconds=0))

    def count(_: int) -> None:
        def task(work: Work) -> None:
            row = work.db.scalars(select(Clock).with_for_update()).one()
            row.ahead_seconds += 1

        works.perform(task)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(count, range(160)))
    with works.read() as work:
        assert work.run(select(Clock.ahead_seconds)).scalar() == 160


def test_business_time_runs_ahead_only_in_the_playground(engine: Engine, clock: HandClock) -> None:
    real = Works(engine, clock, Settings())
    real.perform(lambda work: work.run(insert(Clock), id=1, ahead_seconds=3600))
    playing = Works(engine, clock, Settings(playground=Playground(enabled=True)))
    for works, ahead in ((real, 0), (playing, 3600)):
        with works.read() as work:
            assert (work.now - clock(), work.real) == (dt.timedelta(seconds=ahead), clock())


LINE = "/跟进 华星科技 已报价，等回复 方式:电话 下次:周五"


@contextmanager
def building(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that is begun, changed or compiled meanwhile."""
    built: list[str] = []

    def count(patch: pytest.MonkeyPatch, kind: type, name: str) -> None:
        really = getattr(kind, name)

        def counted(self: object, *given: object, **named: object) -> object:
            built.append(f"{type(self).__name__}.{name}")
            return really(self, *given, **named)

        patch.setattr(kind, name, counted)

    with monkeypatch.context() as patch:
        for kind in (SQLCompiler, Select, Insert, Update, Delete):
            count(patch, kind, "__init__")
        count(patch, Generative, "_generate")
        yield built


def test_a_follow_up_costs_few_statements_and_builds_none(
    company: Company, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rep, keban = company.rep, company.keban
    company.make.customer("王敏", "华星科技有限公司")
    assert rep.says(LINE).title.startswith("已记录跟进")
    sent, most = noted(engine), 11 if keban.works.sqlite else 4
    assert rep.says(LINE).title.startswith("已记录跟进")
    request = keban.app.message(rep.account, LINE, chat_id=rep.chat)
    sent.clear()
    with building(monkeypatch) as built:
        assert keban.post("/feishu/events", request) == (200, {})
        assert built == [] and 0 < len(work_of(sent)) <= most, sent
        assert keban.works.sqlite or work_of(sent) == sent, "the last statement commits itself"
        with keban.works.read() as work:
            work.run(select(Audit.id).where(Audit.operation == "follow_up.record").limit(3))
        assert {"Select.__init__", "Select._generate"} < {*built}, "a statement built here is noticed"
        assert any("Compiler" in each for each in built)
    keban.settle()
    assert rep.last().title.startswith("已记录跟进")


def test_writes_nobody_asks_about_go_together_and_are_seen_in_their_order(works: Works, engine: Engine) -> None:
    """PostgreSQL gets as few statements as their meaning allows; what is there in the end is the same as on SQLite."""
    sent = noted(engine)

    def task(work: Work) -> list[str]:
        work.put(PUT, name="甲")
        work.put(TICK, id=1, ahead_seconds=5)
        before = work.run(select(Audit.id)).scalars()
        work.put(PUT, name="乙")
        work.put(RENAME, old="甲", new="丙")
        return [*before, *work.run(NAMES).scalars()]

    assert works.perform(task) == ["丙", "乙"] and names(works) == ["丙", "乙"]
    if not works.sqlite:
        assert _words(sent)[:6] == ["SELECT", "BEGIN", "WITH", "INSERT", "UPDATE", "SELECT"]
    sent.clear()
    works.perform(lambda work: [work.put(PUT, name="丁"), work.audit("test", "department:1")])
    assert works.sqlite or _words(sent) == ["WITH"], "one statement commits itself"
    assert names(works)[-1] == "丁"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_unit_of_work_inside_another_is_one_of_its_own(works: Works) -> None:
    with pytest.raises(RuntimeError), works.write() as outer:
        outer.run(ADD, name="甲")
        works.perform(lambda inner: inner.run(ADD, name="乙"))
        raise RuntimeError
    assert names(works) == ["乙"]


def test_only_the_key_of_an_event_means_that_it_was_claimed(works: Works) -> None:
    """What a person typed may stand in the words of an error."""
    words = 'claims.key "pk_claims"'
    works.perform(lambda work: work.run(ADD, name=words))
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation)):
        works.perform(lambda work: work.run(ADD, name=words))
    works.perform(lambda work: outbox.claim_event(work, "feishu:1"))
    with pytest.raises(Claimed):
        works.perform(lambda work: outbox.claim_event(work, "feishu:1"))


def _words(sent: list[str]) -> list[str]:
    return [statement.split()[0] for statement in sent]


def test_an_idle_sender_does_not_take_the_write_lock(works: Works, company: Company) -> None:
    with works.write():
        began = time.monotonic()
        assert company.keban.sender.drain() == 0
        assert time.monotonic() - began < 1
