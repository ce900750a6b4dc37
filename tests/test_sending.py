"""Messages reach the platform once and in order, whatever fails on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot.platform import Address, Json
from bot.sending import Sender
from cards import kit
from cards.kit import Card, Text
from conftest import Company
from models import delivery, outbox
from models.crm import people
from models.crm.people import Hire
from models.delivery import Leased
from models.outbox import Parcel
from models.tables import Outbox, Role
from models.work import Work, Works
from world import Seen

ENTRY = {
    "客户全称": "华星科技有限公司",
    "客户性质": "企业",
    "所属行业": "制造业-电子设备",
    "客户来源": "展会推广",
    "联系人姓名": "李雷",
    "手机": "13912345678",
}


def queued(works: Works) -> list[str]:
    """How every message stands, in order."""
    with works.read() as work:
        return [str(state) for state in work.run(select(Outbox.state).order_by(Outbox.id)).scalars()]


def leased(work: Work) -> list[Leased]:
    """What a sender claims."""
    return delivery.lease(work, "feishu", 1, pace=delivery.pace_of(work, "feishu")).rows


def says(company: Company, *lines: str) -> None:
    """Lines whose answers are not sent yet."""
    for line in lines:
        assert company.keban.post("/feishu/events", company.keban.app.message(company.rep.account, line))[0] == 200


def titles(company: Company) -> list[str]:
    return [Seen(each).title for each in company.rep.inbox()]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502},
        {"code": 99991400, "status": 429},
        {"code": 230020},
        {"drop": True},
        {"drop": True, "done": True},
    ],
    ids=["gateway", "rate limit", "chat limit", "hung up", "done, but hung up"],
)
def test_a_platform_that_fails_for_a_while_gets_every_message_once_and_in_order(
    company: Company, works: Works, fault: dict[str, Any]
) -> None:
    keban = company.keban
    says(company, "/帮助", "/没有这个", "/待审")
    keban.api.fail_next(3, **fault)
    calls = []
    for _ in range(3):
        keban.settle()
        calls.append(keban.api.calls)
        keban.settle()
        assert keban.api.calls == calls[-1], "not again before its time"
        assert queued(works) == ["queued"] * 3, "what is behind it waits"
        keban.forward(seconds=10)
    keban.forward(seconds=10)
    assert queued(works) == ["sent"] * 3 and keban.api.sends == 3
    assert titles(company) == ["我会这些", "没有这个命令", "没有完成"]


def test_pauses_grow_while_a_platform_fails_until_nobody_calls_it_but_now_and_then(company: Company) -> None:
    keban = company.keban
    says(company, "/帮助")
    keban.api.fail_next(6, status=503)
    for pause in (1, 2, 5, 15, 5, 10):
        keban.settle()
        calls = keban.api.calls
        keban.forward(seconds=pause * 0.99)
        assert keban.api.calls == calls
        keban.clock.forward(seconds=pause * 0.32)
    keban.settle()
    assert titles(company) == ["我会这些"]


def test_what_a_platform_never_takes_is_given_up_and_the_next_goes_out(company: Company, works: Works) -> None:
    says(company, "/帮助", "/没有这个")
    company.keban.api.fail_next(1, code=230025)
    company.keban.settle()
    assert queued(works) == ["dead", "sent"] and titles(company) == ["没有这个命令"]
    with works.read() as work:
        assert "230025" in work.run(select(Outbox.error).order_by(Outbox.id)).scalars()[0]


def test_what_was_sent_by_a_sender_that_died_is_not_sent_twice(company: Company, works: Works) -> None:
    keban, rep = company.keban, company.rep
    says(company, "/帮助", "/没有这个")
    [row] = works.perform(leased)
    platform = keban.platforms["feishu"]
    sent = platform.client.send(Address("chat", rep.chat), platform.render(kit.loads(row.card)), row.token)
    keban.settle()
    assert titles(company) == ["我会这些"] and queued(works) == ["queued", "queued"], "its lease still runs"
    keban.forward(seconds=delivery.LEASE.total_seconds() + 1)
    assert titles(company) == ["我会这些", "没有这个命令"] and keban.api.sends == 2
    assert Seen(company.rep.inbox()[0]).message.message_id == sent.message_id


def test_a_sender_that_comes_back_too_late_has_lost_its_claim(company: Company, works: Works) -> None:
    says(company, "/帮助")
    [late] = works.perform(leased)
    company.keban.clock.forward(seconds=delivery.LEASE.total_seconds() + 1)
    [held] = works.perform(leased)
    assert (held.id, held.token) == (late.id, late.token)
    for mark in (
        lambda work: delivery.dead(work, late, "late"),
        lambda work: delivery.postpone(work, late, works.clock(), "late"),
        lambda work: delivery.sent(work, late, "om_late", ""),
    ):
        works.perform(mark)
        company.keban.settle()
        assert queued(works) == ["queued"] and not company.rep.inbox()
    works.perform(lambda work: delivery.sent(work, held, "om_held", ""))
    assert queued(works) == ["sent"]


def test_a_sender_that_froze_before_its_call_does_not_make_it(company: Company, works: Works) -> None:
    says(company, "/帮助")
    platform, froze = company.keban.platforms["feishu"], []

    def freezes(card: kit.Card) -> Json:
        froze.append(company.keban.api.sends)
        if len(froze) == 1:
            company.keban.clock.forward(seconds=delivery.LEASE.total_seconds() + 1)
        return platform.render(card)

    Sender(works, replace(platform, render=freezes)).drain()
    assert froze == [0, 0] and titles(company) == ["我会这些"] and queued(works) == ["sent"]


def test_of_several_updates_of_a_card_only_the_newest_is_sent(company: Company, works: Works) -> None:
    def version(work: Work, number: int) -> None:
        card = kit.dumps(Card(f"第 {number} 版", (Text("看"),)))
        queue, me = "user:1:test:1", company.make.me("王敏").id
        with_copy = outbox.copies(work, "test:1")
        copy = with_copy[0].id if with_copy else outbox.new_copy(work, "test:1", me, "", queue)
        about = Parcel("test", card, queue, platform="feishu", user_id=me, update=number > 1, card_message_id=copy)
        outbox.enqueue(work, about)

    for number in (1, 2, 3, 4):
        works.perform(lambda work, number=number: version(work, number))
    company.keban.settle()
    [message] = company.rep.inbox()
    assert [each["header"]["title"]["content"] for each in message.history] == ["第 1 版", "第 4 版"]
    assert queued(works) == ["sent", "superseded", "superseded", "sent"]
    for days, version_shown in ((12, "第 5 版"), (2, "第 6 版")):
        company.keban.clock.forward(days=days)
        works.perform(lambda work, number=int(version_shown[2]): version(work, number))
        company.keban.settle()
        assert Seen(company.rep.inbox()[-1]).title == version_shown
    assert titles(company) == ["第 5 版", "第 6 版"], "an old card is sent anew"


def test_whoever_cannot_be_reached_gets_everything_once_he_is_bound(company: Company, works: Works) -> None:
    hire = Hire("S9001", "新主管", "销售二部", (Role.SUPERVISOR,), "13700137001")
    _, code = works.perform(lambda work: people.add_user(work, hire))
    company.stranger.says("/新客户")
    company.stranger.presses("提交", ENTRY)
    company.keban.forward(minutes=30)
    late = company.keban.somebody("ou_" + "9" * 32)
    assert late.inbox() == [] and "queued" in queued(works)
    late.says(f"/绑定 {code} 7001")
    assert {Seen(each).title for each in late.inbox()} == {"绑定成功", "待审核 · 华星科技有限公司"}


def test_an_answer_that_nobody_waits_for_any_more_is_dropped(company: Company, works: Works) -> None:
    says(company, "/帮助")
    company.keban.api.fail_next(1, status=502)
    company.keban.settle()
    says(company, "/没有这个")
    company.keban.clock.forward(hours=5, minutes=59)
    says(company, "/待审")
    company.keban.forward(minutes=2)
    with works.read() as work:
        expired = list(work.run(select(Outbox.error).order_by(Outbox.id)).scalars())
        assert not any(work.run(select(Outbox.card)).scalars()), "what it said is forgotten"
    assert queued(works) == ["dead", "dead", "sent"] and titles(company) == ["没有完成"]
    assert expired == ["expired", "expired", None]
