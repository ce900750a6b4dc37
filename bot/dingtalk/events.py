"""DingTalk's proven payloads read as events: what was said and pressed, who left, and where an answer may go."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from bot.event import Change, Enclosed, Event, Kind, Press, ReplyDoor
from bot.payload import parse
from bot.platform import Direct, Forged, Json
from cards import dingtalk as cards
from cards.kit import Toast

NAME = "dingtalk"
#: a person's own chat with the robot: messages to him are addressed by his id, not by one of the chat (§1.1).
OWN = "user:"
#: how our id of a card begins that stands in a group; the platform does not always say where a card was pressed.
IN_GROUP = "group:"
#: else an update would wipe what it does not name (protocol §3.3)
BY_KEY: Json = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
#: for somebody outside the organisation, and for everybody before the app is published (protocol §1.1)
UNKNOWN: Json = {
    "msgtype": "text",
    "text": {"content": "钉钉没有告诉我你是谁，所以不能办理。请让管理员发布应用，或用本公司的账号。"},
}
OAPI = "https://oapi.dingtalk.com"
LONGEST_ID, LONGEST_URL = 128, 2048
#: a code for a download may be long; so much of a file's name is kept, and so many pictures of one message.
LONGEST_CODE, LONGEST_NAME, MOST_ENCLOSED = 2048, 200, 20
#: The door's own path and query only: no other host, user, port or path can hide in these signs.
DOOR = re.compile(r"/robot/sendBySession(?:/[\w-]+)*(?:\?[\w.~%&=+/:-]*)?", re.ASCII)
MILLISECONDS = re.compile(r"[0-9]{1,14}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MARGIN = timedelta(minutes=5)
#: the parameters of a submitted form: what was filled in, and how the form looked
FORM, FORM_SHOWN = "form", "current_form"
log = logging.getLogger(__name__)


def _as_text(value: object) -> object:
    """Where text is promised a number comes now and then."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text), Field(max_length=LONGEST_ID)]
Id = Annotated[Text, Field(min_length=1)]
Scalar = str | int | float | bool | None


class Part(BaseModel):
    """A piece of a payload: types as promised, unknown members ignored."""

    model_config = ConfigDict(strict=True, frozen=True, alias_generator=to_camel)


class Message(Part):
    """A message to the robot (protocol §1.1)."""

    msg_id: Id
    conversation_id: Id
    conversation_type: Id
    msgtype: Id
    sender_staff_id: Text | None = None
    is_in_at_list: Any = None
    text: Any = None
    content: Any = None


class Plain(Part):
    content: str


class Coded(Part):
    """Something enclosed. Where its code is missing or none, nothing is."""

    download_code: Any = None
    picture_download_code: Any = None
    file_name: Any = None

    @property
    def code(self) -> str:
        given = self.download_code or self.picture_download_code
        return given if isinstance(given, str) and len(given) <= LONGEST_CODE else ""


class Span(Coded):
    text: str | None = None


class Rich(Part):
    rich_text: list[Span]


class Voice(Part):
    recognition: str | None = None


class Pressed(Part):
    """A pressed card (protocol §3.5)."""

    out_track_id: Id
    user_id: Id
    space_id: Text | None = None
    content: Any = None
    value: Any = None


class Said(Part):
    """What a button says."""

    action_ids: list[Text] | None = None
    params: dict[str, Any] | None = None


class Content(Said):
    """The content of a pressed card; older ones have the members of the private data beside it."""

    card_private_data: Said | None = None


class Choice(Part):
    """What was chosen from a list: one value or several."""

    value: Scalar | list[Scalar] = None


class Filled(Part):
    """A submitted form (protocol §3.6)."""

    form: dict[str, Scalar | list[Scalar] | Choice]


class People(Part):
    """The event of people (protocol §2.4): of it only who they are is believed, the rest is read anew."""

    ids: list[Id] = Field(validation_alias=AliasChoices("UserId", "userId"))


class Departments(Part):
    """The event of departments."""

    ids: list[Id] = Field(validation_alias=AliasChoices("DeptId", "deptId"))


#: event → what it means for those it names, who they are
CHANGES: dict[str, tuple[Kind, type[People] | type[Departments]]] = {
    "user_leave_org": ("left", People),
    "user_add_org": ("member", People),
    "user_modify_org": ("member", People),
    "org_dept_create": ("unit", Departments),
    "org_dept_modify": ("unit", Departments),
    "org_dept_remove": ("unit", Departments),
}


def said(payload: Json) -> Event | None:
    """What was said to the robot, or None for what was not (protocol §1.1). Raises Forged (400) on damage.

    The text is empty for a picture and the like; the account is empty for somebody outside the organisation, and for
    everybody before the app is published.
    """
    if _is_withheld(payload):
        return None
    try:
        message = Message.model_validate(payload)
        text, files = _words(message).strip(), tuple(_enclosed(message))
    except ValidationError:
        raise Forged("malformed message", 400) from None
    private = message.conversation_type == "1"
    if not private and str(message.is_in_at_list).lower() == "false":
        return None
    account = message.sender_staff_id or ""
    chat = f"{OWN}{account}" if private else message.conversation_id
    return Event(NAME, message.msg_id, account, chat, private, text, files=files)


def heard(payload: Json, oapi_base: str = OAPI) -> Event | Direct | None:
    """What was said, and where it may be answered; who is not named is told at once that we cannot know him."""
    event = said(payload)
    if event is None:
        return None
    door = reply_door(payload, oapi_base)
    return replace(event, door=door, at_once=True) if event.account else Direct(UNKNOWN)


def reply_door(payload: Json, oapi_base: str = OAPI) -> ReplyDoor | None:
    """Where this message may be answered without a token (protocol §1.2), until 5 minutes before that ends.

    The address comes from a body nobody signed, so it has to begin exactly like `oapi_base`; None otherwise, and for
    one that does not say when it ends. Raises nothing.
    """
    url, ends = payload.get("sessionWebhook"), str(payload.get("sessionWebhookExpiredTime"))
    base = oapi_base.rstrip("/")
    if not (isinstance(url, str) and len(url) <= LONGEST_URL and url.startswith(base)):
        return None
    if not (DOOR.fullmatch(url[len(base) :]) and MILLISECONDS.fullmatch(ends)):
        return None
    return ReplyDoor(url, EPOCH + timedelta(milliseconds=int(ends)) - MARGIN)


def pressed(payload: Json) -> Event:
    """The press of a button or of a form's (protocol §3.5, §3.6). Raises Forged (400) on damage.

    The platform gives a press no id: its key is made of the card, the person and what the button said. So somebody who
    really presses the same button of the same card twice, or submits the same words again, is taken for a redelivery
    and gets the answer of the first time. The chat is empty where the platform does not name one.
    """
    try:
        card = Pressed.model_validate(payload)
        content = _object(card.value if card.content in (None, "") else card.content)
        whole = Content.model_validate(content)
        inner = whole.card_private_data or Said()
        params, ids = inner.params or whole.params or {}, inner.action_ids or whole.action_ids or []
        press = Press(_value(params, ids), card.out_track_id, _form(params.get(FORM)))
    except ValidationError:
        raise Forged("malformed press", 400) from None
    chat, private = _space(card)
    return Event(NAME, _key(card, content), card.user_id, chat, private, press=press)


def respond(card: Json | None, toast: Toast | None) -> Json:
    """The answer to a pressed card, only with what changes; `{}` keeps the card (protocol §3.5)."""
    shown = cards.params(card, None) if card is not None else {}
    if toast:
        shown |= {"tips": toast.text}
    return {"cardData": {"cardParamMap": shown}, "cardUpdateOptions": BY_KEY} if shown else {}


def changed(payload: Json) -> Change | None:
    """What an event of the subscription changes for us; None for a check of our address and for everything we do not
    follow (protocol §2.4), which have to be answered all the same. Raises Forged (400) on damage.

    The platform gives an event no id, so its key is made of all that it says.
    """
    kind, named = CHANGES.get(str(payload.get("EventType")), (None, People))
    if kind is None:
        return None
    try:
        return Change(NAME, _digest(payload), kind, tuple(named.model_validate(payload).ids))
    except ValidationError:
        raise Forged("malformed event", 400) from None


def _is_withheld(payload: Json) -> bool:
    """Whether the platform keeps the words to itself, as it does when the quota of the month is used up."""
    code = payload.get("errorCode") or payload.get("errCode")
    if not code or payload.get("text") or payload.get("content"):
        return False
    log.warning("DingTalk withholds what is said to the robot: error %.40s (20001 is the monthly quota)", code)
    return True


def _words(message: Message) -> str:
    """The words said; empty for a picture, a file and the like. Raises ValidationError."""
    match message.msgtype:
        case "text":  # one page of the documentation has the words one level up
            plain = {"content": message.content} if message.text is None else message.text
            return Plain.model_validate(plain).content
        case "richText":
            return "".join(span.text or "" for span in Rich.model_validate(message.content).rich_text)
        case "audio":
            return Voice.model_validate(message.content).recognition or ""
    return ""


def _enclosed(message: Message) -> Iterator[Enclosed]:
    """Pictures and files (protocol §1.1). Raises ValidationError."""
    match message.msgtype, message.content:
        case "picture", dict():
            parts: list[Coded] = [Coded.model_validate(message.content)]
        case "richText", _:
            parts = [*Rich.model_validate(message.content).rich_text]
        case "file", dict():
            file = Coded.model_validate(message.content)
            name = file.file_name[:LONGEST_NAME] if isinstance(file.file_name, str) else ""
            yield from (Enclosed("file", code, message.msg_id, name) for code in [file.code] if code)
            return
        case _:
            return
    yield from (Enclosed("image", part.code, message.msg_id) for part in parts[:MOST_ENCLOSED] if part.code)


def _object(value: object) -> Json:
    """An object that may come as JSON text. Raises Forged (400)."""
    if isinstance(value, str):
        return parse(value)
    if not isinstance(value, dict):
        raise Forged("malformed press", 400)
    return value


def _value(params: Json, ids: list[str]) -> dict[str, object]:
    """The button's own data: what our cards pack into `value`, or all its parameters, or else only its name."""
    own = {name: value for name, value in params.items() if name not in (FORM, FORM_SHOWN)}
    try:
        value = _object(own.get("value"))
    except Forged:
        value = own
    if not value and ids:
        return {"name": ids[0]}
    return value


def _form(form: object) -> dict[str, str]:
    """Everything filled in as text. Raises ValidationError, Forged (400)."""
    filled = Filled.model_validate({FORM: {} if form is None else _object(form)}).form
    values = {name: each.value if isinstance(each, Choice) else each for name, each in filled.items()}
    return {name: _joined(value) for name, value in values.items() if value is not None}


def _joined(value: Scalar | list[Scalar]) -> str:
    match value:
        case list():
            return ",".join(_joined(each) for each in value if each is not None)
        case bool():
            return str(value).lower()
    return str(value)


def _space(card: Pressed) -> tuple[str, bool | None]:
    """The chat a card stands in as messages name it, and whether it is a person's own: our id of the card says so.

    Where the platform names a group nothing is private, whatever the id says.
    """
    kind, _, where = (card.space_id or "").removeprefix("dtv1.card//").partition(".")
    if kind == "IM_GROUP":
        return where, False
    if card.out_track_id.startswith(IN_GROUP):
        return "", False
    return f"{OWN}{card.user_id}", True


def _key(card: Pressed, content: Json) -> str:
    """The same for the same press, however its JSON is written and wherever the card was shown."""
    own = {name: value for name, value in content.items() if name != "spaceId"}
    return _digest([card.out_track_id, card.user_id, own])


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
