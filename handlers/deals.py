"""/成交: a salesperson writes down what a customer bought."""

from __future__ import annotations

from bot.routing import Router
from cards import deals as cards
from cards.kit import Card
from models.crm import deals
from models.crm.access import CustomerRef
from models.crm.deals import Quantity
from models.crm.people import Me
from models.crm.products import ProductName
from models.policy import Permission
from models.text.money import Fen
from models.work import Work

router = Router()


@router.command("/成交 <客户> <产品…> 金额: [数量:]", "/deal", "/cj", may=Permission.DEAL, form=cards.form)
def record(
    customer: CustomerRef,
    product: ProductName,
    amount: Fen,
    quantity: Quantity | None = None,
    *,
    work: Work,
    me: Me,
) -> Card:
    """记一笔成交，客户随之成为成交客户或复购客户。
    例：/成交 华星科技 年度维保 金额:12.5万 数量:2
    """
    return cards.recorded(deals.record(work, me, customer, product, amount, quantity or Quantity(1)), work.shown)
