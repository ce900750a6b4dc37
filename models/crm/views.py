"""What the cards of an entry and its review show, for one reader."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import joinedload

from models.crm import deputies, entries, private
from models.crm.deputies import Matter
from models.crm.people import Me, leaders_above
from models.crm.reviews import decided, last_round
from models.policy import Permission
from models.tables import Customer, Department, Review, ReviewState, Status, User
from models.text.private import mask
from models.work import Work

ROUNDS = select(func.count()).where(Review.customer_id == bindparam("customer"), Review.id <= bindparam("review"))
NAMES = select(User.name).where(User.id.in_(bindparam("people", expanding=True))).order_by(User.id)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review as whoever decides it sees it; contact data is masked (P4)."""

    id: int
    state: ReviewState
    customer: str
    number: str | None
    submitter: str
    department: str
    facts: tuple[tuple[str, str | None], ...]
    pending: tuple[str, ...]
    due: str
    late: bool
    decided: str
    reason: str
    round: int
    customer_id: int
    acting: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry as its rep sees it."""

    id: int
    status: Status
    name: str
    number: str | None
    industry: str
    source: str
    contact: str
    pending: tuple[str, ...]
    reviewers: tuple[str, ...]
    due: str
    reason: str
    decided: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the list of what waits."""

    review: int
    customer: str
    submitter: str
    due: str
    late: bool


def reviewed(work: Work, me: Me, review_id: int) -> Reviewed:
    """A review with the facts it is about."""
    review = work.db.get_one(Review, review_id)
    customer = work.db.get_one(Customer, review.customer_id)
    submitter = work.db.get_one(User, review.submitter_id)
    contact = entries.primary_contact(work, customer.id)
    mobile = mask("mobile", contact.mobile) if contact.mobile else None
    email = mask("email", contact.email) if contact.email else None
    words = entries.words_of(work, customer)
    shown = ("客户性质", "统一社会信用代码", "所属行业", "客户来源", "联系人姓名", "职位")
    facts = (
        *((label, words[label] or None) for label in shown),
        ("身份证号", mask("id_number", customer.id_number) if customer.id_number else None),
        ("手机", mobile),
        ("邮箱", email),
        ("地址", customer.address),
    )
    return Reviewed(
        id=review.id,
        state=review.state,
        customer=customer.name,
        number=customer.number,
        submitter=submitter.name,
        department=work.db.get_one(Department, review.department_id).name,
        facts=facts,
        pending=tuple(entries.pending_fields(customer, contact)),
        due=work.shown(review.due_at),
        late=review.due_at <= work.now,
        decided=decided(work, review) if review.decided_at else "",
        reason=private.show(work, customer.id, [review.reason or ""], clear=False)[0],
        round=work.run(ROUNDS, customer=customer.id, review=review.id).scalar(),
        acting=_acting(work, me, review),
        customer_id=customer.id,
    )


def _acting(work: Work, me: Me, review: Review) -> str:
    """In whose place this reader decides; nothing where he does by himself."""
    of = Matter(Permission.REVIEW, review.department_id)
    return deputies.behalf(work, me.id, work.now, of) if me.lent.people else ""


def standing(work: Work, customer_id: int) -> Standing:
    """An entry with its newest round."""
    customer = work.db.get_one(Customer, customer_id)
    contact = entries.primary_contact(work, customer_id)
    review = last_round(work, customer_id)
    reviewers = leaders_above(work, review.department_id, but=review.submitter_id)
    return Standing(
        id=customer.id,
        status=customer.status,
        name=customer.name,
        number=customer.number,
        industry=customer.industry,
        source=customer.source,
        contact=contact.name,
        pending=tuple(entries.pending_fields(customer, contact)),
        reviewers=tuple(work.run(NAMES, people=reviewers).scalars()) if reviewers else (),
        due=work.shown(review.due_at),
        reason=private.show(work, customer.id, [review.reason or ""], clear=True)[0],
        decided=decided(work, review) if review.decided_at else "",
    )


def waiting(work: Work, reviews: list[Review]) -> list[Waiting]:
    """The lines of a list of reviews."""
    return [_line(work, review) for review in reviews]


def _line(work: Work, review: Review) -> Waiting:
    customer = work.db.get_one(Customer, review.customer_id, options=[joinedload(Customer.owner)])
    late = review.due_at <= work.now
    return Waiting(review.id, customer.name, customer.owner.name, work.shown(review.due_at), late)
