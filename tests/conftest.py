"""The program in this process, on SQLite and on PostgreSQL, with a stand-in of the platform at its other end."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from sqlalchemy import Engine

import bytecode
import databases
import postgres
from bot import web
from bot.dispatch import Dispatcher
from bot.platform import Platform
from bot.sending import Sender
from handlers import router
from makers import Make
from models.settings import Settings
from models.tables.sealed import Keyring
from models.work import Works
from scheduler.jobs import JOBS
from scheduler.run import tick
from standins.caller import in_time
from standins.feishu_api import FeishuApi
from world import APP, APP_SECRET, JSON, End, Feishu, HandClock

SECRET = "secret of the tests"
ZONE = ZoneInfo("Asia/Shanghai")
#: for what no database takes part in: words, rendering, pages.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
START = dt.datetime(2026, 11, 25, 10, 0, tzinfo=ZONE)
# how long an example takes says something of the machine, nothing of the program
hypothesis.settings.register_profile("keban", deadline=None)
hypothesis.settings.load_profile("keban")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden cards anew")


def pytest_configure() -> None:
    """Before the processes are started that run the tests."""
    bytecode.keep()


#: where what is PostgreSQL's own is measured.
MEASURED = ("test_work.py", "test_direct.py", "test_faults.py", "test_timers.py", "test_wake.py", "test_frozen.py")
TWIN = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note which tests on PostgreSQL run the same lines as on SQLite."""
    names = {item.nodeid for item in items}
    for item in items:
        again = "postgresql" in item.nodeid and item.nodeid.replace("postgresql", "sqlite") in names
        item.stash[TWIN] = again and item.path.name not in MEASURED


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measuring costs nearly as much as the test, so no line is measured twice."""
    measuring = getattr(item.config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if measuring is None or not item.stash[TWIN]:
        return (yield)
    measuring.pause()
    try:
        return (yield)
    finally:
        measuring.resume()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outside this machine is spoken to."""
    really = socket.socket.connect

    def only_here(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
            raise AssertionError(f"a test tried to reach {address}")
        really(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", only_here)


@pytest.fixture(scope="session")
def ring() -> Keyring:
    return Keyring.derived(SECRET)


@pytest.fixture(scope="session")
def kin(ring: Keyring) -> databases.Kin:
    return databases.Kin(ring)


@pytest.fixture(scope="session")
def server(kin: databases.Kin) -> Iterator[postgres.Server]:
    """One PostgreSQL a run, with a template that has the tables."""
    started = postgres.start(fast=True)
    started.template("empty", kin.begin)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def sqlite_file(kin: databases.Kin, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that has the tables, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "empty.db"
    kin.begin(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_file"), tmp_path / "keban.db")
        yield f"sqlite:///{tmp_path}/keban.db"
        return
    server: postgres.Server = request.getfixturevalue("server")
    with server.lent() as url:
        yield url


@pytest.fixture
def engine(database_url: str, kin: databases.Kin) -> Iterator[Engine]:
    made = kin.engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def works(engine: Engine, clock: HandClock, settings: Settings, kin: databases.Kin) -> Works:
    return kin.works(Works(engine, clock, settings))


@pytest.fixture
def make(works: Works) -> Make:
    return Make(works)


@pytest.fixture
def api(clock: HandClock) -> Iterator[FeishuApi]:
    with FeishuApi(APP.app_id, APP_SECRET, clock=lambda: clock().timestamp()) as started:
        yield started
        assert not started.problems, started.problems


class Inside:
    """The program in this process; what it queued is sent, and what is due fired, when a test says so."""

    def __init__(self, works: Works, end: End, clock: HandClock) -> None:
        self.works, self.end, self.clock, self.api, self.app = works, end, clock, end.api, end.app
        self.settings = Settings.model_validate({end.name: end.section})
        platform = end.platform(works)
        # the clock of a test stands still, so that everything would come at once
        self.platforms: dict[str, Platform] = {platform.name: replace(platform, limits=())}
        self.dispatch = Dispatcher(router, works, self.platforms)
        self.client = web.create(self.platforms, self.dispatch, works).test_client()
        self.sender = Sender(works, self.platforms[platform.name])

    def post(self, path: str, request: Any) -> tuple[int, JSON]:
        got = in_time(request, lambda: self.client.post(path, data=request.body, headers=request.headers))
        return got.status_code, got.get_json(silent=True) or {}

    def page(self, path: str, answers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Look at a page, or send its form."""
        got = self.client.get(path) if answers is None else self.client.post(path, data=answers)
        return got.status_code, got.get_data(as_text=True)

    def settle(self) -> None:
        """Send whatever is due."""
        while self.sender.drain():
            pass

    def tick(self) -> None:
        """Let the scheduler look once, and send what came of it."""
        for job in JOBS:
            tick(self.works, job)
        self.settle()

    def forward(self, **by: float) -> None:
        """Move the clock, then let everything happen that is due."""
        self.clock.forward(**by)
        self.tick()

    def until(self, moment: str) -> None:
        """Move the clock to a moment in Shanghai, such as `2026-11-26 10:00`."""
        at = dt.datetime.fromisoformat(moment).replace(tzinfo=ZONE)
        self.forward(seconds=(at - self.clock()).total_seconds())

    def somebody(self, account: str, name: str = "") -> Any:
        return self.end.somebody(self, account, name)


@pytest.fixture
def keban(works: Works, api: FeishuApi, clock: HandClock) -> Inside:
    return Inside(works, Feishu(api), clock)


@pytest.fixture
def company(keban: Inside, make: Make) -> Company:
    return Company(keban, make)


class Company:
    """Two sales teams under one head, everybody bound."""

    def __init__(self, keban: Inside, make: Make | None = None) -> None:
        self.keban, self.make = keban, make or Make(keban.works, keban.end.name, keban.end.account)
        self.make.department("总公司")
        self.make.department("销售一部", parent="总公司")
        self.make.department("销售二部", parent="总公司")
        self.rep = self.joins("王敏", "销售一部", "sales_rep")
        self.colleague = self.joins("陈晨", "销售一部", "sales_rep")
        self.supervisor = self.joins("赵强", "销售一部", "supervisor")
        self.stranger = self.joins("周舟", "销售二部", "sales_rep")
        self.manager = self.joins("林总", "总公司", "manager")

    def joins(self, name: str, department: str, *roles: str) -> Any:
        """One more person, bound; returns who says and presses things for him."""
        return self.keban.somebody(self.make.user(name, department, *roles), name)
