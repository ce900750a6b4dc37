"""/运维: how messages go out, and what could not be sent."""

from __future__ import annotations

from bot.routing import Router
from cards import ops as cards
from cards.kit import Card
from models.crm import deliveries
from models.crm.people import Me
from models.policy import Permission
from models.work import Work

router = Router()


@router.command("/运维", "/ops", "/yw", may=Permission.OPERATE)
def ops(*, work: Work, me: Me) -> Card:
    """各平台发消息是否正常、调用额度，没送到的消息可以重试。
    例：/运维
    """
    return cards.overview(deliveries.overview(work, 0))


@router.action(cards.Open, may=Permission.OPERATE)
def turn(action: cards.Open, *, work: Work, me: Me) -> Card:
    """运维, 刷新, 上一页 and 下一页."""
    return cards.overview(deliveries.overview(work, max(action.page, 0)))


@router.action(cards.Retry, may=Permission.OPERATE)
def retry(action: cards.Retry, *, work: Work, me: Me) -> Card:
    """重试."""
    deliveries.retry(work, me, action.letter)
    return cards.overview(deliveries.overview(work, 0), "马上再发")


@router.action(cards.RetryAll, may=Permission.OPERATE)
def retry_all(action: cards.RetryAll, *, work: Work, me: Me) -> Card:
    """全部重试."""
    count = deliveries.retry_all(work, me)
    return cards.overview(deliveries.overview(work, 0), f"{count} 条马上再发")


@router.action(cards.Drop, may=Permission.OPERATE)
def drop(action: cards.Drop, *, work: Work, me: Me) -> Card:
    """不再显示."""
    deliveries.drop(work, me, action.letter)
    return cards.overview(deliveries.overview(work, 0), "不再显示")
