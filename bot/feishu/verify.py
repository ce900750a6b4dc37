"""Proof that a request comes from Feishu."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad, unpad

from bot.payload import parse
from bot.platform import Forged, Json, Request
from models.settings import Feishu

BLOCK = AES.block_size


def verify(settings: Feishu, headers: Mapping[str, str], body: bytes) -> Json:
    """The payload of a proven request (protocol §8; signature §1.3, token §1.4).

    With an Encrypt Key the body must be sealed and signed over its raw bytes; only a sealed challenge may come
    unsigned. The Verification Token, our app id and the configured tenant must match. The age of a request is not
    limited, since a retry may come 7 hours late: a claimed event key stops replays. Raises Forged, nothing else.
    """
    key, token = settings.encrypt_key.get_secret_value(), settings.verification_token.get_secret_value()
    if not (key or token):
        raise Forged("neither an encrypt key nor a verification token is configured")
    payload = _unseal(key, headers, body) if key else parse(body)
    header = payload.get("header")
    header = header if isinstance(header, dict) else {}
    if token and not _same(token, (header or payload).get("token")):
        raise Forged("verification token does not match")
    if not is_challenge(payload):
        _check_addressee(settings, header)
    return payload


def is_challenge(payload: Json) -> bool:
    """Whether this is the platform's check of our address (protocol §1.5)."""
    return payload.get("type") == "url_verification"


def address_check(settings: Feishu, challenge: str, moment: datetime) -> Request:
    """The platform's check of our address (protocol §1.5), sealed and signed where an Encrypt Key is set."""
    key, token = settings.encrypt_key.get_secret_value(), settings.verification_token.get_secret_value()
    body = json.dumps({"challenge": challenge, "token": token, "type": "url_verification"}).encode()
    if not key:
        return Request({}, body)
    body = json.dumps({"encrypt": encrypt(key, body)}).encode()
    stamp, nonce = str(int(moment.timestamp())), secrets.token_hex(8)
    headers = {
        "X-LARK-REQUEST-TIMESTAMP": stamp,
        "X-LARK-REQUEST-NONCE": nonce,
        "X-LARK-SIGNATURE": _signature(stamp, nonce, key, body),
    }
    return Request(headers, body)


def is_answer(challenge: str, told: bytes) -> bool:
    """Whether this is the answer to a check of our address with this challenge."""
    try:
        return parse(told) == {"challenge": challenge}
    except Forged:
        return False


def encrypt(key: str, plain: bytes) -> str:
    """What `decrypt` opens, with a random IV (protocol §1.2)."""
    iv = secrets.token_bytes(BLOCK)
    cipher = AES.new(hashlib.sha256(_utf8(key)).digest(), AES.MODE_CBC, iv)
    return base64.b64encode(iv + cipher.encrypt(pad(plain, BLOCK))).decode()


def decrypt(key: str, sealed: str) -> bytes:
    """The plain bytes of base64 of an IV and AES-256-CBC text (protocol §1.2). Raises Forged (400)."""
    try:
        blob = base64.b64decode(sealed, validate=True)
        cipher = AES.new(hashlib.sha256(_utf8(key)).digest(), AES.MODE_CBC, iv=blob[:BLOCK])
        # Also refuses a blob too short for an IV and one block, of which nothing is left here.
        return unpad(cipher.decrypt(blob[BLOCK:]), BLOCK)
    except ValueError:
        raise Forged("body cannot be decrypted", 400) from None


def _unseal(key: str, headers: Mapping[str, str], body: bytes) -> Json:
    if _is_signed(key, headers, body):
        return _open(key, body)
    # One answer for every unsigned failure: telling bad padding from bad JSON would be a decryption oracle.
    unproven = Forged("signature does not match")
    try:
        payload = _open(key, body)
    except Forged:
        raise unproven from None
    if not is_challenge(payload):
        raise unproven
    return payload


def _open(key: str, body: bytes) -> Json:
    sealed = parse(body).get("encrypt")
    if not isinstance(sealed, str):
        raise Forged("body is not encrypted", 400)
    return parse(decrypt(key, sealed))


def _is_signed(key: str, headers: Mapping[str, str], body: bytes) -> bool:
    given = {name.lower(): value for name, value in headers.items()}
    stamp, nonce = given.get("x-lark-request-timestamp", ""), given.get("x-lark-request-nonce", "")
    expected = _signature(stamp, nonce, key, body)
    return _same(expected, given.get("x-lark-signature"))


def _signature(stamp: str, nonce: str, key: str, body: bytes) -> str:
    return hashlib.sha256(_utf8(stamp + nonce + key) + body).hexdigest()


def _check_addressee(settings: Feishu, header: Json) -> None:
    if header.get("app_id", settings.app_id) != settings.app_id:
        raise Forged("sent to another app")
    if settings.tenant_key and header.get("tenant_key") != settings.tenant_key:
        raise Forged("sent by another tenant")


def _same(expected: str, given: object) -> bool:
    return isinstance(given, str) and hmac.compare_digest(_utf8(expected), _utf8(given))


def _utf8(text: str) -> bytes:
    # Header values may hold lone surrogates, which must fail the comparison rather than raise.
    return text.encode("utf-8", "surrogatepass")
