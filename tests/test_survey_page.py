"""The survey page on a phone: without JavaScript, at 360 pixels, and by the accessibility rules of WCAG 2.1 AA."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from browser import PATIENCE, launched, opened
from conftest import ON_SQLITE, Company
from served import served
from test_survey import asked

pytestmark = [pytest.mark.browser, ON_SQLITE]
PHONE = {"viewport": {"width": 360, "height": 740}}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
#: whether something reaches beyond the edge of the phone, or is too small for a finger.
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = """() => [...document.querySelectorAll('.stars label, button')].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width < 44 || box.height < 44;
}).length"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def link(company: Company) -> Iterator[str]:
    """The address of a survey that is really served."""
    company.make.customer("王敏", "华星科技有限公司")
    where = asked(company)
    with served(company) as there:
        yield there + where


def chooses(page: Page, asks: str, score: int) -> None:
    page.get_by_role("group", name=asks).get_by_role("radio", name=f"{score} 分").check()


def test_a_customer_answers_on_his_phone_without_javascript(chromium: Browser, link: str, company: Company) -> None:
    with opened(chromium, java_script_enabled=False, **PHONE) as window:
        page = window.page
        page.goto(link)
        assert page.evaluate(WIDE) <= 0 and page.evaluate(SMALL) == 0
        chooses(page, "总体满意度（必选）", 4)
        chooses(page, "我们响应得够快吗？", 5)
        page.get_by_label("想对我们说的话").fill("很好 😀\n谢谢")
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_role("heading", name="谢谢您的评价")).to_be_visible()
        assert page.evaluate(WIDE) <= 0
    company.keban.settle()
    told = company.rep.last("客户评价").text
    assert "总体　★★★★☆ 4 分" in told and "我们响应得够快吗？　★★★★★ 5 分" in told and "很好 😀\n谢谢" in told


def test_the_page_is_filled_in_by_keyboard(chromium: Browser, link: str) -> None:
    with opened(chromium, **PHONE) as window:
        window.page.goto(link)
        for key in ("Tab", "Space", "ArrowRight", "ArrowRight", "Tab", "Tab", "Tab", "Tab", "Enter"):
            window.page.keyboard.press(key)
        expect(window.page.get_by_role("heading", name="谢谢您的评价")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_of_the_page_keeps_the_rules_of_accessibility(chromium: Browser, link: str, scheme: str) -> None:
    context = chromium.new_context(locale="zh-CN", color_scheme=scheme, **PHONE)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    try:
        for where in (link, f"{link}/qr", f"{link}x"):
            page.goto(where)
            keeps_the_rules(page)
        page.goto(link)
        page.locator("form").evaluate("form => form.noValidate = true")
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_role("alert")).to_have_text("请先选总体满意度。")
        keeps_the_rules(page)
        chooses(page, "总体满意度（必选）", 1)
        keeps_the_rules(page)
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_role("heading", name="谢谢您的评价")).to_be_visible()
        keeps_the_rules(page)
    finally:
        context.close()


def keeps_the_rules(page: Page) -> None:
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate(WIDE) <= 0
