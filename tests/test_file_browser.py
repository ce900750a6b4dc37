"""The page of a file on a phone: the button really saves it, without JavaScript, and everybody can use it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import test_erasure
import test_survey_page
from browser import opened
from conftest import ON_SQLITE, Company
from served import served
from test_erasure import NUMBER
from test_file_page import exported
from test_survey_page import PHONE, SMALL, keeps_the_rules

pytestmark = [pytest.mark.browser, ON_SQLITE]
company, chromium = test_erasure.company, test_survey_page.chromium


@pytest.fixture
def link(company: Company) -> Iterator[str]:
    """The address of a file that really waits."""
    company.make.customer("王敏", "华星科技有限公司")
    where = exported(company)
    with served(company) as there:
        yield there + where


def test_the_button_saves_the_file(chromium: Browser, link: str) -> None:
    with opened(chromium, java_script_enabled=False, **PHONE) as window:
        page = window.page
        page.goto(link)
        with page.expect_download() as saved:
            page.get_by_role("button", name="下载").click()
        assert saved.value.suggested_filename == f"keban-{NUMBER}.json"
        told = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))
        assert told["联系人"][0]["手机"] == "13912345678"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_of_the_page_keeps_the_rules_of_accessibility(chromium: Browser, link: str, scheme: str) -> None:
    context = chromium.new_context(locale="zh-CN", color_scheme=scheme, **PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    try:
        for where in (link, f"{link}x"):
            page.goto(where)
            keeps_the_rules(page)
        page.goto(link)
        assert page.evaluate(SMALL) == 0, "big enough for a finger"
    finally:
        context.close()
