"""The playground in a browser: the main job by clicking, at any width, by keyboard, and through a lost connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as Slow

from browser import COLLEAGUE, MANAGER, REP, SERVICE, SUPERVISOR, Seat, Window, launched, opened, playground
from cards import gallery, html
from makers import WORDS
from models.crm import entries, people, reviews
from models.work import Work
from process import Outside

pytestmark = pytest.mark.browser
STATIC = Path(__file__).resolve().parents[1] / "bot" / "playground" / "static"
NAME = "华星科技有限公司"
#: how often the clock is moved at most: a weekend, and the timers of other tests.
MOVES = 12
#: the narrowest a seat gets where five stand side by side.
SEAT = 264
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser; each test has a window of its own."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with playground(tmp_path_factory.mktemp("playground")) as started:
        yield started


@pytest.fixture
def window(chromium: Browser, program: Outside) -> Iterator[Window]:
    with opened(chromium, viewport={"width": 1440, "height": 900}) as made:
        made.open(program)
        yield made


def test_from_a_new_customer_to_a_finished_reminder_by_clicking(window: Window) -> None:
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
    forward(window, "+1 小时", titled(rep, f"该跟进了 · {NAME}"))
    rep.presses(f"该跟进了 · {NAME}", "完成")
    rep.presses(f"完成 · {NAME}", "完成", result="客户同意签合同")
    expect(rep.node.locator("article", has_text="客户同意签合同").last).to_be_visible()
    assert not window.page.locator("#lost").is_visible()


def archived(program: Outside, name: str) -> None:
    """A customer of the first seat."""

    def enter(work: Work) -> None:
        rep, boss = (people.by_account(work, "playground", account) for account in ("wangmin", "zhaoqiang"))
        assert rep and boss
        customer = entries.submit(work, rep, WORDS | {"客户全称": name})
        reviews.approve(work, boss, reviews.last_round(work, customer.id))

    program.works.perform(enter)


def forward(window: Window, move: str, there: Locator) -> None:
    """Let the clock run until something is there."""
    for _ in range(MOVES):
        window.page.get_by_role("button", name=move).click()
        with suppress(Slow):
            there.last.wait_for(timeout=2500)
            return
    raise AssertionError(f"{MOVES} times {move}, and it is not there")


def titled(seat: Seat, words: str) -> Locator:
    return seat.node.locator("article.card h3", has_text=words)


def test_a_complaint_gets_louder_until_its_first_contact_turns_every_copy_green(
    window: Window, program: Outside
) -> None:
    archived(program, "云栖包装有限公司")
    service, owner, boss = (window.seat(each) for each in (SERVICE, REP, SUPERVISOR))
    service.says("/投诉 云栖包装有限公司 第二批货外壳有裂纹 渠道:电话")
    number = service.card("投诉 · TS").locator("h3").inner_text().removeprefix("投诉 · ")
    expect(owner.card(number)).to_contain_text("第二批货外壳有裂纹")
    expect(service.node.locator(".chips button", has_text=f"/首响 {number}")).to_be_visible()
    assert titled(boss, number).count() == 0
    forward(window, "下一件定时的事", titled(boss, number))

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
    survey = titled(rep, "满意度问卷 · 栖霞电子有限公司")
    forward(window, "下一个工作日 9:00", survey)
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


def test_a_manager_finds_the_morning_s_figures_and_the_records_behind_them(window: Window, program: Outside) -> None:
    archived(program, "石湖仪表有限公司")
    boss = window.seat(MANAGER)
    boss.says("/帮助 简报")
    boss.card("怎么用 /简报")  # what was there before has come by now
    digests = titled(boss, "简报 · ")
    before = digests.count()
    window.page.get_by_role("button", name="下一个工作日 9:00").click()
    window.page.get_by_role("button", name="+15 分钟").click()
    expect(digests).to_have_count(before + 1)
    digest = boss.card("简报 · ")
    expect(digest.locator("table.bars")).to_contain_text("销售一部")
    digest.get_by_role("button", name="查看").first.click()
    expect(boss.card("新客户 ")).to_contain_text("石湖仪表有限公司")


def ordered(window: Window, trouble: str) -> None:
    window.page.get_by_role("button", name="制造故障").click()
    window.page.get_by_role("region", name="制造故障").get_by_label(trouble).click()
    window.page.keyboard.press("Escape")


def toast(seat: Seat, words: str) -> Locator:
    return seat.node.locator(".toasts p", has_text=words)


def test_what_is_delivered_twice_is_done_once(window: Window) -> None:
    rep = window.seat(REP)
    ordered(window, "每个操作送达两次")
    rep.says("/帮助 今天")
    expect(toast(rep, "送达了两次，只做了一次")).to_be_visible()
    rep.card("怎么用 /今天")
    assert titled(rep, "怎么用 /今天").count() == 1


def test_of_two_who_press_at_once_one_decides_and_the_other_is_told(window: Window, program: Outside) -> None:
    rep, boss = window.seat(REP), window.seat(SUPERVISOR)
    archived(program, "澜石包装有限公司")
    rep.says("/投诉 澜石包装有限公司 标签贴错了")
    number = rep.node.locator("article.card", has_text="标签贴错了").locator("h3").inner_text()
    for _ in range(6):
        window.page.get_by_role("button", name="+15 分钟").click()
    titled(boss, number).last.wait_for()
    ordered(window, "下一个按钮两个人同时按")
    boss.presses(number, "升级")
    expect(window.page.locator(".toasts p", has_text="已升级")).to_have_count(1)
    expect(window.page.locator(".toasts p.warning")).to_have_count(1)
    ordered(window, "下一个按钮两个人同时按")
    rep.says("/客户 澜石包装有限公司")
    rep.card("澜石包装有限公司").get_by_role("button").first.click()
    expect(toast(rep, "只有你按了")).to_be_visible()


def test_while_the_platform_is_down_people_are_told_and_nothing_is_lost(window: Window) -> None:
    rep, banner = window.seat(REP), window.page.locator("#failing")
    ordered(window, "平台断线")
    rep.says("/帮助 问卷")
    expect(banner).to_contain_text("1 条消息在等")
    assert titled(rep, "怎么用 /问卷").count() == 0
    ordered(window, "平台断线")
    rep.card("怎么用 /问卷")
    expect(banner).to_be_hidden()
    ordered(window, "令牌过期")
    rep.says("/帮助 成交")
    rep.card("怎么用 /成交")
    expect(toast(rep, "令牌被拒绝了一次")).to_be_visible()


def test_every_card_fits_a_phone_and_nothing_is_cut_off(chromium: Browser) -> None:
    rows = "".join(f'<li class="bot" data-name="{name}">{html.render(card)}</li>' for name, card in all_cards())
    style = "".join((STATIC / name).read_text("utf-8") for name in ("page.css", "card.css"))
    shell = f'<main class="seats"><section class="seat current"><div class="chat"><ol class="log">{rows}</ol></div>'
    for width in (360, 320, SEAT):
        with opened(chromium, viewport={"width": width, "height": 740}) as window:
            window.page.set_content(f"<!doctype html><html lang=zh-CN><style>{style}</style><body>{shell}")
            assert window.page.locator("article.card").count() == len(gallery.gallery())
            assert window.page.evaluate(OVERFLOW) == []
            assert window.page.evaluate("document.documentElement.scrollWidth") <= width
            window.page.add_style_tag(content=".card .body p { width: 120%; white-space: nowrap }")
            assert window.page.evaluate(OVERFLOW) != [], "the measure sees a card that does not fit"


def all_cards() -> list[tuple[str, gallery.Card]]:
    return list(gallery.gallery().items())


def test_at_phone_width_one_seat_at_a_time_fills_the_screen(chromium: Browser, program: Outside) -> None:
    with opened(chromium, viewport={"width": 360, "height": 740}, color_scheme="dark") as window:
        window.open(program)
        assert [window.seat(each).node.is_visible() for each in range(5)] == [True, *[False] * 4]
        window.seat(REP).says("/帮助 跟进")
        window.seat(REP).card("怎么用 /跟进")
        assert window.page.evaluate(OVERFLOW.replace("card.closest('li').dataset.name", "card.ariaLabel")) == []
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
