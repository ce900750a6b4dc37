"""Calls to DingTalk that fail: what each failure means, and what is never told to anybody."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from bot.dingtalk.client import DingTalkClient
from bot.platform import Address, SendError
from cards import dingtalk as cards
from models import codes
from models.work import Works
from standins.dingtalk_api import CLIENT_SECRET
from standins.dingtalk_schema import BUTTON_TEMPLATE
from test_dingtalk_client import (
    DENIED,
    KEY,
    PLAIN,
    QPS,
    QUOTA,
    TO,
    TO_GROUP,
    Robot,
    client_of,
    ding,
    failure,
    idle,
    offer,
    seconds,
    words,
    wrong,
)
from test_feishu_client import Clock

__all__ = ["ding", "idle", "seconds", "words"]
BASE = "http://stand-in.test:8081"
TOKEN_URL, SEND_URL = f"{BASE}/v1.0/oauth2/accessToken", f"{BASE}/v1.0/robot/oToMessages/batchSend"
CARD_URL = f"{BASE}/v1.0/card/instances"
CREATE_URL = f"{CARD_URL}/createAndDeliver"
GIVEN_TOKEN = {"accessToken": "the token", "expireIn": 7200}
SENT = {"processQueryKey": "pqk", "invalidStaffIdList": [], "flowControlledStaffIdList": []}


@pytest.fixture
def platform() -> Iterator[responses.RequestsMock]:
    """A platform that says exactly what a test has it say."""
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        mock.post(TOKEN_URL, json=GIVEN_TOKEN)
        yield mock


# --- what a failure means ---


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "Unauthorized"), (200, 40014), (200, 42001), (200, 40001), (400, "InvalidAuthentication")],
)
def test_each_way_of_refusing_a_token_is_known(
    platform: responses.RequestsMock, idle: Works, seconds: Clock, status: int, code: int | str
) -> None:
    platform.post(SEND_URL, status=status, json={"errcode" if isinstance(code, int) else "code": code})
    platform.post(SEND_URL, json=SENT)
    client_of(BASE, idle, seconds).send(TO, cards.render(PLAIN), KEY)
    assert [call.request.url for call in platform.calls] == [TOKEN_URL, SEND_URL] * 2


@pytest.mark.parametrize(
    ("code", "status", "kind", "after"),
    [
        (QPS, 403, "later", 1.0),
        ("Forbidden.AccessDenied.QpsLimitForApi", 403, "later", 1.0),
        ("Forbidden.AccessDenied.QpmLimitForAppkeyAndApi", 403, "later", 1.0),
        ("send.too.fast", 400, "later", 1.0),
        ("send.byToken.tooFast", 400, "later", 1.0),
        (90018, 200, "later", 1.0),
        (90002, 200, "later", 1.0),
        ("90018", 200, "later", 1.0),
        (-1, 200, "later", None),
        ("system.error", 500, "later", None),
        ("system.busy", 200, "later", None),
        ("whatever", 502, "later", None),
        ("whatever", 429, "later", None),
        (QUOTA, 403, "never", None),
        (90020, 200, "never", None),
        (DENIED, 403, "never", None),
        ("robot.oto.notExist", 400, "never", None),
        ("param.cardNotExist", 400, "never", None),
        (310000, 200, "never", None),
    ],
)
@pytest.mark.parametrize("url", [SEND_URL, CREATE_URL], ids=["message", "card"])
def test_a_refused_message_is_tried_again_or_given_up(
    platform: responses.RequestsMock,
    idle: Works,
    seconds: Clock,
    url: str,
    code: int | str,
    status: int,
    kind: str,
    after: float | None,
) -> None:
    template = BUTTON_TEMPLATE if url == CREATE_URL and code != DENIED else ""
    platform.post(url if template else SEND_URL, status=status, json={"code" if status != 200 else "errcode": code})
    error = failure(client_of(BASE, idle, seconds, template))
    assert (error.kind, error.after) == (kind, after) and str(code) in str(error)


@pytest.mark.parametrize("status", [200, 404, 429, 500, 502, 504])
@pytest.mark.parametrize(
    "body", ["", "<html>502 Bad Gateway</html>", "[]", "null", "{}", '{"message": "ok"}', '{"success": false}']
)
@pytest.mark.parametrize("url", [SEND_URL, CREATE_URL], ids=["message", "card"])
def test_an_answer_without_an_envelope_is_an_outage(
    platform: responses.RequestsMock, idle: Works, seconds: Clock, url: str, body: str, status: int
) -> None:
    platform.post(url, status=status, body=body)
    error = failure(client_of(BASE, idle, seconds, BUTTON_TEMPLATE if url == CREATE_URL else ""))
    assert (error.kind, error.after) == ("later", None)


@pytest.mark.parametrize("status", [200, 403])
def test_an_address_that_is_blocked_waits_five_minutes(
    platform: responses.RequestsMock, idle: Works, seconds: Clock, status: int
) -> None:
    platform.post(SEND_URL, status=status, json={"status": 1111, "punish": "deny"})
    error = failure(client_of(BASE, idle, seconds))
    assert (error.kind, error.after) == ("later", 300.0)


@pytest.mark.parametrize(
    ("name", "kind", "after"),
    [
        ("flowControlledStaffIdList", "later", 60.0),
        ("invalidStaffIdList", "never", None),
        ("filteredStaffIdList", "never", None),
    ],
)
def test_a_person_who_is_only_listed_did_not_get_it(
    platform: responses.RequestsMock, idle: Works, seconds: Clock, name: str, kind: str, after: float | None
) -> None:
    platform.post(SEND_URL, json=SENT | {name: ["wangmin"]})
    error = failure(client_of(BASE, idle, seconds))
    assert (error.kind, error.after, error.closed) == (kind, after, name == "invalidStaffIdList")


@pytest.mark.parametrize("answer", ["", '{"processQueryKey": "pqk"}', '{"code": "307"}'])
def test_a_redirect_is_not_followed(platform: responses.RequestsMock, idle: Works, seconds: Clock, answer: str) -> None:
    platform.post(SEND_URL, status=307, body=answer, headers={"Location": "http://elsewhere.test/"})
    assert failure(client_of(BASE, idle, seconds)).kind in ("later", "never")
    assert [call.request.url for call in platform.calls] == [TOKEN_URL, SEND_URL]


# --- an outcome nobody knows ---

BROKEN = [requests.ReadTimeout(), requests.ConnectionError(), requests.exceptions.ChunkedEncodingError()]
UNHEARD = [requests.ConnectTimeout(), requests.TooManyRedirects(), requests.exceptions.InvalidURL()]


@pytest.mark.parametrize(
    ("error", "kind"),
    [*((error, "unknown") for error in BROKEN), *((error, "later") for error in UNHEARD)],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else each,
)
@pytest.mark.parametrize("to", [TO, TO_GROUP], ids=["person", "group"])
def test_a_message_that_may_have_arrived_is_told_from_one_that_cannot(
    platform: responses.RequestsMock, idle: Works, seconds: Clock, to: Address, error: Exception, kind: str
) -> None:
    platform.post(SEND_URL if to is TO else f"{BASE}/v1.0/robot/groupMessages/send", body=error)
    assert failure(client_of(BASE, idle, seconds), to).kind == kind


@pytest.mark.parametrize("error", [*BROKEN, *UNHEARD], ids=lambda error: type(error).__name__)
def test_a_card_may_be_sent_again_whatever_broke(
    platform: responses.RequestsMock, idle: Works, seconds: Clock, error: Exception
) -> None:
    platform.post(CREATE_URL, body=error)
    platform.put(CARD_URL, body=error)
    client = client_of(BASE, idle, seconds, BUTTON_TEMPLATE)
    assert (failure(client).kind, wrong(client, KEY, PLAIN)) == ("later", "later")


@pytest.mark.parametrize("fault", [{"drop": True}, {"drop": True, "done": True}, {"delay": 0.5}], ids=str)
def test_a_real_connection_that_breaks_off_leaves_the_outcome_unknown(
    ding: Robot, words: DingTalkClient, fault: dict[str, Any]
) -> None:
    ding.fail_next(**fault)
    assert failure(words).kind == "unknown"


def test_a_platform_that_cannot_be_reached_got_nothing(ding: Robot, idle: Works, seconds: Clock) -> None:
    client = client_of(ding.base_url, idle, seconds)
    client.send(TO, cards.render(PLAIN), KEY)
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    client._settings = client._settings.model_copy(update={"api_base": closed})
    error = failure(client)
    assert (error.kind, str(error)) == ("later", "dingtalk message: ConnectionError"), "its token was at hand"


def test_a_message_takes_a_connection_of_its_own(
    ding: Robot, words: DingTalkClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, really = [], socket.socket.connect

    def counted(self: socket.socket, address: Any) -> None:
        made.append(address)
        really(self, address)

    monkeypatch.setattr(socket.socket, "connect", counted)
    for number in (1, 2):
        words.send(TO, cards.render(PLAIN), f"{number}")
    assert len(made) == 1 + 2, "none that was kept and may have died"


# --- what nobody is told ---


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502},
        {"code": QPS},
        {"drop": True},
        {"code": "param.templateNotExist"},
        {"code": "contain.unsafe.url"},
    ],
    ids=str,
)
@pytest.mark.parametrize("template", [BUTTON_TEMPLATE, ""], ids=["card", "message"])
def test_a_failure_is_logged_without_what_is_secret(
    ding: Robot, works: Works, seconds: Clock, caplog: pytest.LogCaptureFixture, template: str, fault: dict[str, Any]
) -> None:
    client = client_of(ding.base_url, works, seconds, template)
    ding.fail_next(path="/card/" if template else "/robot/", **fault)
    said = ""
    with caplog.at_level(logging.DEBUG):
        try:
            client.send(TO, cards.render(offer("华星科技", 1)), KEY)
        except SendError as error:
            said = f"{error} {error!r}"
    told = caplog.text + said
    tokens = {token for _, token, _ in ding.asked} - {""}
    assert "dingtalk " in told and tokens
    secrets = (*tokens, CLIENT_SECRET, KEY, codes.of(KEY, 0), "华星", "已报价", "选1", "wangmin")
    assert not [secret for secret in secrets if secret in told]


def test_what_a_platform_says_about_a_fault_is_kept_short_and_its_words_are_not_repeated(
    platform: responses.RequestsMock, idle: Works, seconds: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    answer = {"code": "x" * 1000, "message": "不能发给华星科技", "requestid": "ABC-123"}
    platform.post(SEND_URL, status=400, json=answer)
    error = failure(client_of(BASE, idle, seconds))
    assert "ABC-123" in caplog.text and len(str(error)) < 100
    assert not any("华星" in told for told in (caplog.text, str(error)))
