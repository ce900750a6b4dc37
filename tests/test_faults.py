"""What goes wrong behind the webhook: database away or busy, defects of ours, platform away, senders that die."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import Engine, event, func, insert, select, text, update

import postgres
from bot import web
from bot.dispatch import Dispatcher
from bot.logs import JsonLine
from bot.platform import Address, Json, Sent
from bot.routing import Router
from bot.sending import Sender
from cards.kit import Action, Button, Buttons, Card
from conftest import Company
from models.errors import Unavailable
from models.tables import Audit, Claim, Counter, FollowUp, Outbox, Outcome, PlatformPace
from models.work import Work, Works
from scheduler.jobs import JOBS
from scheduler.run import tick
from world import Seen

EVENTS, CARDS = "/feishu/events", "/feishu/cards"
LINE = "/跟进 华星科技 已报价，等回复"
ONLY = {name: pytest.mark.parametrize("database_url", [name], indirect=True) for name in ("sqlite", "postgresql")}


def count(works: Works, table: type, *where: Any) -> int:
    with works.read() as work:
        return int(work.run(select(func.count()).select_from(table).where(*where)).scalar())


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


Away = Callable[[], AbstractContextManager[None]]


def cut_off(server: postgres.Server) -> None:
    """End every connection of the program."""
    server.admin.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )


@pytest.fixture
def away(database_url: str, engine: Engine, request: pytest.FixtureRequest) -> Away:
    """The database is out of reach for a while."""

    @contextmanager
    def sqlite() -> Iterator[None]:
        engine.dispose()
        file = Path(engine.url.database or "")
        kept = file.rename(file.with_suffix(".kept"))
        file.mkdir()
        yield
        file.rmdir()
        kept.rename(file)

    @contextmanager
    def postgresql() -> Iterator[None]:
        server: postgres.Server = request.getfixturevalue("server")
        name = urlsplit(database_url).path.lstrip("/")
        cut_off(server)
        server.admin.execute(f'ALTER DATABASE "{name}" RENAME TO "{name}_away"'.encode())
        yield
        server.admin.execute(f'ALTER DATABASE "{name}_away" RENAME TO "{name}"'.encode())

    return sqlite if engine.dialect.name == "sqlite" else postgresql


# --- the database ---


def test_while_the_database_is_away_nothing_is_taken_and_afterwards_everything_works(
    company: Company, works: Works, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    keban, rep = company.keban, company.rep
    form = rep.says("/新客户")
    message = keban.app.message(rep.account, LINE)
    press = rep.request_for(form, form.card, "提交", {"客户全称": "甲"})
    claims = count(works, Claim)
    with away():
        for path, request in ((EVENTS, message), (CARDS, press), (EVENTS, message)):
            assert keban.post(path, request) == (503, {"error": 503})
        with pytest.raises(Unavailable):
            keban.settle()
        for job in JOBS:
            tick(works, job)  # logs and waits for the next one
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert count(works, Claim) == claims and count(works, FollowUp) == 0
    assert keban.post(EVENTS, message) == (200, {}) and keban.post(CARDS, press)[0] == 200
    keban.settle()
    assert count(works, FollowUp) == 1 and rep.last().title == "已记录跟进 · 华星科技有限公司"


def test_a_sender_waits_for_the_database_and_goes_on(
    company: Company, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    keban, stop = company.keban, threading.Event()
    assert keban.post(EVENTS, keban.app.message(company.rep.account, "/帮助"))[0] == 200
    sending = threading.Thread(target=keban.sender.run, args=[stop])
    with away():
        sending.start()
        while not any("sending waits for the database" in line for line in said(caplog)):
            threading.Event().wait(0.02)
        assert not keban.api.messages
    keban.works.wake.set()
    keban.api.wait_for(lambda message: True)
    stop.set()
    keban.works.wake.set()
    sending.join(10)
    assert not sending.is_alive() and len(keban.api.messages) == 1


def test_what_was_sent_while_the_database_went_away_is_marked_when_it_is_back(
    company: Company, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    keban, stop = company.keban, threading.Event()
    under_way, back = threading.Event(), threading.Event()
    platform = keban.platforms["feishu"]

    class Slow:
        billed = platform.client.billed

        def send(self, to: Address, card: Json, key: str) -> Sent:
            sent = platform.client.send(to, card, key)
            under_way.set()
            assert back.wait(10)
            return sent

    client: Any = Slow()
    assert keban.post(EVENTS, keban.app.message(company.rep.account, "/帮助"))[0] == 200
    sending = threading.Thread(target=Sender(keban.works, replace(platform, client=client)).run, args=[stop])
    sending.start()
    assert under_way.wait(10)
    with away():
        back.set()
        while sum("sending waits for the database" in line for line in said(caplog)) < 2:  # one is of looking for more
            threading.Event().wait(0.02)
    stop.set()
    keban.works.wake.set()
    sending.join(10)
    assert not sending.is_alive() and keban.api.sends == 1
    with keban.works.read() as work:
        assert [str(each) for each in work.run(select(Outbox.state)).scalars()] == ["sent"]
        spent = work.run(select(PlatformPace.pace)).scalars()[0]["calls"]
    assert spent == 1, "and counted"


@pytest.fixture
def impatient(engine: Engine) -> None:
    """Waits a fifth of a second for a lock instead of ten."""

    def shorten(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA busy_timeout=200")

    event.listen(engine, "connect", shorten)
    engine.dispose()


@ONLY["sqlite"]
@pytest.mark.parametrize(("held", "status"), [(0.3, 200), (30.0, 503)], ids=["a moment", "for long"])
def test_a_file_locked_by_another_program_is_waited_for_but_not_for_ever(
    impatient: None, company: Company, works: Works, caplog: pytest.LogCaptureFixture, held: float, status: int
) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    claims, message = count(works, Claim), company.keban.app.message(company.rep.account, LINE)
    other = sqlite3.connect(works._engine.url.database or "", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    letting_go = threading.Timer(held, other.rollback)
    letting_go.start()
    assert company.keban.post(EVENTS, message)[0] == status
    assert any(line.startswith("unit of work repeated (1)") for line in said(caplog))
    letting_go.cancel()
    other.rollback()
    other.close()
    assert count(works, Claim) == claims + (status == 200)
    assert company.keban.post(EVENTS, message) == (200, {})
    assert count(works, FollowUp) == 1


class Explode(Action, name="test.explode"):
    """A button of these tests."""


class Own:
    """The program with a command of the test's own."""

    def __init__(self, company: Company, do: Callable[[Work], object]) -> None:
        router, self.attempts = Router(), 0

        @router.command("/试", may=None)
        def attempt(*, work: Work) -> Card:
            """试。"""
            self.attempts += 1
            work.audit("attempt", f"test:{self.attempts}")
            do(work)
            return Card("成了", (Buttons.of(Button("再来", Explode())),))

        @router.action(Explode, may=None)
        def explode(action: Explode, *, work: Work) -> Card:
            """炸。"""
            return attempt(work=work)

        keban = company.keban
        self.company, self.request = company, keban.app.message(company.rep.account, "/试")
        dispatch = Dispatcher(router, keban.works, keban.platforms)
        self.client = web.create(keban.platforms, dispatch, keban.works).test_client()

    def post(self, path: str = EVENTS, request: Any = None) -> tuple[int, Any]:
        request = request or self.request
        got = self.client.post(path, data=request.body, headers=request.headers)
        return got.status_code, got.get_json()

    def works_once(self, works: Works) -> None:
        """However often it was tried, and delivered once more, it happened once."""
        assert self.post() == (200, {}) and self.post() == (200, {})
        self.company.keban.settle()
        assert count(works, Audit, Audit.operation == "attempt") == 1
        assert [Seen(each).title for each in self.company.rep.inbox()] == ["成了"]


def end_own_connection(work: Work) -> None:
    work.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@ONLY["postgresql"]
def test_work_is_repeated_when_the_connection_is_lost_in_the_middle(
    company: Company, works: Works, caplog: pytest.LogCaptureFixture
) -> None:
    own = Own(company, lambda work: own.attempts == 1 and end_own_connection(work))
    own.works_once(works)
    assert own.attempts == 2 and any(line.startswith("unit of work repeated (1)") for line in said(caplog))


@ONLY["postgresql"]
def test_work_is_not_repeated_for_ever(company: Company, works: Works) -> None:
    own = Own(company, end_own_connection)
    assert own.post() == (503, {"error": 503}) and own.attempts == 3
    assert count(works, Audit, Audit.operation == "attempt") == 0 and count(works, Claim) == 0


@ONLY["postgresql"]
@pytest.mark.parametrize("committed", [False, True], ids=["before it is written", "after it was written"])
def test_an_answer_to_the_commit_that_never_came_changes_nothing(
    company: Company, works: Works, engine: Engine, server: postgres.Server, committed: bool
) -> None:
    own, lost = Own(company, lambda work: None), []

    def lose(connection: Any) -> None:
        if own.attempts == 1 and not lost:
            lost.append(connection)
            driver = connection.connection.dbapi_connection
            pid = driver.info.backend_pid
            if committed:
                driver.commit()
            server.admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    event.listen(engine, "commit", lose)
    own.works_once(works)
    assert lost


@ONLY["postgresql"]
def test_idle_connections_that_were_cut_are_replaced(company: Company, works: Works, server: postgres.Server) -> None:
    own = Own(company, lambda work: None)
    cut_off(server)
    own.works_once(works)


@ONLY["postgresql"]
def test_work_is_repeated_after_a_deadlock(
    company: Company, works: Works, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    works.perform(lambda work: work.run(insert(Counter).values([{"prefix": p, "value": 0} for p in "AB"])))
    both, lock = threading.Barrier(2), "UPDATE counters SET value = value + 1 WHERE prefix = %s"

    def cross(work: Work) -> None:
        work.connection.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
        work.run(update(Counter).where(Counter.prefix == "A").values(value=Counter.value + 1))
        if own.attempts == 1:
            both.wait(10)
            both.wait(10)
        work.run(update(Counter).where(Counter.prefix == "B").values(value=Counter.value + 1))

    def against() -> None:
        with psycopg.connect(database_url.replace("+psycopg", "")) as other:
            other.execute("SET deadlock_timeout = '30s'")
            other.execute(lock, ["B"])
            both.wait(10)
            both.wait(10)
            other.execute(lock, ["A"])

    own = Own(company, cross)
    rival = threading.Thread(target=against)
    rival.start()
    own.works_once(works)
    rival.join(10)
    assert own.attempts == 2 and "unit of work repeated (1): DeadlockDetected" in said(caplog)
    with works.read() as work:
        assert work.run(select(Counter.value)).scalars() == [2, 2]


# --- our own defects ---


PRIVATE = "秘密是 13912345678"


def fail(work: Work) -> None:
    work.run(insert(FollowUp), customer_id=1, author_id=1, content=PRIVATE, at=None)


def test_a_defect_is_apologised_for_with_a_number_that_is_in_the_log(
    company: Company, works: Works, caplog: pytest.LogCaptureFixture
) -> None:
    own = Own(company, lambda work: own.attempts > 1 and fail(work))
    assert own.post() == (200, {})
    company.keban.settle()
    fine, before, numbers = company.rep.last("成了"), count(works, Audit), list[str]()
    own.request = company.keban.app.message(company.rep.account, "/试")
    press = company.rep.request_for(fine, fine.card, "再来")
    for path, request in ((EVENTS, own.request), (CARDS, press)):
        caplog.clear()
        status, body = own.post(path, request)
        assert own.post(path, request) == (status, body) == (200, body), "the claim is kept"
        company.keban.settle()
        shown = body["toast"]["content"] if body else company.rep.last("出错了").text
        number = shown.split("编号 ")[1].strip()
        numbers.append(number)
        [line] = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert number in line.getMessage() and line.exc_info
        written = JsonLine().format(line)
        assert PRIVATE not in written and "DETAIL" not in written, "no values of a statement in the log"
        assert "follow_ups" in written
    assert own.attempts == 3 and count(works, Audit) == before + 2 and count(works, FollowUp) == 0
    with works.read() as work:
        failed = work.run(select(Audit.detail).where(Audit.outcome == Outcome.FAILED).order_by(Audit.id)).scalars()
    assert failed == [{"number": number} for number in numbers]
    assert [Seen(each).title for each in company.rep.inbox()] == ["成了", "出错了"]
