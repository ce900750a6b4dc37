"""The Feishu client and platform seen from the bot: signed webhook requests, and eyes and hands for its cards."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad, unpad

JSON = dict[str, Any]

BOT_OPEN_ID = "ou_b07000000000000000000000000000b0"
BOT_NAME = "客伴"
UTC_OFFSET = "+0800"  # the zone of the people in the tests, Asia/Shanghai


# --- crypto: protocol sections 1.2 and 1.3 ---


def encrypt(plain: bytes, encrypt_key: str, iv: bytes | None = None) -> str:
    """AES-256-CBC with PKCS#7 as base64(iv + ciphertext); a random iv unless one is given (protocol section 1.2)."""
    iv = iv or secrets.token_bytes(16)
    return base64.b64encode(iv + _cipher(encrypt_key, iv).encrypt(pad(plain, 16))).decode()


def decrypt(sealed: str, encrypt_key: str) -> bytes:
    """What `encrypt` was given. Raises ValueError for damaged padding or a wrong length (protocol section 1.2)."""
    blob = base64.b64decode(sealed, validate=True)
    return unpad(_cipher(encrypt_key, blob[:16]).decrypt(blob[16:]), 16)


def _cipher(encrypt_key: str, iv: bytes) -> Any:
    return AES.new(hashlib.sha256(encrypt_key.encode()).digest(), AES.MODE_CBC, iv)


def signature(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """The X-Lark-Signature of a body as it travels, lower-case hex (protocol section 1.3)."""
    return hashlib.sha256((timestamp + nonce + encrypt_key).encode() + body).hexdigest()


# --- requests: protocol sections 1.1 to 1.7 and 2.1 ---


def p2p_chat(receiver: str) -> str:
    """The chat of the bot with one person: always the same for the same id."""
    return "oc_" + _digest("chat" + receiver)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Request:
    """One webhook request: the exact bytes, the headers, and for how many seconds an answer is waited for."""

    body: bytes
    headers: dict[str, str]
    within: float = 3.0  # events and presses alike, sections 1.8 and 2.2


@dataclass(frozen=True)
class FeishuApp:
    """One app of one tenant as the platform knows it; makes the requests it would send.

    Without an `encrypt_key` everything goes out plain and unsigned. `clock` gives seconds since 1970.
    """

    app_id: str
    encrypt_key: str
    verification_token: str
    tenant_key: str
    bot_open_id: str = BOT_OPEN_ID
    clock: Callable[[], float] = field(default=time.time, repr=False)

    def message(
        self,
        open_id: str,
        text: str,
        chat_id: str | None = None,
        group: bool = False,
        mentions_bot: bool = True,
        message_id: str | None = None,
        event_id: str | None = None,
    ) -> Request:
        """im.message.receive_v1: a person writes to the bot, in a group with or without naming it (section 1.7)."""
        sent = str(int(self.clock() * 1000))
        named = group and mentions_bot
        message: JSON = {
            "message_id": message_id or "om_" + secrets.token_hex(16),
            "create_time": sent,
            "update_time": sent,
            "chat_id": chat_id or p2p_chat("group" if group else open_id),
            "chat_type": "group" if group else "p2p",
            "message_type": "text",
            "content": json.dumps({"text": f"@_user_1 {text}" if named else text}, ensure_ascii=False),
        }
        if named:
            message |= {"mentions": [self._mention_of_bot()]}
        sender = {"sender_id": _ids(open_id), "sender_type": "user", "tenant_key": self.tenant_key}
        return self.event("im.message.receive_v1", {"sender": sender, "message": message}, event_id)

    def press(
        self,
        open_id: str,
        value: JSON | str | None,
        message_id: str,
        chat_id: str,
        form: Mapping[str, Any] | None = None,
        name: str | None = None,
        event_id: str | None = None,
    ) -> Request:
        """card.action.trigger: a person presses a button, which submits `form` if it stands in one (section 2.1)."""
        action = {"value": value, "tag": "button", "timezone": "Asia/Shanghai", "name": name, "form_value": form}
        event = {
            "operator": {"tenant_key": self.tenant_key, **_ids(open_id)},
            "token": "c-" + secrets.token_hex(20),
            "action": {key: part for key, part in action.items() if part is not None},
            "host": "im_message",
            "context": {"open_message_id": message_id, "open_chat_id": chat_id},
        }
        return self.event("card.action.trigger", event, event_id)

    def event(self, event_type: str, event: JSON, event_id: str | None = None) -> Request:
        """Any event in the schema 2.0 envelope (section 1.6)."""
        per_second = 1_000_000 if event_type == "card.action.trigger" else 1000
        header = {
            "event_id": event_id or secrets.token_hex(16),
            "event_type": event_type,
            "create_time": str(int(self.clock() * per_second)),
            "token": self.verification_token,
            "app_id": self.app_id,
            "tenant_key": self.tenant_key,
        }
        return self._request({"schema": "2.0", "header": header, "event": event})

    def challenge(self, challenge: str = "ajls384kdjxxxx") -> Request:
        """The url_verification request (section 1.5)."""
        return self._request({"challenge": challenge, "token": self.verification_token, "type": "url_verification"})

    def sealed(self, payload: JSON) -> Request:
        """Any payload, encrypted and signed (sections 1.2 and 1.3)."""
        body = _bytes({"encrypt": encrypt(_bytes(payload), self.encrypt_key)})
        headers = self._headers()
        stamp, nonce = headers["X-Lark-Request-Timestamp"], headers["X-Lark-Request-Nonce"]
        return Request(body, headers | {"X-Lark-Signature": signature(stamp, nonce, self.encrypt_key, body)})

    def plain(self, payload: JSON) -> Request:
        """Any payload as the platform sends it for an app without an Encrypt Key."""
        return Request(_bytes(payload), self._headers())

    def _request(self, payload: JSON) -> Request:
        return self.sealed(payload) if self.encrypt_key else self.plain(payload)

    def _headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json;charset=utf-8",
            "X-Lark-Request-Timestamp": str(int(self.clock())),
            "X-Lark-Request-Nonce": secrets.token_hex(8),
            "X-Request-Id": secrets.token_hex(16),
        }

    def _mention_of_bot(self) -> JSON:
        who = {**_ids(self.bot_open_id), "user_id": ""}
        bot = {"key": "@_user_1", "id": who, "mentioned_type": "bot", "name": BOT_NAME}
        return {**bot, "tenant_key": self.tenant_key}


def _ids(open_id: str) -> dict[str, str]:
    return {"open_id": open_id, "union_id": "on_" + _digest(open_id), "user_id": _digest("user" + open_id)[:8]}


def _bytes(payload: JSON) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


# --- eyes: what a person sees of a card ---


@dataclass(frozen=True, slots=True)
class Button:
    """A button as shown; `value` is what its callback brings back."""

    label: str
    value: JSON
    name: str
    submit: bool


@dataclass(frozen=True, slots=True)
class Field:
    """Something to fill in; `value` as the client would send it untouched, `options` as (value, text)."""

    name: str
    label: str
    tag: str
    value: Any
    options: tuple[tuple[str, str], ...] = ()


def texts(card: JSON) -> str:
    """All words on the card, top to bottom, a line each; markdown loses its tags, bold marks and entities."""
    return "\n".join(line for part in (card.get("header"), card["body"]) for line in _lines(part) if line)


def _lines(part: Any) -> Iterator[str]:
    """Words under `part`, in the order of `SHOWN` where a component has several."""
    if isinstance(part, list):
        for each in part:
            yield from _lines(each)
    elif isinstance(part, dict):
        if isinstance(part.get("content"), str):
            yield _visible(part)
        elif part.get("tag") == "table":
            yield from _table_lines(part)
        elif part.get("tag") == "chart":
            yield part["chart_spec"].get("title", {}).get("text", "")
        else:
            yield from _lines([part.get(key) for key in SHOWN.split()])
            yield str(part.get("default_value", ""))


SHOWN = "title subtitle text_tag_list header label text fields placeholder options elements columns"


def _visible(text: JSON) -> str:
    """A text object as people read it: plain_text is literal, markdown is not."""
    content: str = text["content"]
    if text.get("tag") == "plain_text":
        return content
    content = re.sub(r"<at id=['\"]?(\w+)['\"]?>\s*</at>", r"@\1", content)
    content = re.sub(r"<br\s*/?>", "\n", content)
    content = re.sub(r"</?[A-Za-z][^>]*>", "", content)
    return html.unescape(re.sub(r"\*\*(.+?)\*\*", r"\1", content, flags=re.DOTALL))


def _table_lines(table: JSON) -> Iterator[str]:
    yield " ".join(column.get("display_name", "") for column in table["columns"])
    for row in table["rows"]:
        yield " ".join(_cell(row.get(column["name"], "")) for column in table["columns"])


def _cell(cell: Any) -> str:
    parts = cell if isinstance(cell, list) else [cell]
    return " ".join(str(part["text"] if isinstance(part, dict) else part) for part in parts)


def buttons(card: JSON) -> list[Button]:
    """Every button of the card, top to bottom."""
    return [_button(element) for element, _, _ in _placed(card["body"]) if element["tag"] == "button"]


def _button(element: JSON) -> Button:
    calls = [each["value"] for each in element.get("behaviors", ()) if each["type"] == "callback"]
    submit = element.get("form_action_type") == "submit"
    return Button(element["text"]["content"], calls[0] if calls else {}, element.get("name", ""), submit)


def button(card: JSON, label: str) -> Button:
    """The first button with this label. Raises LookupError naming those there are."""
    found = next((each for each in buttons(card) if each.label == label), None)
    if found is None:
        raise LookupError(f"no button {label!r}, only {[each.label for each in buttons(card)]}")
    return found


def _placed(parent: JSON, form: str = "") -> Iterator[tuple[JSON, JSON | None, str]]:
    """Every element with the one before it under the same parent and the name of its form."""
    before = None
    for element in (*parent.get("elements", ()), *parent.get("columns", ())):
        if "tag" not in element:  # a table's column
            continue
        yield element, before, form
        yield from _placed(element, element["name"] if element["tag"] == "form" else form)
        before = element


# --- hands: filling in a form as the client does ---

PICKERS = {
    "date_picker": ("initial_date", "%Y-%m-%d"),
    "picker_time": ("initial_time", "%H:%M"),
    "picker_datetime": ("initial_datetime", "%Y-%m-%d %H:%M"),
}
MULTI = {"multi_select_static", "multi_select_person"}
SINGLE = {"select_static", "select_person"}
FILLABLE = {"input", "checker", *PICKERS, *MULTI, *SINGLE}


def fields(card: JSON) -> list[Field]:
    """Everything to fill in. Selects and pickers have no label of their own: the text just before them is it."""
    return [_field(element, before) for element, before, _ in _placed(card["body"]) if element["tag"] in FILLABLE]


def _field(element: JSON, before: JSON | None) -> Field:
    options = tuple((each["value"], each.get("text", {}).get("content", "")) for each in element.get("options", ()))
    return Field(element.get("name", ""), _label(element, before), element["tag"], _untouched(element), options)


def _label(element: JSON, before: JSON | None) -> str:
    own = element.get("label") or (element.get("text") if element["tag"] == "checker" else None)
    if own:
        words = _visible(own)
    elif element["tag"] != "input" and before and before["tag"] in ("markdown", "div"):
        words = "\n".join(_lines(before))
    else:
        words = _visible(element.get("placeholder", {"content": ""}))
    return words.strip().rstrip(" *:：")


def _untouched(element: JSON) -> Any:
    match element["tag"]:
        case "input":
            return element.get("default_value", "")
        case "checker":
            return element.get("checked", False)
        case tag if tag in MULTI:
            return list(element.get("selected_values", ()))
        case tag if tag in SINGLE:
            index = element.get("initial_index", 0)
            return element.get("initial_option", element["options"][index - 1]["value"] if index else "")
        case tag:
            initial = element.get(PICKERS[tag][0])
            return f"{initial} {UTC_OFFSET}" if initial else ""


def fill(card: JSON, answers: Mapping[str, Any], form: str | None = None) -> JSON:
    """The `form_value` the client sends: every named field as it stands, those in `answers` (by label or name) changed.

    `form` is needed where the card has several. A select takes an option's text or value, a picker a date or its
    digits; an aware time is put into the zone of `UTC_OFFSET`. Raises LookupError for a field or option that is not
    there, ValueError for what cannot be typed.
    """
    placed = list(_placed(card["body"]))
    names = [element["name"] for element, _, _ in placed if element["tag"] == "form"]
    if form is None and len(names) != 1:
        raise LookupError(f"which form? The card has {names}")
    inside = [
        (element, _field(element, before))
        for element, before, holder in placed
        if holder == (form or names[0]) and element["tag"] in FILLABLE
    ]
    if missing := set(answers) - {key for _, each in inside for key in (each.label, each.name)}:
        raise LookupError(f"no field {sorted(missing)}, only {[each.label for _, each in inside]}")
    return {each.name: _answer(element, each, answers) for element, each in inside if each.name}


def _answer(element: JSON, asked: Field, answers: Mapping[str, Any]) -> Any:
    if asked.label not in answers and asked.name not in answers:
        return asked.value
    given = answers.get(asked.label, answers.get(asked.name))
    if asked.tag == "checker":
        return bool(given)
    if asked.tag == "input":
        return _typed(str(given), element)
    if asked.tag in PICKERS:
        return _picked(given, PICKERS[asked.tag][1])
    return [_chosen(asked, each) for each in given] if asked.tag in MULTI else _chosen(asked, given)


def _typed(text: str, element: JSON) -> str:
    if len(text) > (most := element.get("max_length", 1000)):
        raise ValueError(f"{len(text)} characters, the client lets nobody type more than {most}")
    return text


def _picked(given: Any, form: str) -> str:
    if isinstance(given, str) and given:
        given = datetime.strptime(f"{given.removesuffix(f' {UTC_OFFSET}')} {UTC_OFFSET}", f"{form} %z")
    elif isinstance(given, datetime):
        given = given.astimezone(datetime.strptime(UTC_OFFSET, "%z").tzinfo)
    return f"{given.strftime(form)} {UTC_OFFSET}" if given else ""


def _chosen(asked: Field, given: str) -> str:
    found = next((value for value, text in asked.options if given in (text, value)), None)
    if found is None and given and not (asked.tag.endswith("person") and not asked.options):
        raise LookupError(
            f"{asked.label}: no option {given!r}, only {[text or value for value, text in asked.options]}"
        )
    return given if found is None else found
