"""/客户 and /查: look a customer up."""

from __future__ import annotations

from bot.routing import Router
from cards import customers as cards
from cards.kit import Card
from models.crm import access, customers
from models.crm.access import CustomerRef
from models.crm.people import Me
from models.policy import Permission
from models.work import Work

router = Router()


@router.command("/客户 <客户>", "/show", "/kh", may=Permission.CUSTOMER_READ)
def show(customer: CustomerRef, *, work: Work, me: Me) -> Card:
    """打开客户视图：关键信息、联系人、时间轴。
    例：/客户 华星科技
    """
    return cards.page(customers.page(work, me, customer), work.shown)


@router.action(cards.Turn, may=Permission.CUSTOMER_READ)
def turn(action: cards.Turn, *, work: Work, me: Me) -> Card:
    """上一页, 下一页, 查看."""
    customer = access.customer_by_id(work, me, action.customer)
    return cards.page(customers.page(work, me, customer, max(action.page, 0)), work.shown)


@router.command("/查 <词…>", "/find", "/c", may=Permission.CUSTOMER_READ)
def find(words: str, *, work: Work, me: Me) -> Card:
    """按编号、名称、简称、联系人、手机（或后四位）、拼音或首字母查客户。
    例：/查 8001
    """
    found = access.search(work, me, words)
    return cards.hits(found, words, 0, () if found else access.near(work, me, words))


@router.action(cards.Find, may=Permission.CUSTOMER_READ)
def turn_hits(action: cards.Find, *, work: Work, me: Me) -> Card:
    """上一页 and 下一页 of a search."""
    return cards.hits(access.search(work, me, action.words), action.words, max(action.page, 0))
