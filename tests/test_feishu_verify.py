"""Feishu's requests are proven before they are read: the platform's vectors, damage of every kind, and fuzz."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from Crypto.Cipher import AES
from Crypto.Util.Padding import pad
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.feishu.verify import decrypt, verify
from bot.payload import parse
from bot.platform import Forged
from models.settings import Feishu

VECTORS = json.loads((Path(__file__).parent / "data" / "feishu_vectors.json").read_text("utf-8"))
KEY, TOKEN, APP, TENANT = "an encrypt key", "a verification token", "cli_ours", "tenant_ours"
CHALLENGE = {"challenge": "ajls384kdj", "token": TOKEN, "type": "url_verification"}
HEADER = {"event_id": "e1", "event_type": "some.event_v1", "token": TOKEN, "app_id": APP, "tenant_key": TENANT}
EVENT = {"schema": "2.0", "header": HEADER, "event": {"text": "查询客户 华为"}}


def named(group: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[group], ids=lambda vector: vector["name"])


def settings(key: str = KEY, token: str = TOKEN, app_id: str = APP, tenant_key: str = TENANT) -> Feishu:
    return Feishu(app_id=app_id, encrypt_key=SecretStr(key), verification_token=SecretStr(token), tenant_key=tenant_key)


def settings_of(vector: dict[str, Any]) -> Feishu:
    keys = vector["keys"]
    return settings(keys["encrypt_key"], keys["verification_token"], "cli_a1b2c3d4e5f60001", "2ca1d211f64f6438")


def request_of(vector: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    return vector["request"]["headers"], vector["request"]["body"].encode()


def encrypt(plain: bytes, key: str = KEY, iv: bytes = bytes(16)) -> str:
    cipher = AES.new(hashlib.sha256(key.encode()).digest(), AES.MODE_CBC, iv=iv)
    return base64.b64encode(iv + cipher.encrypt(pad(plain, 16))).decode()


def sealed(payload: Any) -> bytes:
    plain = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return json.dumps({"encrypt": encrypt(plain)}).encode()


def signed(body: bytes, key: str = KEY) -> dict[str, str]:
    signature = hashlib.sha256(b"1767225600nonce" + key.encode() + body).hexdigest()
    return {
        "X-Lark-Request-Timestamp": "1767225600",
        "X-Lark-Request-Nonce": "nonce",
        "X-Lark-Signature": signature,
    }


def refusal(configured: Feishu, headers: dict[str, str], body: bytes) -> Forged:
    with pytest.raises(Forged) as caught:
        verify(configured, headers, body)
    return caught.value


@named("vectors")
@pytest.mark.parametrize("case", [str, str.lower, str.upper])
def test_a_genuine_request_is_accepted_however_its_headers_are_spelled(vector: dict[str, Any], case: Any) -> None:
    headers, body = request_of(vector)
    assert (
        verify(settings_of(vector), {case(name): value for name, value in headers.items()}, body)
        == (vector["decrypted"])
    )


@named("negatives")
def test_a_forged_or_damaged_request_is_refused(vector: dict[str, Any]) -> None:
    assert refusal(settings_of(vector), *request_of(vector)).status in {400, 401}


@named("legacy")
def test_an_old_sha1_callback_is_refused(vector: dict[str, Any]) -> None:
    headers, body = request_of(vector)
    assert refusal(settings_of(vector), headers, body).status == 401
    assert refusal(settings(), headers, body).status == 401


def test_the_published_known_answer_is_decrypted() -> None:
    known = VECTORS["doc_vector"]
    assert decrypt(known["encrypt_key"], known["encrypt"]) == known["plain"].encode()


@given(plain=st.binary(), key=st.text(st.characters(exclude_categories=["Cs"])), iv=st.binary(min_size=16, max_size=16))
def test_what_was_encrypted_is_decrypted(plain: bytes, key: str, iv: bytes) -> None:
    assert decrypt(key, encrypt(plain, key, iv)) == plain


@pytest.mark.parametrize("headers", [{}, {"X-Lark-Signature": "0" * 64}], ids=["unsigned", "badly signed"])
def test_a_sealed_challenge_needs_no_signature_but_the_right_token(headers: dict[str, str]) -> None:
    assert verify(settings(), headers, sealed(CHALLENGE)) == CHALLENGE
    assert refusal(settings(), headers, sealed(CHALLENGE | {"token": "another"})).status == 401


def test_a_plain_body_is_refused_while_an_encrypt_key_is_set() -> None:
    for payload in (EVENT, CHALLENGE):
        body = json.dumps(payload).encode()
        assert refusal(settings(), {}, body).status == 401
        assert refusal(settings(), signed(body), body).status == 400


def test_without_an_encrypt_key_the_token_is_the_proof() -> None:
    body = json.dumps(EVENT).encode()
    assert verify(settings(key=""), {}, body) == EVENT
    assert refusal(settings(key="", token="another"), {}, body).status == 401
    assert refusal(settings(key="", token=""), {}, body).status == 401


def test_without_a_token_the_signature_is_the_proof() -> None:
    body = sealed(EVENT)
    assert verify(settings(token=""), signed(body), body) == EVENT
    assert refusal(settings(token=""), {}, body).status == 401


@pytest.mark.parametrize(
    "change",
    [
        {"token": "another"},
        {"token": ""},
        {"token": None},
        {"token": 1},
        {"token": [TOKEN]},
        {"token": TOKEN + "\u00e9"},
        {"app_id": "cli_other"},
        {"app_id": None},
        {"tenant_key": "tenant_other"},
        {"tenant_key": None},
    ],
)
def test_a_signed_event_for_somebody_else_is_refused(change: dict[str, Any]) -> None:
    body = sealed(EVENT | {"header": HEADER | change})
    assert refusal(settings(), signed(body), body).status == 401


def test_any_tenant_is_served_when_none_is_configured() -> None:
    body = sealed(EVENT)
    assert verify(settings(tenant_key=""), signed(body), body) == EVENT


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"hello world",
        b"[]",
        b'"text"',
        b"null",
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\x00"}',
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": [{"b": "\\ud800"}]}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": 9223372036854775808}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": 1} {"b": 2}',
    ],
    ids=range(19),
)
def test_what_is_no_clean_json_object_is_damaged(plain: bytes) -> None:
    assert refusal(settings(key=""), {}, plain).status == 400
    body = sealed(plain)
    assert refusal(settings(), signed(body), body).status == 400


def test_emoji_and_line_breaks_are_clean_text() -> None:
    assert parse(r'{"text": "\ud83d\ude00\n第二行"}') == {"text": "😀\n第二行"}


@pytest.mark.parametrize("blob", [b"", bytes(16), bytes(31), bytes(33), bytes(32), bytes(48)], ids=len)
def test_a_blob_of_a_wrong_length_or_padding_is_damaged(blob: bytes) -> None:
    body = json.dumps({"encrypt": base64.b64encode(blob).decode()}).encode()
    assert refusal(settings(), signed(body), body).status == 400


@pytest.mark.parametrize("padding", [b"\x00", b"\x11", b"\x02\x03\x02", b"\x01\x02\x03\x03"])
def test_a_corrupt_padding_is_damaged(padding: bytes) -> None:
    cipher = AES.new(hashlib.sha256(KEY.encode()).digest(), AES.MODE_CBC, iv=bytes(16))
    text = (b"{}" + b" " * 30)[: 32 - len(padding)] + padding
    with pytest.raises(Forged):
        decrypt(KEY, base64.b64encode(bytes(16) + cipher.encrypt(text)).decode())


@pytest.mark.parametrize("value", ["not base64!", "查询", "A", None, 1, {"a": 1}])
def test_an_encrypt_member_that_is_no_base64_is_damaged(value: Any) -> None:
    body = json.dumps({"encrypt": value}).encode()
    assert refusal(settings(), signed(body), body).status == 400


def test_every_unsigned_failure_looks_the_same_so_that_nothing_can_be_decrypted_by_guessing() -> None:
    bodies = [sealed(EVENT), sealed(b"no json"), json.dumps({"encrypt": "AAAA"}).encode(), b"", b"{}"]
    assert {(str(error), error.status) for error in (refusal(settings(), {}, body) for body in bodies)} == {
        ("signature does not match", 401)
    }


def test_a_refusal_repeats_neither_secrets_nor_the_body() -> None:
    wrong = sealed(EVENT | {"header": HEADER | {"token": "token of a stranger"}})
    for headers, body in [(signed(wrong), wrong), ({}, sealed(EVENT)), (signed(b"junk"), b"junk")]:
        reason = str(refusal(settings(), headers, body))
        assert reason.isascii() and not any(word in reason for word in (KEY, TOKEN, "stranger", "junk"))


@given(st.data())
def test_any_flipped_byte_of_the_body_is_refused(data: st.DataObject) -> None:
    body = sealed(EVENT)
    place, flip = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(1, 255))
    flipped = body[:place] + bytes([body[place] ^ flip]) + body[place + 1 :]
    assert refusal(settings(), signed(body), flipped).status == 401


HEADER_NAMES = st.sampled_from(["X-Lark-Signature", "x-lark-request-timestamp", "X-Lark-Request-Nonce"]) | st.text()
HEADERS = st.dictionaries(HEADER_NAMES, st.text(st.characters()))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["token", "app_id", "type"]) | st.text(), inner),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(["encrypt", "header", "token", "type", "schema"]), VALUES)


@given(HEADERS, st.binary() | OBJECTS.map(lambda value: json.dumps(value).encode()), st.sampled_from([KEY, ""]))
def test_whatever_arrives_is_refused_and_never_breaks(headers: dict[str, str], body: bytes, key: str) -> None:
    assert refusal(settings(key=key), headers, body).status in {400, 401}


@given(OBJECTS)
def test_whatever_is_sealed_and_signed_is_accepted_or_refused(payload: dict[str, Any]) -> None:
    body = sealed(payload)
    try:
        assert verify(settings(token=""), signed(body), body) == payload
    except Forged as error:
        assert error.status in {400, 401}
