"""A company at its chat: people who say and press things, and what the platform then shows them; here at Feishu.

A story is told by the verbs of `Person`, which the people of every platform have. It works on the program in this
process (`Inside`) and on real processes (`tests/process.py`): only posting, waiting and moving the clock differ.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot import feishu
from bot.platform import Platform
from makers import at_feishu
from models.settings import Settings
from models.work import Works
from standins import feishu_says
from standins.feishu_api import FeishuApi, Message
from standins.feishu_says import FeishuApp, Request

JSON = dict[str, Any]
GROUP = "oc_sales_group"
APP = FeishuApp("cli_a1b2c3d4e5f60001", "an encrypt key", "a verification token", "tenant")
APP_SECRET = "app secret"


class Sight(Protocol):
    """A message, or the answer to a press, as a person sees it now."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def buttons(self) -> list[str]: ...


class Person(Protocol):
    """Somebody with an account, and what he can do. Whatever he presses or fills in is what the stand-in received."""

    account: str

    def says(self, text: str, *, group: bool = False, quiet: bool = False) -> Sight:
        """Say a line; returns the answer in the same chat. A story that sends nothing fails unless it is `quiet`."""
        ...

    def presses(self, label: str, answers: Mapping[str, str] | None = None, *, on: Any = None) -> Sight:
        """Press a button of the newest message that has it, or send its form filled in; returns the answer."""
        ...

    def again(self) -> bool:
        """Let the platform deliver his last request once more; is it answered as it was?"""
        ...

    def seen(self, group: bool = False) -> Sequence[Sight]:
        """Every message in his chat with the bot, or in the group, oldest first."""
        ...

    def last(self, title: str = "") -> Sight:
        """The newest message whose title begins so."""
        ...


class End(Protocol):
    """The other end of the program: a platform's stand-in, its people, and what the program is told of it."""

    name: str
    api: Any
    app: Any

    @property
    def section(self) -> JSON:
        """The settings by which the program reaches it."""
        ...

    def platform(self, works: Works) -> Platform: ...
    def account(self, number: int, name: str) -> str: ...
    def somebody(self, host: Any, account: str, name: str) -> Any: ...


class Host(Protocol):
    """Where the program runs."""

    api: Any
    app: Any

    def post(self, path: str, request: Any) -> tuple[int, JSON]: ...
    def page(self, path: str, answers: Mapping[str, str] | None = None) -> tuple[int, str]: ...
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


class Somebody:
    """A person with a Feishu account."""

    def __init__(self, host: Host, account: str) -> None:
        self.host, self.account = host, account

    @property
    def chat(self) -> str:
        return feishu_says.p2p_chat(self.account)

    def inbox(self, chat: str = "") -> list[Message]:
        """Every message in this person's private chat, oldest first."""
        return [message for message in self.host.api.messages if message.chat_id == (chat or self.chat)]

    def seen(self, group: bool = False) -> list[Seen]:
        return [*map(Seen, self.inbox(GROUP if group else ""))]

    def last(self, title: str = "", chat: str = "") -> Seen:
        found = [seen for seen in map(Seen, self.inbox(chat)) if seen.title.startswith(title)]
        assert found, f"no {title!r} among {[Seen(each).title for each in self.inbox(chat)]}"
        return found[-1]

    def says(self, text: str, *, group: bool = False, quiet: bool = False, message_id: str | None = None) -> Seen:
        chat = GROUP if group else self.chat
        before = len(self.inbox(chat))
        request = self.host.app.message(self.account, text, chat_id=chat, group=group, message_id=message_id)
        status, _ = self._posts("/feishu/events", request)
        assert status == 200, status
        self.host.settle()
        after = self.inbox(chat)
        assert quiet or len(after) > before, f"{text!r} was not answered"
        return Seen(after[-1])

    def presses(
        self, label: str, answers: Mapping[str, Any] | None = None, *, on: Seen | None = None, chat: str = ""
    ) -> Answer:
        seen = on or next(each for each in reversed([*map(Seen, self.inbox(chat))]) if label in each.buttons)
        return self.press_in(seen, seen.card, label, answers)

    def press_in(self, seen: Seen, card: JSON, label: str, answers: Mapping[str, Any] | None = None) -> Answer:
        """Press a button of `card`, which this person sees in the message `seen`."""
        status, body = self._posts("/feishu/cards", self.request_for(seen, card, label, answers))
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

    def _posts(self, path: str, request: Request) -> tuple[int, JSON]:
        self._posted = path, request
        self._answer = self.host.post(path, request)
        return self._answer

    def again(self) -> bool:
        answer = self.host.post(*self._posted)
        self.host.settle()
        return answer == self._answer


@dataclass(frozen=True)
class Feishu:
    """Feishu at the other end."""

    api: FeishuApi
    app: FeishuApp = APP
    name: str = "feishu"

    @property
    def section(self) -> JSON:
        return {
            "app_id": self.app.app_id,
            "app_secret": APP_SECRET,
            "encrypt_key": self.app.encrypt_key,
            "verification_token": self.app.verification_token,
            "api_base": self.api.base_url,
        }

    def platform(self, works: Works) -> Platform:
        made = feishu.platform(Settings.model_validate({self.name: self.section}).feishu)
        assert made
        return made

    def account(self, number: int, name: str) -> str:
        return at_feishu(number, name)

    def somebody(self, host: Host, account: str, name: str = "") -> Somebody:
        return Somebody(host, account)


class HandClock:
    """Real time, driven by hand."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += dt.timedelta(**by)
