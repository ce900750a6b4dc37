"""The program in this process, on SQLite and on PostgreSQL, with a stand-in of the platform at its other end."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from sqlalchemy import Engine

import postgres
from bot import feishu, web
from bot.dispatch import Dispatcher
from bot.platform import Platform
from bot.sending import Sender
from handlers import router
from makers import Make
from models.engine import connect
from models.settings import Settings
from models.tables import Base
from models.tables.sealed import Keyring
from models.work import Works
from scheduler.jobs import JOBS
from scheduler.run import tick
from standins.feishu_api import FeishuApi
from standins.feishu_says import FeishuApp, Request
from world import JSON, HandClock, Somebody

SECRET = "secret of the tests"
ZONE = ZoneInfo("Asia/Shanghai")
START = dt.datetime(2026, 11, 25, 10, 0, tzinfo=ZONE)
APP = FeishuApp("cli_a1b2c3d4e5f60001", "an encrypt key", "a verification token", "tenant")
# how long an example takes says something of the machine, nothing of the program
hypothesis.settings.register_profile("keban", deadline=None)
hypothesis.settings.load_profile("keban")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden cards anew")


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
def server(ring: Keyring) -> Iterator[postgres.Server]:
    """One PostgreSQL a run, with a template that has the tables."""
    started = postgres.start(fast=True)

    def build(url: str) -> None:
        engine = connect(url, ring)
        Base.metadata.create_all(engine)
        engine.dispose()

    started.template("empty", build)
    yield started
    started.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/keban.db"
        return
    server: postgres.Server = request.getfixturevalue("server")
    url = server.clone("empty")
    yield url
    server.drop(url)


@pytest.fixture
def engine(database_url: str, ring: Keyring) -> Iterator[Engine]:
    made = connect(database_url, ring)
    if made.dialect.name == "sqlite":
        Base.metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def works(engine: Engine, clock: HandClock, settings: Settings) -> Works:
    return Works(engine, clock, settings)


@pytest.fixture
def make(works: Works) -> Make:
    return Make(works)


@pytest.fixture
def api(clock: HandClock) -> Iterator[FeishuApi]:
    with FeishuApi(APP.app_id, "app secret", clock=lambda: clock().timestamp()) as started:
        yield started
        assert not started.problems, started.problems


class Inside:
    """The program in this process; what it queued is sent, and what is due fired, when a test says so."""

    def __init__(self, works: Works, api: FeishuApi, clock: HandClock) -> None:
        self.works, self.api, self.clock, self.app = works, api, clock, APP
        credentials = {
            "app_id": APP.app_id,
            "app_secret": "app secret",
            "encrypt_key": APP.encrypt_key,
            "verification_token": APP.verification_token,
            "api_base": api.base_url,
        }
        platform = feishu.platform(Settings.model_validate({"feishu": credentials}).feishu)
        assert platform
        # the clock of a test stands still, so that everything would come at once
        self.platforms: dict[str, Platform] = {platform.name: replace(platform, limits=())}
        self.client = web.create(self.platforms, Dispatcher(router, works, self.platforms), works).test_client()
        self.sender = Sender(works, self.platforms[platform.name])

    def post(self, path: str, request: Request) -> tuple[int, JSON]:
        got = self.client.post(path, data=request.body, headers=request.headers)
        return got.status_code, got.get_json(silent=True) or {}

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

    def somebody(self, account: str) -> Somebody:
        return Somebody(self, account)


@pytest.fixture
def keban(works: Works, api: FeishuApi, clock: HandClock) -> Inside:
    return Inside(works, api, clock)


@pytest.fixture
def company(keban: Inside, make: Make) -> Company:
    return Company(keban, make)


class Company:
    """Two sales teams under one head, everybody bound."""

    def __init__(self, keban: Inside, make: Make) -> None:
        make.department("总公司")
        make.department("销售一部", parent="总公司")
        make.department("销售二部", parent="总公司")
        person: Callable[..., Somebody] = lambda *about: keban.somebody(make.user(*about))  # noqa: E731
        self.rep = person("王敏", "销售一部", "sales_rep")
        self.colleague = person("陈晨", "销售一部", "sales_rep")
        self.supervisor = person("赵强", "销售一部", "supervisor")
        self.stranger = person("周舟", "销售二部", "sales_rep")
        self.manager = person("林总", "总公司", "manager")
        self.make, self.keban = make, keban
