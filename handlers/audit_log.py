"""/日志: who did what with a customer, for who leads its team."""

from __future__ import annotations

from bot.routing import Router
from cards import audit_log as cards
from cards.kit import Card
from models.crm import access, audit_log
from models.crm.access import CustomerRef
from models.crm.people import Me
from models.errors import NotAllowed, Refused
from models.policy import Permission
from models.work import Work

router = Router()


def refusals(*, work: Work, me: Me) -> Card:
    """Without a word: what was refused lately, for admins."""
    if me.may(Permission.PEOPLE) is None:
        raise Refused("还缺客户。用法：/日志 <客户>")
    return cards.log(audit_log.in_vain(work, 0))


@router.command("/日志 <客户>", "/audit", "/rz", may=Permission.AUDIT, alone=refusals)
def log(customer: CustomerRef, *, work: Work, me: Me) -> Card:
    """谁在什么时候对客户做了什么、改了什么，没做成的也在。管理员只发 /日志 看最近被拒绝的操作。
    例：/日志 华星科技
    """
    return cards.log(audit_log.of_customer(work, access.led_customer(work, me, customer), 0))


@router.action(cards.Turn, may=Permission.AUDIT)
def turn(action: cards.Turn, *, work: Work, me: Me) -> Card:
    """上一页 and 下一页."""
    page = max(action.page, 0)
    if action.customer:
        customer = access.led_customer(work, me, access.customer_by_id(work, me, action.customer))
        return cards.log(audit_log.of_customer(work, customer, page))
    if me.may(Permission.PEOPLE) is None:
        raise NotAllowed
    return cards.log(audit_log.in_vain(work, page))
