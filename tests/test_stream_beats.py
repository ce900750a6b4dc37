"""Whether a long connection stands is known outside of its process, and costs the connection nothing (O5)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.dingtalk import stream
from bot.dingtalk.client import DingTalkClient
from bot.stream import Stream, alive
from models.engine import connect
from models.settings import Settings
from models.tables.sealed import Keyring
from models.work import Works
from standins.dingtalk_api import DingTalkApi
from streaming import PACE, running
from test_dingtalk_stream import Streaming, company, ding, gateway, keban, robot
from world import JSON, HandClock

__all__ = ["company", "ding", "gateway", "keban"]  # fixtures


def ready(keban: Streaming) -> tuple[int, JSON]:
    """What `/readyz` says while the scheduler is well: the status, and the ages of the long connections."""
    keban.tick()
    got = keban.client.get("/readyz")
    assert got.json and got.json["scheduler_seconds"] == 0
    return got.status_code, got.json["streams"]


def eventually(until: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 10
    while not until():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def test_whether_it_stands_is_known_for_a_day(keban: Streaming, ding: DingTalkApi, clock: HandClock) -> None:
    def stands() -> bool:
        return ready(keban) == (200, {"dingtalk": 0})

    assert ready(keban) == (200, {}), "nobody misses what never was"
    with running(keban.stream()):
        keban.gateway.connected()
        eventually(stands, "the first sign of life")
        clock.forward(seconds=90)
        eventually(stands, "a sign of life while it stands")

        ding.fail_next(1000, status=503, path="/gateway/")
        tried = ding.calls
        keban.gateway.living[-1].cut()
        eventually(lambda: ding.calls > tried + 1, "attempts to connect")
        for by, age, status in ((60, 60, 200), (1, 61, 503), (86_339, 86_400, 503)):
            clock.forward(seconds=by)
            time.sleep(PACE.beat * 1.5)
            assert ready(keban) == (status, {"dingtalk": age})
        clock.forward(seconds=1)
        assert ready(keban) == (200, {}), "who does not use it any more is well"

        ding.mend()
        keban.gateway.connected(2)
        eventually(stands, "the sign of life of the next connection")
    assert ready(keban) == (200, {}), "who was told to end is missed by nobody"


def test_one_that_never_came_up_is_missed(keban: Streaming, ding: DingTalkApi, clock: HandClock) -> None:
    ding.fail_next(1000, status=503, path="/gateway/")
    with running(keban.stream()):
        eventually(lambda: ready(keban) == (200, {"dingtalk": 0}), "it is expected from the beginning")
        clock.forward(seconds=61)
        time.sleep(PACE.beat * 1.5)
        assert ready(keban) == (503, {"dingtalk": 61})
    assert ready(keban) == (200, {})


def beating(keban: Streaming, beat: Callable[[bool], None], every: float = PACE.beat) -> Stream:
    """A connection with a sign of life of the test's own."""
    platform, client = keban.platforms["dingtalk"], DingTalkClient(keban.settings.dingtalk, keban.works)

    def opened() -> stream.Talk:
        return stream.Talk(client.open_stream(stream.SUBSCRIPTIONS), platform, keban.dispatch, lambda *_: None)

    return Stream("dingtalk", opened, 4, beat, replace(PACE, beat=every))


def away(clock: HandClock) -> Callable[[bool], None]:
    """The real sign of life, of a database that does not answer."""
    engine = connect("postgresql+psycopg://keban@127.0.0.1:9/keban", Keyring.derived("nothing is sealed"))
    return alive(Works(engine, clock, Settings()), "dingtalk")


def defect(stands: bool) -> None:
    raise KeyError("a defect")


@pytest.mark.parametrize(("fault", "level"), [("away", "WARNING"), ("defect", "ERROR")])
def test_a_sign_of_life_that_fails_costs_no_connection(
    keban: Streaming, clock: HandClock, caplog: pytest.LogCaptureFixture, fault: str, level: str
) -> None:
    def failures() -> list[str]:
        return [each.levelname for each in caplog.records if "no sign of life was left" in each.getMessage()]

    with running(beating(keban, away(clock) if fault == "away" else defect)):
        keban.gateway.connected()
        eventually(lambda: len(failures()) >= 2, "it is tried again")
        assert keban.post("", robot(keban, "/帮助")) == (200, {})
        assert len(keban.gateway.connections) == 1 and keban.gateway.living
    assert set(failures()) == {level} and ready(keban) == (200, {})


def test_a_sign_of_life_that_hangs_holds_up_no_frame(keban: Streaming) -> None:
    begun, leave = threading.Semaphore(0), threading.Event()

    def hanging(stands: bool) -> None:
        begun.release()
        assert leave.wait(20)

    with running(beating(keban, hanging)):
        keban.gateway.connected()
        assert begun.acquire(timeout=10)
        assert keban.post("", robot(keban, "/帮助")) == (200, {})
        time.sleep(PACE.beat * 3)
        assert not begun.acquire(blocking=False), "one at a time"
        leave.set()
        assert begun.acquire(timeout=10)


def test_every_new_connection_leaves_one_at_once(keban: Streaming) -> None:
    begun = threading.Semaphore(0)
    with running(beating(keban, lambda _: begun.release(), every=3600)):
        for number in (1, 2):
            connection = keban.gateway.connected(number)
            assert begun.acquire(timeout=10)
            connection.cut()
