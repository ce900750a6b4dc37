"""Somebody who does what a line says, word by word, and nothing else: for the README and for the guided tour."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.sync_api import FrameLocator, Locator, Page, expect

from browser import Seat

PHONE = "#phone-screen"
#: milliseconds without a new card
QUIET = 1200
#: where, and what is done there; the name of the last group is that of the `Stranger`'s method.
STEP = (
    r"(?:在「(?P<window>[^」]+)」的窗口里，?)?"
    r"(?:(?:在|最新的)?卡片「(?P<card>[^」]+)」上|接着|(?P<phone>在客户的手机上，))?"
    r"(?:(?P<opens>在浏览器里打开 make run 打印的地址)|发：(?P<says>.+)|填：(?P<fills>.+)"
    r"|点(?: (?P<times>\d+) 次)?时钟的【(?P<moves>[^】]+)】|点【(?P<presses>[^】]+)】"
    r"|(?P<rates>.+选【[^】]+】)|看到：(?P<sees>.+))"
)


def understood(lines: list[str]) -> list[re.Match[str]]:
    """Lines as steps; one that is not understood is an error."""
    found = [re.fullmatch(STEP, line) for line in lines]
    unknown = [line for line, step in zip(lines, found, strict=True) if not step]
    assert not unknown, f"not a step: {unknown}"
    return [step for step in found if step]


@dataclass
class Stranger:
    """Does what a step says at the window and the card, or the phone, that were named last."""

    page: Page
    address: str
    seat: Seat = field(init=False)
    card: Locator | FrameLocator = field(init=False)

    def follows(self, step: re.Match[str]) -> None:
        if step["window"]:
            self.seat = Seat(self.page.get_by_role("region", name=f"{step['window']}的座位", exact=True))
        if step["card"]:
            self.card = self.seat.card(step["card"])
        if step["phone"]:
            self.card = self.page.frame_locator(PHONE)
        for _ in range(int(step["times"] or 1)):
            getattr(self, str(step.lastgroup))(step[str(step.lastgroup)])

    def opens(self, _: str) -> None:
        self.page.goto(self.address)

    def says(self, words: str) -> None:
        self.seat.says(words)
        expect(self.seat.node.locator(".own", has_text=words).last).to_be_visible()

    def fills(self, form: str) -> None:
        for label, value in (pair.split(" ", 1) for pair in form.split("，")):
            control = self.card.get_by_label(re.compile(rf"^\s*{re.escape(label)}"))
            if control.evaluate("control => control.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)

    def moves(self, label: str) -> None:
        clock = self.page.locator("#time")
        before = clock.inner_text()
        self.page.get_by_role("button", name=label, exact=True).click()
        expect(clock).not_to_have_text(before)
        self.reads()

    def reads(self) -> None:
        """Take in what came, until nothing more comes: who presses while cards still slide in misses."""
        cards, known = self.page.locator("article.card"), -1
        while (count := cards.count()) != known:
            known = count
            self.page.wait_for_timeout(QUIET)

    def presses(self, label: str) -> None:
        said = self.card.get_by_role("button", name=label, exact=True)
        said.or_(self.card.get_by_role("link", name=label, exact=True)).click()

    def rates(self, asked: str) -> None:
        question, _, stars = asked.removesuffix("】").partition("选【")
        self.card.get_by_role("group", name=question).get_by_role("radio", name=stars).check()

    def sees(self, words: str) -> None:
        expect(self.seat.node.locator("article.card", has_text=words).last).to_be_visible()
