"""Contact data shown on purpose to who has scope but not clear sight: few a day, each one in the audit (P4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from models.crm import customers
from models.crm.access import CustomerRef
from models.crm.customers import Person
from models.crm.people import Me
from models.errors import Refused
from models.tables import Audit, Outcome, PrivateValue, User
from models.text.private import LABELS, Kind
from models.work import Work

REVEAL = "contact.reveal"
#: of what was found in texts the newest are shown.
MENTIONED = 10

#: whoever reveals twice at once waits for himself: no more than the day's number, whatever he presses.
LOCK = select(User.id).where(User.id == bindparam("me")).with_for_update()
TODAY = select(func.count()).where(
    Audit.actor_id == bindparam("me"),
    Audit.operation == REVEAL,
    Audit.outcome == Outcome.DONE,
    Audit.at >= bindparam("since"),
)
IN_TEXTS = (
    select(PrivateValue.kind, PrivateValue.value)
    .where(PrivateValue.customer_id == bindparam("customer"), PrivateValue.value_key != "")
    .order_by(PrivateValue.id.desc())
    .limit(MENTIONED)
)


@dataclass(frozen=True, slots=True)
class Revealed:
    """A customer's contact data in clear; `mentioned` stood in texts about him. `left`: how often today still."""

    customer: CustomerRef
    id_number: str | None
    contacts: tuple[Person, ...]
    mentioned: tuple[tuple[str, str], ...]
    left: int


def reveal(work: Work, me: Me, ref: CustomerRef) -> Revealed:
    """Show the contact data of a customer whom `access` let through, and write down who saw it.

    Raises Refused beyond `[privacy] reveals_a_day`.
    """
    most = work.settings.privacy.reveals_a_day
    work.run(LOCK, me=me.id)
    before: int = work.run(TODAY, me=me.id, since=_midnight(work)).scalar()
    if before >= most:
        raise Refused(f"今天查看联系方式已满 {most} 次，请明天再看，或请客户负责人「{ref.owner_name}」联系。")
    customer = work.db.scalars(customers.FULL, {"customer": ref.id}).one()
    mentioned = dict.fromkeys((LABELS[kind], value) for kind, value in _in_texts(work, ref.id))
    work.audit("contact.reveal", f"customer:{ref.id}")
    people = tuple(customers.person(contact, clear=True) for contact in customer.contacts)
    return Revealed(ref, customer.id_number, people, tuple(mentioned), most - before - 1)


def _in_texts(work: Work, customer_id: int) -> list[tuple[Kind, str]]:
    return [(row.kind, row.value) for row in work.run(IN_TEXTS, customer=customer_id)]


def _midnight(work: Work) -> dt.datetime:
    return work.now.astimezone(work.office.zone).replace(hour=0, minute=0, second=0, microsecond=0)
