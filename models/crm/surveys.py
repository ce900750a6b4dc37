"""Surveys: a link for one customer, answered once, and everybody concerned sees it at once (G1, G2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update

from models import due, links
from models.crm import access, indexes, people, private
from models.crm.access import CustomerRef
from models.crm.deals import LOCK
from models.crm.people import Me, leaders_above
from models.crm.published import DealRecorded, SurveyAnswered, publish
from models.errors import AlreadyDone, NotFound, Refused
from models.tables import Customer, Status, Survey, SurveyReason
from models.tables.sealed import among
from models.work import AnyRow, Work

SURVEY, SKIPPED = "survey", "survey_skipped"
ASK, REMIND = "survey.ask", "survey.remind"
LONGEST = 5000
SCORES = range(1, 6)

ADD = insert(Survey).returning(Survey.id)
LAST = select(Survey.at).where(Survey.customer_id == bindparam("customer")).order_by(Survey.at.desc()).limit(1)
BY_NONCE = select(Survey.id, Survey.expires_at, Survey.answered_at, Survey.answers).where(
    among(Survey.nonce_key, "nonce")
)
ANSWER = (
    update(Survey)
    .where(Survey.id == bindparam("survey"), Survey.answered_at.is_(None), Survey.expires_at > bindparam("moment"))
    .values(
        answered_at=bindparam("moment"),
        score=bindparam("stars"),
        answers=bindparam("given"),
        comment=bindparam("said"),
    )
    .returning(Survey.id)
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A survey as one person sees it; the link is there as long as it can be answered."""

    id: int
    customer: CustomerRef
    link: str | None
    local: bool
    asked: str
    until: str
    silent: bool
    answered: str | None
    score: int
    answers: tuple[tuple[str, int], ...]
    comment: str


@dataclass(frozen=True, slots=True)
class Open:
    """What the page asks."""

    id: int
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """What the customer says: the stars, a score for each question he answered, and his own words."""

    score: int
    answers: dict[str, int | None]
    comment: str


def ask(work: Work, me: Me, customer: CustomerRef) -> Asked:
    """Make a link for an archived customer. Raises Refused where he was asked not long ago, with the date."""
    if customer.status is not Status.ARCHIVED:
        raise Refused(f"「{customer.name}」还没有建档，审核通过以后才能发问卷。")
    work.run(LOCK, customer=customer.id)
    if why := too_soon(work, customer.id):
        raise Refused(f"「{customer.name}」{why}")
    return _view(work, me, _make(work, customer.id, me.id, SurveyReason.HAND), customer)


def plan(work: Work, news: DealRecorded) -> None:
    """A deal was recorded: its customer is asked some days later."""
    moment = work.now + dt.timedelta(days=work.settings.survey.days_after_deal)
    due.plan(work, ASK, news.deal, moment, customer_id=news.customer)


def fire(work: Work, timer: AnyRow) -> None:
    """Some days after a deal: the owner gets the link, or is told why there is none."""
    customer = work.db.get_one(Customer, timer.customer_id)
    work.run(LOCK, customer=customer.id)
    if too_soon(work, customer.id):
        work.audit("survey.skip", f"customer:{customer.id}", deal=timer.subject_id)
        work.notify(SKIPPED, customer.id, _concerned(work, customer), anew=True)
        return
    survey = _make(work, customer.id, customer.owner_id, SurveyReason.DEAL)
    work.notify(SURVEY, survey, _concerned(work, customer), anew=True)


def remind(work: Work, timer: AnyRow) -> None:
    """Nobody has answered yet: the owner sees the link once more."""
    survey = work.db.get_one(Survey, timer.subject_id)
    work.notify(SURVEY, survey.id, _concerned(work, work.db.get_one(Customer, survey.customer_id)), anew=True)


def too_soon(work: Work, customer_id: int) -> str:
    """Why a customer cannot be asked now, with the dates; empty when he can."""
    days = work.settings.survey.days_between
    last: dt.datetime | None = work.run(LAST, customer=customer_id).scalar()
    if last is None or last <= work.now - dt.timedelta(days=days):
        return ""
    again = work.shown(last + dt.timedelta(days=days))
    return f"在 {work.shown(last)} 已经发过问卷，每个客户 {days} 天内最多一次，{again} 以后可以再发。"


def skipped(work: Work, me: Me, customer_id: int) -> tuple[CustomerRef, str]:
    """Whom a survey was not sent to, and why. Raises NotFound."""
    return access.customer_by_id(work, me, customer_id), too_soon(work, customer_id)


def _make(work: Work, customer_id: int, asker_id: int, reason: SurveyReason) -> int:
    nonce, valid = links.nonce(), dt.timedelta(days=work.settings.survey.days_valid)
    silent = dt.timedelta(days=work.settings.survey.days_silent)
    survey = work.add(
        ADD,
        customer_id=customer_id,
        asker_id=asker_id,
        reason=reason,
        nonce=nonce,
        nonce_key=indexes.of_nonce(work.keys, nonce),
        at=work.now,
        expires_at=work.now + valid,
        answers=dict.fromkeys(work.settings.survey.questions),
    )
    due.plan(work, REMIND, survey, work.now + silent, customer_id=customer_id)
    work.audit("survey.ask", f"customer:{customer_id}", survey=survey, reason=reason)
    return survey


def _concerned(work: Work, customer: Customer) -> list[int]:
    """The owner; whoever leads the department where the owner is no longer there."""
    if people.by_id(work, customer.owner_id):
        return [customer.owner_id]
    return leaders_above(work, customer.department_id, but=customer.owner_id)


def view(work: Work, me: Me, survey_id: int) -> Asked:
    """The survey for this reader. Raises NotFound when the customer is not among those he sees any more."""
    survey = work.db.get_one(Survey, survey_id)
    return _view(work, me, survey_id, access.customer_by_id(work, me, survey.customer_id))


def _view(work: Work, me: Me, survey_id: int, customer: CustomerRef) -> Asked:
    survey, server = work.db.get_one(Survey, survey_id), work.settings.server
    path = f"/survey/{links.token(work.keys, links.SURVEY, survey.nonce)}"
    (comment,) = private.show(work, customer.id, [survey.comment or ""], clear=customer.owner_id == me.id)
    waits = survey.answered_at is None and work.now < survey.expires_at
    return Asked(
        survey.id,
        customer,
        links.address(server, path) if waits else None,
        not server.base_url,
        work.shown(survey.at),
        work.shown(survey.expires_at),
        waits and work.now >= survey.at + dt.timedelta(days=work.settings.survey.days_silent),
        work.shown(survey.answered_at) if survey.answered_at else None,
        survey.score or 0,
        tuple((question, score) for question, score in survey.answers.items() if score),
        comment,
    )


def opened(work: Work, nonce: str) -> Open:
    """What the link asks; nothing is written. Raises NotFound, AlreadyDone, Expired."""
    row = work.run(BY_NONCE, **work.keys.lookup("nonce", nonce, indexes.NONCE)).first()
    if row is None:
        raise NotFound
    if row.answered_at is not None:
        raise AlreadyDone
    if row.expires_at <= work.now:
        raise Expired
    return Open(row.id, tuple(row.answers))


class Expired(Refused):
    """这份问卷已过期。"""


def answer(work: Work, survey_id: int, given: Given) -> None:
    """Keep what the customer says: the first answer wins. Raises AlreadyDone."""
    survey = work.db.get_one(Survey, survey_id)
    comment = private.hide(work, survey.customer_id, given.comment) or None
    values = {"stars": given.score, "given": given.answers, "said": comment}
    if work.run(ANSWER, survey=survey.id, moment=work.now, **values).first() is None:
        raise AlreadyDone
    work.db.refresh(survey)  # who hears of it reads what was said
    due.cancel(work, REMIND, survey.id)
    work.audit("survey.answer", f"customer:{survey.customer_id}", survey=survey.id, score=given.score)
    work.notify(SURVEY, survey.id)
    work.notify(SURVEY, survey.id, _concerned(work, work.db.get_one(Customer, survey.customer_id)), anew=True)
    publish(work, SurveyAnswered(survey.id, survey.customer_id, given.score))
