"""Nothing that anybody may send to DingTalk's doors breaks them or passes for genuine."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from bot.dingtalk.events import ReplyDoor, changed, pressed, reply_door, said
from bot.dingtalk.verify import card, robot, sealed, subscription
from bot.event import Change, Event
from bot.platform import Forged
from dingtalk_made import (
    AES_KEY,
    EVENT,
    MESSAGE,
    NOW,
    PRESS,
    STAMP,
    Headers,
    card_refusal,
    card_signed,
    event,
    event_refusal,
    frame,
    message,
    opened,
    press,
    queried,
    raw,
    robot_refusal,
    settings,
    signed,
)
from models.settings import DingTalk

WEBHOOK = "https://oapi.dingtalk.com/robot/sendBySession?session=1"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(TEXT, st.binary(min_size=16, max_size=16), st.text("abcXYZ019", min_size=1, max_size=63))
def test_what_was_sealed_is_opened(text: str, random16: bytes, nonce: str) -> None:
    payload = {"EventType": text, "text": [text]}
    reply = sealed(settings(), raw(payload), NOW, random16, nonce)
    assert opened(AES_KEY, reply["encrypt"]) == raw(payload)
    query = {name: reply[name] for name in ("msg_signature", "timeStamp", "nonce")}
    assert subscription(settings(), query, raw({"encrypt": reply["encrypt"]})) == payload


@given(st.data())
def test_any_changed_character_of_an_event_is_refused(data: st.DataObject) -> None:
    query, body = event(EVENT)
    parts = query | {"encrypt": json.loads(body)["encrypt"]}
    name = data.draw(st.sampled_from(sorted(parts)))
    parts[name] = altered(data, parts[name])
    error = event_refusal(settings(), parts, raw({"encrypt": parts["encrypt"]}))
    assert (str(error), error.status) == ("signature does not match", 401)


@given(st.data())
def test_any_changed_character_of_the_signed_headers_is_refused(data: st.DataObject) -> None:
    for headers, refused, payload in ((signed(), robot_refusal, MESSAGE), (card_signed(), card_refusal, PRESS)):
        name = data.draw(st.sampled_from(sorted(headers)))
        changed = headers | {name: altered(data, headers[name])}
        assert refused(settings(), changed, raw(payload)).status == 401


def altered(data: st.DataObject, text: str) -> str:
    """The text with one character another, one more or one fewer."""
    place, sign = data.draw(st.integers(0, len(text) - 1)), data.draw(st.characters())
    rest = data.draw(st.sampled_from([text[place:], text[place + 1 :]]))
    changed = data.draw(st.sampled_from([text[:place] + sign + rest, text[:place] + text[place + 1 :]]))
    return changed if changed != text else text + sign


@given(st.data())
def test_any_changed_byte_of_a_proven_frame_is_refused_or_leaves_a_json_object(data: st.DataObject) -> None:
    blob = bytearray(base64.b64decode(frame(raw(EVENT))))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
    text = base64.b64encode(blob).decode()
    try:
        assert isinstance(subscription(settings(), queried(text), raw({"encrypt": text})), dict)
    except Forged as error:
        assert error.status in {400, 401}


ANY = st.text(st.characters())
NAMES = ["timestamp", "timeStamp", "sign", "signature", "msg_signature", "nonce"]
HEADERS = st.dictionaries(
    st.sampled_from([*NAMES, "X-Ddpaas-Signature", "x-ddpaas-signature-timestamp"]) | ANY, ANY | st.just(STAMP)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY,
    lambda inner: st.lists(inner) | st.dictionaries(ANY, inner),
    max_leaves=8,
)
MEMBERS = ["encrypt", "EventType", "CorpId", "corpId", "chatbotCorpId", "robotCode", "content", "text"]
OBJECTS = st.dictionaries(st.sampled_from(MEMBERS), VALUES)


@given(HEADERS, st.binary() | OBJECTS.map(raw), st.sampled_from([settings(), DingTalk()]))
def test_whatever_arrives_is_refused_and_never_breaks(headers: Headers, body: bytes, configured: DingTalk) -> None:
    assert robot_refusal(configured, headers, body).status == 401
    assert card_refusal(configured, headers, body).status == 401
    assert event_refusal(configured, headers, body).status == 401


@given(OBJECTS)
def test_whatever_is_proven_is_accepted_or_refused(payload: dict[str, Any]) -> None:
    body = raw(payload)
    ways: list[Callable[[], Any]] = [
        lambda: robot(settings(), signed(), body, NOW),
        lambda: card(settings(), card_signed(), body, NOW),
        lambda: subscription(settings(), *event(body)),
    ]
    for accept in ways:
        try:
            assert accept() == payload
        except Forged as error:
            assert error.status in {400, 401}


@given(st.binary(max_size=80).map(lambda junk: base64.b64encode(junk).decode()) | TEXT)
def test_whatever_is_signed_but_not_sealed_by_the_platform_is_refused(junk: str) -> None:
    assert event_refusal(settings(), queried(junk), raw({"encrypt": junk})).status in {400, 401}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
PLACES: list[tuple[dict[str, Any], str]] = [
    *((message(text={"content": "hi"}), name) for name in ("msgId", "conversationType", "senderStaffId", "isInAtList")),
    *((message("richText"), name) for name in ("msgtype", "text", "content", "errorCode", "sessionWebhook")),
    *((message(text={"content": "hi"}), name) for name in ("text", "sessionWebhookExpiredTime", "errCode")),
    *((press({"a": "1"}), name) for name in ("outTrackId", "userId", "content", "value", "spaceId")),
    *(({"EventType": "user_leave_org"}, name) for name in ("EventType", "UserId", "userId")),
]
INSIDE = st.sampled_from(["cardPrivateData", "params", "form", "actionIds", "richText", "content", "recognition"])


@given(st.sampled_from(PLACES), JSON | st.dictionaries(INSIDE, JSON | st.dictionaries(INSIDE, JSON)))
def test_whatever_stands_in_a_payload_is_read_or_refused(place: tuple[dict[str, Any], str], value: Any) -> None:
    payload = place[0] | {place[1]: value}
    assert isinstance(reply_door(payload), ReplyDoor | None)
    for read in (said, pressed, changed):
        try:
            assert isinstance(read(payload), Event | Change | None)
        except Forged as error:
            assert error.status == 400


@given(st.text(st.characters()) | st.text("/?#@:\\.%&a1"), st.integers(8, len(WEBHOOK)))
def test_whatever_is_put_into_an_address_leads_nowhere_else(piece: str, place: int) -> None:
    door = reply_door(message(sessionWebhook=WEBHOOK[:place] + piece + WEBHOOK[place:]))
    if door:
        parts = urlsplit(door.url)
        assert (parts.scheme, parts.netloc) == ("https", "oapi.dingtalk.com")
        assert parts.path.startswith("/robot/sendBySession") and ".." not in parts.path and not parts.fragment
