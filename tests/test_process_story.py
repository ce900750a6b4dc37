"""The main job on the real server process, and how that process starts and stops."""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

import app
import postgres
from conftest import APP
from makers import Make
from models.tables import FollowUp, Outbox, OutboxState
from process import Outside
from test_story import corrected_and_approved, entered_and_returned, followed_up, opened, reminded_and_done
from world import End, Person, Seen, Somebody

pytestmark = pytest.mark.slow
IMPATIENT = 20
TOPICS = "价格 交期 质保 合同 发票 样品 库存 运费 培训 安装 验收 退货 折扣 账期 竞品 预算".split()
WHOLE, PARTS = ("run",), ("web", "worker")


def ways(*those: tuple[str, ...]) -> pytest.MarkDecorator:
    """Databases, the commands that serve on them, and the surface where it is not Feishu.

    A process takes seconds to start, so not all of all.
    """
    names = ["-".join((database, *parts, *surface)) for database, parts, *surface in those]
    values = [(database, parts, *(surface or ["feishu"])) for database, parts, *surface in those]
    return pytest.mark.parametrize(
        ("blank_url", "parts", "surface"), values, indirect=["blank_url", "surface"], ids=names
    )


@pytest.fixture
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/var/keban.db"
        return
    server: postgres.Server = request.getfixturevalue("server")
    url = server.clone("template1")
    yield url
    server.drop(url)


@pytest.fixture
def surface(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", "feishu")


@pytest.fixture
def end(surface: str) -> Iterator[End]:
    with opened(surface) as platform:
        yield platform


@pytest.fixture
def program(tmp_path: Path, blank_url: str, end: End) -> Iterator[Outside]:
    """The program, not running yet."""
    made = Outside(tmp_path / "program", blank_url, end, workers=2)
    yield made
    made.close()


def started(program: Outside, *parts: str) -> Outside:
    """Start it whole with `run`, or in its parts, for which the database is made first."""
    program.parts = parts
    if parts != ("run",):
        program.upgrade()
    program.start()
    return program


def hired(program: Outside) -> tuple[Person, Person]:
    """A salesperson and her supervisor, made by another process while the server runs."""
    make = Make(program.works, program.end.name, program.end.account)
    make.department("销售一部", parent="总公司")
    people = (("王敏", "sales_rep"), ("赵强", "supervisor"))
    rep, boss = (program.somebody(make.user(name, "销售一部", role), name) for name, role in people)
    return rep, boss


def archived(program: Outside) -> Somebody:
    """A salesperson who has one customer in the archive."""
    make = Make(program.works)
    make.user("林总", "总公司", "manager")
    rep = program.somebody(make.user("王敏", "销售一部", "sales_rep"))
    make.customer("王敏", "华星科技有限公司")
    program.drained()
    return rep


@ways(("sqlite", WHOLE), ("postgresql", PARTS), ("sqlite", PARTS, "words"), ("postgresql", WHOLE, "card"))
def test_from_a_new_customer_to_a_finished_reminder(program: Outside, parts: tuple[str, ...]) -> None:
    rep, boss = hired(started(program, *parts))
    start = program.wednesday()
    program.until(start)
    number = f"C{start:%Y%m}001"
    entered_and_returned(rep, boss)
    program.drained()
    corrected_and_approved(rep, boss, number)
    program.drained()
    followed_up(rep, number)
    program.until(start + dt.timedelta(days=1))
    reminded_and_done(rep, number)
    program.drained()
    program.stop()


@contextmanager
def busy(program: Outside) -> Iterator[None]:
    """Somebody else writes: every event has to wait until the block ends."""
    with program.works.write() as work:
        if not program.works.sqlite:
            work.connection.execute(text("LOCK TABLE claims IN EXCLUSIVE MODE"))
        yield


@ways(("sqlite", WHOLE), ("postgresql", WHOLE))
def test_asked_to_stop_it_answers_what_it_took_and_loses_nothing(program: Outside, parts: tuple[str, ...]) -> None:
    rep = archived(started(program, *parts))
    program.api.latency = 2
    requests = [
        APP.message(rep.account, f"/跟进 华星科技 第{n}次谈", rep.chat) for n in "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳"
    ]
    with ThreadPoolExecutor(len(TOPICS)) as clients:
        with busy(program):
            answers = [clients.submit(program.post, "/feishu/events", request) for request in requests]
            threading.Event().wait(0.4)  # all of them are inside now
            assert not any(answer.done() for answer in answers)
            program.running[0].send_signal(signal.SIGTERM)
            threading.Event().wait(0.2)
        assert Counter(answer.result()[0] for answer in answers) == {200: len(TOPICS)}
    program.ended()
    with program.works.read() as work:
        assert work.connection.execute(select(func.count()).select_from(FollowUp)).scalar() == len(TOPICS)
        held = select(func.count()).where(Outbox.state == OutboxState.QUEUED, Outbox.lease_until.is_not(None))
        assert work.connection.execute(held).scalar() == 0, "a sender went away in the middle of a message"
    assert program.queued() > 0

    program.api.latency = 0
    program.start()
    program.drained()
    receipts = Counter(Seen(each).text for each in rep.inbox() if Seen(each).title.startswith("已记录跟进"))
    assert len(receipts) == len(TOPICS) and set(receipts.values()) == {1}
    program.stop()


@ways(("sqlite", WHOLE), ("postgresql", PARTS))
def test_ctrl_c_in_its_terminal_stops_it_cleanly(program: Outside, parts: tuple[str, ...]) -> None:
    started(program, *parts)
    for _ in range(IMPATIENT):
        with suppress(ProcessLookupError):
            program.told(signal.SIGINT)
        time.sleep(0.02)
    program.ended()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", program.port), timeout=5)


class Standing:
    """A gunicorn worker as far as signals concern it."""

    alive, told = True, 0

    def handle_exit(self, sign: int, frame: object) -> None:
        self.alive, self.told = False, self.told + 1


def test_however_often_a_worker_is_told_to_stop_it_ends_once_and_in_its_own_time() -> None:
    worker, stop = Standing(), threading.Event()
    before = {sign: signal.getsignal(sign) for sign in app.STOPS}
    try:
        app.stop_with(worker, stop)
        assert not stop.is_set()
        for sign in app.STOPS * 2:
            os.kill(os.getpid(), sign)
            assert stop.is_set()
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
    assert worker.told == 1


def test_a_taken_port_is_a_sentence_and_the_next_port(tmp_path: Path, end: End) -> None:
    program = Outside(tmp_path / "program", f"sqlite:///{tmp_path}/keban.db", end)
    with socket.create_server(("127.0.0.1", program.port)):
        taken, program.port = program.port, program.port + 1
        try:
            program.start()
            assert f"端口 {taken} 已被占用，改用 {program.port}。" in program.said()
            assert f"http://127.0.0.1:{program.port}/" in program.said()
            program.stop()
        finally:
            program.close()
