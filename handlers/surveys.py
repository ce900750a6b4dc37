"""/问卷: a link by which a customer says how satisfied he is."""

from __future__ import annotations

from bot.routing import Router
from cards import surveys as cards
from cards.kit import Card
from models.crm import surveys
from models.crm.access import CustomerRef
from models.crm.people import Me
from models.policy import Permission
from models.work import Work

router = Router()


@router.command("/问卷 <客户>", "/survey", "/wj", may=Permission.SURVEY)
def ask(customer: CustomerRef, *, work: Work, me: Me) -> Card:
    """给客户一份满意度问卷的链接和二维码，由你转发，短期内不重复打扰同一个客户。
    例：/问卷 华星科技
    """
    return cards.standing(surveys.ask(work, me, customer))
