"""Pictures for the README: `PYTHONPATH=.:tests .venv/bin/python tests/screenshots.py`, needs Chromium."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from browser import REP, SERVICE, SUPERVISOR, Window, company, launched, opened

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
ENTRY = {
    "full_name": "苏州澄光精密仪器有限公司",
    "kind": "企业",
    "industry": "制造业-电子设备",
    "source": "展会推广",
    "contact_name": "李雷",
    "mobile": "13912345678",
}
VIEWS = {
    "playground": {"viewport": {"width": 1440, "height": 900}},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2},
    "phone-dark": {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "color_scheme": "dark"},
}


def main() -> None:
    """One picture a view; without `--all` only the one that the README shows."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--all", action="store_true", help="also dark and at phone width")
    said.add_argument("--into", type=Path, default=IMAGES)
    options = said.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, company(Path(folder)) as program, launched() as browser:
        for name, about in VIEWS.items() if options.all else [("playground", VIEWS["playground"])]:
            with opened(browser, **about) as window:
                window.open(program)
                if name == "playground":
                    play(window)
                window.page.wait_for_timeout(1500)
                window.page.screenshot(path=options.into / f"{name}.png")


def play(window: Window) -> None:
    """A morning at five seats: a new customer asked for and seen, a talk written down, a complaint contacted."""
    rep, boss, service = window.seat(REP), window.seat(SUPERVISOR), window.seat(SERVICE)
    window.page.get_by_role("button", name="不用了").click()
    window.page.get_by_role("button", name="下一个工作日 9:00").click()
    expect(window.page.locator("#time")).to_have_text("9:00")
    window.page.wait_for_timeout(2000)  # the morning's messages slide in
    rep.node.locator(".chips button", has_text="/跟进").click()
    rep.input.press("Enter")
    rep.card("已记录跟进")
    service.presses("投诉 · TS", "首次响应")
    service.presses("首次响应 · TS", "首次响应", problem="标签打印机驱动不配", late_reason="客户电话占线")
    expect(service.card("投诉 · TS")).to_contain_text("已由")
    rep.says("/新客户")
    rep.presses("录入新客户", "提交", **ENTRY)
    rep.card(f"待审核 · {ENTRY['full_name']}")
    boss.card(f"待审核 · {ENTRY['full_name']}")
    expect(rep.node.locator(".toasts p")).to_have_count(0)


if __name__ == "__main__":
    main()
