"""What the DingTalk stand-in knows: people, groups, and what each conversation shows, oldest first."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]


class Refusal(Exception):
    """What the platform says no to: a word on the new API, a number with HTTP 200 on the old one (section 4.7)."""

    def __init__(self, code: str | int, msg: str = "", status: int | None = None) -> None:
        super().__init__(f"{code} {msg}")
        usual = 200 if isinstance(code, int) else {"Forbidden": 403, "system": 500}.get(code.split(".")[0], 400)
        self.code, self.msg, self.status = code, msg or str(code), status or usual


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company."""

    user_id: str
    name: str
    mobile: str
    union_id: str


@dataclass
class Group:
    """A group chat; `bot` says whether the robot is in it."""

    conversation_id: str
    title: str
    members: set[str]
    bot: bool = True


@dataclass
class Card:
    """A card instance, whatever the number of places it hangs in. `history` holds all public data it ever had."""

    out_track_id: str
    template: str
    data: dict[str, str]
    private: dict[str, dict[str, str]]
    callback_type: str
    route_key: str
    user_id_type: int
    history: list[dict[str, str]] = field(default_factory=list)

    def seen_by(self, user_id: str) -> dict[str, str]:
        """The variables as this person has them: his private ones cover the public ones (section 3.2)."""
        return self.data | self.private.get(user_id, {})


@dataclass
class Message:
    """A message of the robot. `content` has the members of section 1.3 whatever way it came; `at` is seconds.

    `conversation` is a userId for a chat with one person, else the group's id. `via` is the way it came: session,
    answer, robot or card; `key` its processQueryKey or outTrackId.
    """

    message_id: str
    conversation: str
    kind: str
    content: JSON
    via: str
    key: str
    at: float
    card: Card | None = None
    recalled: bool = False
    recipients: frozenset[str] = frozenset()  # of a card in a group: who alone gets it; empty = everybody


@dataclass
class Company:
    """People, groups and messages under one lock. With `anybody` every userId is a person, every group has the bot."""

    clock: Callable[[], float] = time.time
    anybody: bool = False
    keep: bool = True
    on_message: Callable[[Message], None] | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)
    people: dict[str, Person] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    sends: int = 0

    def person(self, user_id: str) -> Person | None:
        with self.changed:
            known = self.people.get(user_id)
            return known or (Person(user_id, user_id, "", union_id(user_id)) if self.anybody else None)

    def person_by(self, given: str, user_id_type: int) -> Person | None:
        """By userId (1) or unionId (2), see `userIdType` in section 3.2."""
        if user_id_type == 1:
            return self.person(given)
        with self.changed:
            return next((each for each in self.people.values() if each.union_id == given), None)

    def group(self, conversation_id: str) -> Group | None:
        with self.changed:
            known = self.groups.get(conversation_id)
            return known or (Group(conversation_id, "", set()) if self.anybody else None)

    def show(
        self,
        conversation: str,
        kind: str,
        content: JSON,
        via: str,
        key: str = "",
        card: Card | None = None,
        recipients: frozenset[str] = frozenset(),
    ) -> None:
        """Put a message at the end of a conversation."""
        name, at = "msg" + secrets.token_hex(12), self.clock()
        new = Message(name, conversation, kind, content, via, key, at, card, recipients=recipients)
        with self.changed:
            self.sends += 1
            if self.keep:
                self.messages.append(new)
            self.changed.notify_all()
        self.tell(new)

    def sees(self, user_id: str, message: Message) -> bool:
        """Does the message stand in a chat of this person?"""
        if user_id == message.conversation:
            return True
        group = self.groups.get(message.conversation)
        inside = user_id in group.members if group else self.anybody and message.conversation not in self.people
        return inside and (not message.recipients or user_id in message.recipients)

    def tell(self, message: Message) -> None:
        if self.on_message:
            self.on_message(message)

    def recall(self, keys: list[str]) -> None:
        """Let messages of the robot be gone (sections 4.2 and 4.2b)."""
        with self.changed:
            for each in self.messages:
                each.recalled = each.recalled or (each.via == "robot" and each.key in keys)
            self.changed.notify_all()

    def checked(self, problems: list[str], code: str | int, status: int | None = None) -> None:
        """Refuse what has problems, and remember them. Raises Refusal."""
        if problems:
            with self.changed:
                self.problems += problems
            raise Refusal(code, "; ".join(problems[:3]), status)


def union_id(user_id: str) -> str:
    return "un" + digest("union" + user_id)


def chat_of(user_id: str) -> str:
    """The conversationId of the chat with one person: always the same for the same userId."""
    return "cid" + digest("chat" + user_id) + "=="


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:22]
