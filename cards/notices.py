"""Cards by kind: how a subject looks to one person at this moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cards import absences, complaints, digests, entries, leavers, ops, orgs, reminders, reviews, surveys, today
from cards import views as view_cards
from cards.kit import Card
from models.crm import absence_views, access, complaint_views, deliveries, mornings, orgsync, view_news, views
from models.crm import digests as digesting
from models.crm import leavers as leaving
from models.crm import reminders as reminding
from models.crm import surveys as surveying
from models.crm import today as days
from models.crm.people import Me
from models.work import Work

KINDS: Mapping[str, Callable[[Work, Me, int], Card]] = {
    "review": lambda work, me, review: reviews.card(views.reviewed(work, me, access.review(work, me, review).id)),
    "entry": lambda work, me, customer: entries.standing(views.standing(work, customer)),
    "complaint": lambda work, me, complaint: complaints.card(complaint_views.complained(work, me, complaint)),
    "digest": lambda work, me, run: digests.digest(
        digesting.digest(work, me, digesting.period(work, me, planned=True)),
        view_cards.news(mornings.news(work, me, run, "digest")),
    ),
    "morning": lambda work, me, run: today.today(
        days.today(work, me), view_cards.news(mornings.news(work, me, run, "morning"))
    ),
    view_news.VIEWS: lambda work, me, run: view_cards.told(mornings.news(work, me, run, view_news.VIEWS)),
    surveying.SURVEY: lambda work, me, survey: surveys.standing(surveying.view(work, me, survey)),
    surveying.SKIPPED: lambda work, me, customer: surveys.skipped(*surveying.skipped(work, me, customer)),
    deliveries.QUOTA: lambda work, me, share: ops.quota(deliveries.standings(work), share),
    leaving.LEAVER: lambda work, me, person: leavers.left(leaving.view(work, me, person)),
    leaving.DISABLED: lambda work, me, person: leavers.left(leaving.view(work, me, person, disabled=True)),
    orgsync.ORG: lambda work, me, _: orgs.status(orgsync.overview(work, me), work.shown),
    "absence": lambda work, me, absence: absences.card(absence_views.away(work, me, absence)),
    "reminder": lambda work, me, timer: reminders.card(reminding.view(work, me, timer)),
}


def card(work: Work, kind: str, subject: int, me: Me) -> Card:
    """The card of a subject for this reader."""
    return KINDS[kind](work, me, subject)
