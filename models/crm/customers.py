"""The customer page: key facts and the timeline of everything, paged (A12)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import selectinload

from models.crm import entries, funnel, private, sight
from models.crm.access import CustomerRef
from models.crm.people import Me
from models.tables import (
    Complaint,
    Contact,
    Customer,
    Deal,
    FollowUp,
    Requirement,
    Review,
    ReviewState,
    Survey,
    Timer,
    TimerState,
    User,
)
from models.text import identifiers
from models.text.private import Kind, mask
from models.work import Work

PAGE = 5
FURTHEST = 1_000_000  # a page from a button may be any number

FULL = select(Customer).where(Customer.id == bindparam("customer")).options(selectinload(Customer.contacts))
NEXT = (
    select(Timer.due_at)
    .where(Timer.customer_id == bindparam("customer"), Timer.kind == "follow_up", Timer.state == TimerState.PENDING)
    .order_by(Timer.due_at)
    .limit(1)
)
NEED = (
    select(Requirement).where(Requirement.customer_id == bindparam("customer")).order_by(Requirement.id.desc()).limit(1)
)


def _happened(
    kind: str, table: Any, at: Any, text: Any, word: Any, who: Any, *where: ColumnElement[bool]
) -> Select[Any]:
    """Rows of a table as lines of a customer's timeline."""
    told = at.label("at"), literal(kind).label("kind"), table.id.label("id"), text.label("text")
    return select(*told, word.label("word"), who.label("who")).where(table.customer_id == bindparam("customer"), *where)


MANY = Deal.product + literal(" × ") + cast(Deal.quantity, String)
BOUGHT = case((Deal.quantity > 1, MANY), else_=Deal.product)
TIMELINE = union_all(
    _happened(
        "follow_up",
        FollowUp,
        FollowUp.at,
        FollowUp.content,
        type_coerce(FollowUp.method, String),
        FollowUp.author_id,
    ),
    _happened(
        "review",
        Review,
        Review.decided_at,
        Review.reason,
        type_coerce(Review.state, String),
        Review.decider_id,
        Review.state != ReviewState.PENDING,
    ),
    _happened(
        "complaint",
        Complaint,
        Complaint.opened_at,
        Complaint.content,
        type_coerce(Complaint.severity, String),
        func.coalesce(Complaint.opener_id, Complaint.handler_id),
    ),
    _happened("deal", Deal, Deal.at, BOUGHT, cast(Deal.amount_fen, String), Deal.author_id),
    _happened(
        "survey",
        Survey,
        Survey.answered_at,
        Survey.comment,
        cast(Survey.score, String),
        Survey.asker_id,
        Survey.answered_at.is_not(None),
    ),
).subquery()
PAGED = (
    select(TIMELINE.c.at, TIMELINE.c.kind, TIMELINE.c.text, TIMELINE.c.word, User.name)
    .join(User, User.id == TIMELINE.c.who)
    .order_by(TIMELINE.c.at.desc(), TIMELINE.c.kind, TIMELINE.c.id.desc())
    .limit(PAGE + 1)
    .offset(bindparam("skip"))
)


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as this reader may see him; `clear` tells whether the numbers are whole."""

    name: str
    position: str | None
    decision_role: str | None
    mobile: str | None
    phone: str | None
    email: str | None
    wechat: str | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline."""

    at: dt.datetime
    kind: str
    word: str | None
    text: str
    who: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the customer card shows; `hidden`: there is contact data that this reader sees masked."""

    ref: CustomerRef
    facts: tuple[tuple[str, str | None], ...]
    contacts: tuple[Person, ...]
    needs: tuple[tuple[str, str | None], ...]
    pending: tuple[str, ...]
    next_at: dt.datetime | None
    last_at: dt.datetime | None
    happenings: tuple[Happening, ...]
    page: int
    more: bool
    hidden: bool = False


def page(work: Work, me: Me, ref: CustomerRef, number: int = 0) -> Page:
    """The customer page; contact data is clear for whom P4 names."""
    customer = work.db.scalars(FULL, {"customer": ref.id}).one()
    clear = sight.contact_data_is_clear(work, me, ref)
    need = work.db.scalar(NEED, {"customer": ref.id})
    happenings = _timeline(work, ref, number, clear=clear)
    return Page(
        ref=ref,
        facts=(*_facts(customer, clear=clear), *_words(work, customer, clear=clear)),
        contacts=tuple(person(contact, clear=clear) for contact in customer.contacts),
        needs=_needs(work, ref, need, clear=clear) if need else (),
        pending=tuple(entries.pending_fields(customer, customer.contacts[0])),
        next_at=work.run(NEXT, customer=ref.id).scalar(),
        last_at=customer.last_follow_up_at,
        happenings=happenings[:PAGE],
        page=number,
        more=len(happenings) > PAGE,
        hidden=not clear and private.anything(work, ref.id),
    )


def _facts(customer: Customer, *, clear: bool) -> tuple[tuple[str, str | None], ...]:
    id_number = customer.id_number
    return (
        ("客户性质", next(word for word, kind in entries.KINDS.items() if kind is customer.kind)),
        ("客户类型", funnel.customer_type(customer.funnel_stage)),
        ("统一社会信用代码", customer.uscc),
        ("身份证号", id_number if clear or not id_number else identifiers.mask_id(id_number)),
        ("所属行业", customer.industry),
        ("客户来源", customer.source),
        ("人员规模", customer.headcount),
        ("年营收", customer.revenue),
        ("地址", customer.address),
    )


def _words(work: Work, customer: Customer, *, clear: bool) -> tuple[tuple[str, str | None], ...]:
    """What was written about it in one's own words."""
    labels = ("主营业务", "注册地址", "合作意向", "特殊要求", "备注")
    kept = (
        customer.main_business,
        customer.registered_address,
        customer.cooperation_intent,
        customer.special_needs,
        customer.remarks,
    )
    return tuple(zip(labels, private.show(work, customer.id, [text or "" for text in kept], clear=clear), strict=True))


def person(contact: Contact, *, clear: bool) -> Person:
    def shown(value: str | None, kind: Kind) -> str | None:
        return value if clear or not value else mask(kind, value)

    return Person(
        contact.name,
        contact.position,
        contact.decision_role,
        shown(contact.mobile, "mobile"),
        shown(contact.phone, "landline"),
        shown(contact.email, "email"),
        shown(contact.wechat, "wechat"),
    )


def _needs(work: Work, ref: CustomerRef, need: Requirement, *, clear: bool) -> tuple[tuple[str, str | None], ...]:
    values = [getattr(need, column) or "" for column in entries.NEED_COLUMNS]
    shown = private.show(work, ref.id, values, clear=clear)
    return tuple(zip(entries.NEEDS, shown, strict=True))


def _timeline(work: Work, ref: CustomerRef, number: int, *, clear: bool) -> tuple[Happening, ...]:
    rows = work.run(PAGED, customer=ref.id, skip=min(number, FURTHEST) * PAGE).all()
    texts = private.show(work, ref.id, [row.text or "" for row in rows], clear=clear)
    return tuple(Happening(row.at, row.kind, row.word, text, row.name) for row, text in zip(rows, texts, strict=True))
