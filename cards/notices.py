"""Living cards by kind: how a subject looks to one person at this moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cards import complaints, entries, reminders, reviews
from cards.kit import Card
from models.crm import complaint_views, views
from models.crm import reminders as reminding
from models.crm.people import Me
from models.work import Work

KINDS: Mapping[str, Callable[[Work, Me, int], Card]] = {
    "review": lambda work, me, review: reviews.card(views.reviewed(work, review)),
    "entry": lambda work, me, customer: entries.standing(views.standing(work, customer)),
    "complaint": lambda work, me, complaint: complaints.card(complaint_views.complained(work, me, complaint)),
    "reminder": lambda work, me, timer: reminders.card(reminding.view(work, me, timer)),
}


def card(work: Work, kind: str, subject: int, me: Me) -> Card:
    """The living card of a subject for this reader."""
    return KINDS[kind](work, me, subject)
