"""The program in this process with DingTalk at its other end, and a company that lives there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit

from bot import dingtalk, web
from bot.dispatch import Dispatcher
from bot.sending import Sender
from conftest import ZONE
from ding_world import Person
from handlers import router
from models.crm import people
from models.crm.people import Hire
from models.settings import Settings
from models.tables import Role
from models.work import Works
from scheduler.jobs import JOBS
from scheduler.run import tick
from standins import dingtalk_seen
from standins.dingtalk_api import CLIENT_ID, CLIENT_SECRET, DingTalkApi
from standins.dingtalk_says import AES_KEY, CORP_ID, TOKEN, DingTalkApp, Request
from world import JSON, HandClock

GROUP = "cidSalesGroup=="
ROUTE, ROUTE_SECRET = "keban", "a card secret"
STAFF = (
    ("王敏", "销售一部", Role.SALES_REP, "wangmin"),
    ("陈晨", "销售一部", Role.SALES_REP, "chenchen"),
    ("赵强", "销售一部", Role.SUPERVISOR, "zhaoqiang"),
    ("许安", "销售一部", Role.SERVICE_AGENT, "xuan"),
    ("林总", "总公司", Role.MANAGER, "linlan"),
)


@dataclass
class Field:
    """A field of a page's form: its label, what stands in it, and what can be chosen."""

    label: str = ""
    value: str = ""
    options: dict[str, str] = field(default_factory=dict)


class FormOnPage(HTMLParser):
    """The form of a page as a browser has it: `fields` by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, Field] = {}
        self._labels: dict[str, str] = {}
        self._inside, self._of, self._option = "", "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {key: value or "" for key, value in attrs}
        self._inside = tag
        if tag == "label":
            self._of = about["for"]
        elif tag in ("input", "textarea", "select"):
            label = self._labels[about["id"]].removesuffix("（必填）")
            self._of = about["name"]
            self.fields[self._of] = Field(label, about.get("value", ""))
        elif tag == "option":
            self._option = about["value"]
            if "selected" in about:
                self.fields[self._of].value = self._option

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "label":
            self._labels[self._of] = self._labels.get(self._of, "") + data
        elif self._inside == "textarea":
            self.fields[self._of].value += data.removeprefix("\n")
        elif self._inside == "option":
            self.fields[self._of].options[data] = self._option

    def filled(self, answers: Mapping[str, str]) -> dict[str, str]:
        """What the browser sends, with these answers by label. Raises LookupError for a field that is not there."""
        names = {each.label: name for name, each in self.fields.items()}
        given = {names[label]: answer for label, answer in answers.items()}
        return {
            name: each.options.get(given.get(name, ""), given.get(name, each.value))
            for name, each in self.fields.items()
        }


class InsideDingTalk:
    """The program in this process with DingTalk at its other end."""

    def __init__(self, works: Works, ding: DingTalkApi, clock: HandClock, template: str) -> None:
        self.works, self.ding, self.clock, self.app = works, ding, clock, DingTalkApp(ding)
        ding.cards.register(
            {
                "callbackRouteKey": ROUTE,
                "callbackUrl": "https://keban.example/dingtalk/cards",
                "apiSecret": ROUTE_SECRET,
            }
        )
        settings = Settings.model_validate(
            {
                "dingtalk": {
                    "client_id": CLIENT_ID,
                    "client_secret": CLIENT_SECRET,
                    "robot_code": CLIENT_ID,
                    "corp_id": CORP_ID,
                    "aes_key": AES_KEY,
                    "token": TOKEN,
                    "card_secret": ROUTE_SECRET,
                    "card_route_key": ROUTE,
                    "card_template": template,
                    "api_base": ding.base_url,
                    "oapi_base": ding.base_url,
                }
            }
        )
        platform = dingtalk.platform(settings.dingtalk, works)
        assert platform
        # the clock of a test stands still, so that everything would come at once
        self.platforms = {platform.name: replace(platform, limits=())}
        self.client = web.create(self.platforms, Dispatcher(router, works, self.platforms), works).test_client()
        self.sender = Sender(works, self.platforms[platform.name])

    def post(self, request: Request) -> tuple[int, JSON]:
        path = f"/dingtalk/{request.door}"
        query = f"?{urlencode(request.query)}" if request.query else ""
        got = self.client.post(path + query, data=request.body, headers=request.headers)
        return got.status_code, got.get_json(silent=True) or {}

    def fill(self, url: str, answers: Mapping[str, str]) -> str:
        """Open a form's page, fill in what is named and send it; returns what the page then says."""
        path = urlsplit(url).path
        page = FormOnPage(self.client.get(path).get_data(as_text=True))
        got = self.client.post(path, data=page.filled(answers))
        assert got.status_code == 200, got.get_data(as_text=True)
        return got.get_data(as_text=True)

    def raw(self, request: Request) -> bytes:
        """The bytes of an answer."""
        path = f"/dingtalk/{request.door}?{urlencode(request.query)}"
        return self.client.post(path, data=request.body, headers=request.headers).data

    def texts(self, where: str) -> list[str]:
        """The words of every message in a conversation."""
        return [dingtalk_seen.texts(each) for each in self.ding.conversation(where)]

    def settle(self) -> None:
        while self.sender.drain():
            pass

    def forward(self, **by: float) -> None:
        self.clock.forward(**by)
        for job in JOBS:
            tick(self.works, job)
        self.settle()

    def until(self, moment: str) -> None:
        at = dt.datetime.fromisoformat(moment).replace(tzinfo=ZONE)
        self.forward(seconds=(at - self.clock()).total_seconds())


class Company:
    """People of two ranks, all of them at DingTalk."""

    def __init__(self, keban: InsideDingTalk) -> None:
        self.keban = keban
        keban.works.perform(lambda work: people.set_department(work, "销售一部", "总公司"))
        for number, (name, department, role, account) in enumerate(STAFF):
            hire = Hire(f"S{number}", name, department, (role,), f"1380013800{number}", (("dingtalk", account),))
            keban.works.perform(lambda work, hire=hire: people.add_user(work, hire))
            keban.ding.add_person(account, name)
        keban.ding.add_group(GROUP, "销售一部群", [account for *_, account in STAFF])
        self.rep, self.colleague, self.supervisor, self.service, self.manager = (
            Person(keban, account) for *_, account in STAFF
        )
