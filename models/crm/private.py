"""Contact data in free text: taken out when it is written, put back for who may see it (P4, P5)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, func, insert, select

from models.crm import indexes
from models.tables import Contact, Customer, PrivateValue
from models.text import private
from models.text.private import Span
from models.work import Work

ADD = insert(PrivateValue).returning(PrivateValue.id)
VALUES = select(PrivateValue.id, PrivateValue.value).where(
    PrivateValue.customer_id == bindparam("customer"), PrivateValue.id.in_(bindparam("ids", expanding=True))
)

ANYTHING = select(
    select(Contact.id)
    .where(
        Contact.customer_id == bindparam("customer"),
        func.coalesce(Contact.mobile, Contact.phone, Contact.email, Contact.wechat).is_not(None),
    )
    .exists()
    | select(Customer.id).where(Customer.id == bindparam("customer"), Customer.id_number.is_not(None)).exists()
    | select(PrivateValue.id)
    .where(PrivateValue.customer_id == bindparam("customer"), PrivateValue.value_key != "")
    .exists()
)


def hide(work: Work, customer_id: int, text: str) -> str:
    """The text as it is stored: each mobile, landline, email and id number replaced by a marker."""

    def keep(span: Span) -> int:
        key = indexes.of_private(work.keys, span.kind, span.spelling)
        return work.add(ADD, customer_id=customer_id, kind=span.kind, value=span.spelling, value_key=key)

    return private.replace(text, keep)


def holds(text: str) -> bool:
    """Whether a stored text holds contact data."""
    return bool(private.markers(text))


def show(work: Work, customer_id: int, texts: Iterable[str], *, clear: bool) -> list[str]:
    """Stored texts as this reader may see them. A marker of another customer's value is never put back."""
    texts = list(texts)
    ids = sorted({number for text in texts for _, number in private.markers(text)})
    if not ids:
        return texts
    values = {row.id: row.value for row in work.connection.execute(VALUES, {"customer": customer_id, "ids": ids})}
    masked = None if clear else private.mask
    return [private.restore(text, values, masked) for text in texts]


def anything(work: Work, customer_id: int) -> bool:
    """Whether we know any contact data of a customer."""
    return bool(work.run(ANYTHING, customer=customer_id).scalar())
