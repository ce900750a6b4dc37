"""Who sees contact data in clear: whoever has to reach the customer now (P4)."""

from __future__ import annotations

from sqlalchemy import bindparam, or_, select

from models.crm.access import HAD_DUTY, CustomerRef, acting
from models.crm.deputies import ACTING
from models.crm.people import Me
from models.tables import Complaint, ComplaintState, Customer
from models.work import Work

#: as long as a complaint is one of these, its handler has to reach the customer.
HELD = (ComplaintState.ACCEPTED, ComplaintState.CONTACTED)
HANDLED = select(Complaint.id).where(
    Complaint.customer_id == bindparam("customer"),
    or_(Complaint.handler_id.in_(ACTING), HAD_DUTY),
    Complaint.state.in_(HELD),
)


def contact_data_is_clear(work: Work, me: Me, customer: CustomerRef | Customer) -> bool:
    """For the owner, whoever handles a complaint of the customer now or was on duty for it, and their deputies."""
    return me.acts_for(customer.owner_id) or bool(work.run(HANDLED, customer=customer.id, **acting(me)).first())
