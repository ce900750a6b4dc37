"""The form page on a phone: without JavaScript, at 360 pixels, by keyboard, and by the rules of WCAG 2.1 AA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

import test_survey_page
from browser import PATIENCE, opened
from cards import follow_ups
from cards.kit import Bars, Card, Fields, Link, Note, Text, Warn
from conftest import ON_SQLITE, Company
from models.tables import FollowUp
from served import served
from test_entry import stored
from test_form_page import HUAXING, opens
from test_survey_page import PHONE, WIDE, keeps_the_rules

pytestmark = [pytest.mark.browser, ON_SQLITE]
chromium = test_survey_page.chromium
#: controls that are too small for a finger.
SMALL = """() => [...document.querySelectorAll('input, select, textarea, button, .link')].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width < 44 || box.height < 44;
}).length"""
BLANK = follow_ups.form({}, {"next_at": "看不懂这个时间"}, 0)
#: everything that may stand above a form, and words that cannot be broken.
READ = (
    Text("第一行\n" + "长" * 200 + "a" * 200),
    Note("小字"),
    Warn("注意"),
    Fields.of(("客户", HUAXING), ("网址", "https://example.com/" + "x" * 80)),
    Bars("本周", (("电话", 3), ("拜访", 1))),
    Link("看看", "https://example.com/"),
)
FULL = replace(BLANK, body=(*READ, *BLANK.body))


@pytest.fixture
def there(company: Company) -> Iterator[str]:
    """The address of a program that is really served."""
    company.make.customer("王敏", HUAXING)
    with served(company) as address:
        yield address


def done(page: Page) -> None:
    expect(page.get_by_role("heading", name="已提交", exact=True)).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("结果在和客伴的聊天里")


def test_a_form_is_filled_in_on_a_phone_without_javascript(chromium: Browser, there: str, company: Company) -> None:
    with opened(chromium, java_script_enabled=False, **PHONE) as window:
        page = window.page
        page.goto(there + opens(company, FULL))
        assert page.evaluate(WIDE) <= 0 and page.evaluate(SMALL) == 0
        page.get_by_label("客户（必填）").fill("华星科技")
        page.get_by_label("内容（必填）").fill("\n已报价 😀𠮷\n等回复")
        page.get_by_label("方式").select_option("电话")
        page.get_by_label("下次").fill("")
        page.get_by_role("button", name="提交").click()
        done(page)
        assert page.evaluate(WIDE) <= 0
    company.keban.settle()
    assert "已报价 😀𠮷\n等回复" in company.rep.last(f"已记录跟进 · {HUAXING}").text
    assert stored(company, select(FollowUp.content)) == ["已报价 😀𠮷\n等回复"]


def test_a_form_is_filled_in_by_keyboard(chromium: Browser, there: str, company: Company) -> None:
    with opened(chromium, **PHONE) as window:
        window.page.goto(there + opens(company))
        keyboard = window.page.keyboard
        keyboard.press("Tab")
        keyboard.insert_text("华星科技")
        keyboard.press("Tab")
        keyboard.insert_text("已报价")
        for key in ("Tab", "ArrowDown", *["Tab"] * 5, "Enter"):
            keyboard.press(key)
        done(window.page)
    assert stored(company, select(FollowUp.content)) == ["已报价"]


def goes(page: Page, where: str) -> None:
    page.goto(where)
    keeps_the_rules(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_of_the_page_keeps_the_rules(chromium: Browser, there: str, company: Company, scheme: str) -> None:
    context = chromium.new_context(locale="zh-CN", color_scheme=scheme, **PHONE)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    try:
        where, late = opens(company, FULL), opens(company, danger())
        for each in (where, f"{where}x"):
            goes(page, there + each)
        page.goto(there + where)
        page.locator("form").evaluate("form => form.noValidate = true")
        page.get_by_label("客户（必填）").fill("华星科技")
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_role("alert")).to_have_text("有的内容需要改一下，还没有提交。")
        expect(page.get_by_label("内容（必填）")).to_have_attribute("aria-invalid", "true")
        keeps_the_rules(page)
        page.get_by_label("内容（必填）").fill("已报价")
        page.get_by_label("下次").fill("")
        page.get_by_role("button", name="提交").click()
        done(page)
        keeps_the_rules(page)
        goes(page, there + late)
        company.keban.clock.forward(minutes=10)
        page.get_by_label("客户（必填）").fill("华星科技")
        page.get_by_label("内容（必填）").fill("已报价")
        page.get_by_role("button", name="退回").click()
        expect(page.get_by_role("heading", name="页面已过期")).to_be_visible()
        keeps_the_rules(page)
    finally:
        context.close()


def danger() -> Card:
    """The same form behind a button that takes something away."""
    form = BLANK.body[-1]
    button = replace(form.submit, label="退回", tone="danger")  # type: ignore[union-attr]
    return replace(BLANK, body=(replace(form, submit=button),))  # type: ignore[type-var, arg-type]
