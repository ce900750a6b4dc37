"""The playground in a browser: the main job by clicking, at any width, by keyboard, and through a lost connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

import browser
from browser import COLLEAGUE, ENTRY, MANAGER, NAME, REP, SERVICE, SUPERVISOR, Window, archived, opened
from cards import gallery, html
from process import Outside
from world import JSON

pytestmark = pytest.mark.browser
STATIC = Path(__file__).resolve().parents[1] / "bot" / "playground" / "static"
#: the narrowest a seat gets where five stand side by side.
SEAT = 264
#: the tour as a browser may hold it: of a demo that had come further than this one, and of this one.
OTHERS = {"at": 2, "open": True, "asked": True, "after": 10**9, "done": {"2": [1, 1, 1, 1]}}
OURS = OTHERS | {"after": 1}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser; each test has a window of its own."""
    with browser.launched() as launched:
        yield launched


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with browser.playground(tmp_path_factory.mktemp("playground")) as started:
        yield started


@pytest.fixture
def window(chromium: Browser, program: Outside) -> Iterator[Window]:
    with opened(chromium, viewport={"width": 1440, "height": 900}) as made:
        made.open(program)
        yield made


def test_from_a_new_customer_to_a_finished_reminder_by_clicking(window: Window, program: Outside) -> None:
    program.forward(program.wednesday())  # tomorrow is a working day
    rep, boss = window.seat(REP), window.seat(SUPERVISOR)
    rep.node.get_by_role("button", name="/新客户", exact=True).click()
    rep.node.get_by_role("button", name="发送").click()
    rep.presses("录入新客户", "提交", **ENTRY)
    rep.card(f"待审核 · {NAME}")
    expect(rep.node.locator(".toasts")).to_contain_text("已提交审核")

    boss.presses(f"待审核 · {NAME}", "退回")
    boss.presses(f"退回 · {NAME}", "确认退回", reason="请补地址")
    expect(boss.card(f"已退回 · {NAME}").locator("button")).to_have_count(0)
    expect(rep.card(f"已退回 · {NAME}")).to_contain_text("请补地址")

    rep.presses(f"已退回 · {NAME}", "修改")
    rep.presses("修改录入", "重新提交", address="上海市浦东新区世纪大道 1 号")
    rep.card(f"待审核 · {NAME}")
    boss.presses(f"待审核 · {NAME}", "通过")
    boss.card("已建档 · C")
    expect(rep.card("已建档 · C")).to_contain_text("已由赵强处理")

    chip = rep.node.locator(".chips button", has_text=f"/跟进 {NAME}")
    expect(chip).to_be_visible()
    chip.click()
    rep.input.press("Enter")
    expect(rep.card(f"已记录跟进 · {NAME}")).to_contain_text("明天 10:00")
    window.page.get_by_role("button", name="下一个工作日 9:00").click()
    window.forward("+1 小时", rep.titled(f"该跟进了 · {NAME}"))
    rep.presses(f"该跟进了 · {NAME}", "完成")
    rep.presses(f"完成 · {NAME}", "完成", result="客户同意签合同")
    expect(rep.node.locator("article", has_text="客户同意签合同").last).to_be_visible()
    assert not window.page.locator("#lost").is_visible()


def test_a_complaint_gets_louder_until_its_first_contact_turns_every_copy_green(
    window: Window, program: Outside
) -> None:
    archived(program, "云栖包装有限公司")
    service, owner, boss = (window.seat(each) for each in (SERVICE, REP, SUPERVISOR))
    service.says("/投诉 云栖包装有限公司 第二批货外壳有裂纹 渠道:电话")
    number = service.card("投诉 · TS").locator("h3").inner_text().removeprefix("投诉 · ")
    expect(owner.card(number)).to_contain_text("第二批货外壳有裂纹")
    expect(service.node.locator(".chips button", has_text=f"/首响 {number}")).to_be_visible()
    assert boss.titled(number).count() == 0
    window.forward("下一件定时的事", boss.titled(number))

    service.presses(number, "首次响应")
    service.presses(f"首次响应 · {number}", "首次响应", problem="外壳有裂纹，客户要求换货", apologised="是")
    for seat in (service, owner, boss):
        copies = seat.node.locator("article.card", has=window.page.locator("h3", has_text=number))
        expect(copies.locator("button")).to_have_count(0)
        assert set(copies.evaluate_all("all => all.map((each) => each.className)")) == {"card green"}


def test_a_customer_who_bought_is_asked_and_his_answer_is_seen(window: Window, program: Outside) -> None:
    archived(program, "栖霞电子有限公司")
    rep = window.seat(REP)
    rep.says("/成交 栖霞电子有限公司 年度维保 金额:12.5万")
    rep.card("已记录成交")
    survey = rep.titled("满意度问卷 · 栖霞电子有限公司")
    window.forward("下一个工作日 9:00", survey)
    rep.card("满意度问卷 · 栖霞电子有限公司").get_by_role("link", name="打开问卷").click()
    phone = window.page.frame_locator("#phone-screen")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_text("谢谢您的评价")).to_have_count(0)
    phone.get_by_role("group", name="总体满意度").get_by_role("radio", name="5 分").check()
    phone.get_by_label("想对我们说的话").fill("交货很准时")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_text("谢谢您的评价")).to_be_visible()
    assert phone.locator("main").evaluate("main => getComputedStyle(main).maxWidth") != "none", "it has its style"
    answered = rep.card("客户评价 · 栖霞电子有限公司")
    expect(answered).to_contain_text("交货很准时")
    expect(survey).to_have_count(0)
    window.page.get_by_role("button", name="收起客户的手机").click()
    expect(window.page.get_by_role("region", name="客户的手机")).to_be_hidden()


def asked(window: Window, program: Outside, name: str) -> FrameLocator:
    """A customer bought, and has the survey on the phone."""
    archived(program, name)
    rep = window.seat(REP)
    rep.says(f"/成交 {name} 年度维保 金额:12.5万")
    expect(rep.node.locator("article.card", has_text="已记录成交").filter(has_text=name).last).to_be_visible()
    rep.says(f"/问卷 {name}")
    rep.card(f"满意度问卷 · {name}").get_by_role("link", name="打开问卷").click()
    return window.page.frame_locator("#phone-screen")


def test_beside_the_customer_s_phone_the_first_press_finds_its_button(window: Window, program: Outside) -> None:
    archived(program, "沙溪仪表有限公司")
    boss, seats = window.seat(MANAGER), [window.seat(each).node for each in range(5)]
    boss.says("/简报")
    digest = boss.card("简报 · ").get_by_role("button", name="查看").first
    asked(window, program, "浒关仪表有限公司")
    expect(window.page.get_by_role("region", name="客户的手机")).to_be_visible()
    assert [node.is_visible() for node in seats] == [True, False, True, True, True]
    posted = window.posted("/events")
    digest.click()
    expect(boss.node.get_by_role("button", name="返回简报").last).to_be_visible()
    assert len(posted) == 1
    assert not seats[COLLEAGUE].is_visible(), "nothing moves until the phone is closed"
    window.page.get_by_role("button", name="收起客户的手机").click()
    assert all(node.is_visible() for node in seats)


def test_a_survey_that_is_submitted_by_two_clicks_is_answered_once(window: Window, program: Outside) -> None:
    phone = asked(window, program, "木渎电子有限公司")
    posted = window.posted("/survey/")
    phone.get_by_role("group", name="总体满意度").get_by_role("radio", name="5 分").check()
    phone.get_by_role("button", name="提交").dblclick()
    expect(phone.get_by_role("heading")).to_have_text("谢谢您的评价")
    window.seat(REP).card("客户评价 · 木渎电子有限公司")
    expect(phone.get_by_role("heading")).to_have_text("谢谢您的评价")
    assert len(posted) == 1


def test_a_manager_finds_the_morning_s_figures_and_the_records_behind_them(window: Window, program: Outside) -> None:
    archived(program, "石湖仪表有限公司")
    boss = window.seat(MANAGER)
    boss.says("/帮助 简报")
    boss.card("怎么用 /简报")  # what was there before has come by now
    digests = boss.titled("简报 · ")
    before = digests.count()
    window.page.get_by_role("button", name="下一个工作日 9:00").click()
    window.page.get_by_role("button", name="+15 分钟").click()
    expect(digests).to_have_count(before + 1)
    digest = boss.card("简报 · ")
    expect(digest.locator("table.bars")).to_contain_text("销售一部")
    digest.get_by_role("button", name="查看").first.click()
    expect(boss.card("新客户 ")).to_contain_text("石湖仪表有限公司")


def test_every_card_fits_a_phone_and_nothing_is_cut_off(chromium: Browser) -> None:
    rows = "".join(
        f'<li class="bot" data-name="{name}">{html.render(card)}</li>' for name, card in gallery.gallery().items()
    )
    style = "".join((STATIC / name).read_text("utf-8") for name in ("page.css", "card.css"))
    shell = f'<main class="seats"><section class="seat current"><div class="chat"><ol class="log">{rows}</ol></div>'
    for width in (360, 320, SEAT):
        with opened(chromium, viewport={"width": width, "height": 740}) as window:
            window.page.set_content(f"<!doctype html><html lang=zh-CN><style>{style}</style><body>{shell}")
            assert window.page.locator("article.card").count() == len(gallery.gallery())
            assert window.page.evaluate(browser.OVERFLOW) == []
            assert window.page.evaluate("document.documentElement.scrollWidth") <= width
            window.page.add_style_tag(content=".card .body p { width: 120%; white-space: nowrap }")
            assert window.page.evaluate(browser.OVERFLOW) != [], "the measure sees a card that does not fit"


def test_at_phone_width_one_seat_at_a_time_fills_the_screen(chromium: Browser, program: Outside) -> None:
    with opened(chromium, viewport={"width": 360, "height": 740}, color_scheme="dark") as window:
        window.open(program)
        assert [window.seat(each).node.is_visible() for each in range(5)] == [True, *[False] * 4]
        window.seat(REP).says("/帮助 跟进")
        window.seat(REP).card("怎么用 /跟进")
        assert window.page.evaluate(browser.OVERFLOW.replace("card.closest('li').dataset.name", "card.ariaLabel")) == []
        assert window.page.evaluate("document.documentElement.scrollWidth") <= 360
        window.page.get_by_role("tab", name="销售").press("ArrowRight")
        assert window.seat(COLLEAGUE).node.is_visible() and not window.seat(REP).node.is_visible()
        expect(window.page.get_by_role("tab", name="同事")).to_be_focused()
        window.page.get_by_role("tab", name="同事").press("ArrowLeft")
        window.page.get_by_role("tab", name="销售").press("ArrowLeft")
        expect(window.page.get_by_role("tab", name="客服")).to_be_focused()
        assert window.seat(SERVICE).node.is_visible()


def test_a_command_is_completed_by_keyboard(window: Window) -> None:
    rep = window.seat(REP)
    rep.input.focus()
    rep.input.press_sequentially("/")
    options = rep.node.locator("[role=option]:visible")
    expect(options.first).to_be_visible()
    everything = options.count()
    rep.input.press_sequentially("跟")
    expect(options).to_have_count(1)
    assert everything > 1 and rep.input.get_attribute("aria-expanded") == "true"
    rep.input.press("ArrowDown")
    assert rep.input.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    rep.input.press("Enter")
    expect(rep.input).to_have_value("/跟进 ")
    expect(rep.node.locator(".usage")).to_contain_text("用法：/跟进 <客户>")
    rep.input.fill("/")
    rep.input.press("Escape")
    expect(options).to_have_count(0)
    rep.input.fill("/帮")
    rep.input.press("Tab")
    expect(rep.input).to_have_value("/帮助 ")
    expect(rep.input).to_be_focused()


def test_who_sits_where_is_remembered_and_his_chat_comes_along(window: Window, program: Outside) -> None:
    window.seat(MANAGER).says("/帮助 待审")
    window.seat(MANAGER).card("怎么用 /待审")
    window.seat(COLLEAGUE).node.locator("select").select_option("linlan")
    window.seat(COLLEAGUE).card("怎么用 /待审")
    window.open(program)
    assert window.seat(COLLEAGUE).node.locator("select").first.input_value() == "linlan"
    window.seat(COLLEAGUE).card("怎么用 /待审")


def test_behind_a_card_stand_its_event_and_what_feishu_gets(window: Window) -> None:
    rep, page = window.seat(REP), window.page
    rep.says("/帮助 客户")
    rep.card("怎么用 /客户").click()
    page.get_by_role("button", name="查看幕后").click()
    drawer = page.get_by_role("complementary", name="幕后")
    expect(drawer).to_contain_text("/帮助 [词]")
    event = json.loads(page.locator("#inspector-event").inner_text())
    assert (event["text"], event["account"]) == ("/帮助 客户", "wangmin")
    card = json.loads(page.locator("#inspector-json").inner_text())
    assert card["schema"] == "2.0" and card["header"]["title"]["content"] == "怎么用 /客户"
    expect(drawer).to_contain_text("/ 30 KB")
    expect(drawer).to_contain_text("/ 200")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page.get_by_role("button", name="查看幕后")).to_be_focused()


def test_a_lost_connection_is_said_and_nothing_is_missed(chromium: Browser, program: Outside) -> None:
    with opened(chromium, viewport={"width": 1440, "height": 900}) as window:
        window.page.route("**/stream*", lambda route: route.fulfill(status=503))
        window.open(program)
        rep = window.seat(REP)
        rep.says("/帮助 查")
        rep.card("怎么用 /查")
        window.page.route("**/shown*", lambda route: route.abort())
        expect(window.page.locator("#lost")).to_be_visible()
        rep.says("/帮助 绑定")
        window.page.unroute("**/shown*")
        rep.card("怎么用 /绑定")
        expect(window.page.locator("#lost")).to_be_hidden()
        window.complaints.clear()  # the browser's own lines about the requests that were broken on purpose


def test_words_that_did_not_arrive_are_marked_and_kept(chromium: Browser, program: Outside) -> None:
    with opened(chromium, viewport={"width": 1440, "height": 900}) as window:
        window.open(program)
        window.page.route("**/events", lambda route: route.fulfill(status=400, body="{}"))
        rep = window.seat(REP)
        rep.says("这句话没有到")
        expect(rep.node.locator(".own.failed")).to_be_visible()
        expect(rep.input).to_have_value("这句话没有到")
        window.complaints.clear()  # as above


@pytest.mark.parametrize("memory", ["null", "[]", "{", '"x"', '{"open":true,"at":"x","done":null}'])
def test_a_memory_of_any_shape_stops_nothing(window: Window, program: Outside, memory: str) -> None:
    window.kept(memory)
    window.open(program)
    expect(window.page.locator("#tour")).to_be_visible(visible="open" in memory)
    window.seat(REP).says("/帮助 成交")
    window.seat(REP).card("怎么用 /成交")


def test_without_its_tour_the_page_works(window: Window, program: Outside) -> None:
    broken = "export class Tour { constructor() { throw new Error('no tour'); } }"
    window.page.route("**/tour.js", lambda route: route.fulfill(content_type="text/javascript", body=broken))
    window.open(program)
    window.seat(REP).says("/帮助 成交")
    window.seat(REP).card("怎么用 /成交")
    assert window.complaints == ["no tour"]
    window.complaints.clear()


@pytest.mark.parametrize(("memory", "step"), [(OTHERS, 1), (OURS, 3)])
def test_the_tour_of_another_demo_is_forgotten(window: Window, program: Outside, memory: JSON, step: int) -> None:
    window.seat(REP).says("/帮助 成交")
    window.seat(REP).card("怎么用 /成交")
    window.kept(json.dumps(memory))
    window.open(program)
    expect(window.page.locator("#tour-title")).to_contain_text(f"第 {step} 步")
    expect(window.page.locator("#tour-lines .seen")).to_have_count(0 if step == 1 else 4)


def test_the_tour_is_forgotten_when_the_clock_ran_back(window: Window, program: Outside) -> None:
    window.kept(json.dumps(OURS))
    window.open(program)
    expect(window.page.locator("#tour-title")).to_contain_text("第 3 步")
    back = {"now": {"at": "2026-01-05T09:00:00+08:00", "ahead": -(10**6)}}
    window.page.route("**/clock", lambda route: route.fulfill(json=back))
    with window.page.expect_navigation():
        window.page.get_by_role("button", name="+15 分钟").click()
    expect(window.page.locator("#tour-title")).to_contain_text("第 1 步")
    for _ in range(2):
        window.page.get_by_role("button", name="下一步").click()
    expect(window.page.locator("#tour-title")).to_contain_text("第 3 步")
    expect(window.page.locator("#tour-lines .seen")).to_have_count(0)


def test_starting_over_asks_first(window: Window) -> None:
    page: Page = window.page
    asked: list[str] = []
    page.route("**/reset", lambda route: (asked.append(route.request.url), route.fulfill(json={}))[1])
    page.get_by_role("button", name="重新开始", exact=True).click()
    page.get_by_role("button", name="先不了").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert asked == []
    page.get_by_role("button", name="重新开始", exact=True).click()
    with page.expect_navigation():
        page.get_by_role("button", name="清空并重新开始").click()
    assert len(asked) == 1
