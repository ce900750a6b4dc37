"""What becomes of a message that may have arrived although nobody said so (design §2, delivery classes)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

import conftest
from bot.sending import AGAIN, Sender
from cards import kit
from cards.kit import Card, Text
from ding_company import GROUP, Company, InsideDingTalk
from models import outbox
from models.crm import people
from models.delivery import UNKNOWN
from models.outbox import Lane, Parcel
from models.tables import Outbox
from models.work import Works
from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_schema import BUTTON_TEMPLATE
from world import HandClock, Seen

KINDS = {Lane.ALERT: "complaint", Lane.ANSWER: "answer", Lane.REMINDER: "reminder", Lane.DIGEST: "digest"}
#: the message is there, and the answer that says so is lost.
LOST: dict[str, Any] = {"drop": True, "done": True}
CODE = "send.too.fast"
every_lane = pytest.mark.parametrize("lane", list(Lane), ids=lambda lane: lane.name.lower())
repeated = pytest.mark.parametrize("lane", [Lane.ALERT, Lane.ANSWER], ids=lambda lane: lane.name.lower())
given_up = pytest.mark.parametrize("lane", [Lane.REMINDER, Lane.DIGEST], ids=lambda lane: lane.name.lower())


@pytest.fixture
def ding(clock: HandClock) -> Iterator[DingTalkApi]:
    with DingTalkApi(clock=lambda: clock().timestamp()) as api:
        yield api
        assert not api.problems, api.problems


@pytest.fixture
def at_ding(works: Works, clock: HandClock, ding: DingTalkApi) -> Company:
    """A company whose messages are sent without a template, so without a key."""
    return Company(InsideDingTalk(works, ding, clock, ""))


def promise(works: Works, lane: Lane, *titles: str, platform: str = "dingtalk", account: str = "wangmin") -> None:
    """Messages to one person that wait, in this order."""
    with works.read() as work:
        me = people.by_account(work, platform, account)
    assert me
    for title in titles:
        about = Parcel(KINDS[lane], kit.dumps(Card(title, (Text("看"),))), "user:1:test", lane, platform, user_id=me.id)
        works.perform(lambda work, about=about: outbox.enqueue(work, about))


def rows(works: Works) -> list[tuple[str, str]]:
    """How every message stands and why, in order."""
    with works.read() as work:
        found = work.run(select(Outbox.state, Outbox.error).order_by(Outbox.id)).all()
        return [(str(state), error or "") for state, error in found]


def titles(company: Company) -> list[str]:
    return [seen.title for seen in company.rep.seen()]


def later(company: Company) -> None:
    """After the first pause."""
    company.keban.clock.forward(seconds=2)
    company.keban.settle()


@repeated
@pytest.mark.parametrize("fault", [LOST, {"drop": True}], ids=["arrived", "did not arrive"])
def test_an_alert_or_an_answer_is_sent_again_and_says_so(
    at_ding: Company, works: Works, lane: Lane, fault: dict[str, Any]
) -> None:
    promise(works, lane, "甲", "乙")
    at_ding.keban.ding.fail_next(**fault)
    at_ding.keban.settle()
    [waits, behind] = rows(works)
    assert waits == ("queued", f"{UNKNOWN}dingtalk message: ConnectionError") and behind == ("queued", "")
    later(at_ding)
    assert titles(at_ding) == [*(["甲"] if fault is LOST else []), f"{AGAIN}甲", "乙"]
    assert rows(works) == [("sent", ""), ("sent", "")]


@given_up
def test_a_reminder_or_a_digest_is_given_up_and_the_next_goes_out(at_ding: Company, works: Works, lane: Lane) -> None:
    promise(works, lane, "甲", "乙")
    at_ding.keban.ding.fail_next(**LOST)
    at_ding.keban.settle()
    later(at_ding)
    assert titles(at_ding) == ["甲", "乙"]
    assert rows(works) == [("dead", f"{UNKNOWN}dingtalk message: ConnectionError"), ("sent", "")]


def test_an_answer_in_a_group_is_sent_again_and_says_so(at_ding: Company) -> None:
    at_ding.keban.ding.fail_next(**LOST)
    at_ding.make.customer("王敏", "华星科技有限公司")
    at_ding.rep.says("/跟进 华星科技 已报价", group=GROUP)
    later(at_ding)
    titles = [seen.title for seen in at_ding.rep.seen(GROUP)]
    assert titles == ["已记录跟进 · 华星科技有限公司", f"{AGAIN}已记录跟进 · 华星科技有限公司"]


@every_lane
@pytest.mark.parametrize("fault", [{"status": 502}, {"code": CODE}, {"code": "system.error"}], ids=str)
def test_what_was_refused_is_sent_once_and_is_no_repetition(
    at_ding: Company, works: Works, lane: Lane, fault: dict[str, Any]
) -> None:
    promise(works, lane, "甲")
    at_ding.keban.ding.fail_next(**fault)
    at_ding.keban.settle()
    later(at_ding)
    assert titles(at_ding) == ["甲"] and rows(works) == [("sent", "")]


@every_lane
def test_a_message_for_which_there_was_no_token_was_not_under_way(at_ding: Company, works: Works, lane: Lane) -> None:
    promise(works, lane, "甲")
    at_ding.keban.ding.fail_next(drop=True, path="/oauth2/")
    at_ding.keban.settle()
    later(at_ding)
    assert titles(at_ding) == ["甲"] and rows(works) == [("sent", "")]


def test_a_repetition_stays_one_through_other_faults_and_senders(at_ding: Company, works: Works) -> None:
    keban = at_ding.keban
    promise(works, Lane.ALERT, "甲")
    keban.ding.fail_next(**LOST)
    keban.settle()
    for fault in ({"code": CODE}, {"status": 502}, LOST):
        keban.ding.fail_next(**fault)
        keban.clock.forward(seconds=30)
        Sender(works, keban.platforms["dingtalk"]).drain()
        assert rows(works)[0][1].startswith(UNKNOWN)
    keban.forward(seconds=30)
    assert titles(at_ding) == ["甲", f"{AGAIN}甲", f"{AGAIN}甲"], "it is marked once, however often it was tried"


def test_the_buttons_of_both_copies_do_the_same_thing(at_ding: Company) -> None:
    rep, keban = at_ding.rep, at_ding.keban
    at_ding.make.customer("王敏", "华星科技有限公司")
    keban.ding.fail_next(**LOST)
    rep.says("/投诉 华星科技 送错货")
    later(at_ding)
    first, second = rep.seen()
    assert second.title == f"{AGAIN}{first.title}" and first.buttons == second.buttons
    explained = [rep.presses("为什么是这个时间", on=seen).title for seen in (first, second)]
    assert explained[0] == explained[1] != first.title


@every_lane
def test_a_card_of_a_template_has_a_key_and_is_there_once(
    works: Works, clock: HandClock, ding: DingTalkApi, lane: Lane
) -> None:
    company = Company(InsideDingTalk(works, ding, clock, BUTTON_TEMPLATE))
    promise(works, lane, "甲", "乙")
    ding.fail_next(path="/card/", **LOST)
    company.keban.settle()
    assert rows(works)[0] == ("queued", "dingtalk deliver: ConnectionError")
    later(company)
    assert titles(company) == ["甲", "乙"] and rows(works) == [("sent", ""), ("sent", "")]


@every_lane
def test_at_feishu_nothing_is_given_up_or_marked(company: conftest.Company, works: Works, lane: Lane) -> None:
    keban = company.keban
    promise(works, lane, "甲", "乙", platform="feishu", account=company.rep.account)
    keban.api.fail_next(1, **LOST)
    keban.settle()
    assert rows(works)[0] == ("queued", "feishu send: ConnectionError")
    keban.clock.forward(seconds=2)
    keban.settle()
    assert [Seen(each).title for each in company.rep.inbox()] == ["甲", "乙"]
    assert rows(works) == [("sent", ""), ("sent", "")] and keban.api.sends == 2
