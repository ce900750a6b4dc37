"""Cards that tell of somebody who was erased: those that wait, those that stand in chats, those made meanwhile (P7)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert, select

from cards import kit
from cards.kit import Buttons, Card, Link
from conftest import Company
from models import outbox
from models.outbox import Parcel
from models.tables import CardMessage, Draft, Erasure, Outbox
from test_entry import stored
from test_erasure import TRACES, WHO, company, erases, left, the_contact, worked_with
from test_private_data import NAME, SECOND

__all__ = ["company"]  # a fixture


def test_living_cards_that_no_platform_changes_any_more_are_not_sent_anew(company: Company) -> None:
    worked_with(company, NAME)
    company.keban.forward(days=14)
    before = len(company.rep.inbox())
    assert "已擦除" in erases(company).title
    assert len(company.rep.inbox()) == before


def test_of_a_card_in_several_places_only_those_change_that_still_can(company: Company) -> None:
    worked_with(company, NAME)
    company.keban.forward(days=14)
    fresh = {"user_id": 5, "platform": "feishu", "queue": "q", "message_id": "om_x", "sent_at": company.keban.clock()}
    subject = stored(company, select(CardMessage.subject).where(CardMessage.subject.startswith("review:")))[0]
    company.keban.works.perform(lambda work: work.run(insert(CardMessage), subject=subject, **fresh))
    copies = select(CardMessage.message_id).join(Outbox, CardMessage.id == Outbox.card_message_id).where(Outbox.update)
    before, messages = len(stored(company, copies)), len(company.supervisor.inbox())
    assert "已擦除" in erases(company).title
    assert "om_x" in stored(company, copies.order_by(Outbox.id))[before:]
    assert len(company.supervisor.inbox()) == messages, "the older copy of it is left alone"


def test_what_others_write_of_him_at_that_moment_is_cleared_a_minute_later(company: Company) -> None:
    worked_with(company, NAME)
    card = kit.dumps(Card("旧消息", (kit.Text(f"联系 {WHO}"), Buttons.of(Link("打开", f"https://example.com/{WHO}")))))
    assert "已擦除" in erases(company).title
    late = Parcel("answer", card, "q", platform="feishu", chat="oc_1", delay=dt.timedelta(hours=1))
    company.keban.works.perform(lambda work: outbox.enqueue(work, late))
    company.keban.forward(seconds=59)
    assert left(company, WHO) != []
    company.keban.forward(seconds=2)
    kept = stored(company, select(Outbox.card).where(Outbox.queue == "q"))[0]
    assert "联系 〔已擦除〕" in kept and f"https://example.com/{WHO}" in kept, "an address stays one"
    assert stored(company, select(Erasure.id)) == []


def test_what_waits_is_sent_without_it(company: Company) -> None:
    worked_with(company, NAME)
    draft = company.rep.says(f"/跟进 没有这家 {WHO}说打 +86-139-1234-5678 {'长' * 1001}")
    assert draft.title == "记一次跟进" and stored(company, select(Draft.id))
    rep = company.make.me("王敏").id
    card = Card("旧消息", (kit.Text(f"请回 {WHO} 139-1234-5678\n{SECOND}"),), personal=True)
    late = Parcel("*", kit.dumps(card), "q", platform="feishu", user_id=rep, delay=dt.timedelta(hours=1))
    company.keban.works.perform(lambda work: outbox.enqueue(work, late))
    erases(company, the_contact(company))
    company.keban.forward(hours=1)
    told = company.rep.last("旧消息").text
    assert "请回 〔已擦除〕 〔已擦除〕" in told and SECOND in told, "what is not his arrives as it was"
    assert left(company, *TRACES, "+86-139-1234-5678", "139-1234-5678") == []


def test_the_same_number_goes_from_texts_about_others(company: Company) -> None:
    worked_with(company, NAME)
    company.make.customer("陈晨", "远舸贸易有限公司", 手机="13711112222")
    company.colleague.says("/跟进 远舸贸易有限公司 他的朋友打 139-1234-5678，自己打 13711112222")
    shown = company.colleague.says("/客户 远舸贸易有限公司").text
    assert "139-1234-5678" in shown
    assert "已擦除" in erases(company).title
    shown = company.colleague.says("/客户 远舸贸易有限公司").text
    assert "他的朋友打 〔已擦除〕，自己打 13711112222" in shown, "and what is not his stays"
