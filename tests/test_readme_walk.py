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
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser import launched, opened
from process import STOPS_WITHIN
from stranger import Stranger, understood
from test_architecture import ROOT, files

WITHIN = 300.0
STEPS_OF_THE_TOUR = 7


def written(readme: Path, language: str) -> list[str]:
    """The lines of the block in this language that stands under 启动."""
    section = readme.read_text(encoding="utf-8").partition("\n## 启动\n")[2].partition("\n## ")[0]
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", section, re.S | re.M)
    return str(block).splitlines()


def steps(lines: list[str]) -> list[re.Match[str]]:
    """Numbered lines as steps; one that is not understood, or numbered wrongly, is an error."""
    numbered = [re.match(rf"{number}\. ", line) for number, line in enumerate(lines, 1)]
    assert all(numbered), f"not a step: {lines}"
    return understood([line.split(" ", 1)[1] for line in lines])


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
def test_a_stranger_has_his_first_approved_customer_in_five_minutes_and_then_takes_the_tour(
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
            toured = tour(stranger)
    with capsys.disabled():
        print(f"\nfrom a bare copy to the first approved customer: {took:.0f} s; the tour after it: {toured:.0f} s")
    assert took < WITHIN


def tour(stranger: Stranger) -> float:
    """Take the tour by nothing but the words on the screen; returns how many seconds it took."""
    page, begun = stranger.page, time.monotonic()
    page.get_by_role("button", name="导览", exact=True).click()
    panel = page.locator("#tour")
    for number in range(1, STEPS_OF_THE_TOUR + 1):
        expect(panel.get_by_role("heading")).to_contain_text(f"第 {number} 步，共 {STEPS_OF_THE_TOUR} 步")
        lines = panel.locator("li > span").all_inner_texts()
        assert lines
        for step in understood(lines):
            stranger.follows(step)
        expect(panel.get_by_role("status")).to_contain_text("这一步走完了")
        panel.locator("#tour-on").click()
    expect(panel).to_be_hidden()
    return time.monotonic() - begun


def test_every_step_of_the_readme_is_understood_and_the_last_one_looks() -> None:
    lines = written(ROOT / "README.md", "text")
    assert [step.lastgroup for step in steps(lines)][-1] == "sees"


@pytest.mark.parametrize("line", ["1. 随便看看", "2. 点【提交】", "1. 点提交", "1. 在「销售」的窗口里", "点【提交】"])
def test_a_step_of_another_form_fails(line: str) -> None:
    with pytest.raises(AssertionError, match="not a step"):
        steps([line])
