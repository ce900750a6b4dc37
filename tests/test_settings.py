"""/设置: what somebody gets, when not, and where; what is urgent comes all the same (X7)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ON_SQLITE, Company
from ding_company import Company as DingCompany
from models.crm import people, preferences
from models.crm.preferences import Preferences
from models.settings import Settings
from test_complaints import Service
from test_entry import submit
from test_leaving import ding

NAME = "华星科技有限公司"
__all__ = ["ding"]


def test_what_is_not_urgent_waits_until_it_is_no_more_quiet(company: Company) -> None:
    company.keban.until("2026-11-25 21:30")
    company.supervisor.says("/设置")
    assert "免打扰" in company.supervisor.presses("保存", {"免打扰从": "21:00", "到": "7:30"}).text
    submit(company.rep)
    company.keban.forward(minutes=1)
    assert not [seen for seen in company.supervisor.seen() if seen.title.startswith("待审核")]
    company.keban.until("2026-11-26 07:29")
    assert not [seen for seen in company.supervisor.seen() if seen.title.startswith("待审核")]
    company.keban.until("2026-11-26 07:31")
    assert company.supervisor.last("待审核").text.count(NAME)


def test_nothing_is_held_back_from_who_is_on_duty(company: Company) -> None:
    """Nor from the deputy of whoever is; before and after his hours it is quiet for him."""
    company.manager.says("/值班 销售一部")
    company.manager.presses("排班")
    company.manager.presses("保存", {"星期或日期": "周三", "时间": "22:30-23:30", "人": "赵强"})
    boss, deputy = company.make.me("赵强").id, company.make.me("陈晨").id

    def quiet(person: int, at: str) -> bool:
        company.keban.until(at)
        with company.keban.works.read() as work:
            return bool(preferences.quiet(work, person))

    assert quiet(boss, "2026-11-25 22:29") and quiet(deputy, "2026-11-25 22:29")
    assert not quiet(boss, "2026-11-25 22:30") and quiet(deputy, "2026-11-25 22:30")
    submit(company.rep)
    assert company.supervisor.last("待审核").text.count(NAME)
    company.supervisor.says("/请假 现在 周五 代理:陈晨")
    assert quiet(boss, "2026-11-25 22:40") and not quiet(deputy, "2026-11-25 22:40")
    assert quiet(deputy, "2026-11-25 23:30")


def test_an_alert_a_reminder_and_an_answer_come_while_it_is_quiet(company: Company) -> None:
    service = Service(company)
    company.rep.says("/跟进 华星科技 已报价 下次:今天22点半")
    company.keban.until("2026-11-25 22:25")
    assert company.rep.says("/今天").title.startswith("今天")
    service.agent.says("/投诉 华星科技 送错货")
    company.keban.settle()
    assert company.rep.last("投诉 · TS202611001")
    company.keban.until("2026-11-25 22:31")
    assert company.rep.last("该跟进了")


def test_a_digest_and_a_morning_card_come_to_whoever_wants_them(company: Company) -> None:
    company.keban.forward(seconds=1)
    company.make.customer("王敏", NAME)
    company.rep.says("/跟进 华星科技 已报价 下次:明天上午10点")
    company.manager.says("/设置")
    assert "不收" in company.manager.presses("不收工作日简报").text
    company.rep.says("/设置")
    company.rep.presses("不收早间卡片")
    company.keban.until("2026-11-26 09:00")
    company.keban.until("2026-11-26 09:30")
    assert not [seen for seen in company.manager.seen() if seen.title.startswith("简报")]
    assert not [seen for seen in company.rep.seen() if seen.title.startswith("今天")]
    assert company.supervisor.last("简报"), "who said nothing gets it"
    company.manager.says("/设置")
    company.manager.presses("收工作日简报")
    company.keban.until("2026-11-27 09:00")
    company.keban.until("2026-11-27 09:30")
    assert company.manager.last("简报")


def test_what_cannot_be_read_is_said_and_no_quiet_hours_are_a_choice(company: Company) -> None:
    rep = company.rep
    rep.says("/设置")
    for begins, ends, told in (("夜里", "8:00", "看不懂"), ("22:00", "", "从几点到几点"), ("8", "8:00", "不能一样")):
        said = rep.presses("保存", {"免打扰从": begins, "到": ends})
        shown = json.dumps(said.card, ensure_ascii=False)
        assert told in said.text and f'"{begins}"' in shown, "what was typed is kept"
    assert "不要" in rep.presses("保存", {"免打扰从": "", "到": ""}).text


@ON_SQLITE
def test_messages_go_where_somebody_wants_them_wherever_he_speaks(company: Company, ding: DingCompany) -> None:
    company.rep.says("/设置")
    assert "发到钉钉" in company.rep.last("我的设置").buttons
    assert "钉钉" in company.rep.presses("发到钉钉").text
    submit(company.rep)
    company.supervisor.says("/待审")
    with company.keban.works.read() as work:
        assert people.reach(work, company.make.me("王敏").id) == "dingtalk"


HOURS = st.integers(0, 23 * 60 + 59)


@given(HOURS, HOURS, HOURS)
def test_it_is_quiet_exactly_from_the_first_to_the_last_minute(first: int, last: int, now: int) -> None:
    def clock(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    left = preferences.left(Preferences(clock(first), clock(last)), now)
    quiet = (now - first) % (24 * 60) < (last - first) % (24 * 60)
    assert (left > 0) is quiet
    assert not quiet or (now + left) % (24 * 60) == last


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        ({}, "22:00"),
        ({"playground": {"enabled": True}}, ""),
        ({"playground": {"enabled": True}, "quiet": {"begins": "21:00"}}, "21:00"),
    ],
)
def test_where_the_program_is_tried_out_no_hours_are_quiet(said: dict[str, object], begins: str) -> None:
    assert Settings.model_validate(said).quiet_hours.begins == begins
