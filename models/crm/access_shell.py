"""The door to a customer for whoever has the machine: the shell asks for no permission, and names a number (P7)."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from models.crm.access import REF, CustomerRef
from models.errors import NotFound
from models.tables import Contact, Customer
from models.text import erased
from models.text.identifiers import narrow
from models.work import Work

BY_NUMBER = REF.where(Customer.number == bindparam("number"))
NAMED = select(Contact.id).where(Contact.customer_id == bindparam("customer"), Contact.name == bindparam("called"))


def customer(work: Work, number: str) -> CustomerRef:
    """A customer by number. Raises NotFound."""
    row = work.run(BY_NUMBER, number=narrow(number).strip().upper()).first()
    if row is None:
        raise NotFound(f"没有编号是 {number} 的客户。")
    return CustomerRef(*row)


def contact(work: Work, ref: CustomerRef, name: str) -> int:
    """A contact of this customer by his name. Raises NotFound where there is none, or more than one of this name."""
    found = work.run(NAMED, customer=ref.id, called=name.strip()).scalars()
    if len(found) != 1 or name == erased.NAME:
        raise NotFound(f"{ref.called} 没有叫「{name}」的联系人，或者不止一个。")
    return int(found[0])
