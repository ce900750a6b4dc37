"""Proof that a request comes from DingTalk, which proves each of its three ways in differently."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad, unpad

from bot.payload import parse
from bot.platform import Forged, Json, Request
from models.settings import DingTalk

BLOCK, PADDING = AES.block_size, 32
#: what stands before the message in a frame: a random block and the length of the message, in 4 bytes
HEAD = BLOCK + 4
AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
MILLISECONDS = re.compile(r"[0-9]{1,15}")
#: The signature covers a sorted concatenation, so text may be moved between the nonce and the sealed text. Whole
#: AES blocks are 64 characters of base64: a shorter nonce has no room for any that were cut off.
LONGEST_NONCE = 63
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WINDOW = timedelta(hours=1)
SUCCESS = b"success"


def robot(settings: DingTalk, headers: Mapping[str, str], body: bytes, now: datetime) -> Json:
    """The payload of a message to the robot, signed by DingTalk within an hour of `now` (protocol §1.1).

    The signature does not cover the body: whoever saw the headers of one request may send any body for an hour. The
    corp and the robot named there must be ours, when both sides name one. A body that is nothing but a sealed text is
    opened; that its owner is us is not asked. Raises Forged, nothing else.
    """
    secret, given = settings.client_secret.get_secret_value(), _lowered(headers)
    _check_signed(secret, given.get("timestamp", ""), f"\n{secret}", given.get("sign"), now)
    payload = parse(body)
    if payload.keys() == {"encrypt"}:
        payload = parse(decrypt(settings.aes_key.get_secret_value(), payload["encrypt"])[0])
    _check_ours(settings.corp_id, payload.get("chatbotCorpId"), "corp")
    _check_ours(settings.robot_code, payload.get("robotCode"), "robot")
    return payload


def card(settings: DingTalk, headers: Mapping[str, str], body: bytes, now: datetime) -> Json:
    """The payload of a pressed card, signed by DingTalk within an hour of `now` (protocol §3.5).

    The signature covers the time alone, as with `robot`. The corp must be ours, when both sides name one. Raises
    Forged, nothing else.
    """
    secret, given = settings.card_secret.get_secret_value(), _lowered(headers)
    timestamp, sign = given.get("x-ddpaas-signature-timestamp", ""), given.get("x-ddpaas-signature")
    _check_signed(secret, timestamp, "", sign, now)
    payload = parse(body)
    _check_ours(settings.corp_id, payload.get("corpId"), "corp")
    return payload


def subscription(settings: DingTalk, query: Mapping[str, str], body: bytes) -> Json:
    """The payload of an event we subscribed to, signed and sealed for our client id (protocol §2.1, §2.2).

    Both spellings of each name in the query are read. Every failure before the signature is proven looks the same. The
    corp must be ours, when both sides name one: a check of our address names none. The age is not limited, so an old
    event may come again. For a wrong owner the reason tells its kind. Raises Forged, nothing else.
    """
    payload = parse(_opened(settings, query, body))
    _check_ours(settings.corp_id, payload.get("CorpId"), "corp")
    return payload


def address_check(settings: DingTalk, moment: datetime) -> Request:
    """The platform's check of the address of events as it would send it (protocol §2.1, §2.4). Raises Forged."""
    said = sealed(settings, json.dumps({"EventType": "check_url"}).encode(), moment)
    query = {"msg_signature": said["msg_signature"], "timestamp": said["timeStamp"], "nonce": said["nonce"]}
    return Request({}, json.dumps({"encrypt": said["encrypt"]}).encode(), query)


def is_answer(settings: DingTalk, told: bytes) -> bool:
    """Whether this is the answer to an event: `success`, signed and sealed for our client id (protocol §2.3)."""
    try:
        match parse(told):
            case {"msg_signature": str(signature), "timeStamp": str(stamp), "nonce": str(nonce)}:
                query = {"msg_signature": signature, "timestamp": stamp, "nonce": nonce}
                return _opened(settings, query, told) == SUCCESS
    except Forged:
        pass
    return False


def sealed(
    settings: DingTalk, message: bytes, moment: datetime, random16: bytes | None = None, nonce: str | None = None
) -> Json:
    """An event, or the reply to one, which has to be `SUCCESS`, sealed and signed (protocol §2.1, §2.3).

    `random16` (16 bytes) and `nonce` are made up when not given. Raises Forged while no AES key is configured.
    """
    random16, nonce = random16 or secrets.token_bytes(BLOCK), nonce or secrets.token_hex(8)
    frame = random16 + len(message).to_bytes(HEAD - BLOCK, "big") + message + _utf8(settings.client_id)
    key = _key(settings.aes_key.get_secret_value())
    cipher = AES.new(key, AES.MODE_CBC, iv=key[:BLOCK])
    encrypt = base64.b64encode(cipher.encrypt(pad(frame, PADDING))).decode()
    stamp = str(int(moment.timestamp()))
    signature = _signature(settings.token.get_secret_value(), stamp, nonce, encrypt)
    return {"msg_signature": signature, "timeStamp": stamp, "nonce": nonce, "encrypt": encrypt}


def decrypt(aes_key: str, sealed: object) -> tuple[bytes, bytes]:
    """The message and the owner key in base64 of a sealed frame (protocol §2.2).

    Raises Forged: 400 for a damaged frame, 401 while no AES key is configured.
    """
    key, damaged = _key(aes_key), Forged("body cannot be decrypted", 400)
    if not isinstance(sealed, str):
        raise damaged
    try:
        cipher = AES.new(key, AES.MODE_CBC, iv=key[:BLOCK])
        frame = unpad(cipher.decrypt(base64.b64decode(sealed, validate=True)), PADDING)
    except ValueError:
        raise damaged from None
    end = HEAD + int.from_bytes(frame[BLOCK:HEAD], "big")
    if end > len(frame):  # also where nothing is left for a length
        raise damaged
    return frame[HEAD:end], frame[end:]


def _key(aes_key: str) -> bytes:
    if not AES_KEY.fullmatch(aes_key):
        raise Forged("no AES key of 43 letters and digits is configured")
    return base64.b64decode(aes_key + "=")


def _check_signed(secret: str, timestamp: str, rest: str, sign: object, now: datetime) -> None:
    """Raise Forged unless `sign` is ours over `timestamp` and `rest`, and the time is near."""
    if not secret:
        raise Forged("no secret is configured")
    digest = hmac.digest(_utf8(secret), _utf8(timestamp + rest), "sha256")
    if not _same(base64.b64encode(digest).decode(), sign):
        raise Forged("signature does not match")
    if not MILLISECONDS.fullmatch(timestamp):
        raise Forged("signed without a time")
    if abs(now - EPOCH - timedelta(milliseconds=int(timestamp))) > WINDOW:
        raise Forged("signed more than an hour from now")


def _opened(settings: DingTalk, query: Mapping[str, str], body: bytes) -> bytes:
    """What is sealed in a body that its query proves, and for us. Raises Forged."""
    message, owner = decrypt(settings.aes_key.get_secret_value(), _signed(settings, query, body))
    if not hmac.compare_digest(_utf8(settings.client_id), owner):
        raise Forged(f"sealed for {_kind(settings, owner)} instead of our client id")
    return message


def _signed(settings: DingTalk, query: Mapping[str, str], body: bytes) -> str:
    """The sealed text of a body that is proven by its query. Raises Forged, in one way while it is not proven."""
    token = settings.token.get_secret_value()
    if not (token and settings.client_id):
        raise Forged("a token or our client id is not configured")
    stamp, nonce = query.get("timestamp") or query.get("timeStamp", ""), query.get("nonce", "")
    encrypt, given = _encrypt(body), query.get("msg_signature") or query.get("signature")
    shaped = bool(MILLISECONDS.fullmatch(stamp)) and len(nonce) <= LONGEST_NONCE
    if encrypt is None or not (shaped and _same(_signature(token, stamp, nonce, encrypt), given)):
        raise Forged("signature does not match")
    return encrypt


def _encrypt(body: bytes) -> str | None:
    try:
        encrypt = parse(body).get("encrypt")
    except Forged:
        return None
    return encrypt if isinstance(encrypt, str) else None


def _signature(*parts: str) -> str:
    # SHA-1 is what the platform uses; the token among the parts is the secret.
    return hashlib.sha1(_utf8("".join(sorted(parts))), usedforsecurity=False).hexdigest()


def _kind(settings: DingTalk, owner: bytes) -> str:
    """What kind of key this is, for an operator who looks for his mistake; the key itself is not told."""
    if not owner:
        return "nobody"
    if hmac.compare_digest(_utf8(settings.corp_id), owner):
        return "our corp id"
    kinds = {b"suite": "a suite key", b"ding": "another client or corp id"}
    return next((kind for start, kind in kinds.items() if owner.startswith(start)), "an unknown key")


def _check_ours(expected: str, given: object, what: str) -> None:
    """Raise Forged for a name that is not ours; one that is missing on either side is not compared."""
    if expected and given not in (None, "") and not _same(expected, given):
        raise Forged(f"sent to another {what}")


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _same(expected: str, given: object) -> bool:
    return isinstance(given, str) and hmac.compare_digest(_utf8(expected), _utf8(given))


def _utf8(text: str) -> bytes:
    # Header values may hold lone surrogates, which must fail the comparison rather than raise.
    return text.encode("utf-8", "surrogatepass")
