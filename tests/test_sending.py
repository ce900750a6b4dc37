"""Messages reach the platform once and in order, whatever fails on the way."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot.platform import Address, Json, Sent
from bot.sending import Sender
from cards import kit
from cards.kit import Card, Text
from conftest import Company
from models import delivery, outbox
from models.crm import people
from models.crm.people import Hire
from models.delivery import Leased
from models.outbox import Lane, Parcel
from models.pace import FAILURES, REST, Limit
from models.tables import Outbox, Role
from models.work import Work, Works
from world import GROUP, Seen, Somebody

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


def promise(works: Works, who: Somebody, *titles: str, lane: Lane = Lane.ANSWER) -> None:
    """Messages to one person, each about something else."""
    with works.read() as work:
        me = people.by_account(work, "feishu", who.account)
    assert me
    for title in titles:
        card = kit.dumps(Card(title, (Text("看"),)))
        about = Parcel("answer", card, f"{me.id}:{title}", lane, "feishu", user_id=me.id)
        works.perform(lambda work, about=about: outbox.enqueue(work, about))


def limited(company: Company, *limits: Limit) -> None:
    """The platform has these limits, which a company whose clock stands still does without."""
    keban = company.keban
    keban.sender = Sender(keban.works, replace(keban.platforms["feishu"], limits=limits))


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


def version(company: Company, number: int) -> None:
    """A living card is told anew; the first time it is sent."""

    def put(work: Work) -> None:
        card = kit.dumps(Card(f"第 {number} 版", (Text("看"),)))
        queue, me = "user:1:test:1", company.make.me("王敏").id
        with_copy = outbox.copies(work, "test:1")
        copy = with_copy[0].id if with_copy else outbox.new_copy(work, "test:1", me, "", queue)
        about = Parcel("test", card, queue, platform="feishu", user_id=me, update=number > 1, card_message_id=copy)
        outbox.enqueue(work, about)

    company.keban.works.perform(put)


def test_of_several_updates_of_a_card_only_the_newest_is_sent(company: Company, works: Works) -> None:
    for number in (1, 2, 3, 4):
        version(company, number)
    company.keban.settle()
    [message] = company.rep.inbox()
    assert [each["header"]["title"]["content"] for each in message.history] == ["第 1 版", "第 4 版"]
    assert queued(works) == ["sent", "superseded", "superseded", "sent"]
    for days, version_shown in ((12, "第 5 版"), (2, "第 6 版")):
        company.keban.clock.forward(days=days)
        version(company, int(version_shown[2]))
        company.keban.settle()
        assert Seen(company.rep.inbox()[-1]).title == version_shown
    assert titles(company) == ["第 5 版", "第 6 版"], "an old card is sent anew"


def test_an_update_that_is_on_its_way_arrives_before_a_newer_one(company: Company, works: Works) -> None:
    for number in (1, 2):
        version(company, number)
        if number == 1:
            company.keban.settle()
    [on_its_way] = works.perform(leased)
    version(company, 3)
    company.keban.settle()
    assert titles(company) == ["第 1 版"] and queued(works) == ["sent", "queued", "queued"]
    [message] = company.rep.inbox()
    works.perform(lambda work: delivery.sent(work, on_its_way, message.message_id, ""))
    company.keban.settle()
    assert titles(company) == ["第 3 版"] and queued(works) == ["sent"] * 3


def test_a_press_that_came_before_the_mark_leaves_one_copy_of_its_message(company: Company, works: Works) -> None:
    version(company, 1)
    [row] = works.perform(leased)
    platform, me = company.keban.platforms["feishu"], company.make.me("王敏").id
    shown = platform.client.send(Address("account", company.rep.account), platform.render(kit.loads(row.card)), "k")
    works.perform(lambda work: outbox.new_copy(work, "test:1", me, "feishu", "q", shown.message_id))
    works.perform(lambda work: delivery.sent(work, row, shown.message_id, shown.chat))
    with works.read() as work:
        assert [copy.message_id for copy in outbox.copies(work, "test:1")] == [shown.message_id]
    version(company, 2)
    company.keban.settle()
    assert titles(company) == ["第 2 版"] and queued(works) == ["sent", "sent"]


def test_a_change_follows_its_card_to_another_platform(company: Company, works: Works) -> None:
    for number in (1, 2):
        version(company, number)
    [first] = works.perform(leased)
    works.perform(lambda work: delivery.moved(work, first, "dingtalk"))
    [first] = works.perform(
        lambda work: delivery.lease(work, "dingtalk", 1, pace=delivery.pace_of(work, "dingtalk")).rows
    )
    works.perform(lambda work: delivery.sent(work, first, "said:1", ""))
    company.keban.settle()
    with works.read() as work:
        assert work.run(select(Outbox.platform).order_by(Outbox.id)).scalars() == ["dingtalk", "dingtalk"]
    assert queued(works) == ["sent", "queued"] and not company.keban.api.messages


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


def test_what_finds_no_way_to_anybody_is_given_up_in_the_end(company: Company, works: Works) -> None:
    hire = Hire("S9001", "新主管", "销售二部", (Role.SUPERVISOR,), "13700137001")
    user, _ = works.perform(lambda work: people.add_user(work, hire))
    card = kit.dumps(Card("给新主管", (Text("看"),)))
    works.perform(lambda work: outbox.enqueue(work, Parcel("complaint", card, "q", Lane.ALERT, user_id=user.id)))
    company.keban.forward(days=12)
    assert queued(works) == ["queued"]
    company.keban.forward(days=2)
    with works.read() as work:
        assert work.run(select(Outbox.error, Outbox.card)).all() == [("expired", None)]
    assert queued(works) == ["dead"]


# --- whose turn it is ---


def test_a_refresh_that_waits_holds_nobody_up(company: Company, works: Works) -> None:
    version(company, 1)
    company.keban.settle()
    [message], me = company.rep.inbox(), company.make.me("王敏").id

    def put(work: Work) -> None:
        first, behind = (kit.dumps(Card(title, (Text("看"),))) for title in ("第 2 版", "后一条"))
        refresh = Parcel(outbox.REFRESH, first, "q", platform="feishu", user_id=me, delay=outbox.REFRESH_AFTER)
        outbox.enqueue(work, replace(refresh, update=True, message_id=message.message_id))
        outbox.enqueue(work, Parcel("answer", behind, "q", platform="feishu", user_id=me))

    works.perform(put)
    company.keban.settle()
    assert titles(company) == ["第 1 版", "后一条"]
    company.keban.forward(seconds=outbox.REFRESH_AFTER.total_seconds())
    assert titles(company) == ["第 2 版", "后一条"]


def test_who_got_enough_for_the_moment_holds_nobody_up(company: Company, works: Works) -> None:
    limited(company, Limit(2, 60, "recipient"))
    many = [f"第 {number} 条" for number in range(3 * delivery.LOOKS)]
    promise(works, company.rep, *many)
    promise(works, company.colleague, "给陈晨")
    company.keban.settle()
    assert [Seen(each).title for each in company.colleague.inbox()] == ["给陈晨"], "each look goes further down"
    assert titles(company) == many[:2]
    company.keban.forward(seconds=61)
    assert titles(company) == many[:4]


def test_a_group_gets_no_more_than_a_group_may(company: Company, works: Works) -> None:
    limited(company, Limit(2, 60, "group"))
    for chat in (GROUP, None):
        for _ in range(3):
            about = {"chat_id": chat, "group": True} if chat else {}
            request = company.keban.app.message(company.rep.account, "/没有这个", **about)
            assert company.keban.post("/feishu/events", request)[0] == 200
    company.keban.settle()
    assert len(company.rep.inbox(GROUP)) == 2 and len(company.rep.inbox()) == 3
    company.keban.forward(seconds=61)
    assert len(company.rep.inbox(GROUP)) == 3


def test_what_is_urgent_goes_first(company: Company, works: Works) -> None:
    for lane in (Lane.DIGEST, Lane.REMINDER, Lane.ANSWER, Lane.ALERT):
        promise(works, company.rep, lane.name, lane=lane)
    company.keban.settle()
    assert titles(company) == ["ALERT", "ANSWER", "REMINDER", "DIGEST"]


def test_one_that_came_to_no_call_is_no_trial_whether_the_platform_answers(company: Company, works: Works) -> None:
    keban = company.keban
    promise(works, company.rep, *"甲乙丙丁戊")
    keban.api.fail_next(FAILURES, status=502)
    keban.settle()
    keban.clock.forward(hours=7)
    promise(works, company.rep, "新的")
    keban.settle()
    assert titles(company) == ["新的"] and queued(works) == ["dead"] * 5 + ["sent"]


def test_what_was_put_off_goes_as_soon_as_the_platform_answers_again(company: Company, works: Works) -> None:
    keban = company.keban
    promise(works, company.rep, "甲")
    keban.api.fail_next(FAILURES, status=502)
    keban.settle()
    for pause in delivery.PAUSES[: FAILURES - 2]:
        keban.forward(seconds=pause * 1.3)
    promise(works, company.rep, "乙")
    keban.settle()
    assert titles(company) == [] and delivery.PAUSES[FAILURES - 2] > REST
    keban.forward(seconds=REST)
    assert titles(company) == ["乙", "甲"], "the first has a longer pause than the platform"


# --- marks ---


def test_a_mark_that_fails_is_given_up_alone(company: Company, works: Works) -> None:
    """Three come back at once, and one with something that no database takes."""
    platform, at_once, stop = company.keban.platforms["feishu"], threading.Barrier(3), threading.Event()

    class Odd:
        billed = platform.client.billed

        def send(self, to: Address, card: Json, key: str) -> Sent:
            sent = platform.client.send(to, card, key)
            at_once.wait(10)
            odd: Any = {"no": "text"}
            return replace(sent, chat=odd) if "乙" in str(card) else sent

    promise(works, company.rep, *"甲乙丙")
    client: Any = Odd()
    sending = threading.Thread(target=Sender(works, replace(platform, client=client)).run, args=[stop], daemon=True)
    sending.start()
    for _ in range(500):
        if "queued" not in queued(works):
            break
        threading.Event().wait(0.02)
    stop.set()
    sending.join(10)
    assert queued(works) == ["sent", "dead", "sent"] and not sending.is_alive()
    with works.read() as work:
        assert work.run(select(Outbox.error).where(Outbox.error.is_not(None))).scalars() == ["cannot be marked"]
