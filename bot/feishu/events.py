"""Feishu's proven payloads read as events, and the answer to a pressed card."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.event import Change, Enclosed, Event, Incoming, Kind, Press
from bot.feishu.verify import is_challenge
from bot.payload import parse
from bot.platform import Direct, Forged, Json
from cards.kit import Toast

MENTION = re.compile(r"@_user_\d+|@_all")
LONGEST_ID = 128
#: so much of a file's name is kept, and so many pictures of one message.
LONGEST_NAME, MOST_ENCLOSED = 200, 20
Id = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
Scalar = str | int | float | bool | None


class Part(BaseModel):
    """A piece of a payload: types as promised, unknown members ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


class Challenge(Part):
    challenge: str


class Account(Part):
    open_id: Id


class Sender(Part):
    sender_type: str
    sender_id: Any = None


class Mention(Part):
    key: str
    name: str = ""
    mentioned_type: str = ""


class Message(Part):
    message_id: Id
    chat_id: Id
    chat_type: Id
    message_type: Id
    content: str
    mentions: list[Mention] | None = None


class Received(Part):
    """The event of `im.message.receive_v1` (protocol §1.7)."""

    sender: Sender
    message: Message


class Plain(Part):
    text: str


class Sent(Part):
    """A picture or a file."""

    image_key: str = ""
    file_key: str = ""
    file_name: str = ""


class Node(Part):
    tag: str
    text: str = ""
    image_key: str = ""
    user_id: str = ""
    user_name: str = ""


class Post(Part):
    title: str = ""
    content: list[list[Node]]


class Action(Part):
    value: dict[str, Any] | str | None = None
    name: str | None = None
    form_value: dict[str, Scalar | list[Scalar]] | None = None
    option: str | None = None
    input_value: str | None = None


class Context(Part):
    open_message_id: Id
    open_chat_id: Id


class Pressed(Part):
    """The event of `card.action.trigger` (protocol §2.1)."""

    operator: Account
    action: Action
    context: Context


class Chat(Part):
    """The event of a chat that the bot came into or left (protocol §1.7)."""

    chat_id: Id


class Concerned(Part):
    """The event of a person (protocol §1.7): of it only who it is is believed, the rest is read anew."""

    who: Account = Field(alias="object")


class Department(Part):
    open_department_id: Id


class Rearranged(Part):
    """The event of a department."""

    what: Department = Field(alias="object")


#: that a leave event came means that he left.
PEOPLE: dict[str, Kind] = {
    "contact.user.deleted_v3": "left",
    "contact.user.created_v3": "member",
    "contact.user.updated_v3": "member",
}
DEPARTMENTS = {"contact.department.created_v3", "contact.department.updated_v3", "contact.department.deleted_v3"}
CHATS: dict[str, Kind] = {
    "im.chat.member.bot.added_v1": "opened",
    "im.chat.member.bot.deleted_v1": "closed",
    "im.chat.disbanded_v1": "closed",
}


def read(payload: Json) -> Incoming | Direct | None:
    """What happened, or None for what we do not handle (protocol §1.7, §2.1). Raises Forged (400) on damage."""
    header = payload.get("header")
    kind = str(header.get("event_type")) if isinstance(header, dict) else ""
    try:
        if is_challenge(payload):
            return Direct({"challenge": Challenge.model_validate(payload).challenge})
        if kind == "im.message.receive_v1":
            return _message(Received.model_validate(payload.get("event")))
        if kind == "card.action.trigger":
            return _press(_event_id(payload), Pressed.model_validate(payload.get("event")))
        return _changed(kind, payload)
    except ValidationError:
        raise Forged("malformed event", 400) from None


def _changed(kind: str, payload: Json) -> Change | None:
    """What changed in the company or with the bot. Raises ValidationError, Forged (400)."""
    event = payload.get("event")
    if kind in PEOPLE:
        return Change("feishu", _event_id(payload), PEOPLE[kind], (Concerned.model_validate(event).who.open_id,))
    if kind in DEPARTMENTS:
        changed = Rearranged.model_validate(event).what.open_department_id
        return Change("feishu", _event_id(payload), "unit", (changed,))
    if kind == "contact.scope.updated_v3":
        return Change("feishu", _event_id(payload), "scope", ("",))
    if kind in CHATS:
        return Change("feishu", _event_id(payload), CHATS[kind], (Chat.model_validate(event).chat_id,))
    return None


def respond(card: Json | None, toast: Toast | None) -> Json:
    """The answer to a pressed card, only with the members given; `{}` keeps the card (protocol §2.2)."""
    answer: Json = {}
    if toast:
        answer["toast"] = {"type": toast.tone, "content": toast.text}
    if card is not None:
        answer["card"] = {"type": "raw", "data": card}
    return answer


def _message(received: Received) -> Event | None:
    """A person's words to the bot; other bots are ignored, lest two of them talk for ever."""
    message, private = received.message, received.message.chat_type == "p2p"
    mentions = message.mentions or []
    addressed = private or any(mention.mentioned_type == "bot" for mention in mentions)
    if received.sender.sender_type != "user" or not addressed:
        return None
    account = Account.model_validate(received.sender.sender_id).open_id
    text, files = _said(message, mentions)
    return Event("feishu", message.message_id, account, message.chat_id, private, text, files=files)


def _said(message: Message, mentions: list[Mention]) -> tuple[str, tuple[Enclosed, ...]]:
    """The words typed, people by name and the bot left out, and what was enclosed; neither for a voice and the like."""
    names = {mention.key: "" if mention.mentioned_type == "bot" else mention.name for mention in mentions}
    names["@_all"] = ""
    match message.message_type:
        case "text":
            text = Plain.model_validate(parse(message.content)).text
            return MENTION.sub(lambda found: names.get(found[0], found[0]), text).strip(), ()
        case "post":
            post = Post.model_validate(parse(message.content))
            lines = ["".join(_node_text(node, names) for node in line) for line in post.content]
            keys = [node.image_key for line in post.content for node in line if node.tag == "img" and node.image_key]
            pictures = (Enclosed("image", key, message.message_id) for key in keys[:MOST_ENCLOSED])
            return "\n".join([post.title, *lines]).strip(), tuple(pictures)
        case "image":
            key = Sent.model_validate(parse(message.content)).image_key
            return "", (Enclosed("image", key, message.message_id),) if key else ()
        case "file":
            sent = Sent.model_validate(parse(message.content))
            file = Enclosed("file", sent.file_key, message.message_id, sent.file_name[:LONGEST_NAME])
            return "", (file,) if file.key else ()
    return "", ()


def _node_text(node: Node, names: dict[str, str]) -> str:
    return names.get(node.user_id, node.user_name) if node.tag == "at" else node.text


def _event_id(payload: Json) -> str:
    event_id = payload["header"].get("event_id")
    if not (isinstance(event_id, str) and 0 < len(event_id) <= LONGEST_ID):
        raise Forged("event without an id", 400)
    return event_id


def _press(event_id: str, pressed: Pressed) -> Event:
    press = Press(_value(pressed.action), pressed.context.open_message_id, _form(pressed.action))
    return Event("feishu", event_id, pressed.operator.open_id, pressed.context.open_chat_id, None, press=press)


def _value(action: Action) -> dict[str, object]:
    """The button's own data. A submit button may come with nothing but its name, which then has to route it."""
    value: Json | None = _object_or_empty(action.value) if isinstance(action.value, str) else action.value
    if not value and action.name:
        return {"name": action.name}
    return value or {}


def _object_or_empty(text: str) -> Json:
    try:
        return parse(text)
    except Forged:
        return {}


def _form(action: Action) -> dict[str, str]:
    form = {name: _joined(value) for name, value in (action.form_value or {}).items()}
    outside = {"option": action.option, "input": action.input_value}
    return form | {name: value for name, value in outside.items() if value is not None}


def _joined(value: Scalar | list[Scalar]) -> str:
    match value:
        case list():
            return ",".join(map(_joined, value))
        case None:
            return ""
        case bool():
            return str(value).lower()
    return str(value)
