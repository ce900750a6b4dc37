"""The playground in a browser while something goes wrong, ordered there or brought by the person at it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser import REP, SUPERVISOR, Window, archived
from process import Outside
from test_playground_page import chromium, program, window

__all__ = ["chromium", "program", "window"]
pytestmark = pytest.mark.browser


def test_a_press_at_another_seat_moves_nothing_under_the_finger(window: Window, program: Outside) -> None:
    archived(program, "青禾包装有限公司")
    rep, boss = window.seat(REP), window.seat(SUPERVISOR)
    for line in ("/待审", "/待审", "/待审", "/客户 青禾包装有限公司"):
        boss.says(line)
    button = boss.card("青禾包装有限公司").get_by_role("button").last
    rep.input.click()
    boss.node.locator(".log").evaluate("log => { log.scrollTop = log.scrollHeight - log.clientHeight - 40; }")
    where = button.bounding_box()
    assert where
    window.page.mouse.move(where["x"] + 5, where["y"] + 5)
    window.page.mouse.down()
    assert button.bounding_box() == where
    window.page.mouse.up()


def test_what_is_delivered_twice_is_done_once(window: Window) -> None:
    rep = window.seat(REP)
    window.orders("每个操作送达两次")
    rep.says("/帮助 今天")
    expect(rep.toast("送达了两次，两次的回答一样")).to_be_visible()
    window.orders("每个操作送达两次")
    rep.says("/帮助 新客户")
    rep.card("怎么用 /新客户")  # a chat keeps its order: whatever came of the words before it is here by now
    assert rep.titled("怎么用 /今天").count() == 1


def test_of_two_who_press_at_once_one_decides_and_the_other_is_told(window: Window, program: Outside) -> None:
    rep, boss = window.seat(REP), window.seat(SUPERVISOR)
    archived(program, "澜石包装有限公司")
    rep.says("/投诉 澜石包装有限公司 标签贴错了")
    number = rep.node.locator("article.card", has_text="标签贴错了").locator("h3").inner_text()
    for _ in range(6):
        window.page.get_by_role("button", name="+15 分钟").click()
    boss.titled(number).last.wait_for()
    window.orders("下一个按钮两个人同时按")
    boss.presses(number, "升级")
    expect(window.page.locator(".toasts p", has_text="已升级")).to_have_count(1)
    expect(window.page.locator(".toasts p.warning")).to_have_count(1)
    window.orders("下一个按钮两个人同时按")
    rep.says("/客户 澜石包装有限公司")
    rep.card("澜石包装有限公司").get_by_role("button").first.click()
    expect(rep.toast("只有你按了")).to_be_visible()


def test_while_the_platform_is_down_people_are_told_and_nothing_is_lost(window: Window) -> None:
    rep, banner = window.seat(REP), window.page.locator("#failing")
    window.orders("平台断线")
    rep.says("/帮助 问卷")
    expect(banner).to_contain_text("1 条消息在等")
    assert rep.titled("怎么用 /问卷").count() == 0
    window.orders("平台断线")
    rep.card("怎么用 /问卷")
    expect(banner).to_be_hidden()
    window.orders("令牌过期")
    rep.says("/帮助 成交")
    rep.card("怎么用 /成交")
    expect(rep.toast("令牌被拒绝了一次")).to_be_visible()
