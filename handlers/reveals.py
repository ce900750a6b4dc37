"""查看联系方式: who has scope but not clear sight asks for it, and is written down."""

from __future__ import annotations

from bot.routing import Router
from cards import reveals as cards
from cards.kit import Card
from models.crm import access, reveals
from models.crm.people import Me
from models.policy import Permission
from models.work import Work

router = Router()


@router.action(cards.Reveal, may=Permission.CUSTOMER_READ)
def reveal(action: cards.Reveal, *, work: Work, me: Me) -> Card:
    """查看联系方式 on the card of a customer or a review."""
    return cards.card(reveals.reveal(work, me, access.customer_by_id(work, me, action.customer)))


@router.action(cards.RevealComplaint, may=Permission.COMPLAINT)
def reveal_complaint(action: cards.RevealComplaint, *, work: Work, me: Me) -> Card:
    """查看联系方式 on the card of a complaint."""
    return cards.card(reveals.reveal(work, me, access.who_complained(work, me, action.complaint)))
