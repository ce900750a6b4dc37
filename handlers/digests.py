"""/简报: the figures of what one leads."""

from __future__ import annotations

from bot.routing import Router
from cards import digests as cards
from cards.kit import Card
from models.crm import digests
from models.crm.digests import Period
from models.crm.people import Me
from models.policy import Permission
from models.work import Work

router = Router()


@router.command("/简报", "/digest", "/jb", may=Permission.DIGEST)
def digest(*, work: Work, me: Me) -> Card:
    """上一份简报以来，你带的团队的新客户、跟进和待办，每个数字都能点开。
    例：/简报
    """
    return cards.digest(digests.digest(work, me, digests.period(work, me)))


@router.action(cards.Open, may=Permission.DIGEST)
def open_records(action: cards.Open, *, work: Work, me: Me) -> Card:
    """查看, 上一页 and 下一页: of what this person leads, whoever got the card."""
    period = Period(action.since, action.until)
    return cards.listing(digests.listing(work, me, action.figure, period, max(action.page, 0)))


@router.action(cards.Back, may=Permission.DIGEST)
def back(action: cards.Back, *, work: Work, me: Me) -> Card:
    """返回简报."""
    return cards.digest(digests.digest(work, me, digests.until_now(work, action.since)))
