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
from process import APP_SECRET, Outside
from standins.feishu_api import FeishuApi
from test_story import ENTRY
from world import Seen, Somebody

pytestmark = pytest.mark.slow
REP, BOSS = "ou_0000000000000000000000000000a001", "ou_0000000000000000000000000000a002"
IMPATIENT = 20
TOPICS = "价格 交期 质保 合同 发票 样品 库存 运费 培训 安装 验收 退货 折扣 账期 竞品 预算".split()
WHOLE, PARTS = ("run",), ("web", "worker")


def ways(*those: tuple[str, tuple[str, ...]]) -> pytest.MarkDecorator:
    """Databases, and the commands that serve on them; a process takes seconds to start, so not all of both."""
    names = ["-".join((database, *parts)) for database, parts in those]
    return pytest.mark.parametrize(("blank_url", "parts"), those, indirect=["blank_url"], ids=names)


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
def live_api() -> Iterator[FeishuApi]:
    with FeishuApi(APP.app_id, APP_SECRET) as started:
        yield started
        assert not started.problems, started.problems


@pytest.fixture
def program(tmp_path: Path, blank_url: str, live_api: FeishuApi) -> Iterator[Outside]:
    """The program, not running yet."""
    made = Outside(tmp_path / "program", blank_url, live_api, workers=2)
    yield made
    made.close()


def started(program: Outside, *parts: str) -> Outside:
    """Start it whole with `run`, or in its parts, for which the database is made first."""
    program.parts = parts
    if parts != ("run",):
        program.command("db", "upgrade")
    program.start()
    return program


def hired(program: Outside) -> tuple[Somebody, Somebody]:
    """A salesperson and her supervisor, from the shell, while the server runs."""
    program.command("department", "set", "--name", "销售一部", "--parent", "总公司")
    where = ("--department", "销售一部")
    for number, name, role, account in (("S1", "王敏", "sales_rep", REP), ("S2", "赵强", "supervisor", BOSS)):
        who = ("--staff-no", number, "--name", name, "--role", role, "--mobile", f"1380013800{number[1]}")
        assert "绑定码" in program.command("user", "add", *who, *where, "--feishu", account)
    return program.somebody(REP), program.somebody(BOSS)


def archived(program: Outside) -> Somebody:
    """A salesperson who has one customer in the archive."""
    make = Make(program.works)
    make.user("林总", "总公司", "manager")
    rep = program.somebody(make.user("王敏", "销售一部", "sales_rep"))
    make.customer("王敏", "华星科技有限公司")
    program.drained()
    return rep


@ways(("sqlite", WHOLE), ("postgresql", WHOLE), ("postgresql", PARTS))
def test_from_a_new_customer_to_a_finished_reminder(program: Outside, parts: tuple[str, ...]) -> None:
    rep, boss = hired(started(program, *parts))
    start = program.wednesday()
    program.until(start)
    assert rep.says("/新客户").title == "录入新客户"
    assert rep.presses("提交", ENTRY).title == "待审核 · 华星科技有限公司"
    boss.presses("退回", on=boss.last("待审核 · 华星科技有限公司"))
    assert boss.presses("确认退回", {"退回原因": "请补地址"}).title == "已退回 · 华星科技有限公司"
    program.drained()
    assert "请补地址" in rep.last("已退回 · 华星科技有限公司").text

    rep.presses("修改")
    answer = rep.presses("重新提交", {"地址": "上海市浦东新区世纪大道 1 号"})
    assert answer.title == "待审核 · 华星科技有限公司"
    number = f"C{start:%Y%m}001"
    assert boss.presses("通过").title == f"已建档 · {number}"
    program.drained()
    assert "已由赵强处理" in rep.last(f"已建档 · {number}").text

    receipt = rep.says("/跟进 华星科技 已报价，等 回复 方式:电话 下次：明天上午10点")
    assert "已报价，等 回复" in receipt.text and "明天 10:00" in receipt.text
    assert not any(each.title.startswith("该跟进了") for each in map(Seen, rep.inbox()))
    program.until(start + dt.timedelta(days=1))
    reminder = rep.last("该跟进了 · 华星科技有限公司")
    rep.presses("完成", on=reminder)
    answer = rep.presses("完成", {"结果": "客户同意签合同"}, on=reminder)
    assert answer.title == "已记录跟进 · 华星科技有限公司"
    assert "客户同意签合同" in rep.says(f"/客户 {number}").text
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


def test_a_taken_port_is_a_sentence_and_the_next_port(tmp_path: Path, live_api: FeishuApi) -> None:
    program = Outside(tmp_path / "program", f"sqlite:///{tmp_path}/keban.db", live_api)
    with socket.create_server(("127.0.0.1", program.port)):
        taken, program.port = program.port, program.port + 1
        try:
            program.start()
            assert f"端口 {taken} 已被占用，改用 {program.port}。" in program.said()
            assert f"http://127.0.0.1:{program.port}/" in program.said()
            program.stop()
        finally:
            program.close()
