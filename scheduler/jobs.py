"""The jobs, in one list: name, how often, what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot import posting, telling
from models import due, files, heads, health, outbox, reply_doors, seals
from models.crm import (
    complaints,
    deliveries,
    digests,
    follow_ups,
    held,
    mornings,
    reminders,
    reviews,
    short_lived,
    surveys,
    today,
    view_news,
)
from models.due import Fire
from models.work import AnyRow, Work


def _posted(fire: Fire) -> Fire:
    """Post what follows at once, so that a card which cannot be made undoes its own timer only."""

    def both(work: Work, timer: AnyRow) -> None:
        fire(work, timer)
        posting.post_notices(work)

    return both


#: what each kind of timer does when its moment has come.
TIMERS: dict[str, Fire] = {
    follow_ups.REMINDER: _posted(reminders.fire),
    digests.DIGEST: _posted(mornings.fire_digest),
    today.MORNING: _posted(mornings.fire_morning),
    view_news.VIEWS: _posted(mornings.fire_views),
    "review.half": _posted(reviews.remind),
    "review.overdue": _posted(reviews.escalate),
    **dict.fromkeys(complaints.ALERTED, _posted(complaints.alert)),
    surveys.ASK: _posted(surveys.fire),
    surveys.REMIND: _posted(surveys.remind),
}


@dataclass(frozen=True, slots=True)
class Job:
    """Something done again and again; harmless when it is done twice. Returns whether there is more at once."""

    name: str
    seconds: float
    run: Callable[[Work], bool]


def plan_mornings(work: Work) -> bool:
    """Plan the messages of a working day's morning when it is time."""
    mornings.plan(work)
    return False


def fire_timers(work: Work) -> bool:
    """Fire what is due and post what follows from it."""
    return due.fire(work, TIMERS) == due.BATCH


def forget(work: Work) -> bool:
    """Drop what nobody asks for any more."""
    outbox.forget(work)
    reply_doors.forget(work)
    deliveries.find_homes(work)
    held.forget(work)
    return False


def forget_files(work: Work) -> bool:
    """Keep nothing of a file that was not fetched in time."""
    files.forget(work)
    return False


def scrub(work: Work) -> bool:
    """Take out what was written of somebody while he was erased."""
    return short_lived.scrub_again(work)


def quotas(work: Work) -> bool:
    """Tell administrators what is nearly used up, and hold back what has to wait."""
    deliveries.watch(work)
    posting.post_notices(work)
    telling.hold_back(work)
    return False


def beat(work: Work) -> bool:
    """Leave a sign of life for `/readyz`."""
    health.beat(work)
    return False


def keep_head(work: Work) -> bool:
    """Once a day, keep the head of the audit's chain outside the database."""
    heads.keep(work)
    return False


JOBS = (
    Job("mornings", 5, plan_mornings),
    Job("timers", 1, fire_timers),
    Job("beat", 5, beat),
    Job("forget", 3600, forget),
    Job("files", 60, forget_files),
    Job("scrub", 15, scrub),
    Job("quotas", 60, quotas),
    Job("tell", 1, telling.tell),  # after those that give it something
    Job("seal", 2, seals.seal),
    Job("audit_head", 60, keep_head),
)
