"""Event: what was said or pressed, by whom, where; nothing platform-shaped."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button. Everything in it was sent by a stranger: only a hint, never authority.

    `apart`: it did not happen in the message itself but was said or filled in elsewhere, so the answer goes to the
    chat. `message_id` is then the message it belongs to, and may be empty.
    """

    value: dict[str, object]
    message_id: str
    form: dict[str, str] = field(default_factory=dict)
    apart: bool = False


@dataclass(frozen=True, slots=True)
class ReplyDoor:
    """An address that takes answers in the event's chat, `until` then."""

    url: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a person did on a platform.

    `key` is the same on every redelivery; `private` is None where the platform does not say.
    """

    platform: str
    key: str
    account: str
    chat: str
    private: bool | None
    text: str = ""
    press: Press | None = None
    door: ReplyDoor | None = None

    @property
    def in_message(self) -> Press | None:
        """The press that is answered in the message it happened in."""
        return None if self.press is None or self.press.apart else self.press
