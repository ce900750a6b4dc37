"""Calls to Feishu: what is sent, how often a token is asked for, and what each failure means."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import responses
from pydantic import SecretStr

from bot.feishu.client import FeishuClient
from bot.platform import Address, SendError, Sent
from models.settings import Feishu

BASE = "http://stand-in.test:8081"
TOKEN_URL = f"{BASE}/open-apis/auth/v3/tenant_access_token/internal"
SEND_URL = f"{BASE}/open-apis/im/v1/messages"
UPDATE_URL = f"{SEND_URL}/om_1"
SETTINGS = Feishu(app_id="cli_x", app_secret=SecretStr("the app secret"), api_base=BASE + "/")
TO = Address("account", "ou_wangmin")
CARD = {"schema": "2.0", "body": {"text": "华星科技"}}
SENT = {"code": 0, "msg": "success", "data": {"message_id": "om_1", "chat_id": "oc_1"}}


class Clock:
    """Seconds moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> FeishuClient:
    return FeishuClient(SETTINGS, clock)


@pytest.fixture
def platform() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


def gives_token(platform: responses.RequestsMock, value: str = "t-1") -> Any:
    return platform.post(TOKEN_URL, json={"code": 0, "msg": "ok", "tenant_access_token": value, "expire": 7200})


def failure(client: FeishuClient, call: str = "send") -> SendError:
    with pytest.raises(SendError) as caught:
        client.send(TO, CARD, "k") if call == "send" else client.update("om_1", CARD)
    return caught.value


def body_of(call: Any) -> Any:
    return json.loads(call.request.body)


@pytest.mark.parametrize(
    ("to", "kind"), [(Address("account", "ou_1"), "open_id"), (Address("chat", "oc_1"), "chat_id")]
)
def test_a_card_is_sent_to_a_person_or_a_chat(
    client: FeishuClient, platform: responses.RequestsMock, to: Address, kind: str
) -> None:
    gives_token(platform)
    matches = [responses.matchers.query_param_matcher({"receive_id_type": kind})]
    platform.post(SEND_URL, json=SENT, match=matches)
    assert client.send(to, CARD, "outbox-7") == Sent("om_1", "oc_1")
    token, sent = platform.calls
    assert body_of(token) == {"app_id": "cli_x", "app_secret": "the app secret"}
    assert body_of(sent) == {
        "receive_id": to.id,
        "msg_type": "interactive",
        "content": '{"schema":"2.0","body":{"text":"华星科技"}}',
        "uuid": "outbox-7",
    }
    assert sent.request.headers["Authorization"] == "Bearer t-1"
    assert sent.request.headers["Content-Type"] == "application/json; charset=utf-8"


def test_a_card_is_replaced_in_place(client: FeishuClient, platform: responses.RequestsMock) -> None:
    gives_token(platform)
    platform.patch(f"{SEND_URL}/om_1%2F..%3Fx", json={"code": 0, "msg": "success", "data": {}})
    client.update("om_1/..?x", CARD)
    assert body_of(platform.calls[1]) == {"content": '{"schema":"2.0","body":{"text":"华星科技"}}'}


def test_one_token_serves_many_sends_until_half_an_hour_is_left(
    client: FeishuClient, clock: Clock, platform: responses.RequestsMock
) -> None:
    first, second = gives_token(platform), gives_token(platform, "t-2")
    sends = platform.post(SEND_URL, json=SENT)
    for _ in range(5):
        client.send(TO, CARD, "k")
    clock.now += 7200 - 1800 - 1
    client.send(TO, CARD, "k")
    assert (first.call_count, second.call_count, sends.call_count) == (1, 0, 6)
    clock.now += 1
    client.send(TO, CARD, "k")
    assert (first.call_count, second.call_count) == (1, 1)
    assert platform.calls[-1].request.headers["Authorization"] == "Bearer t-2"


def together(client: FeishuClient, threads: int = 8) -> list[Sent]:
    start = threading.Barrier(threads)

    def send(number: int) -> Sent:
        start.wait()
        return client.send(TO, CARD, str(number))

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(send, range(threads)))


def test_eight_threads_ask_for_one_token(client: FeishuClient, platform: responses.RequestsMock) -> None:
    def slowly(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        time.sleep(0.05)
        return 200, {}, json.dumps({"code": 0, "tenant_access_token": "t-1", "expire": 7200})

    platform.add_callback("POST", TOKEN_URL, slowly)
    platform.post(SEND_URL, json=SENT)
    assert together(client) == [Sent("om_1", "oc_1")] * 8
    assert [call.request.url for call in platform.calls].count(TOKEN_URL) == 1


def test_eight_threads_whose_token_is_refused_replace_it_once(
    client: FeishuClient, platform: responses.RequestsMock
) -> None:
    def by_token(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        time.sleep(0.02)
        fresh = request.headers["Authorization"] == "Bearer t-2"
        return (200, {}, json.dumps(SENT)) if fresh else (400, {}, '{"code": 99991663}')

    first, second = gives_token(platform), gives_token(platform, "t-2")
    platform.add_callback("POST", SEND_URL, by_token)
    assert together(client) == [Sent("om_1", "oc_1")] * 8
    assert (first.call_count, second.call_count) == (1, 1)


@pytest.mark.parametrize("code", [99991661, 99991663, 99991671])
def test_a_refused_token_is_replaced_and_the_call_repeated_once(
    client: FeishuClient, platform: responses.RequestsMock, code: int
) -> None:
    gives_token(platform)
    gives_token(platform, "t-2")
    platform.post(SEND_URL, status=400, json={"code": code, "msg": "token"})
    platform.post(SEND_URL, json=SENT)
    assert client.send(TO, CARD, "k").message_id == "om_1"
    assert [call.request.headers.get("Authorization") for call in platform.calls] == (
        [None, "Bearer t-1", None, "Bearer t-2"]
    )


def test_a_call_that_takes_no_token_is_given_up_after_one_repetition(
    client: FeishuClient, platform: responses.RequestsMock
) -> None:
    gives_token(platform)
    platform.post(SEND_URL, status=400, json={"code": 99991663, "msg": "token"})
    assert failure(client).kind == "never"
    assert len(platform.calls) == 4


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (99991400, 429, "later"),
        (99991400, 400, "later"),
        (230020, 400, "later"),
        (11232, 400, "later"),
        (11233, 400, "later"),
        (11247, 400, "later"),
        (230049, 400, "later"),
        (1, 500, "later"),
        (1, 429, "later"),
        (230031, 400, "never"),
        (99991672, 400, "never"),
        (99991403, 400, "never"),
        (230002, 400, "never"),
        (230099, 400, "never"),
        (230099, 200, "never"),
    ],
)
def test_a_refused_card_is_tried_again_or_given_up(
    client: FeishuClient, platform: responses.RequestsMock, code: int, status: int, kind: str
) -> None:
    gives_token(platform)
    platform.post(SEND_URL, status=status, json={"code": code, "msg": "no"})
    error = failure(client)
    assert (error.kind, error.after) == (kind, None)
    assert str(code) in str(error)


@pytest.mark.parametrize(
    ("code", "closed"),
    [(code, True) for code in (230002, 232009, 230013, 230029, 230053)] + [(230001, False), (230020, False)],
)
def test_a_chat_that_is_gone_and_who_has_left_take_nothing_any_more(
    client: FeishuClient, platform: responses.RequestsMock, code: int, closed: bool
) -> None:
    gives_token(platform)
    platform.post(SEND_URL, status=400, json={"code": code, "msg": "no"})
    assert failure(client).closed is closed


@pytest.mark.parametrize(
    ("code", "kind"),
    [(230031, "gone"), (230011, "gone"), (230110, "gone"), (230020, "later"), (230099, "never"), (230001, "never")],
)
def test_a_card_that_can_no_longer_change_is_gone(
    client: FeishuClient, platform: responses.RequestsMock, code: int, kind: str
) -> None:
    gives_token(platform)
    platform.patch(UPDATE_URL, status=400, json={"code": code, "msg": "no"})
    assert failure(client, "update").kind == kind


@pytest.mark.parametrize(("header", "after"), [("3", 3.0), ("soon", None), ("", None), ("-1", None), ("٣", None)])
def test_the_pause_asked_for_is_passed_on(
    client: FeishuClient, platform: responses.RequestsMock, header: str, after: float | None
) -> None:
    gives_token(platform)
    platform.post(SEND_URL, status=429, json={"code": 99991400}, headers={"x-ogw-ratelimit-reset": header})
    error = failure(client)
    assert (error.kind, error.after) == ("later", after)


@pytest.mark.parametrize(
    "error",
    [requests.ConnectTimeout(), requests.ReadTimeout(), requests.ConnectionError(), requests.TooManyRedirects()],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("url", [TOKEN_URL, SEND_URL])
def test_a_broken_connection_is_tried_again_later(
    client: FeishuClient, platform: responses.RequestsMock, url: str, error: Exception
) -> None:
    if url == SEND_URL:
        gives_token(platform)
    platform.post(url, body=error)
    assert failure(client).kind == "later"


@pytest.mark.parametrize("status", [200, 404, 502, 504])
@pytest.mark.parametrize("body", ["", "<html>502 Bad Gateway</html>", "[]", "null", '{"msg": "ok"}', '{"code": "0"}'])
@pytest.mark.parametrize("url", [TOKEN_URL, SEND_URL])
def test_an_answer_without_an_envelope_is_an_outage(
    client: FeishuClient, platform: responses.RequestsMock, url: str, body: str, status: int
) -> None:
    if url == SEND_URL:
        gives_token(platform)
    platform.post(url, status=status, body=body)
    assert failure(client).kind == "later"


@pytest.mark.parametrize(
    ("token", "sent"),
    [({"code": 0}, None), ({"code": 0, "tenant_access_token": "t-1", "expire": 7200}, {"code": 0, "data": {}})],
)
def test_a_success_without_its_content_is_tried_again_later(
    client: FeishuClient, platform: responses.RequestsMock, token: dict[str, Any], sent: dict[str, Any] | None
) -> None:
    platform.post(TOKEN_URL, json=token)
    if sent:
        platform.post(SEND_URL, json=sent)
    assert failure(client).kind == "later"


def test_a_redirect_is_not_followed(client: FeishuClient, platform: responses.RequestsMock) -> None:
    gives_token(platform)
    platform.post(SEND_URL, status=307, headers={"Location": "http://elsewhere.test/"})
    assert failure(client).kind == "later"
    assert [call.request.url for call in platform.calls][1:] == [f"{SEND_URL}?receive_id_type=open_id"]


def test_a_wrong_app_secret_is_no_message_s_fault(client: FeishuClient, platform: responses.RequestsMock) -> None:
    platform.post(TOKEN_URL, status=400, json={"code": 10015, "msg": "app secret invalid"})
    error = failure(client)
    assert (error.kind, error.outcome) == ("later", "away")


def test_a_failure_is_logged_with_its_code_and_log_id_and_without_content(
    client: FeishuClient, platform: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    gives_token(platform)
    said = "Failed to create card content, ext=ErrCode: 11310; ErrMsg: 华星科技"
    platform.post(SEND_URL, status=400, json={"code": 230099, "msg": said}, headers={"X-Tt-Logid": "20260105ABC"})
    with caplog.at_level(logging.DEBUG, logger="bot.feishu"):
        error = failure(client)
    assert str(error) == "feishu send: code 230099, ErrCode 11310"
    assert "230099" in caplog.text and "20260105ABC" in caplog.text
    assert not any(secret in caplog.text for secret in ("t-1", "the app secret", "华星", TO.id))
