"""A company at DingTalk: the same people, who say and press what the stand-in of DingTalk shows them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from standins import dingtalk_seen as eyes
from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_company import Message
from standins.dingtalk_says import DingTalkApp, Request
from standins.dingtalk_seen import Page

JSON = dict[str, Any]
#: what a form's page is opened by, however the button is called.
FORM = re.compile(r"/form/")


class Host(Protocol):
    """Where the program runs."""

    ding: DingTalkApi
    app: DingTalkApp

    def post(self, request: Request) -> tuple[int, JSON]: ...
    def fill(self, url: str, answers: Mapping[str, str]) -> str: ...
    def settle(self) -> None: ...


@dataclass
class Seen:
    """A message as this person sees it now."""

    message: Message
    user_id: str

    @property
    def text(self) -> str:
        return eyes.texts(self.message, self.user_id)

    @property
    def title(self) -> str:
        return self.text.splitlines()[0].strip("# *")

    @property
    def buttons(self) -> list[str]:
        return [each.label.strip("【】") for each in eyes.pressables(self.message, self.user_id)]

    def label(self, label: str) -> str:
        """A button as it is written here: in the middle of a text it stands in brackets."""
        written = [each.label for each in eyes.pressables(self.message, self.user_id)]
        return next(each for each in written if each.strip("【】") == label)

    @property
    def page(self) -> str:
        """The address of the page where the form of this card is filled in; empty without one."""
        pages = [each for each in eyes.pressables(self.message, self.user_id) if isinstance(each, Page)]
        return next((each.url for each in pages if FORM.search(each.url)), "")


@dataclass
class Person:
    """A person with a DingTalk account."""

    host: Host
    account: str
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def inbox(self, chat: str = "") -> list[Message]:
        return list(self.host.ding.conversation(chat or self.account))

    def seen(self, chat: str = "") -> list[Seen]:
        """Every message as this person sees it, oldest first."""
        return [Seen(each, self.account) for each in self.inbox(chat)]

    def last(self, title: str = "", chat: str = "") -> Seen:
        """The newest message (whose title begins so)."""
        found = [seen for seen in self.seen(chat) if seen.title.startswith(title)]
        assert found, f"no {title!r} among {[seen.title for seen in self.seen(chat)]}"
        return found[-1]

    def says(self, text: str, *, group: str = "", quiet: bool = False, msg_id: str | None = None) -> Seen:
        """Say a line; returns the answer in the same chat. A story that sends nothing fails unless it is `quiet`."""
        before = len(self.inbox(group))
        status, _ = self.host.post(self.host.app.robot_message(self.account, text, group, msg_id=msg_id))
        assert status == 200, status
        self.host.settle()
        after = self.inbox(group)
        assert quiet or len(after) > before, f"{text!r} was not answered"
        return Seen(after[-1], self.account)

    def presses(self, label: str, answers: Mapping[str, str] | None = None, *, on: Seen | None = None) -> Seen:
        """Press a button of the newest message that has it, or fill in its form; returns what then is the newest."""
        there = reversed(self.seen())
        seen = on or next(each for each in there if (each.page if answers is not None else label in each.buttons))
        if answers is not None:
            self.host.fill(seen.page, answers)
            self.host.settle()
            return Seen(self.inbox()[-1], self.account)
        else:
            request = self.host.app.press(self.account, seen.message, seen.label(label))
            status, body = self.host.post(request)
            assert status == 200, (status, body)
            if body.get("cardData") and seen.message.card:
                self.host.ding.cards.answered(seen.message.card.out_track_id, self.account, body)
        self.host.settle()
        return self.newest(seen)

    def newest(self, pressed: Seen) -> Seen:
        """The pressed card itself where cards change in place, else the answer."""
        return pressed if pressed.message.card else Seen(self.inbox()[-1], self.account)
