"""Feishu's long connection: the same stories and the same claims as by webhook, frames of either kind and in parts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dispatch import Dispatcher
from bot.doors import LARGEST_BODY
from bot.event import Event
from bot.feishu import stream
from bot.platform import Forged, Json
from conftest import Company, Inside
from models.errors import Unavailable
from models.tables import FollowUp
from models.work import Works
from standins.feishu_api import FeishuApi
from standins.feishu_gateway import Ack, FeishuGateway
from standins.feishu_says import Request
from streaming import PACE, Slow, running
from test_redelivery import at_once, count
from test_story import ENTRY
from world import APP, JSON, Feishu, HandClock

#: what comes over the connection is neither sealed nor signed.
UNSEALED = replace(APP, encrypt_key="", verification_token="")
LINE = f"/新客户 {' '.join(f'{label}:{value}' for label, value in ENTRY.items())}"
FOLLOW_UP = "/跟进 华星科技 已报价，等回复"


class Streaming(Inside):
    """The program that is reached over its long connection, presses by frames of `kind`; `knock` is the webhook."""

    gateway: FeishuGateway
    kind = "card"

    def post(self, path: str, request: Request) -> tuple[int, JSON]:
        ack = self.gateway.deliver(request, self.kind if path == "/feishu/cards" else "event")
        return ack.code, ack.data or {}

    def knock(self, request: Request) -> tuple[int, JSON]:
        return super().post("/feishu/events", request)

    def stream(self, dispatch: Callable[[Event], Json] | None = None) -> stream.Stream:
        return stream.stream(self.settings, self.works, self.platforms["feishu"], dispatch or self.dispatch, PACE)


@pytest.fixture
def gateway(api: FeishuApi) -> Iterator[FeishuGateway]:
    with FeishuGateway(api) as started:
        yield started
        assert not started.problems, started.problems


@pytest.fixture
def keban(works: Works, api: FeishuApi, clock: HandClock, gateway: FeishuGateway) -> Streaming:
    """Not yet connected."""
    made = Streaming(works, Feishu(api), clock)
    made.app, made.gateway = UNSEALED, gateway
    return made


def sent(keban: Streaming, company: Company, text: str, message_id: str | None = None) -> str:
    """A message goes out over the newest connection; the id of its frame."""
    return keban.gateway.send(UNSEALED.message(company.rep.account, text, message_id=message_id).body)


@pytest.mark.parametrize(("kind", "parts"), [("card", 1), ("event", 3)])
def test_people_speak_and_press_over_the_long_connection(
    company: Company, keban: Streaming, kind: str, parts: int
) -> None:
    """A press comes as one or the other kind of frame, by how the app was set up in the console."""
    keban.kind, keban.gateway.parts = kind, parts
    with running(keban.stream()):
        keban.gateway.connected()
        assert company.rep.says(LINE).title == "待审核 · 华星科技有限公司"
        approved = company.supervisor.presses("通过", on=company.supervisor.last("待审核"))
        assert approved.title == "已建档 · C202611001" and approved.toast
        assert company.rep.says(FOLLOW_UP).title == "已记录跟进 · 华星科技有限公司"
    assert count(keban.works, FollowUp) == 1 and len(keban.gateway.connections) == 1


def test_a_frame_is_answered_when_what_it_did_is_kept_and_not_before(company: Company, keban: Streaming) -> None:
    kept: list[int] = []
    company.make.customer("王敏", "华星科技有限公司")
    keban.gateway.on_ack = lambda _: kept.append(count(keban.works, FollowUp))
    with running(keban.stream()):
        keban.gateway.connected()
        assert keban.gateway.answer(sent(keban, company, FOLLOW_UP)) == Ack(200, {})
    assert kept == [1]


@pytest.mark.parametrize("lost", ["answer", "connection"])
def test_what_was_not_answered_comes_again_and_acts_once(company: Company, keban: Streaming, lost: str) -> None:
    gateway = keban.gateway
    company.make.customer("王敏", "华星科技有限公司")
    with running(keban.stream()):
        gateway.connected()
        gateway.losing = True
        first = sent(keban, company, FOLLOW_UP, "om_1")
        if lost == "connection":
            gateway.living[-1].cut()
        gateway.wait(lambda: not gateway.living or len(gateway.connections) > 1, "the end of the connection")
        gateway.losing = False
        gateway.connected(2)
        assert gateway.answer(sent(keban, company, FOLLOW_UP, "om_1")) == Ack(200, {})
        keban.settle()
    assert not gateway.answered(first)
    assert count(keban.works, FollowUp) == len(company.rep.inbox()) == 1


def test_a_press_that_comes_again_gets_the_answer_of_the_first_time(company: Company, keban: Streaming) -> None:
    with running(keban.stream()):
        keban.gateway.connected()
        company.rep.says(LINE)
        review = company.supervisor.last("待审核")
        request = company.supervisor.request_for(review, review.card, "通过")
        answers = [keban.gateway.deliver(request, kind) for kind in ("card", "event", "card")]
    assert answers[0] == answers[1] == answers[2] and answers[0].data and answers[0].data["card"]


def test_a_message_that_comes_both_ways_at_once_acts_once(company: Company, keban: Streaming) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    with running(keban.stream()):
        keban.gateway.connected()
        for number in range(3):
            about = (company.rep.account, FOLLOW_UP)
            sealed = APP.message(*about, message_id=f"om_{number}")
            ways = [lambda r=sealed: keban.knock(r)[0], lambda n=number: keban.gateway.answer(
                sent(keban, company, FOLLOW_UP, f"om_{n}")).code] * 2  # fmt: skip
            assert at_once(*ways) == [200] * 4
            keban.settle()
            assert count(keban.works, FollowUp) == len(company.rep.inbox()) == number + 1


def test_events_that_nobody_follows_are_answered_and_damaged_ones_are_not_taken(
    company: Company, keban: Streaming, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = keban.gateway
    with running(keban.stream()):
        gateway.connected()
        assert gateway.deliver(UNSEALED.event("im.message.message_read_v1", {})) == Ack(200, {})
        assert gateway.deliver(UNSEALED.event("im.message.receive_v1", {})) == Ack(400, None)
        assert gateway.answer(gateway.send(b"[]")).code == gateway.answer(gateway.send(b"\xff")).code == 400
        for damaged in (b"\x00", b"\x0d\x01\x02\x03\x04", b"\xff" * 20, b"text"):
            gateway.living[-1].send(damaged)
        gateway.send(b"{}", "unheard-of")
        assert gateway.deliver(UNSEALED.message(company.rep.account, "/帮助")).code == 200
    assert len(gateway.connections) == 1
    assert sum("left alone" in each.getMessage() for each in caplog.records) == 4


def test_while_the_database_is_away_nothing_is_taken(company: Company, keban: Streaming) -> None:
    def dispatch(event: Event) -> Json:
        raise Unavailable("away")

    with running(keban.stream(dispatch)):
        keban.gateway.connected()
        assert keban.gateway.deliver(UNSEALED.message(company.rep.account, "/帮助")) == Ack(503, None)


def test_the_client_pings_as_often_as_it_is_asked_to(keban: Streaming) -> None:
    """At first, and after the answer to a ping that changes it."""
    now = 100
    door = keban.platforms["feishu"].doors[0]
    talk = stream.Talk("wss://host/?service_id=7", {"PingInterval": 30}, door, keban.dispatch, lambda: now)
    pinged = []
    for now in range(100, 280):
        if talk.due() is not None:
            pinged.append(now)
        if now == 200:
            pong = json.dumps({"PingInterval": 50}).encode()
            talk.hear(stream.frames.encode(stream.Frame(stream.CONTROL, {"type": "pong"}, pong)))
    assert pinged == [100, 130, 160, 190, 220, 270]


@pytest.mark.parametrize(("asked", "after"), [(1, 5), (7, 7), (3600, 600)])
def test_no_platform_makes_the_client_ping_all_the_time_or_hardly_ever(
    keban: Streaming, asked: int, after: int
) -> None:
    now = 0
    door = keban.platforms["feishu"].doors[0]
    talk = stream.Talk("wss://host/", {"PingInterval": asked}, door, keban.dispatch, lambda: now)
    assert talk.due() is not None
    now = after - 1
    assert talk.due() is None
    now = after
    assert talk.due() is not None


def part(payload: bytes, number: int, parts: int, message: str = "m") -> stream.Frame:
    return stream.Frame(stream.DATA, {"sum": f"{parts}", "seq": f"{number}", "message_id": message}, payload)


@given(st.lists(st.binary(max_size=9), min_size=2, max_size=6).flatmap(lambda all: st.tuples(
    st.just(all), st.permutations(list(enumerate(all))))))  # fmt: skip
def test_parts_that_come_in_any_order_are_one_message(told: tuple[list[bytes], list[tuple[int, bytes]]]) -> None:
    payloads, came = told
    parts = stream.Parts()
    wholes = [parts.add(part(payload, number, len(payloads))) for number, payload in came]
    assert wholes == [None] * (len(payloads) - 1) + [b"".join(payloads)]


def test_parts_that_do_not_fit_or_never_end_are_not_kept() -> None:
    parts, half = stream.Parts(), b"x" * (LARGEST_BODY // 2 + 1)
    for number, of in ((2, 2), (-1, 2), (0, stream.MOST_PARTS + 1)):
        with pytest.raises(Forged):
            parts.add(part(b"x", number, of))
    assert parts.add(part(half, 0, 3)) is None
    with pytest.raises(Forged) as caught:
        parts.add(part(half, 1, 3))
    assert caught.value.status == 413
    for number in range(stream.MOST_PARTED + 1):
        assert parts.add(part(b"first ", 0, 2, f"m{number}")) is None
    assert parts.add(part(b"second", 1, 2, "m1")) == b"first second"
    assert parts.add(part(b"second", 1, 2, "m0")) is None, "the oldest was let go"


def test_a_connection_that_is_half_dead_is_given_up_and_a_quiet_one_is_not(keban: Streaming) -> None:
    with running(keban.stream()):
        quiet = keban.gateway.connected()
        keban.gateway.wait(lambda: keban.gateway.frame_pings, "a ping of Feishu's own kind")
        time.sleep(PACE.silence * 1.5)
        assert keban.gateway.living == [quiet]
        quiet.silent = True
        assert keban.gateway.connected(2) is not quiet
    assert keban.gateway.opened == 2


def test_who_stops_lets_work_in_hand_end_and_its_answer_go_out(company: Company, keban: Streaming) -> None:
    gateway, slow = keban.gateway, Slow()
    with running(keban.stream(Dispatcher(slow.router, keban.works, keban.platforms))) as receiving:
        connection = gateway.connected()
        unfinished = sent(keban, company, "/慢")
        assert slow.entered.wait(10)
        assert gateway.deliver(UNSEALED.event("im.message.message_read_v1", {})).code == 200, "beside it"
        receiving.stop.set()
        time.sleep(1)
        assert receiving.thread.is_alive() and not gateway.answered(unfinished) and not connection.goodbye
        slow.leave.set()
        assert gateway.answer(unfinished).code == 200
    gateway.wait(lambda: connection.goodbye, "goodbye")


def test_wrong_credentials_are_named_and_tried_again(
    keban: Streaming, api: FeishuApi, caplog: pytest.LogCaptureFixture
) -> None:
    api.fail_next(1, code=1000040344, path="/callback/")
    api.fail_next(1, code=1000040350, path="/callback/")
    with running(keban.stream()):
        keban.gateway.connected()
    said = [each.getMessage() for each in caplog.records if each.name == "bot.stream" and each.levelname == "WARNING"]
    wrong, full = "app_id 和 app_secret 不对或不是一对，重新抄一次", "这个应用的长连接太多了，停掉多余的 stream"
    assert said == [
        f"飞书的长连接没有接上，{mend}；会自己再试（feishu stream: code {code}）"
        for mend, code in ((wrong, 1000040344), (full, 1000040350))
    ]
