"""What follows a sale at the demo company: deals, surveys and complaints, told after the customers' own stories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, select

from models import demo_data as data
from models.crm import complaints, deals, surveys
from models.crm.access import CustomerRef, complainant
from models.crm.complaints import First, Said
from models.crm.deals import Quantity
from models.crm.people import Me
from models.crm.products import ProductName
from models.crm.surveys import Given
from models.demo_stories import Past, Story
from models.tables import Channel, Complaint, ComplaintState, Survey, Timer
from models.text.money import Fen
from models.work import Work

#: those who sit in the playground's seats for sales: what is open belongs to others, their chats begin empty.
SEATED = ("D004", "D005")
#: office minutes from the last word of a sale until its deal is written down.
WRITTEN = 3

ASKED = select(Timer).where(Timer.kind == surveys.ASK, Timer.customer_id == bindparam("customer"))
SURVEY = select(Survey.id).where(Survey.customer_id == bindparam("customer"))
OPEN = select(Complaint).where(
    Complaint.customer_id == bindparam("customer"), Complaint.state == ComplaintState.ACCEPTED
)


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did at a moment."""

    at: dt.datetime
    who: str
    act: Callable[[Work, Me], object]


def deeds(past: Past, stories: Sequence[Story], survey_after: dt.timedelta) -> Iterator[Deed]:
    """The oldest sales become deals; customers are asked, some answer, some complain, two wait right now."""
    sold = sorted((each for each in stories if each.won and each.owner not in SEATED), key=lambda each: -each.won)
    fates = [*data.SURVEYS, *[None] * (len(data.DEALT) - len(data.SURVEYS))]
    for story, dealt, fate in zip(sold, data.DEALT, fates, strict=False):
        yield from _sale(past, story, dealt, survey_after, fate)
    for story, told in zip(sold, data.COMPLAINTS, strict=False):
        yield from _settled(past, story, told)
    for owner, news in data.WAITING.items():
        yield _waiting(past, next(each for each in sold if each.owner == owner), news)


def _sale(
    past: Past, story: Story, dealt: tuple[int, int], later: dt.timedelta, fate: tuple[int, int, str] | None
) -> Iterator[Deed]:
    price, quantity = dealt

    def record(work: Work, me: Me) -> None:
        product, amount = ProductName(story.fill["品"]), Fen(price * 100)
        deals.record(work, me, _customer(work, me, story), product, amount, Quantity(quantity))

    def ask(work: Work, me: Me) -> None:
        surveys.fire(_by_itself(work), work.run(ASKED, customer=story.known.id).first())

    sold_at = past.at(story.won - WRITTEN)
    yield Deed(sold_at, story.owner, record)
    if sold_at + later <= past.now:
        yield Deed(sold_at + later, story.owner, ask)
    if fate:
        yield _answered(story, sold_at + later, *fate)


def _answered(story: Story, asked_at: dt.datetime, minutes: int, score: int, comment: str) -> Deed:
    def answer(work: Work, me: Me) -> None:
        given = Given(score, dict.fromkeys(work.settings.survey.questions, score), comment)
        surveys.answer(_by_itself(work), work.run(SURVEY, customer=story.known.id).scalar(), given)

    return Deed(asked_at + dt.timedelta(minutes=minutes), story.owner, answer)


def _settled(past: Past, story: Story, told: tuple[str, str, int, str, str, str]) -> Iterator[Deed]:
    """A complaint and its first contact, both within the office hours of one day between the sale and now."""
    handler, clock, minutes, content, problem, late = told
    who = handler or story.owner
    day = past.at(story.won // 2).astimezone(past.office.zone).date()
    opened_at = past.office.at(day, dt.time.fromisoformat(clock))
    yield Deed(opened_at, who, _taken(story, content))

    def contact(work: Work, me: Me) -> None:
        complaint = work.db.scalars(OPEN, {"customer": story.known.id}).one()
        complaints.contact(work, me, complaint, First(problem, True, late or None))

    yield Deed(opened_at + dt.timedelta(minutes=minutes), who, contact)


def _waiting(past: Past, story: Story, told: tuple[str, int, str]) -> Deed:
    """A complaint of just now, whatever the hour: its clock never stands still."""
    handler, minutes, content = told
    return Deed(past.now - dt.timedelta(minutes=minutes), handler or story.owner, _taken(story, content))


def _taken(story: Story, content: str) -> Callable[[Work, Me], None]:
    def take_in(work: Work, me: Me) -> None:
        complaints.take_in(work, me, _customer(work, me, story), Said(content, Channel.PHONE))

    return take_in


def _customer(work: Work, me: Me, story: Story) -> CustomerRef:
    return complainant(work, me, story.words["客户全称"])


def _by_itself(work: Work) -> Work:
    """Nobody of the company does it."""
    return replace(work, actor_id=None, roles="")
