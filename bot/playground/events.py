"""What the page sends read as events."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.event import Event, Press
from bot.platform import Forged, Json
from cards.kit import Toast
from models.playground import chat_of

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w-]+$")]
Plain = Annotated[str, Field(max_length=20_000)]


class Pressed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    message_id: Id
    value: dict[str, str | int]
    form: dict[Id, Plain] = {}


class Sent(BaseModel):
    """One thing a person did on the page; `id` is the same when the page tries again."""

    model_config = ConfigDict(extra="forbid")
    id: Id
    account: Id
    text: Plain = ""
    press: Pressed | None = None


def read(payload: Json) -> Event:
    """The event. Raises Forged (400) on damage."""
    try:
        sent = Sent.model_validate(payload)
    except ValidationError:
        raise Forged("malformed event", 400) from None
    press = Press(dict(sent.press.value), sent.press.message_id, sent.press.form) if sent.press else None
    return Event("playground", sent.id, sent.account, chat_of(sent.account), True, sent.text.replace("\0", ""), press)


def respond(card: Json | None, toast: Toast | None) -> Json:
    """The answer to a press: what the page shows at once."""
    shown = {"text": toast.text, "tone": toast.tone} if toast else None
    return {"toast": shown, "card": card}
