"""/运维: an administrator sees how messages go out, sends again what was given up, and hears of a quota in time."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.platform import Platform
from bot.sending import Sender
from cards import kit
from cards.kit import Card, Text
from conftest import Company, Inside
from models import delivery, health, outbox
from models.delivery import UNKNOWN
from models.outbox import Lane, Parcel
from models.settings import Settings
from models.tables import Outbox, OutboxState
from models.work import Work, Works
from scheduler.jobs import JOBS
from scheduler.run import tick
from world import Seen, Somebody

MONTHLY = 100


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate({"feishu": {"monthly_calls": MONTHLY}})


@pytest.fixture
def admin(company: Company) -> Somebody:
    return company.keban.somebody(company.make.user("管理员小李", "总公司", "admin"))


def says(company: Company, *lines: str) -> None:
    """Lines whose answers are not sent yet."""
    for line in lines:
        assert company.keban.post("/feishu/events", company.keban.app.message(company.rep.account, line))[0] == 200


def titles(who: Somebody) -> list[str]:
    return [Seen(each).title for each in who.inbox()]


def promise(company: Company, lane: Lane, title: str, queue: str = "", *, update: int | None = None) -> None:
    def put(work: Work) -> None:
        card = kit.dumps(Card(title, (Text("看"),)))
        kind, me = "reminder" if lane > Lane.ANSWER else "answer", company.make.me("王敏").id
        outbox.enqueue(work, Parcel(kind, card, queue or title, lane, "feishu", user_id=me))

    company.keban.works.perform(put)


def states(works: Works) -> list[str]:
    with works.read() as work:
        return [str(state) for state in work.run(select(Outbox.state).order_by(Outbox.id)).scalars()]


def test_what_was_given_up_is_seen_and_sent_again_by_a_button(company: Company, works: Works, admin: Somebody) -> None:
    keban = company.keban
    says(company, "/帮助", "/没有这个")
    keban.api.fail_next(2, code=230025)
    keban.settle()
    assert titles(company.rep) == [] and states(works) == ["dead", "dead"]

    card = admin.says("/运维")
    assert card.title == "运维" and "飞书 正常 · 没有积压" in card.text and "没有送到 2 条" in card.text
    assert "答复 → 王敏（飞书）· 今天 10:00" in card.text and "230025" in card.text
    answer = admin.presses("重试")
    assert answer.toast == "马上再发" and "没有送到 1 条" in answer.text
    assert titles(company.rep) == ["没有这个命令"], "the newest stands first"
    assert admin.presses("全部重试").toast == "1 条马上再发"
    assert titles(company.rep) == ["没有这个命令", "我会这些"]
    assert "没有送不到的消息" in admin.says("/ops").text


def test_a_long_connection_that_is_dead_is_seen(company: Company, works: Works, admin: Somebody) -> None:
    assert "长连接" not in admin.says("/运维").text
    works.perform(lambda work: health.beat(work, f"{health.STREAM}feishu"))
    company.keban.clock.forward(seconds=12)
    well = admin.says("/运维")
    assert "长连接 12 秒前还在" in well.text and well.card["header"]["template"] == "green"
    for seconds, since in ((180, "3 分钟"), (7200, "2 小时")):
        company.keban.clock.forward(seconds=seconds)
        ill = admin.says("/运维")
        assert f"长连接断了 {since}：看 stream 进程" in ill.text and ill.card["header"]["template"] == "orange"


def test_only_an_administrator_sees_and_does_it(company: Company, admin: Somebody) -> None:
    says(company, "/帮助")
    company.keban.api.fail_next(1, code=230025)
    company.keban.settle()
    seen = admin.says("/运维")
    for other in (company.rep, company.supervisor, company.manager):
        assert other.says("/运维").title == "没有完成" and "没有权限" in other.last().text
        for label in ("重试", "不再显示", "全部重试", "刷新"):
            assert "没有权限" in other.press_in(seen, seen.card, label).toast
    assert titles(company.rep)[0] == "没有完成", "nothing was sent again"
    shown = admin.says("/运维", group=True)
    assert shown.title == "已私信给你" and admin.last("运维")


def test_a_letter_is_handled_once_and_not_shown_any_more(company: Company, works: Works, admin: Somebody) -> None:
    says(company, "/帮助", "/没有这个")
    company.keban.api.fail_next(2, code=230025)
    company.keban.settle()
    seen = admin.says("/运维")
    card = seen.card
    assert admin.press_in(seen, card, "不再显示").toast == "不再显示"
    assert "已经处理过" in admin.press_in(seen, card, "不再显示").toast
    assert states(works)[:2] == ["dead", "superseded"] and titles(company.rep) == []
    with works.read() as work:
        assert [bool(card) for card in work.run(select(Outbox.card).order_by(Outbox.id)).scalars()][:2] == [True, False]


def test_more_letters_than_a_page_are_turned(company: Company, admin: Somebody) -> None:
    for number in range(12):
        promise(company, Lane.ANSWER, f"第 {number} 条")
    company.keban.api.fail_next(12, code=230025)
    company.keban.settle()
    assert admin.says("/运维").buttons.count("重试") == 5
    second = admin.presses("下一页")
    assert second.buttons.count("重试") == 5 and "上一页" in second.buttons
    third = admin.presses("下一页")
    assert third.buttons.count("重试") == 2 and "下一页" not in third.buttons


def test_what_may_have_arrived_says_so_when_it_is_sent_again(company: Company, works: Works, admin: Somebody) -> None:
    promise(company, Lane.ANSWER, "甲")

    def lost(work: Work) -> None:
        [row] = delivery.lease(work, "feishu", 1, pace=delivery.pace_of(work, "feishu")).rows
        delivery.dead(work, row, f"{UNKNOWN}feishu send: ReadTimeout")

    works.perform(lost)
    assert "不知道对方收到没有" in admin.says("/运维").text
    admin.presses("重试")
    assert titles(company.rep) == ["（重发）甲"]


def test_what_expired_and_an_older_face_of_a_card_are_not_sent_again(
    company: Company, works: Works, admin: Somebody
) -> None:
    def face(work: Work, number: int) -> None:
        me = company.make.me("王敏").id
        copies = outbox.copies(work, "test:1")
        copy = copies[0].id if copies else outbox.new_copy(work, "test:1", me, "", "q")
        card = kit.dumps(Card(f"第 {number} 版", (Text("看"),)))
        parcel = Parcel("test", card, "q", platform="feishu", user_id=me, card_message_id=copy)
        outbox.enqueue(work, replace(parcel, update=number > 1))

    keban = company.keban
    for number, code in ((1, None), (2, 230025), (3, None)):
        works.perform(lambda work, number=number: face(work, number))
        keban.api.fail_next(int(bool(code)), code=code)
        keban.settle()
    assert states(works) == ["sent", "dead", "sent"]
    promise(company, Lane.ANSWER, "过期的")
    keban.clock.forward(hours=7)
    keban.settle()
    card = admin.says("/运维")
    assert "没有送到 2 条" in card.text and "过了时效" in card.text
    assert "重试" not in card.buttons and card.buttons.count("不再显示") == 2
    assert titles(company.rep) == ["第 3 版"]


def test_a_platform_that_is_away_and_what_waits_for_it_are_seen(company: Company, admin: Somebody) -> None:
    keban = company.keban
    for number in range(6):
        promise(company, Lane.ANSWER, f"{number}")
    keban.api.fail_next(5, status=502)
    keban.settle()
    request = keban.app.message(admin.account, "/运维")
    assert keban.post("/feishu/events", request)[0] == 200
    keban.forward(minutes=1)
    assert "连不上" in admin.last("运维").text and "等待 6 条" in admin.last("运维").text
    assert "正常" in admin.says("/运维").text and len(titles(company.rep)) == 6


# --- the month's calls ---


def spend(works: Works, calls: int) -> None:
    """Calls that were billed this month."""

    def put(work: Work) -> None:
        pace = delivery.pace_of(work, "feishu")
        pace.spend(delivery.month(work), calls)
        delivery.keep_pace(work, "feishu", pace)

    works.perform(put)


def counted(keban: Inside) -> Inside:
    """The senders hold the quota that the settings name."""
    platform: Platform = replace(keban.platforms["feishu"], monthly=MONTHLY)
    keban.sender = Sender(keban.works, platform)
    return keban


def spent(works: Works, month: str) -> int:
    return works.perform(lambda work: delivery.pace_of(work, "feishu").spent(month))


def test_calls_are_counted_as_they_are_made_and_anew_each_month(company: Company, works: Works) -> None:
    keban = counted(company.keban)
    company.rep.says("/帮助")
    assert spent(works, "2026-11") == 1
    keban.clock.forward(days=6)
    company.rep.says("/帮助")
    assert spent(works, "2026-11") == 0
    assert spent(works, "2026-12") == 2, "the first was refused with an old token"


def test_administrators_hear_of_a_quota_once_at_seven_tenths_and_at_nine(
    company: Company, works: Works, admin: Somebody
) -> None:
    keban = counted(company.keban)
    spend(works, 69)
    keban.tick()
    assert titles(admin) == []
    spend(works, 1)
    keban.tick()
    keban.tick()
    assert titles(admin) == ["平台调用额度已用 70%"] and "70 / 100 次（70%）" in admin.last().text
    assert "到月底约 86 次" in admin.last().text
    spend(works, 19)
    keban.tick()
    assert len(titles(admin)) == 1, "calls are short now, and he was told of something just now"
    keban.forward(hours=4)
    assert titles(admin) == ["平台调用额度已用 70%", "平台调用额度已用 90%"]
    assert "只发告警和答复" in admin.last().text and titles(company.manager) == []
    keban.clock.forward(days=4)
    for _ in range(2):
        keban.tick()  # what is remembered for three days is forgotten, then looked at
    assert len(titles(admin)) == 2, "the month is the same"
    keban.clock.forward(days=26)
    keban.tick()
    assert len(titles(admin)) == 2, "a new month begins with nothing"


def test_when_calls_are_short_answers_go_and_the_rest_comes_as_one_message_every_few_hours(
    company: Company, works: Works, admin: Somebody
) -> None:
    """Also what somebody asked for, and what had been promised before and is not under way."""
    keban = counted(company.keban)
    for name, at in (("甲", "10:30"), ("乙", "11:00"), ("丙", "11:30"), ("丁", "11:30")):
        company.make.customer("王敏", f"{name}精密机械有限公司")
        company.rep.says(f"/跟进 {name}精密 已报价 下次:今天{at}")
    before = len(titles(company.rep))
    keban.clock.forward(minutes=30)
    for job in JOBS:
        tick(works, job)
    spend(works, 90)
    keban.settle()
    assert len(titles(company.rep)) == before, "it had been promised"
    keban.tick()  # is held back
    assert len(titles(company.rep)) == before and "1 条不急的提醒在等" in admin.says("/运维").text
    keban.until("2026-11-25 11:30")
    assert company.rep.says("/帮助").title == "我会这些" and len(titles(company.rep)) == before + 1
    keban.until("2026-11-25 14:30")
    merged = company.rep.last("4 条提醒")
    assert len(titles(company.rep)) == before + 2 and "额度不多了" in merged.text
    assert all(f"该跟进了 · {name}" in merged.text for name in "甲乙丙丁")
    company.rep.presses("打开", on=merged)
    assert company.rep.last().title.startswith("该跟进了 · 甲")
    assert OutboxState.QUEUED not in states(works)


def test_one_alone_comes_as_it_is_and_what_a_sender_has_under_way_is_not_taken_back(
    company: Company, works: Works
) -> None:
    keban = counted(company.keban)
    promise(company, Lane.REMINDER, "该跟进了 · 甲")
    works.perform(lambda work: delivery.lease(work, "feishu", 1, pace=delivery.pace_of(work, "feishu")))
    spend(works, 90)
    company.make.customer("王敏", "乙精密机械有限公司")
    company.rep.says("/跟进 乙精密 已报价 下次:今天10:30")
    promise(company, Lane.ANSWER, "答复 · 甲")
    keban.until("2026-11-25 10:30")
    assert "答复 · 甲" in titles(company.rep), "answers are not taken back"
    assert company.rep.last("该跟进了 · 乙").buttons == ["完成", "已联系", "稍后", "改期"]
    assert states(works)[0] == "queued", "its lease has to end first"


def test_a_month_is_the_office_s_own(company: Company, works: Works) -> None:
    company.keban.clock.at = dt.datetime(2026, 11, 30, 16, 30, tzinfo=dt.UTC)
    with works.read() as work:
        assert delivery.month(work) == "2026-12"
