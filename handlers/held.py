"""打开 in a message of several: the card itself, as a message of its own."""

from __future__ import annotations

from dataclasses import replace

from bot.routing import Router
from cards import held as cards
from cards import notices
from cards.kit import Card
from models.crm import held
from models.crm.people import Me
from models.policy import Permission
from models.work import Work

router = Router()


@router.action(cards.Open, may=Permission.SELF)
def open_one(action: cards.Open, *, work: Work, me: Me) -> Card:
    """打开: what he was told of, as it stands now; the list stays for the others."""
    kind, subject = held.opened(work, me, action.held)
    return replace(notices.card(work, kind, subject, me), anew=True)
