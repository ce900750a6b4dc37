"""Named views: saved in a line or a form, opened by one word, told in the morning; never more than one may see (X9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from conftest import ON_SQLITE, ZONE, Company, Inside
from models.crm import conditions, named_views, view_news
from models.settings import Settings
from models.tables import Audit, Customer, User, View, ViewSubscription
from models.work import Works
from test_entry import count, stored
from test_redelivery import at_once
from test_story import SURFACES, opened
from world import HandClock

THURSDAY, FRIDAY, MONDAY = "2026-11-26", "2026-11-27", "2026-11-30"
TUESDAY, WEDNESDAY = "2026-12-01", "2026-12-02"
SAVED = "/视图 重点客户 等级:A,VIP 未跟进:14天"


@pytest.fixture(params=SURFACES)
def everywhere(request: pytest.FixtureRequest, works: Works, clock: HandClock) -> Iterator[Company]:
    with opened(request.param, clock=lambda: clock().timestamp()) as end:
        yield Company(Inside(works, end, clock))


def customer(company: Company, owner: str, name: str, **values: object) -> int:
    """An archived customer with these columns."""
    made = company.make.customer(owner, name).id
    if values:
        company.keban.works.perform(
            lambda work: work.connection.execute(update(Customer).where(Customer.id == made).values(**values))
        )
    return made


def company_of_views(company: Company) -> None:
    """王敏 has three customers, one of them important and left alone; 陈晨 and 周舟 have one each."""
    long_ago = dt.datetime(2026, 10, 1, 10, tzinfo=ZONE)
    customer(company, "王敏", "华星科技有限公司", level="a", acquired_at=long_ago)
    customer(company, "王敏", "云帆贸易有限公司", level="a")
    customer(company, "王敏", "远山物流有限公司", acquired_at=long_ago)
    customer(company, "陈晨", "新芽教育有限公司", level="vip", acquired_at=long_ago)
    customer(company, "周舟", "北辰仪器有限公司", level="a", acquired_at=long_ago)


def morning(company: Company, day: str) -> None:
    """Let the morning of a working day pass."""
    for clock in ("09:00", "09:13"):
        company.keban.until(f"{day} {clock}")


def test_a_view_is_saved_opened_by_its_name_changed_and_removed(everywhere: Company) -> None:
    company, rep = everywhere, everywhere.rep
    company_of_views(company)
    made = rep.says(SAVED)
    assert made.title == "视图 · 重点客户" and "已保存" in made.text
    assert "等级:A、VIP 未跟进:14天" in made.text and "共 1 个" in made.text and "华星" in made.text
    assert rep.says("重点客户").title == "视图 · 重点客户", "one word"
    assert "共 2 个" in company.supervisor.says(SAVED).text, "the same words are another view for whoever leads"
    assert "共 3 个" in company.manager.says(SAVED).text
    changed = rep.says("/view 重点客户 等级:a".replace("/view", "/views"))
    assert "已修改，原来是：等级:A、VIP 未跟进:14天" in changed.text and "共 2 个" in changed.text
    company.keban.forward(seconds=4)
    listed = rep.says("/视图")
    assert "重点客户\n2 个" in listed.text.replace("  \n", "\n") or "重点客户" in listed.text
    assert "本月新客户" in listed.text and "新建视图" in listed.buttons
    asked = rep.presses("删除", on=rep.says("重点客户"))
    assert "要删除「重点客户」吗" in asked.text
    assert "重点客户" not in rep.presses("确认删除").text
    assert rep.says("重点客户").title == "你好，我是客伴"
    assert stored(company, select(Audit.operation).where(Audit.operation.startswith("view."))) == [
        *["view.save"] * 4,
        "view.remove",
    ]


def test_a_view_is_made_and_changed_in_a_form(everywhere: Company) -> None:
    company, rep = everywhere, everywhere.rep
    company_of_views(company)
    rep.says("/视图")
    assert rep.presses("新建视图").title == "新建视图"
    made = rep.presses("保存", {"名字": "我的A类", "负责人": "我", "等级": "A"})
    assert made.title == "视图 · 我的A类" and "负责人:我 等级:A" in made.text and "共 2 个" in made.text
    company.keban.forward(seconds=4)
    opened_by_name = rep.says("我的a类")
    assert "共 2 个" in opened_by_name.text
    rep.presses("修改", on=opened_by_name)
    changed = rep.presses("保存", {"名字": "要联系的", "未跟进": "14天"})
    assert changed.title == "视图 · 要联系的" and "负责人:我 等级:A 未跟进:14天" in changed.text
    assert stored(company, select(View.name)) == ["要联系的"]


@ON_SQLITE
def test_what_cannot_be_is_said_and_nothing_is_kept(company: Company) -> None:
    company_of_views(company)
    rep = company.rep
    refusals = {
        "/视图 重点客户 颜色:红": "「颜色」不是条件，可以写：负责人、等级",
        "/视图 重点客户 等级:钻石": "「等级」要写成：VIP、A、B、C",
        "/视图 重点客户 等级:": "「等级」要写成",
        "/视图 重点客户 未跟进:很久": "「未跟进」要写成：天数",
        "/视图 重点客户 新建:明天": "「新建」要写成：今天、本周",
        "/视图 重点客户 负责人:没有人": "没有找到同事",
        "/视图 重点客户 行业:航天": "「行业」要写成",
        "/视图 等级:A 未跟进:14天": "视图的名字要写 1 到 20 个字，写在条件前面",
        "/视图 【重点 客户】 等级:A": "不要有空格",
        "/视图 一二三四五六七八九十一二三四五六七八九十一 等级:A": "1 到 20 个字",
        "/视图 本月新客户 等级:A": "是自带的视图",
        "/视图 跟进 等级:A": "不能和命令同名",
        "/视图 LOG 等级:A": "不能和命令同名",
        "/视图 /log 等级:A": "不要有空格、冒号",
        "/视图 李雷13912345678 等级:A": "不要写电话",
        "/视图 没有的": "没有找到叫这个名字的视图",
        "/视图 等级:A": "先给视图起个名字，再写条件：/视图 重点客户 等级:A",
        "/视图 本月": "有 2 个视图的名字里有「本月」，请写全一点：本月新客户、本月成交",
    }
    for line, say in refusals.items():
        assert say in rep.says(line).text, line
    assert count(company, View) == 0
    rep.says("/视图")
    rep.presses("新建视图")
    wrong = rep.presses("保存", {"名字": "跟进", "等级": "A"})
    assert "不能和命令同名" in wrong.text and wrong.fields["名字"] == "跟进"
    assert "至少要写一个条件" in rep.presses("保存", {"名字": "空的", "等级": "不限"}).text
    for number in range(30):
        rep.says(f"/视图 第{number} 等级:A")
    assert "最多 30 个视图" in rep.says("/视图 第三十一个 等级:A").text
    assert "已修改" in rep.says("/视图 第7 等级:B").text, "a change takes no more room"
    assert count(company, View) == 30
    first = rep.says("/视图")
    assert first.buttons.count("查看") == 10 and "下一页" in first.buttons
    company.colleague.says("/视图 旁边的 等级:A")
    assert "已保存" in company.colleague.last("视图").text


def test_a_view_counts_what_its_reader_may_see_at_that_moment(company: Company) -> None:
    for number in range(12):
        customer(company, "王敏", f"第{number}号机械有限公司", level="a")
    customer(company, "周舟", "北辰仪器有限公司", level="a")
    company.rep.says("/视图 甲 等级:A")
    company.manager.says("/视图 甲 等级:A")
    seen = company.manager.says("甲")
    assert "共 13 个" in seen.text and seen.buttons.count("查看") == 10
    assert "第 2 页" in company.manager.presses("下一页", on=seen).text
    mine = company.rep.says("甲")
    assert "共 12 个" in mine.text and "北辰" not in mine.text
    company.keban.works.perform(
        lambda work: work.connection.execute(
            update(Customer).where(Customer.name.in_(["第3号机械有限公司"])).values(owner_id=company.make.me("周舟").id)
        )
    )
    page = company.rep.presses("下一页", on=mine)
    assert "共 11 个" in page.text, "a transfer takes effect with the next page"
    foreign = company.stranger.press_in(seen, seen.message.history[0], "下一页")
    assert "没有找到这个视图" in foreign.text + foreign.toast
    last = company.manager.says("甲")
    company.keban.works.perform(
        lambda work: work.connection.execute(
            update(User).where(User.name == "林总").values(rights="customer.read:1 self.manage:4")
        )
    )
    assert "现在没有符合的客户" in company.manager.presses("下一页", on=last).text, "nor is it more than his role"
    assert company.manager.says("甲", group=True).title == "已私信给你"
    assert company.joins("法务", "总公司", "legal").says("本月新客户").title == "你好，我是客伴", "nor is it his to ask"


def test_a_number_and_what_is_new_come_with_the_morning(company: Company) -> None:
    company.keban.tick()
    company_of_views(company)
    rep, boss, agent = company.rep, company.supervisor, company.joins("吴芳", "总公司", "service_agent")
    rep.says(SAVED)
    assert "取消订阅" in rep.presses("每个工作日订阅").buttons
    boss.presses("每个工作日订阅", on=boss.says("本月新客户"))
    agent.presses("每个工作日订阅", on=agent.says("本月新客户"))
    customer(company, "王敏", "后来科技有限公司", level="a", acquired_at=dt.datetime(2026, 10, 1, tzinfo=ZONE))
    customer(company, "陈晨", "再来科技有限公司")
    morning(company, THURSDAY)
    card = rep.last("今天 · 11月26日")
    assert "今天没有到期的事。" in card.text and "重点客户 · 2 个（+1）" in card.text
    assert rep.presses("查看", on=card).title == "视图 · 重点客户"
    assert "本月新客户 · 2 个（+1）" in boss.last("简报").text
    assert not [each for each in agent.seen() if each.title == "订阅的视图"], "0 and no change"
    morning(company, FRIDAY)
    assert "重点客户 · 2 个" in rep.last("今天 · 11月27日").text and "（" not in rep.last("今天 · 11月27日").text
    rep.says("/设置")
    assert "重点客户 · 每个工作日" in rep.last("我的设置").text
    assert "重点客户" not in rep.presses("退订").text
    morning(company, MONDAY)
    assert not [each for each in rep.seen() if each.title == "今天 · 11月30日 周一"]


def test_who_gets_neither_digest_nor_list_gets_a_card_of_his_own(everywhere: Company) -> None:
    company = everywhere
    company.keban.tick()
    company_of_views(company)
    rep, other, boss = company.rep, company.colleague, company.supervisor
    rep.presses("每周一订阅", on=rep.says("久未联系"))
    other.presses("每个工作日订阅", on=other.says("久未联系"))
    boss.presses("每个工作日订阅", on=boss.says("久未联系"))
    for who in (rep, other):
        who.says("/设置")
        who.presses("不收早间卡片")
    boss.says("/请假 明天 后天")
    morning(company, THURSDAY)
    assert "久未联系 · 1 个" in other.last("订阅的视图").text
    assert other.last("订阅的视图").buttons == ["查看"]
    for who in (rep, boss):
        assert not [each for each in who.seen() if "久未联系 ·" in each.text and "订阅" in each.title], "not his day"
    assert not [each for each in boss.seen() if each.title.startswith("简报")], "he is on leave"
    morning(company, FRIDAY)
    assert not [each for each in rep.seen() if each.title == "订阅的视图"]
    morning(company, MONDAY)
    assert "久未联系 · 2 个" in rep.last("订阅的视图").text
    told = len([each for each in rep.seen() if each.title == "订阅的视图"])
    morning(company, TUESDAY)
    assert len([each for each in rep.seen() if each.title == "订阅的视图"]) == told == 1


def test_who_gets_both_reads_the_news_once_in_the_list_of_the_day(company: Company) -> None:
    company.keban.tick()
    company_of_views(company)
    both = company.joins("孙立", "销售一部", "supervisor", "sales_rep")
    both.presses("每个工作日订阅", on=both.says("久未联系"))
    both.says("/视图 本月 新建:本月")
    both.presses("每周一订阅")
    morning(company, THURSDAY)
    assert "久未联系 · 3 个" in both.last("今天").text and "订阅的视图" not in both.last("简报").text
    both.says("/设置")
    both.presses("不收早间卡片")
    morning(company, FRIDAY)
    assert "久未联系 · 3 个" in both.last("简报 · 11月27日").text
    assert not [each for each in both.seen() if each.title == "订阅的视图"]


@ON_SQLITE
@pytest.mark.parametrize("settings", [Settings.model_validate({"work_calendar": {"days_off": [MONDAY]}})])
def test_what_comes_on_mondays_comes_on_the_day_after_one_that_is_off(company: Company) -> None:
    company.keban.tick()
    company_of_views(company)
    company.rep.presses("每周一订阅", on=company.rep.says("久未联系"))
    told = []
    for day in (FRIDAY, MONDAY, TUESDAY, WEDNESDAY):
        before = len(company.rep.seen())
        morning(company, day)
        told.append([each.title for each in company.rep.seen()[before:]])
    assert told == [[], [], ["今天 · 12月1日 周二"], []]


@ON_SQLITE
def test_a_leaver_is_told_nothing_and_a_subscription_ends_with_its_view(company: Company) -> None:
    company.keban.tick()
    company_of_views(company)
    for who in (company.rep, company.colleague):
        who.says(SAVED)
        who.presses("每个工作日订阅")
    company.colleague.presses("确认删除", on=_asked(company))
    company.keban.works.perform(
        lambda work: work.connection.execute(update(User).where(User.name == "王敏").values(active=False))
    )
    before = [len(who.seen()) for who in (company.rep, company.colleague)]
    morning(company, THURSDAY)
    assert [len(who.seen()) for who in (company.rep, company.colleague)] == before
    assert stored(company, select(View.name)) == ["重点客户"], "a leaver's views stay his"
    assert count(company, ViewSubscription) == 1


def _asked(company: Company) -> object:
    seen = company.colleague.says("重点客户")
    company.colleague.presses("删除", on=seen)
    return seen


@ON_SQLITE
def test_ten_subscriptions_are_enough(company: Company) -> None:
    for number in range(11):
        company.rep.says(f"/视图 第{number} 等级:A")
        answer = company.rep.presses("每周一订阅")
    assert "最多订阅 10 个视图" in answer.toast + answer.text
    assert count(company, ViewSubscription) == 10


def test_two_at_once_are_one(company: Company) -> None:
    me, wanted = company.make.me("陈晨"), conditions.opened({"level": ["A"]})
    works = company.keban.works

    def save() -> object:
        return works.perform(lambda work: named_views.save(work, me, "重点", wanted))

    def subscribe() -> object:
        return works.perform(lambda work: view_news.subscribe(work, me, named_views.BUILT_IN["stale"], weekly=False))

    at_once(save, save)
    at_once(subscribe, subscribe)
    assert stored(company, select(View.name)) == ["重点"] and len(stored(company, select(ViewSubscription.view))) == 1


@ON_SQLITE
def test_a_part_of_a_name_opens_the_view_that_has_it(company: Company) -> None:
    assert company.rep.says("/视图 久未").title == "视图 · 久未联系"
