"""What a platform is to us: the same few names for every one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from bot.event import Incoming
from cards.kit import Card, Toast
from models.organisation import Organisation
from models.pace import Limit, Outcome
from models.work import Work

Json = dict[str, Any]
Kind = Literal["later", "gone", "fixed", "unknown", "never"]


class Forged(Exception):
    """A request that did not come from the platform, or came damaged.

    `status` is what the caller is told (400 damaged, 401 not proven); the reason only reaches the security log.
    """

    def __init__(self, reason: str, status: int = 401) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """What came through a door, as it came; the names of the headers in upper case."""

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Direct:
    """A request that is answered at once and touches nothing, such as the platform's own address check."""

    body: Json


class SendError(Exception):
    """The platform did not take a message.

    `kind`: `later` (rate limit, outage: try again), `gone` (the message can no longer be changed: send anew), `fixed`
    (it never could: only how it ended is worth a message), `unknown` (it may have taken it, and a repetition would be a
    second message), `never` (a dead letter). `after` is the pause in seconds the platform asked for. `outcome` is what
    it says of the platform: `limited` (too many calls), `crowded` (too many for this recipient), `away` (an outage:
    whatever may be sent later and says nothing else), `refused` (it is well, only this message is not). `closed`:
    nothing else will be taken for this chat or account either until something comes from there (`models.chats.closed`).
    `denied`: our app lacks a permission. `code` is the platform's own, where it gave one.
    """

    def __init__(
        self,
        reason: str,
        kind: Kind = "later",
        after: float | None = None,
        outcome: Outcome | None = None,
        *,
        closed: bool = False,
        denied: bool = False,
        code: str = "",
    ) -> None:
        super().__init__(reason)
        self.kind, self.after, self.closed, self.denied, self.code = kind, after, closed, denied, code
        self.outcome: Outcome = outcome or ("away" if kind in ("later", "unknown") else "refused")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: an account of a person or a chat."""

    kind: Literal["account", "chat"]
    id: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What the platform answered: the id to update the message by, and the chat it landed in."""

    message_id: str
    chat: str


class Tally:
    """Counts calls that a platform bills, by all threads of a process."""

    def __init__(self) -> None:
        self._lock, self._count = threading.Lock(), 0

    def add(self, calls: int = 1) -> None:
        """So many more."""
        with self._lock:
            self._count += calls

    def take(self) -> int:
        """How many since this was asked last."""
        with self._lock:
            taken, self._count = self._count, 0
            return taken


class Client(Protocol):
    """Talks to one platform. The only part of it that opens a connection."""

    billed: Tally

    def send(self, to: Address, card: Json, key: str) -> Sent:
        """Send a card. `key` makes a repetition harmless where the platform can. Raises SendError."""
        ...

    def update(self, message_id: str, card: Json, to: Address | None = None) -> None:
        """Replace a sent card in place; `to` is whose it is, where that is known. Raises SendError."""
        ...

    def urge(self, message_id: str, to: Address, words: str) -> None:
        """Let a message that has arrived ring at an account; `words` say what it is about where the card is not shown.

        Done twice it rings twice: whoever calls it writes that down first. Raises SendError, which is `denied` where
        the company may not do it; the message stands all the same.
        """
        ...


class Contacts(Protocol):
    """One platform's organisation. Both raise SendError where a page is missing: half an organisation is none."""

    def whole(self) -> Organisation:
        """Everything that we may see."""
        ...

    def some(self, units: Iterable[str], members: Iterable[str]) -> Organisation:
        """Only these departments and people; who is not found is left out."""
        ...


#: a card as the answer to words said in a chat; None where it has to be sent.
Say = Callable[[Work, str, Card], Json | None]


def always(card: Card) -> bool:
    return True


def _as_it_is(body: Json) -> Json:
    return body


@dataclass(frozen=True, slots=True)
class Door:
    """An address that a platform calls: how a request is proven, what it says, and how the answer is wrapped."""

    path: str
    verify: Callable[[Request], Json]
    read: Callable[[Json], Incoming | Direct | None]
    wrap: Callable[[Json], Json] = _as_it_is


def at_speed(limits: tuple[Limit, ...], speed: float) -> tuple[Limit, ...]:
    """The limits of a platform of which a share is used; or, above 1, of a stand-in whose time passes faster."""
    share, faster = min(speed, 1.0), max(speed, 1.0)
    return tuple(replace(limit, count=limit.count * share, seconds=limit.seconds / faster) for limit in limits)


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform, assembled in `app.py`.

    `inline` tells of a card whether the answer to a press may carry it. `coded`: what a button says may be said. `say`
    makes a card the answer to words, for an event that is `at_once`; None where it has to be sent.
    `limits` hold for each kind of call (send, update); `monthly` is how many calls a month are paid for, 0 where nobody
    counts. `find` gives (mobile, account) of those people among many whom the platform knows, and raises SendError when
    it must stop. `contacts` reads its organisation.
    """

    name: str
    doors: tuple[Door, ...]
    respond: Callable[[Json | None, Toast | None], Json]
    render: Callable[[Card], Json]
    client: Client
    inline: Callable[[Card], bool] = always
    coded: bool = False
    say: Say | None = None
    limits: tuple[Limit, ...] = ()
    monthly: int = 0
    find: Callable[[Sequence[str]], Iterator[tuple[str, str]]] | None = None
    contacts: Contacts | None = None
