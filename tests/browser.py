"""The playground in a real browser: Chromium, the program it looks at, and the few things people do on the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as Slow

from conftest import APP
from makers import WORDS
from models.crm import departments, entries, people, reviews
from models.crm.people import Hire
from models.tables import Role
from models.work import Work
from process import Outside
from standins.feishu_api import FeishuApi
from world import APP_SECRET, Feishu

CHROMIUM = "/usr/bin/chromium"
PATIENCE = 30_000
#: what the page calls its memory of the tour.
TOUR = "keban.playground.tour"
#: how often the clock is moved at most: a weekend, and the timers of other tests.
MOVES = 12
#: (name, department, role, the account), in the order of the seats.
COMPANY = (
    ("王敏", "销售一部", Role.SALES_REP, "wangmin"),
    ("陈晨", "销售一部", Role.SALES_REP, "chenchen"),
    ("赵强", "销售一部", Role.SUPERVISOR, "zhaoqiang"),
    ("林岚", "总公司", Role.MANAGER, "linlan"),
    ("许安", "销售一部", Role.SERVICE_AGENT, "xuan"),
)
REP, COLLEAGUE, SUPERVISOR, MANAGER, SERVICE = range(5)
NAME = "华星科技有限公司"
#: the form of a new customer.
ENTRY = {
    "full_name": NAME,
    "kind": "企业",
    "industry": "制造业-电子设备",
    "source": "展会推广",
    "contact_name": "李雷",
    "mobile": "13912345678",
}
#: what reaches over the edge of its card, and what holds more than it shows.
OVERFLOW = """() => [...document.querySelectorAll('article.card')].flatMap((card) => {
  const edge = card.getBoundingClientRect();
  return [card, ...card.querySelectorAll(':not(option, br)')].filter((part) => {
    const box = part.getBoundingClientRect();
    const over = box.left < edge.left - 0.5 || box.right > edge.right + 0.5;
    const inline = getComputedStyle(part).display === 'inline';
    const typed = part.matches('input, textarea, select');
    const clipped = !inline && !typed && (part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight);
    return over || clipped;
  }).map((part) => `${card.closest('li').dataset.name}: ${part.tagName} ${part.textContent.slice(0, 40)}`);
})"""


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser of the system."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@dataclass
class Window:
    """A window that remembers every complaint of the page in it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._said)

    def _said(self, line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            self.complaints.append(line.text)

    def open(self, program: Outside) -> None:
        self.page.goto(f"http://127.0.0.1:{program.port}/playground/")
        expect(self.page.locator("[id^=seat-]")).to_have_count(5)

    def seat(self, number: int) -> Seat:
        return Seat(self.page.locator(f"#seat-{number}"))

    def forward(self, move: str, there: Locator) -> None:
        """Let the clock run until something is there."""
        for _ in range(MOVES):
            self.page.get_by_role("button", name=move).click()
            with suppress(Slow):
                there.last.wait_for(timeout=2500)
                return
        raise AssertionError(f"{MOVES} times {move}, and it is not there")

    def orders(self, trouble: str) -> None:
        """Turn a fault on, or off."""
        self.page.get_by_role("button", name="制造故障").click()
        self.page.get_by_role("region", name="制造故障").get_by_label(trouble).click()
        self.page.keyboard.press("Escape")

    def posted(self, path: str) -> list[str]:
        """Grows with whatever the page posts there."""
        sent: list[str] = []
        self.page.on("request", lambda it: sent.append(it.url) if it.method == "POST" and path in it.url else None)
        return sent

    def kept(self, memory: str) -> None:
        """What the browser holds of the tour when the page is opened next."""
        self.page.evaluate(f"kept => localStorage.setItem('{TOUR}', kept)", memory)


@dataclass
class Seat:
    """What a person at a seat does and sees."""

    node: Locator

    @property
    def input(self) -> Locator:
        return self.node.get_by_role("combobox", name="的身份发消息")

    def says(self, text: str) -> None:
        self.input.fill(text)
        self.input.press("Enter")

    def card(self, title: str) -> Locator:
        """The newest card with this title; waits until it is there."""
        found = self.node.locator("article.card").filter(has=self.node.page.locator("h3", has_text=title)).last
        expect(found).to_be_visible()
        return found

    def titled(self, words: str) -> Locator:
        """The titles of cards that hold these words; none is waited for."""
        return self.node.locator("article.card h3", has_text=words)

    def toast(self, words: str) -> Locator:
        return self.node.locator(".toasts p", has_text=words)

    def presses(self, title: str, label: str, **answers: str) -> None:
        """Fill the form of a card, when there is one, and press a button of it."""
        card = self.card(title)
        for name, value in answers.items():
            control = card.locator(f"[name={name}]")
            if control.evaluate("control => control.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
        card.get_by_role("button", name=label, exact=True).click()


@contextmanager
def opened(browser: Browser, **about: Any) -> Iterator[Window]:
    """A window of a size and a colour scheme; in the end nothing in it complained."""
    context = browser.new_context(locale="zh-CN", **about)
    window = Window(context.new_page())
    yield window
    context.close()
    assert window.complaints == [], window.complaints


@contextmanager
def company(folder: Path) -> Iterator[Outside]:
    """The program with the demo company, as `make run` starts it."""
    with FeishuApi(APP.app_id, APP_SECRET) as api:
        program = Outside(folder / "program", f"sqlite:///{folder}/keban.db", Feishu(api))
        try:
            program.command("demo")
            program.start()
            program.drained(120)
            yield program
            program.stop()
        finally:
            program.close()


@contextmanager
def playground(folder: Path) -> Iterator[Outside]:
    """The program with a small company at its playground."""
    with FeishuApi(APP.app_id, APP_SECRET) as api:
        program = Outside(folder / "program", f"sqlite:///{folder}/keban.db", Feishu(api), ("web", "worker"))
        try:
            program.upgrade()
            program.works.perform(lambda work: departments.set_department(work, "销售一部", "总公司"))
            for number, (name, department, role, account) in enumerate(COMPANY):
                mobile = f"1380013800{number}"
                hire = Hire(f"S{number}", name, department, (role,), mobile, (("playground", account),))
                program.works.perform(lambda work, hire=hire: people.add_user(work, hire))
            program.start()
            yield program
            program.stop()
        finally:
            program.close()


def archived(program: Outside, name: str) -> None:
    """A customer of the first seat."""

    def enter(work: Work) -> None:
        rep, boss = (people.by_account(work, "playground", account) for account in ("wangmin", "zhaoqiang"))
        assert rep and boss
        customer = entries.submit(work, rep, WORDS | {"客户全称": name})
        reviews.approve(work, boss, reviews.last_round(work, customer.id))

    program.works.perform(enter)
