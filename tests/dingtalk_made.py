"""Requests as DingTalk makes them, signed and sealed by another AES than the program's own, and its vectors."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.dingtalk.verify import card, robot, subscription
from bot.platform import Forged
from models.settings import DingTalk

VECTORS = json.loads((Path(__file__).parent / "data" / "dingtalk_vectors.json").read_text("utf-8"))
CLIENT, CORP, ROBOT, TOKEN = "ding_our_client", "ding_our_corp", "ding_our_robot", "a token"
SECRET, CARD_SECRET, AES_KEY = "a client secret", "a card secret", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
EVENT = {"EventType": "user_add_org", "UserId": ["u1"], "CorpId": CORP}
MESSAGE = {"msgtype": "text", "text": {"content": "查询客户 华为"}, "robotCode": ROBOT, "chatbotCorpId": CORP}
PRESS = {"type": "actionCallback", "outTrackId": "card-1", "corpId": CORP, "userId": "u1", "content": "{}"}
ACCOUNT = "manager4220"
GONE = Ellipsis
STAMP = "1700000000000"
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
Headers = dict[str, str]
Sealed = tuple[Headers, bytes]


def named(group: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[group], ids=lambda vector: vector["name"])


def settings(**changes: str) -> DingTalk:
    plain = {"client_id": CLIENT, "corp_id": CORP, "robot_code": ROBOT}
    secret = {"client_secret": SECRET, "card_secret": CARD_SECRET, "token": TOKEN, "aes_key": AES_KEY}
    return DingTalk.model_validate(plain | secret | changes)


def bare(**given: str) -> DingTalk:
    return DingTalk.model_validate(given)


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


def raw(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()


def aes(key: str) -> Cipher[modes.CBC]:
    plain = base64.b64decode(key + "=")
    return Cipher(algorithms.AES(plain), modes.CBC(plain[:16]))


def encrypt(plain: bytes) -> str:
    """Another's AES than the program's own; `plain` is as long as whole blocks."""
    encryptor = aes(AES_KEY).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def padded(plain: bytes) -> bytes:
    return plain + bytes([32 - len(plain) % 32]) * (32 - len(plain) % 32)


def frame(message: bytes, owner: str = CLIENT) -> str:
    return encrypt(padded(b"R" * 16 + len(message).to_bytes(4, "big") + message + owner.encode()))


def opened(key: str, text: str) -> bytes:
    """The message in a frame, by another's AES."""
    decryptor = aes(key).decryptor()
    plain = decryptor.update(base64.b64decode(text)) + decryptor.finalize()
    return plain[20 : 20 + int.from_bytes(plain[16:20], "big")]


def sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 (the platform's)


def queried(text: str, stamp: str = STAMP, nonce: str = "aB3dE5gH", token: str = TOKEN) -> Headers:
    return {"msg_signature": sha1(token, stamp, nonce, text), "timestamp": stamp, "nonce": nonce}


def event(payload: Any, owner: str = CLIENT) -> Sealed:
    text = frame(raw(payload), owner)
    return queried(text), raw({"encrypt": text})


def signed(stamp: str = STAMP, secret: str = SECRET) -> Headers:
    digest = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")
    return {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}


def card_signed(stamp: str = STAMP, secret: str = CARD_SECRET) -> Headers:
    digest = hmac.digest(secret.encode(), stamp.encode(), "sha256")
    return {
        "x-ddpaas-signature-timestamp": stamp,
        "x-ddpaas-signature": base64.b64encode(digest).decode(),
    }


def robot_refusal(configured: DingTalk, headers: Headers, body: bytes, now: datetime = NOW) -> Forged:
    with pytest.raises(Forged) as caught:
        robot(configured, headers, body, now)
    return caught.value


def card_refusal(configured: DingTalk, headers: Headers, body: bytes, now: datetime = NOW) -> Forged:
    with pytest.raises(Forged) as caught:
        card(configured, headers, body, now)
    return caught.value


def event_refusal(configured: DingTalk, query: Headers, body: bytes) -> Forged:
    with pytest.raises(Forged) as caught:
        subscription(configured, query, body)
    return caught.value


def body(group: str, name: str) -> dict[str, Any]:
    vector = next(vector for vector in VECTORS[group] if vector["name"].startswith(name))
    return dict(json.loads(vector.get("body") if group != "events" else vector["plain"]))


def message(kind: Any = "text", **changes: Any) -> dict[str, Any]:
    whole = body("messages", "1:1 text") | {"text": GONE, "msgtype": kind} | changes
    return {name: value for name, value in whole.items() if value is not GONE}


def press(params: Any = GONE, ids: Any = GONE, **changes: Any) -> dict[str, Any]:
    private = {"actionIds": ids, "params": params}
    content = {"cardPrivateData": {name: value for name, value in private.items() if value is not GONE}}
    whole = {"outTrackId": "card-1", "userId": ACCOUNT, "content": json.dumps(content)} | changes
    return {name: value for name, value in whole.items() if value is not GONE}
