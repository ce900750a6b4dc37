"""A company at DingTalk: the same people, who say and press what the stand-in of DingTalk shows them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot import dingtalk
from bot.platform import Platform
from filled_page import FormOnPage
from models.settings import Settings
from models.work import Works
from standins import dingtalk_seen as eyes
from standins.dingtalk_api import CLIENT_ID, CLIENT_SECRET, DingTalkApi
from standins.dingtalk_company import Message
from standins.dingtalk_says import AES_KEY, CORP_ID, TOKEN, DingTalkApp, Request
from standins.dingtalk_seen import Page
from world import JSON, Host

GROUP = "cidSalesGroup=="
ROUTE, ROUTE_SECRET = "keban", "a card secret"
CARDS_URL = "https://keban.example/dingtalk/cards"
ACCOUNTS = {"王敏": "wangmin", "陈晨": "chenchen", "赵强": "zhaoqiang", "周舟": "zhouzhou", "林总": "linlan"}
#: what a form's page is opened by, however the button is called.
FORM, WORDS = re.compile(r"/form/"), re.compile(r"<[^>]+>")


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
class Refused:
    """A form's page that was not taken: what it says stands on the page, where it may be sent again."""

    page: str
    buttons: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return WORDS.sub("", self.page.partition("<h1>")[2].partition("</h1>")[0]).strip()

    @property
    def text(self) -> str:
        return html.unescape(WORDS.sub("", self.page.partition("<body>")[2]))


class Person:
    """A person with a DingTalk account."""

    def __init__(self, host: Host, account: str) -> None:
        self.host, self.account = host, account

    def inbox(self, group: bool = False) -> list[Message]:
        return list(self.host.api.conversation(GROUP if group else self.account))

    def seen(self, group: bool = False) -> list[Seen]:
        return [Seen(each, self.account) for each in self.inbox(group)]

    def last(self, title: str = "") -> Seen:
        found = [seen for seen in self.seen() if seen.title.startswith(title)]
        assert found, f"no {title!r} among {[seen.title for seen in self.seen()]}"
        return found[-1]

    def says(self, text: str, *, group: bool = False, quiet: bool = False) -> Seen:
        before = len(self.inbox(group))
        self._posts(self.host.app.robot_message(self.account, text, GROUP if group else ""))
        self.host.settle()
        after = self.seen(group)
        assert quiet or len(after) > before, f"{text!r} was not answered"
        return after[-1]

    def presses(
        self, label: str, answers: Mapping[str, str] | None = None, *, on: Seen | None = None
    ) -> Seen | Refused:
        """Returns the pressed card itself where cards change in place, else the newest message, or the form's page."""
        there = reversed(self.seen())
        if answers is not None:
            refused = self._fills(on or next(each for each in there if each.page), label, answers)
            self.host.settle()
            return refused or self.last()
        seen = on or next(each for each in there if label in each.buttons)
        body = self._posts(self.host.app.press(self.account, seen.message, seen.label(label)))
        if body.get("cardData") and seen.message.card:
            self.host.api.cards.answered(seen.message.card.out_track_id, self.account, body)
        self.host.settle()
        return seen if seen.message.card else self.last()

    def _fills(self, seen: Seen, label: str, answers: Mapping[str, str]) -> Refused | None:
        path = urlsplit(seen.page).path
        form = FormOnPage(self.host.page(path)[1])
        assert form.button == label, form.button
        status, text = self.host.page(path, form.filled(answers))
        assert status in (200, 422), text
        return Refused(text) if status == 422 else None

    def _posts(self, request: Request) -> JSON:
        self._posted, self._answer = request, self.host.post(request.path, request)
        assert self._answer[0] == 200, self._answer
        body = self._answer[1]
        if "msgtype" in body:  # DingTalk shows what a message is answered
            self.host.api.robot.answered(self._chat(request), body)
        return body

    def _chat(self, request: Request) -> str:
        said = json.loads(request.body)
        return self.account if said["conversationType"] == "1" else said["conversationId"]

    def again(self) -> bool:
        answer = self.host.post(self._posted.path, self._posted)
        self.host.settle()
        return answer == self._answer


@dataclass(frozen=True)
class DingTalk:
    """DingTalk at the other end: with a card template (mode (a)), or without, where buttons are words to say (b)."""

    api: DingTalkApi
    template: str = ""
    route: str = ROUTE
    name: str = "dingtalk"

    def __post_init__(self) -> None:
        callback = {"callbackRouteKey": ROUTE, "callbackUrl": CARDS_URL, "apiSecret": ROUTE_SECRET}
        self.api.cards.register(callback)
        self.api.add_group(GROUP, "销售一部群", [])

    @property
    def app(self) -> DingTalkApp:
        return DingTalkApp(self.api)

    @property
    def section(self) -> JSON:
        return {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "robot_code": CLIENT_ID,
            "corp_id": CORP_ID,
            "aes_key": AES_KEY,
            "token": TOKEN,
            "card_secret": ROUTE_SECRET,
            "card_route_key": self.route,
            "card_template": self.template,
            "api_base": self.api.base_url,
            "oapi_base": self.api.base_url,
        }

    def platform(self, works: Works) -> Platform:
        made = dingtalk.platform(Settings.model_validate({self.name: self.section}).dingtalk, works)
        assert made
        return made

    def account(self, number: int, name: str) -> str:
        return ACCOUNTS.get(name, f"staff{number}")

    def somebody(self, host: Host, account: str, name: str = "") -> Person:
        self.api.add_person(account, name)
        self.api.company.groups[GROUP].members.add(account)
        return Person(host, account)
