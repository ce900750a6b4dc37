"""The DingTalk client as a person's eyes: the words of a message, and what there is to press and to fill in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from standins.dingtalk_company import Message
from standins.dingtalk_schema import DTMD, FONT, LINK, PAGES

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a card that calls the app back; `submit` sends the card's form along (section 3.5)."""

    label: str
    action_id: str
    params: JSON
    submit: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A link that makes whoever presses it say `text` (section 3.8)."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A link to a page; `url` is its address, taken out of the dingtalk:// link it came in."""

    label: str
    url: str


Pressable = Button | Words | Page


@dataclass(frozen=True, slots=True)
class Field:
    """Something to fill in; `options` as (value, text) in their order, `value` as it stands there untouched."""

    name: str
    label: str
    kind: str
    required: bool
    locked: bool
    value: Any
    options: tuple[tuple[str, str], ...] = ()


def pressables(message: Message, user_id: str = "") -> list[Pressable]:
    """Everything this person can press, top to bottom: links in the text, then buttons."""
    if message.card:
        return list(_of_card(message.card.seen_by(user_id or message.conversation)))
    content = message.content
    found: list[Pressable] = []
    if message.kind in ("markdown", "actionCard"):
        found += _links(content["text"])
    found += [_link(each["title"], each["actionURL"]) for each in content.get("btns", ())]
    found += [_link(each["title"], each["messageURL"]) for each in content.get("links", ())]
    if message.kind == "link":
        found.append(_link(content["title"], content["messageUrl"]))
    return found


def _of_card(data: dict[str, str]) -> Iterator[Pressable]:
    yield from _links(data.get("markdown", ""))
    for each in json.loads(data.get("sys_full_json_obj") or "{}").get("msgButtons", ()):
        if "url" in each:
            yield _link(each["text"], each["url"])
        else:
            yield Button(each["text"], each["id"], each["params"])
    if data.get("form") and data.get("form_status", "normal") == "normal":
        yield Button(data.get("form_btn_text") or "提交", "form", {}, submit=True)


def _links(text: str) -> list[Pressable]:
    return [_link(label, url) for image, label, url in LINK.findall(text) if not image]


def _link(label: str, url: str) -> Words | Page:
    if url.startswith(DTMD):
        return Words(label, unquote(url.removeprefix(DTMD)))
    return Page(label, _address(url))


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "dingtalk":
        return url
    return _address(parse_qs(parts.query)[PAGES[parts.path][0]][0])


def pressable(message: Message, label: str, user_id: str = "") -> Pressable:
    """The first pressable with this label. Raises LookupError naming those there are."""
    there = pressables(message, user_id)
    found = next((each for each in there if each.label == label), None)
    if found is None or message.recalled:
        raise LookupError(f"nothing to press called {label!r}, only {[each.label for each in there]}")
    return found


def fields(message: Message, user_id: str = "") -> list[Field]:
    """The form of a card as this person has it, hidden fields too (section 3.6)."""
    data = message.card.seen_by(user_id or message.conversation) if message.card else {}
    return [_field(each) for each in json.loads(data.get("form") or '{"fields": []}')["fields"]]


def _field(each: JSON) -> Field:
    options = tuple((option["value"], option["text"]) for option in each.get("options", ()))
    locked = each.get("hidden", False) or each.get("readOnly", False)
    label = each.get("label", "")
    return Field(
        each["name"], label, each["type"], each.get("required", False), locked, each.get("defaultValue"), options
    )


def texts(message: Message, user_id: str = "") -> str:
    """All words of a message, a line each; Markdown loses links' addresses, bold marks, colours and entities."""
    if message.card:
        data = message.card.seen_by(user_id or message.conversation)
        parts = [data.get(name, "") for name in ("title", "markdown", "tips")]
        parts += [f"{each.label} {each.value or ''}".strip() for each in fields(message, user_id) if each.label]
    else:
        parts = [str(message.content.get(name, "")) for name in ("title", "text", "content")]
        parts += [each["title"] for each in message.content.get("links", ())]
    return "\n".join(_visible(part) for part in parts if part)


def _visible(text: str) -> str:
    text = FONT.sub("", LINK.sub(r"\2", text))
    text = re.sub(r"^(#{1,6}|>|-) +", "", text.replace("**", ""), flags=re.MULTILINE)
    return unescape("\n".join(line.strip() for line in text.splitlines() if line.strip()))


def describe(message: Message) -> str:
    """A message for reading on a terminal: to whom, its words, and what each thing to press brings."""
    again = len(message.card.history) - 1 if message.card else 0
    state = f"revision {again + 1}" if again else "new"
    lines = [f"── {message.message_id} → {message.conversation} ({message.kind} by {message.via}, {state})"]
    lines += [f"   {line}" for line in texts(message).splitlines()]
    for each in pressables(message):
        brings = {Words: "says", Page: "opens"}.get(type(each), "calls back")
        what = each.text if isinstance(each, Words) else each.url if isinstance(each, Page) else each.action_id
        lines.append(f"   [{each.label}] {brings} {what}")
    return "\n".join(lines)
