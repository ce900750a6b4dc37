"""Event: what was said or pressed, by whom, where; nothing platform-shaped."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


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
class Enclosed:
    """A picture or file that came with a message: the `key` by which its platform gives it away, for a while.

    `name` is what its sender called it, empty for a picture; only its content says what it is.
    """

    kind: Literal["image", "file"]
    key: str
    message: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a person did on a platform.

    `key` is the same on every redelivery; `private` is None where the platform does not say. `at_once`: what is said
    to it may stand in the answer to the request itself. `on_page`: it was filled in on a page of ours, which shows why
    it was not taken and may send it again.
    """

    platform: str
    key: str
    account: str
    chat: str
    private: bool | None
    text: str = ""
    press: Press | None = None
    door: ReplyDoor | None = None
    files: tuple[Enclosed, ...] = ()
    at_once: bool = False
    on_page: bool = False

    @property
    def in_message(self) -> Press | None:
        """The press that is answered in the message it happened in."""
        return None if self.press is None or self.press.apart else self.press


Kind = Literal["left", "closed", "opened", "unit", "member", "scope"]


@dataclass(frozen=True, slots=True)
class Change:
    """What a platform tells of itself, without anybody speaking to us.

    `left`: these accounts are no longer in the organisation; `closed`: these chats take nothing from us any more;
    `opened`: they do again. `unit`, `member`: these departments or people have to be read anew; `scope`: we may see
    something else now. `key` is the same on every redelivery.
    """

    platform: str
    key: str
    kind: Kind
    names: tuple[str, ...]


#: what comes in through a door and is dispatched
Incoming = Event | Change
