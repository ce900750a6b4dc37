"""Deals: what a customer bought, and what that makes of him (A19, A5)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import bindparam, func, insert, select, update

from models.crm import funnel, private
from models.crm.access import CustomerRef
from models.crm.follow_ups import WHY_NOT
from models.crm.people import Me
from models.crm.products import ProductName
from models.crm.published import DealRecorded, publish
from models.errors import Refused
from models.tables import Customer, Deal, DealStage, DealState, FunnelStage, Status
from models.text.money import Fen
from models.work import Work

MOST = 1_000_000

ADD = insert(Deal).returning(Deal.id)
#: whoever records a deal or asks for a survey waits for the other one to end.
LOCK = select(Customer.funnel_stage).where(Customer.id == bindparam("customer")).with_for_update()
BEFORE = select(func.count()).where(Deal.customer_id == bindparam("customer"), Deal.state != DealState.RETURNED)
BECOME = (
    update(Customer)
    .where(Customer.id == bindparam("customer"))
    .values(funnel_stage=bindparam("funnel"), deal_stage=DealStage.WON)
)


class Quantity(int):
    """How many of a product."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A deal as its author sees it once it is written."""

    id: int
    customer: CustomerRef
    product: str
    quantity: int
    amount: int
    at: dt.datetime
    stage: FunnelStage
    sensitive: bool
    survey_at: dt.datetime


def record(
    work: Work, me: Me, customer: CustomerRef, product: ProductName, amount: Fen, quantity: Quantity
) -> Recorded:
    """Write down a deal: the first one wins the customer, each later one is a repurchase.

    Only archived customers buy (B3). Raises Refused.
    """
    if customer.status is not Status.ARCHIVED:
        raise Refused(f"「{customer.name}」{WHY_NOT[customer.status].replace('记跟进', '记成交')}")
    before: FunnelStage = work.run(LOCK, customer=customer.id).scalar()
    stage = funnel.bought(before, again=work.run(BEFORE, customer=customer.id).scalar() > 0)
    hidden = private.hide(work, customer.id, product)
    deal = work.add(
        ADD,
        customer_id=customer.id,
        author_id=me.id,
        at=work.now,
        product=hidden,
        quantity=quantity,
        amount_fen=amount,
        state=DealState.DONE,
    )
    work.put(BECOME, customer=customer.id, funnel=stage)
    if stage is not before:
        funnel.enter(work, customer.id, stage)
    work.audit("deal.record", f"customer:{customer.id}", deal=deal, amount_fen=int(amount), stage=stage)
    publish(work, DealRecorded(deal, customer.id))
    asked = work.now + dt.timedelta(days=work.settings.survey.days_after_deal)
    return Recorded(deal, customer, product, quantity, amount, work.now, stage, private.holds(hidden), asked)
