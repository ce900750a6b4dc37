"""The webhook's doors: what is not proven has no effect, learns nothing, and leaves one line in the security log."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from bot import feishu, web
from bot.event import Event
from bot.platform import Json
from conftest import APP, Company, Inside
from models.settings import Feishu, Settings
from models.tables import Base
from models.work import Works
from standins import feishu_says
from standins.feishu_says import FeishuApp, Request

VECTORS = json.loads((Path(__file__).parent / "data" / "feishu_vectors.json").read_text("utf-8"))
DOORS = ("/feishu/events", "/feishu/cards")
ACCOUNT = "ou_" + "7" * 32
WORDS = "/跟进 华星科技 不该被任何人看到的话"
LARGEST = 1024 * 1024

#: these doors are tried without any database behind them.
NOWHERE = cast(Works, SimpleNamespace(settings=Settings()))


def app_of(taken: list[Event], **settings: str) -> Flask:
    """The web application with these settings of Feishu; what it lets in goes to `taken`."""
    platform = feishu.platform(Feishu.model_validate(settings))

    def dispatch(event: Event) -> Json:
        taken.append(event)
        return {}

    return web.create({platform.name: platform} if platform else {}, dispatch, NOWHERE)


@pytest.fixture
def taken() -> list[Event]:
    return []


@pytest.fixture
def client(taken: list[Event]) -> FlaskClient:
    keys = {"encrypt_key": APP.encrypt_key, "verification_token": APP.verification_token}
    return app_of(taken, app_id=APP.app_id, tenant_key=APP.tenant_key, **keys).test_client()


def genuine(app: FeishuApp = APP) -> Request:
    return app.message(ACCOUNT, WORDS, message_id="om_genuine")


def signed(body: bytes) -> Request:
    """Any bytes, signed as if they came from the platform."""
    headers = {"X-Lark-Request-Timestamp": "1767225600", "X-Lark-Request-Nonce": "nonce"}
    signature = feishu_says.signature("1767225600", "nonce", APP.encrypt_key, body)
    return Request(body, headers | {"X-Lark-Signature": signature})


def sealed(plain: bytes) -> Request:
    """Any bytes, encrypted and signed."""
    return signed(json.dumps({"encrypt": feishu_says.encrypt(plain, APP.encrypt_key)}).encode())


def changed(**headers: str) -> Request:
    request = genuine()
    return Request(request.body, request.headers | {name.replace("_", "-"): value for name, value in headers.items()})


def other(**about: str) -> Request:
    """A message that is right in everything but what is named."""
    return genuine(FeishuApp(**{**vars(APP), **about}))


def corrupt() -> Request:
    """The last byte of the ciphertext flipped, and signed again."""
    blob = bytearray(base64.b64decode(json.loads(genuine().body)["encrypt"]))
    blob[-1] ^= 1
    return signed(json.dumps({"encrypt": base64.b64encode(bytes(blob)).decode()}).encode())


def event(change: Callable[[Json], None]) -> Request:
    """A message whose payload was changed before it was sealed and signed."""
    payload = json.loads(feishu_says.decrypt(json.loads(genuine().body)["encrypt"], APP.encrypt_key))
    change(payload)
    return APP.sealed(payload)


def without_message(payload: Json) -> None:
    del payload["event"]["message"]


def content(text: str) -> Callable[[Json], None]:
    return lambda payload: payload["event"]["message"].update(content=text)


def legacy() -> Request:
    """An old card callback, signed with SHA-1 and the token."""
    vector = VECTORS["legacy"][0]["request"]
    body = vector["body"].encode()
    stamp = vector["headers"]["X-Lark-Request-Timestamp"] + vector["headers"]["X-Lark-Request-Nonce"]
    digest = hashlib.sha1((stamp + APP.verification_token).encode() + body).hexdigest()  # noqa: S324 (the old way)
    return Request(body, vector["headers"] | {"X-Lark-Signature": digest})


HOSTILE: dict[str, tuple[int, Callable[[], Request]]] = {
    "forged": (401, lambda: changed(X_Lark_Signature="0" * 64)),
    "signed with another key": (401, lambda: other(encrypt_key="another key")),
    "body changed": (401, lambda: Request(genuine().body.replace(b"}", b" }"), genuine().headers)),
    "time changed": (401, lambda: changed(X_Lark_Request_Timestamp="1")),
    "a signature that is no ASCII": (401, lambda: changed(X_Lark_Signature="é" * 64)),
    "unsigned": (401, lambda: Request(genuine().body, {})),
    "unsigned and no sense": (401, lambda: Request(b"hello", {})),
    "empty": (401, lambda: Request(b"", {})),
    "plain while a key is set": (401, lambda: other(encrypt_key="")),
    "plain and signed while a key is set": (400, lambda: signed(other(encrypt_key="").body)),
    "a plain challenge while a key is set": (401, lambda: FeishuApp(**{**vars(APP), "encrypt_key": ""}).challenge()),
    "wrong token": (401, lambda: other(verification_token="another token")),
    "a challenge with a wrong token": (401, lambda: FeishuApp(**{**vars(APP), "verification_token": "x"}).challenge()),
    "wrong app": (401, lambda: other(app_id="cli_another")),
    "wrong tenant": (401, lambda: other(tenant_key="another tenant")),
    "too large": (413, lambda: signed(b" " * (LARGEST + 1))),
    "too large and unsigned": (413, lambda: Request(b"x" * (LARGEST + 1), {})),
    "no JSON": (400, lambda: sealed(b"hello")),
    "no object": (400, lambda: sealed(b"[1]")),
    "no envelope": (400, lambda: signed(b"hello")),
    "broken UTF-8": (400, lambda: sealed(b'{"a": "\xff\xfe"}')),
    "broken UTF-8 outside": (400, lambda: signed(b'{"encrypt": "\xff"}')),
    "a NUL": (400, lambda: sealed(b'{"a": "\x00"}')),
    "an escaped NUL": (400, lambda: sealed(b'{"a": "\\u0000"}')),
    "an escaped NUL in a message": (400, lambda: event(content('{"text": "/\\u0000"}'))),
    "half a character in a message": (400, lambda: event(content('{"text": "\\ud842"}'))),
    "deep nesting": (400, lambda: sealed(b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
    "deep nesting outside": (400, lambda: signed(b"[" * 100_000)),
    "deep nesting in a message": (400, lambda: event(content("[" * 50_000))),
    "an endless number": (400, lambda: sealed(b'{"a": ' + b"9" * 6000 + b"}")),
    "corrupt padding": (400, corrupt),
    "a block too short": (400, lambda: signed(b'{"encrypt": "AAAA"}')),
    "an old callback": (401, legacy),
    "an event without its message": (400, lambda: event(without_message)),
    "a message that is no JSON": (400, lambda: event(content("hello"))),
    "an endless id": (400, lambda: APP.message(ACCOUNT, WORDS, message_id="om_" + "1" * 500)),
    "an endless chat": (400, lambda: APP.message(ACCOUNT, WORDS, chat_id="oc_" + "1" * 500)),
    "a press with an endless id": (400, lambda: APP.press(ACCOUNT, {}, "om_1", "oc_1", event_id="1" * 500)),
    "a press of an endless message": (400, lambda: APP.press(ACCOUNT, {}, "om_" + "1" * 500, "oc_1")),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_request_learns_nothing_and_leaves_one_line(
    client: FlaskClient, taken: list[Event], caplog: pytest.LogCaptureFixture, name: str, door: str
) -> None:
    status, build = HOSTILE[name]
    request = build()
    got = client.post(door, data=request.body, headers=request.headers)
    assert (got.status_code, got.get_json()) == (status, {"error": status})
    assert got.mimetype == "application/json" and not taken
    [line] = caplog.records
    assert (line.name, line.levelno, line.exc_info) == ("keban.security", logging.WARNING, None)
    said = line.getMessage()
    assert said.isascii() and "\n" not in said and len(said) < 120
    sent = [request.body.decode("latin-1")[:40] or "no body", *request.headers.values()]
    assert not any(word in said for word in (APP.encrypt_key, APP.verification_token, ACCOUNT, *sent))


def test_a_genuine_request_passes_by_the_same_doors(
    client: FlaskClient, taken: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    for door in DOORS:
        assert client.post(door, data=genuine().body, headers=genuine().headers).status_code == 401, "mixed up"
        request = genuine()
        assert client.post(door, data=request.body, headers=request.headers).status_code == 200
    assert [each.text for each in taken] == [WORDS, WORDS]
    assert len(caplog.records) == 2


def test_a_body_of_unknown_length_is_read_no_further_than_the_limit(client: FlaskClient, taken: list[Event]) -> None:
    request = genuine()
    stream = io.BytesIO(request.body + b" " * 3 * LARGEST)
    ends = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    got = client.post(DOORS[0], input_stream=stream, headers=request.headers, environ_overrides=ends)
    assert got.status_code in (401, 413) and got.get_json() == {"error": got.status_code}
    assert stream.tell() == LARGEST and not taken


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [(method, door, 405) for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD") for door in DOORS]
    + [("POST", path, 404) for path in ("/feishu", "/feishu/events/", "/feishu/events%0a", "/%00", "/dingtalk/robot")]
    + [("GET", "/favicon.ico", 404), ("GET", "/../etc/passwd", 404), ("POST", "/", 405)],
)
def test_another_method_or_path_gets_the_same_kind_of_answer(
    client: FlaskClient, taken: list[Event], method: str, path: str, status: int
) -> None:
    request = genuine()
    got = client.open(path, method=method, data=request.body, headers=request.headers)
    assert got.status_code == status and not taken
    assert method == "HEAD" or got.get_json() == {"error": status}


def test_a_platform_without_credentials_has_no_doors() -> None:
    bare = app_of([]).test_client()
    for door in DOORS:
        assert bare.post(door, data=genuine().body, headers=genuine().headers).get_json() == {"error": 404}
    assert bare.get("/").get_data(as_text=True) == "客伴 Keban 正在运行\n"


def test_a_defect_outside_of_every_handler_tells_the_caller_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def defect(event: Event) -> Json:
        raise ValueError("inner workings")

    keys = {"app_id": APP.app_id, "encrypt_key": APP.encrypt_key}
    platform = feishu.platform(Feishu.model_validate(keys))
    assert platform
    request = genuine()
    got = (
        web.create({"feishu": platform}, defect, NOWHERE)
        .test_client()
        .post(DOORS[0], data=request.body, headers=request.headers)
    )
    assert (got.status_code, got.get_json()) == (500, {"error": 500})
    assert [each.name for each in caplog.records] == ["bot.doors"]


# --- the platform's own vectors ---


def vectors(group: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[group], ids=lambda vector: vector["name"])


def post_vector(vector: Json, taken: list[Event], headers: Json | None = None) -> tuple[int, Json]:
    client = app_of(taken, app_id="cli_a1b2c3d4e5f60001", tenant_key="2ca1d211f64f6438", **vector["keys"]).test_client()
    request = vector["request"]
    got = client.post(
        DOORS[0], data=request["body"].encode(), headers=request["headers"] if headers is None else headers
    )
    return got.status_code, got.get_json()


@vectors("vectors")
def test_a_vector_of_the_platform_is_taken(vector: Json, taken: list[Event]) -> None:
    challenge = vector["decrypted"].get("challenge")
    assert post_vector(vector, taken) == (200, {"challenge": challenge} if challenge else {})
    known = vector["decrypted"].get("header", {}).get("event_type") in ("im.message.receive_v1", "card.action.trigger")
    assert len(taken) == (1 if known else 0)
    if known and taken[0].press is None:
        assert taken[0].key.endswith(vector["decrypted"]["event"]["message"]["message_id"])


def test_a_sealed_challenge_is_answered_without_a_signature() -> None:
    vector = VECTORS["vectors"][0]
    assert post_vector(vector, [], headers={}) == (200, {"challenge": "ajls384kdj-0001"})


@pytest.mark.parametrize("vector", VECTORS["negatives"] + VECTORS["legacy"], ids=lambda vector: vector["name"])
def test_a_bad_vector_is_refused(vector: Json, taken: list[Event], caplog: pytest.LogCaptureFixture) -> None:
    status, body = post_vector(vector, taken)
    assert status in (400, 401) and body == {"error": status} and not taken
    assert [each.name for each in caplog.records] == ["keban.security"]


# --- what has an effect and what has none ---


def rows(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in Base.metadata.tables.items()
        }


IGNORED: dict[str, Callable[[str], Request]] = {
    "an event of another kind": lambda who: APP.event("im.chat.updated_v1", {"chat_id": "oc_1"}),
    "an event nobody has heard of": lambda who: APP.event("未来.事件_v9", {"anything": [who]}),
    "an event without a kind": lambda who: APP.sealed(
        {"schema": "2.0", "header": {"token": APP.verification_token, "app_id": APP.app_id}, "event": {}}
    ),
    "a group that talks among itself": lambda who: APP.message(who, WORDS, group=True, mentions_bot=False),
    "another bot": lambda who: event(lambda payload: payload["event"]["sender"].update(sender_type="app")),
    "a challenge": lambda who: APP.challenge(),
}


def test_no_table_changes_by_what_is_refused_or_ignored(company: Company, engine: Engine) -> None:
    keban: Inside = company.keban
    company.make.customer("王敏", "华星科技有限公司")
    before = rows(engine)
    for name, (status, build) in HOSTILE.items():
        if name != "wrong tenant":  # any is right where none is configured
            assert keban.post(DOORS[0], build())[0] == status, name
    for name, build_for in IGNORED.items():
        status, body = keban.post(DOORS[0], build_for(company.rep.account))
        assert status == 200 and body in ({}, {"challenge": "ajls384kdjxxxx"}), name
    keban.settle()
    assert rows(engine) == before and not keban.api.messages
    assert company.rep.says(WORDS).title.startswith("已记录跟进")
    assert rows(engine) != before
