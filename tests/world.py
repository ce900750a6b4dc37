"""A company at its chat: people who say and press things, and what the platform then shows them.

Works on the program in this process (`Inside`) and on a real server (`tests/process.py`): only posting, waiting and
moving the clock differ.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from standins import feishu_says
from standins.feishu_api import FeishuApi, Message
from standins.feishu_says import FeishuApp, Request

JSON = dict[str, Any]
GROUP = "oc_sales_group"


class Host(Protocol):
    """Where the program runs."""

    api: FeishuApi
    app: FeishuApp

    def post(self, path: str, request: Request) -> tuple[int, JSON]: ...
    def settle(self) -> None: ...


@dataclass
class Seen:
    """A message as it looks now."""

    message: Message

    @property
    def card(self) -> JSON:
        return self.message.card

    @property
    def title(self) -> str:
        title: str = self.card["header"]["title"]["content"]
        return title

    @property
    def text(self) -> str:
        return feishu_says.texts(self.card)

    @property
    def buttons(self) -> list[str]:
        return [button.label for button in feishu_says.buttons(self.card)]

    @property
    def fields(self) -> dict[str, Any]:
        return {each.label: each.value for each in feishu_says.fields(self.card)}


@dataclass
class Answer:
    """What a press was answered in the HTTP body."""

    status: int
    body: JSON

    @property
    def toast(self) -> str:
        return str(self.body.get("toast", {}).get("content", ""))

    @property
    def card(self) -> JSON | None:
        card: JSON | None = self.body.get("card", {}).get("data")
        return card

    @property
    def text(self) -> str:
        return feishu_says.texts(self.card) if self.card else ""

    @property
    def title(self) -> str:
        return str(self.card["header"]["title"]["content"]) if self.card else ""

    @property
    def fields(self) -> dict[str, Any]:
        return {each.label: each.value for each in feishu_says.fields(self.card or {})}

    @property
    def buttons(self) -> list[str]:
        return [button.label for button in feishu_says.buttons(self.card or {})]


@dataclass
class Somebody:
    """A person with a Feishu account."""

    host: Host
    account: str
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def chat(self) -> str:
        return feishu_says.p2p_chat(self.account)

    def inbox(self, chat: str = "") -> list[Message]:
        """Every message in this person's private chat, oldest first."""
        return [message for message in self.host.api.messages if message.chat_id == (chat or self.chat)]

    def last(self, title: str = "", chat: str = "") -> Seen:
        """The newest message (whose title begins so)."""
        found = [seen for seen in map(Seen, self.inbox(chat)) if seen.title.startswith(title)]
        assert found, f"no {title!r} among {[Seen(each).title for each in self.inbox(chat)]}"
        return found[-1]

    def says(self, text: str, *, group: bool = False, quiet: bool = False, message_id: str | None = None) -> Seen:
        """Say a line; returns the answer in the same chat. A story that sends nothing fails unless it is `quiet`."""
        chat = GROUP if group else self.chat
        before = len(self.inbox(chat))
        request = self.host.app.message(self.account, text, chat_id=chat, group=group, message_id=message_id)
        status, _ = self.host.post("/feishu/events", request)
        assert status == 200, status
        self.host.settle()
        after = self.inbox(chat)
        assert quiet or len(after) > before, f"{text!r} was not answered"
        return Seen(after[-1])

    def presses(
        self, label: str, answers: Mapping[str, Any] | None = None, *, on: Seen | None = None, chat: str = ""
    ) -> Answer:
        """Press a button of the newest card that has it, exactly as it was received; `answers` fill its form."""
        seen = on or next(each for each in reversed([*map(Seen, self.inbox(chat))]) if label in each.buttons)
        return self.press_in(seen, seen.card, label, answers)

    def press_in(self, seen: Seen, card: JSON, label: str, answers: Mapping[str, Any] | None = None) -> Answer:
        """Press a button of `card`, which this person sees in the message `seen`."""
        request = self.request_for(seen, card, label, answers)
        status, body = self.host.post("/feishu/cards", request)
        answer = Answer(status, body)
        if answer.card:
            seen.message.card = answer.card  # the client shows the answer at once, before any update
        self.host.settle()
        return answer

    def request_for(self, seen: Seen, card: JSON, label: str, answers: Mapping[str, Any] | None = None) -> Request:
        """The request the platform sends for this press."""
        button = feishu_says.button(card, label)
        form = feishu_says.fill(card, answers or {}) if button.submit else None
        return self.host.app.press(
            self.account, button.value, seen.message.message_id, seen.message.chat_id, form=form, name=button.name
        )


class HandClock:
    """Real time, driven by hand."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += dt.timedelta(**by)
