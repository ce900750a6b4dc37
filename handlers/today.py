"""/今天: what one has to do today."""

from __future__ import annotations

from bot.routing import Router
from cards import today as cards
from cards.kit import Card
from models.crm import today
from models.crm.people import Me
from models.policy import Permission
from models.work import Work

router = Router()


@router.command("/今天", "/today", "/jt", may=Permission.FOLLOW_UP)
def day(*, work: Work, me: Me) -> Card:
    """你今天到期和已经到期的跟进，还有被退回的录入，最急的在前。
    例：/今天
    """
    return cards.today(today.today(work, me))


@router.action(cards.Turn, may=Permission.FOLLOW_UP)
def turn(action: cards.Turn, *, work: Work, me: Me) -> Card:
    """上一页 and 下一页."""
    return cards.today(today.today(work, me, max(action.page, 0)))
