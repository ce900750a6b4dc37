"""Reviewing an entry: one supervisor decides, in one working day, and everybody concerned sees it (B1–B3, B11)."""

from __future__ import annotations

import datetime as dt
from itertools import chain, islice

from sqlalchemy import bindparam, select, update

from models import deadlines
from models.crm import changes, deputies, funnel, numbers, private
from models.crm.deputies import Matter
from models.crm.people import Me, by_id, leaders_above, levels
from models.deadlines import Rung
from models.errors import AlreadyDone, Refused
from models.policy import Permission
from models.tables import Customer, FunnelStage, Review, ReviewState, Status
from models.work import AnyRow, Work

REVIEW, ENTRY = "review", "entry"
DEADLINE = "review"
REASON_LENGTH = 500

DECIDE = (
    update(Review)
    .where(Review.id == bindparam("review"), Review.state == ReviewState.PENDING)
    .values(
        state=bindparam("became"), decider_id=bindparam("who"), decided_at=bindparam("moment"), reason=bindparam("why")
    )
    .returning(Review.id)
)
OPEN = select(Review).where(Review.customer_id == bindparam("customer"), Review.state == ReviewState.PENDING)
LAST = select(Review).where(Review.customer_id == bindparam("customer")).order_by(Review.id.desc()).limit(1)
VERBS = {ReviewState.APPROVED: "通过", ReviewState.RETURNED: "退回", ReviewState.WITHDRAWN: "撤回"}


def ladder(minutes: int) -> tuple[Rung, ...]:
    """Reminded at half time, escalated at the end (B2)."""
    return Rung("review.half", minutes - minutes // 2), Rung("review.overdue", 0)


def open_round(work: Work, me: Me, customer: Customer) -> Review:
    """Send an entry to whoever leads the department, and start the clock of the review."""
    minutes = work.settings.review.working_days * work.office.minutes_per_day
    review = Review(
        customer_id=customer.id,
        submitter_id=me.id,
        department_id=customer.department_id,
        submitted_at=work.now,
        due_at=work.now,
        state=ReviewState.PENDING,
    )
    work.db.add(review)
    work.db.flush()  # the deadline and the cards name its id
    review.due_at = deadlines.start(work, DEADLINE, review.id, minutes, ladder(minutes))
    work.notify(REVIEW, review.id, leaders_above(work, customer.department_id, but=me.id))
    work.notify(ENTRY, customer.id)
    return review


def withdraw_round(work: Work, me: Me, customer: Customer) -> None:
    """Take the pending round back. Raises AlreadyDone."""
    review = work.db.scalar(OPEN, {"customer": customer.id})
    if review is None:
        raise AlreadyDone("这条录入现在不在待审核，不用撤回。")
    _decide(work, me, review, ReviewState.WITHDRAWN, None)


def approve(work: Work, me: Me, review: Review) -> Customer:
    """Issue the number and open the archive (B3). Raises AlreadyDone with who and when."""
    customer = work.db.get_one(Customer, review.customer_id)
    _decide(work, me, review, ReviewState.APPROVED, None)
    customer.number = numbers.customer_number(work, customer.industry)
    customer.status, customer.funnel_stage = Status.ARCHIVED, FunnelStage.PROSPECT
    for stage in (FunnelStage.LEAD, FunnelStage.PROSPECT):
        funnel.enter(work, customer.id, stage)
    became = changes.of(status=(Status.PENDING, customer.status))
    work.audit("review.approve", f"customer:{customer.id}", review=review.id, number=customer.number, **became)
    return customer


def send_back(work: Work, me: Me, review: Review, reason: str) -> Customer:
    """Return an entry with what has to be mended (B1). Raises AlreadyDone, Refused."""
    if problem := reason_problem(reason):
        raise Refused(problem)
    customer = work.db.get_one(Customer, review.customer_id)
    _decide(work, me, review, ReviewState.RETURNED, private.hide(work, customer.id, reason.strip()))
    customer.status = Status.RETURNED
    became = changes.of(status=(Status.PENDING, customer.status))
    work.audit("review.return", f"customer:{customer.id}", review=review.id, **became)
    return customer


def reason_problem(reason: str) -> str:
    """What is wrong with a reason, or nothing: returning needs one (B1)."""
    if not reason.strip():
        return "请写明退回原因，让同事知道怎么改。"
    if len(reason) > REASON_LENGTH:
        return f"退回原因最多 {REASON_LENGTH} 字，现在是 {len(reason)} 字。"
    return ""


def _decide(work: Work, me: Me, review: Review, became: ReviewState, reason: str | None) -> None:
    """The first one wins; the second is told who did what and when (B11)."""
    held = work.run(DECIDE, review=review.id, became=became, who=me.id, moment=work.now, why=reason).first()
    work.db.refresh(review)
    if held is None:
        raise AlreadyDone(decided(work, review))
    deadlines.meet(work, DEADLINE, review.id)
    work.notify(REVIEW, review.id)
    work.notify(ENTRY, review.customer_id, [review.submitter_id])


def decided(work: Work, review: Review) -> str:
    """Who decided, what and when, in a sentence."""
    at, who = review.decided_at or work.now, by_id(work, review.decider_id or 0)
    name = f"{who.name}{_behalf(work, who, review, at)}" if who else "同事"
    return f"已由{name}处理：{work.shown(at)} {VERBS[review.state]}。"


def _behalf(work: Work, who: Me, review: Review, at: dt.datetime) -> str:
    """In whose place an entry was decided on; what one withdraws is one's own."""
    of = Matter(Permission.REVIEW, review.department_id)
    names = "" if who.id == review.submitter_id else deputies.behalf(work, who.id, at, of)
    return f"（代{names}）" if names else ""


def last_round(work: Work, customer_id: int) -> Review:
    """The newest round of an entry; submitting opens one, so there is always one."""
    return work.db.scalars(LAST, {"customer": customer_id}).one()


def remind(work: Work, timer: AnyRow) -> None:
    """Half of the time is over: the review comes up again for whoever should decide (B2)."""
    review = work.db.get_one(Review, timer.subject_id)
    people = leaders_above(work, review.department_id, but=review.submitter_id)
    work.notify(REVIEW, review.id, people, anew=True)


def escalate(work: Work, timer: AnyRow) -> None:
    """The time is over: the next level up is asked as well (B2)."""
    review = work.db.get_one(Review, timer.subject_id)
    asked = islice(levels(work, review.department_id, but=review.submitter_id), 2)
    work.notify(REVIEW, review.id, chain.from_iterable(asked), anew=True)
    work.audit("review.escalate", f"customer:{review.customer_id}", review=review.id)
