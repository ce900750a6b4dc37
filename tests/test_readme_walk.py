"""The README walked by a stranger: from a bare copy to the first approved customer in under five minutes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from browser import Seat, launched, opened
from process import STOPS_WITHIN
from test_architecture import ROOT, files

WITHIN = 300.0
#: where, and what is done there; the name of the last group is that of the `Stranger`'s method.
STEP = (
    r"(?:在「(?P<window>[^」]+)」的窗口里，?)?(?:在?卡片「(?P<card>[^」]+)」上|接着)?"
    r"(?:(?P<opens>在浏览器里打开 make run 打印的地址)|发：(?P<says>.+)|填：(?P<fills>.+)"
    r"|点【(?P<presses>[^】]+)】|看到：(?P<sees>.+))"
)


def written(readme: Path, language: str) -> list[str]:
    """The lines of the block in this language that stands under 启动."""
    section = readme.read_text(encoding="utf-8").partition("\n## 启动\n")[2].partition("\n## ")[0]
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", section, re.S | re.M)
    return str(block).splitlines()


def steps(lines: list[str]) -> list[re.Match[str]]:
    """Numbered lines as steps; one that is not understood is an error."""
    found = [re.fullmatch(rf"{number}\. {STEP}", line) for number, line in enumerate(lines, 1)]
    unknown = [line for line, step in zip(lines, found, strict=True) if not step]
    assert not unknown, f"not a step: {unknown}"
    return [step for step in found if step]


@dataclass
class Stranger:
    """Does what a step says and nothing else, at the window and the card that were named last."""

    page: Page
    address: str
    seat: Seat = field(init=False)
    card: Locator = field(init=False)

    def follows(self, step: re.Match[str]) -> None:
        if step["window"]:
            self.seat = Seat(self.page.get_by_role("region", name=f"{step['window']}的座位", exact=True))
        if step["card"]:
            self.card = self.seat.card(step["card"])
        getattr(self, str(step.lastgroup))(step[str(step.lastgroup)])

    def opens(self, _: str) -> None:
        self.page.goto(self.address)

    def says(self, words: str) -> None:
        self.seat.says(words)

    def fills(self, form: str) -> None:
        for label, value in (pair.split(" ", 1) for pair in form.split("，")):
            caption = self.page.locator("span", has_text=re.compile(rf"^{re.escape(label)}\*?$"))
            control = self.card.locator("label").filter(has=caption).locator("input, select, textarea")
            if control.evaluate("control => control.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)

    def presses(self, label: str) -> None:
        self.card.get_by_role("button", name=label, exact=True).click()

    def sees(self, title: str) -> None:
        self.seat.card(title)


def copied(into: Path) -> Path:
    """What a clone would hold: every file of the project as it is now, and nothing else."""
    for file in files():
        copy = into / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    return into


@contextmanager
def typed(command: str, folder: Path, log: Path) -> Iterator[str]:
    """Type a command into a shell of its own and give the address it prints; it ends cleanly by Ctrl+C."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("KEBAN")}
    with log.open("wb") as out:
        child = subprocess.Popen(  # noqa: S603 (the words stand in our own document)
            shlex.split(command, comments=True),
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    try:
        yield printed(child, log)
        os.killpg(child.pid, signal.SIGINT)
        assert child.wait(STOPS_WITHIN) in (0, -signal.SIGINT), log.read_text()
        assert not re.search(r"Traceback|\*\*\*", log.read_text()), log.read_text()
        with pytest.raises(ProcessLookupError):
            os.killpg(child.pid, 0)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def printed(child: subprocess.Popen[bytes], log: Path) -> str:
    """The address that stands in the output, as soon as it does."""
    end = time.monotonic() + WITHIN
    while not (found := re.search(r"已启动：(http\S+)", log.read_text())):
        assert child.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.1)
    return found[1]


@pytest.mark.slow
@pytest.mark.browser
def test_a_stranger_has_his_first_approved_customer_in_five_minutes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = time.monotonic()
    clone = copied(tmp_path / "keban")
    readme = clone / "README.md"
    command, *_ = written(readme, "sh")
    with typed(command, clone, tmp_path / "shell.log") as address, launched() as browser:
        with opened(browser, viewport={"width": 1440, "height": 900}, reduced_motion="reduce") as window:
            stranger = Stranger(window.page, address)
            for step in steps(written(readme, "text")):
                stranger.follows(step)
    took = time.monotonic() - begun
    with capsys.disabled():
        print(f"\nfrom a bare copy to the first approved customer: {took:.0f} s")
    assert took < WITHIN


def test_every_step_of_the_readme_is_understood_and_the_last_one_looks() -> None:
    lines = written(ROOT / "README.md", "text")
    assert [step.lastgroup for step in steps(lines)][-1] == "sees"


@pytest.mark.parametrize("line", ["1. 随便看看", "2. 点【提交】", "1. 点提交", "1. 在「销售」的窗口里", "点【提交】"])
def test_a_step_of_another_form_fails(line: str) -> None:
    with pytest.raises(AssertionError, match="not a step"):
        steps([line])
