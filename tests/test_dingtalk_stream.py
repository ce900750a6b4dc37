"""DingTalk's long connection: the same stories and the same claims as by webhook, and what can happen to a socket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bot.dingtalk import EVENTS, stream
from bot.dispatch import Dispatcher
from bot.event import Event
from bot.platform import Json, SendError
from bot.stream import LOOKS, Stream, Talk, as_safe
from conftest import Company, Inside
from ding_world import ROUTE, DingTalk
from models.errors import Unavailable
from models.tables import Audit, FollowUp
from models.work import Works
from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_gateway import ROBOT, Ack, DingTalkGateway
from standins.dingtalk_says import Request
from standins.dingtalk_schema import BUTTON_TEMPLATE as TEMPLATE
from streaming import PACE, Slow, running
from test_redelivery import at_once, count
from test_story import ENTRY
from world import JSON, HandClock

LINE = f"/新客户 {' '.join(f'{label}:{value}' for label, value in ENTRY.items())}"
FOLLOW_UP = "/跟进 华星科技 已报价，等回复"


class Streaming(Inside):
    """The program that is reached over its long connection; `knock` is the webhook beside it."""

    gateway: DingTalkGateway

    def post(self, path: str, request: Request) -> tuple[int, JSON]:
        ack = self.gateway.deliver(request)
        return ack.code, ack.data.get("response", {})

    def knock(self, request: Request) -> tuple[int, JSON]:
        return super().post(request.path, request)

    def texts(self, account: str) -> list[str]:
        return [seen.text for seen in self.somebody(account).seen()]

    def stream(self, dispatch: Callable[[Event], Json] | None = None) -> stream.Stream:
        platform = self.platforms["dingtalk"]
        return stream.stream(self.settings, self.works, platform, dispatch or self.dispatch, PACE)


@pytest.fixture
def ding(clock: HandClock) -> Iterator[DingTalkApi]:
    with DingTalkApi(clock=lambda: clock().timestamp()) as started:
        yield started
        assert not started.problems, started.problems


@pytest.fixture
def gateway(ding: DingTalkApi) -> Iterator[DingTalkGateway]:
    with DingTalkGateway(ding) as started:
        yield started
        assert not started.problems, started.problems


@pytest.fixture(params=["card", "words"])
def template(request: pytest.FixtureRequest) -> str:
    return TEMPLATE if request.param == "card" else ""


def company_at(works: Works, ding: DingTalkApi, gateway: DingTalkGateway, clock: HandClock, *more: str) -> Company:
    keban = Streaming(works, DingTalk(ding, *more), clock)
    keban.gateway = gateway
    return Company(keban)


@pytest.fixture
def company(works: Works, ding: DingTalkApi, gateway: DingTalkGateway, clock: HandClock) -> Company:
    """Without a template, and not yet connected."""
    return company_at(works, ding, gateway, clock, "")


@pytest.fixture
def keban(company: Company) -> Streaming:
    assert isinstance(company.keban, Streaming)
    return company.keban


def archived(company: Company) -> None:
    """One customer, entered and approved."""
    company.rep.says(LINE)
    company.supervisor.presses("通过")


def robot(keban: Streaming, text: str, msg_id: str | None = None) -> Request:
    return keban.app.robot_message("wangmin", text, msg_id=msg_id)


def sent(keban: Streaming, text: str, msg_id: str | None = None) -> str:
    """A message to the robot goes out over the newest connection; the id of its frame."""
    return keban.gateway.send("CALLBACK", ROBOT, json.loads(robot(keban, text, msg_id).body))


def test_people_speak_and_press_over_the_long_connection(
    works: Works, ding: DingTalkApi, gateway: DingTalkGateway, clock: HandClock, template: str
) -> None:
    """With no route key, cards are made so that their presses come this way."""
    company = company_at(works, ding, gateway, clock, template, "")
    assert isinstance(company.keban, Streaming)
    with running(company.keban.stream()):
        gateway.connected()
        archived(company)
        assert company.supervisor.last("已建档 · C202611001").buttons == []
        assert company.rep.says(FOLLOW_UP).title == "已记录跟进 · 华星科技有限公司"
        assert count(works, FollowUp) == 1
        assert gateway.opened == len(gateway.connections) == 1


def test_a_frame_is_answered_when_what_it_did_is_kept_and_not_before(company: Company, keban: Streaming) -> None:
    kept: list[int] = []
    keban.gateway.on_ack = lambda _: kept.append(count(keban.works, FollowUp))
    with running(keban.stream()):
        keban.gateway.connected()
        archived(company)
        kept.clear()
        assert keban.post("", robot(keban, FOLLOW_UP)) == (200, {})
    assert kept == [1]


def test_what_a_message_is_answered_is_sent_because_a_frames_answer_is_shown_to_nobody(
    company: Company, keban: Streaming, ding: DingTalkApi
) -> None:
    with running(keban.stream()):
        keban.gateway.connected()
        ding.fail_next(status=502, path="/robot/sendBySession")
        assert keban.post("", robot(keban, "/帮助 跟进")) == (200, {})
        keban.settle()
        assert company.rep.seen() == []
        keban.forward(seconds=4)
    assert [seen.message.via for seen in company.rep.seen()] == ["session"]


@pytest.mark.parametrize("lost", ["answer", "connection"])
def test_what_was_not_answered_comes_again_and_acts_once(company: Company, keban: Streaming, lost: str) -> None:
    gateway = keban.gateway
    with running(keban.stream()):
        gateway.connected()
        archived(company)
        gateway.losing = True
        first = sent(keban, FOLLOW_UP, "msg-1")
        if lost == "connection":
            gateway.living[-1].cut()
        gateway.wait(lambda: not gateway.living or len(gateway.connections) > 1, "the end of the connection")
        gateway.losing = False
        gateway.connected(2)
        assert gateway.answer(sent(keban, FOLLOW_UP, "msg-1")) == Ack(200, {"response": {}})
        keban.settle()
        assert not gateway.answered(first)
        assert count(keban.works, FollowUp) == 1
        assert [text for text in keban.texts("wangmin") if "已记录跟进" in text] == [company.rep.last().text]


def test_a_message_that_comes_both_ways_at_once_acts_once(company: Company, keban: Streaming) -> None:
    with running(keban.stream()):
        keban.gateway.connected()
        archived(company)
        for number in range(3):
            request = robot(keban, FOLLOW_UP, f"msg-{number}")
            ways = [lambda r=request: keban.knock(r)[0], lambda r=request: keban.post("", r)[0]] * 2
            assert at_once(*ways) == [200] * 4
            keban.settle()
            assert count(keban.works, FollowUp) == number + 1
            assert sum("已记录跟进" in text for text in keban.texts("wangmin")) == number + 1
        asked = robot(keban, "/帮助 跟进", "msg-asked")
        told = len(keban.texts("wangmin"))
        assert keban.knock(asked)[1]["msgtype"] == "actionCard", "the webhook says it in its answer"
        assert keban.post("", asked) == (200, {})
        keban.settle()
        assert len(keban.texts("wangmin")) == told, "and the long connection not once more"


def test_the_platform_says_goodbye_and_finds_the_next_connection_at_once(keban: Streaming) -> None:
    gateway, slow = keban.gateway, Slow()
    with running(keban.stream(Dispatcher(slow.router, keban.works, keban.platforms))):
        old = gateway.connected()
        unfinished = sent(keban, "/慢")
        assert slow.entered.wait(10)
        assert gateway.system("disconnect", {"reason": "persistent connection is timeout"}).code == 200
        assert gateway.connected(2) is not old
        assert gateway.system("ping", {"opaque": "dead-beef"}) == Ack(200, {"opaque": "dead-beef"})
        assert not gateway.answered(unfinished) and not old.goodbye
        slow.leave.set()
        assert gateway.answer(unfinished).code == 200, "over the connection that it came by"
        gateway.wait(lambda: old.goodbye, "goodbye")
    assert len(gateway.connections) == 2


def test_a_slow_frame_does_not_hold_up_the_others(keban: Streaming) -> None:
    gateway, slow = keban.gateway, Slow()
    with running(keban.stream(Dispatcher(slow.router, keban.works, keban.platforms))):
        gateway.connected()
        unfinished = sent(keban, "/慢")
        assert slow.entered.wait(10)
        assert gateway.system("ping", {"opaque": "1"}).code == gateway.event("label_conf_add", {}).code
        assert not gateway.answered(unfinished)
        slow.leave.set()
        assert gateway.answer(unfinished).code == 200


def test_each_connection_has_a_ticket_of_its_own(keban: Streaming) -> None:
    gateway = keban.gateway
    gateway.expire(2)
    with running(keban.stream()):
        gateway.connected().cut()
        gateway.connected(2)
    assert (gateway.opened, gateway.refused) == (4, 2)


def test_a_connection_that_is_half_dead_is_given_up_and_a_quiet_one_is_not(keban: Streaming) -> None:
    with running(keban.stream()):
        quiet = keban.gateway.connected()
        time.sleep(PACE.silence * 1.5)
        assert keban.gateway.living == [quiet] and quiet.pings >= 3
        quiet.silent = True
        assert keban.gateway.connected(2) is not quiet


def test_a_frame_that_comes_in_halves_is_one_frame(keban: Streaming) -> None:
    gateway = keban.gateway
    with running(keban.stream()):
        connection = gateway.connected()
        message_id, frame = gateway.frame("SYSTEM", "ping", {"opaque": "1"})
        connection.drip(frame, LOOKS * 1.2)
        assert gateway.answer(message_id) == Ack(200, {"opaque": "1"})
    assert len(gateway.connections) == 1


def test_a_platform_that_is_down_is_asked_again_and_again(
    keban: Streaming, ding: DingTalkApi, caplog: pytest.LogCaptureFixture
) -> None:
    ding.fail_next(2, status=503, path="/gateway/")
    ding.fail_next(1, code="authFailed", path="/gateway/")
    ding.fail_next(1, drop=True, path="/gateway/")
    with running(keban.stream()):
        keban.gateway.connected()
    said = [each.getMessage() for each in caplog.records if each.name == "bot.stream" and each.levelname == "WARNING"]
    wrong = "client_id 和 client_secret 不对或不是一对，重新抄一次"
    assert said == [
        f"钉钉的长连接没有接上，{mend}；会自己再试（dingtalk stream: {why}）"
        for mend, why in (
            ("看网络和 api_base", "no envelope, status 503"),
            ("看网络和 api_base", "no envelope, status 503"),
            (wrong, "authFailed"),
            ("看网络和 api_base", "ConnectionError"),
        )
    ]
    assert keban.gateway.opened == 1


@pytest.mark.parametrize("came_by", ["this connection", "the one before"])
def test_who_stops_lets_work_in_hand_end_and_its_answer_go_out(keban: Streaming, came_by: str) -> None:
    gateway, slow, before = keban.gateway, Slow(), count(keban.works, Audit)
    with running(keban.stream(Dispatcher(slow.router, keban.works, keban.platforms))) as receiving:
        connection = gateway.connected()
        unfinished = sent(keban, "/慢")
        assert slow.entered.wait(10)
        if came_by == "the one before":
            gateway.system("disconnect", {})
            gateway.connected(2)
        receiving.stop.set()
        time.sleep(1)
        assert receiving.thread.is_alive() and not connection.goodbye
        slow.leave.set()
        assert gateway.answer(unfinished).code == 200
    gateway.wait(lambda: all(each.goodbye for each in gateway.connections), "goodbye")
    assert count(keban.works, Audit) == before + 1


def test_a_defect_while_connecting_does_not_end_the_process(caplog: pytest.LogCaptureFixture) -> None:
    tried = threading.Event()

    def opened() -> Talk:
        if caplog.records:
            tried.set()
        raise KeyError("a defect")

    with running(Stream("test", opened, 1, lambda _: None, PACE)):
        assert tried.wait(10)
    assert {each.getMessage() for each in caplog.records} == {"test stream: a connection failed"}


def test_while_the_database_is_away_events_are_for_later_and_callbacks_are_not_taken(keban: Streaming) -> None:
    away = True

    def dispatch(event: Event) -> Json:
        if away:
            raise Unavailable("away")
        return {}

    platform = keban.platforms["dingtalk"]
    event = Event("dingtalk", "1", "wangmin", "c", True, "hello")
    doors = [replace(door, read=lambda _: event) if door.path == EVENTS else door for door in platform.doors]
    keban.platforms["dingtalk"] = replace(platform, doors=tuple(doors))
    with running(keban.stream(dispatch)):
        keban.gateway.connected()
        assert keban.gateway.event("user_leave_org", {}) == Ack(200, {"status": "LATER", "message": ""})
        assert keban.post("", robot(keban, "/帮助")) == (503, {})
        away = False
        assert keban.gateway.event("user_leave_org", {}) == Ack(200, {"status": "SUCCESS", "message": ""})
        assert keban.post("", robot(keban, "/帮助")) == (200, {})


def test_a_defect_of_ours_and_what_nobody_understands_cost_no_connection(
    keban: Streaming, caplog: pytest.LogCaptureFixture
) -> None:
    def dispatch(event: Event) -> Json:
        raise KeyError("a defect")

    gateway = keban.gateway
    with running(keban.stream(dispatch)):
        gateway.connected()
        assert keban.post("", robot(keban, "/帮助")) == (500, {})
        assert gateway.event("user_leave_org", {"userId": 7}) == Ack(200, {"status": "SUCCESS", "message": ""})
        assert gateway.event("user_leave_org", {"userId": ["x"]}).data["status"] == "LATER"
        assert gateway.answer(gateway.send("CALLBACK", "/v1.0/other", {})).code == 404
        assert gateway.answer(gateway.send("CALLBACK", ROBOT, {"msgId": "1"})).code == 400
        for damaged in ("no JSON", "[]", "{}", '{"type": "SYSTEM", "headers": {}}', b"\x00\xff"):
            gateway.living[-1].send(damaged)
        assert gateway.system("ping", {}).code == 200
    assert len(gateway.connections) == 1
    says = [each.getMessage() for each in caplog.records]
    assert "a frame failed" in says and sum("left alone" in each for each in says) == 5


def test_who_cannot_be_known_is_told_so_in_the_chat(keban: Streaming, ding: DingTalkApi) -> None:
    with running(keban.stream()):
        keban.gateway.connected()
        assert keban.post("", keban.app.robot_message("nobody", "你好", outsider=True))[0] == 200
    assert ["钉钉没有告诉我你是谁" in text for text in keban.texts("nobody")] == [True]


def test_a_long_connection_is_as_private_as_the_api_that_names_it() -> None:
    api, safe, open_to_all = "https://api.dingtalk.com", "wss://host:443/connect?ticket=t", "ws://host/connect?ticket=t"
    assert as_safe(safe, api) == safe and as_safe(open_to_all, "http://127.0.0.1:9001") == open_to_all
    with pytest.raises(SendError, match="without TLS") as no:
        as_safe(open_to_all, api)
    assert "ticket" not in str(no.value)


def test_no_ticket_and_no_secret_reaches_the_log(
    keban: Streaming, ding: DingTalkApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    keban.gateway.expire(1)
    with running(keban.stream()):
        keban.gateway.connected()
    ours = [each.getMessage() for each in caplog.records if each.name.split(".")[0] in ("bot", "websocket")]
    assert "dingtalk stream: the handshake was refused, status 401" in ours
    assert not [each for each in ours if "ticket" in each or ding.client_secret in each]


def test_cards_that_go_out_with_a_route_key_call_the_webhook(
    works: Works, ding: DingTalkApi, gateway: DingTalkGateway, clock: HandClock
) -> None:
    """Side by side: what is said comes over the connection, what is pressed to the registered address."""
    company = company_at(works, ding, gateway, clock, TEMPLATE, ROUTE)
    keban = company.keban
    assert isinstance(keban, Streaming)
    with running(keban.stream()):
        gateway.connected()
        company.rep.says(LINE)
        review = company.supervisor.last("待审核")
        assert review.message.card and review.message.card.callback_type == "HTTP"
        request = keban.app.press(company.supervisor.account, review.message, review.label("通过"))
        status, body = keban.knock(request)
    assert status == 200 and body["cardData"]
