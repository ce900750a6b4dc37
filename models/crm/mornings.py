"""The calendar's own messages: a digest for who leads, a list for who sells, once each on a working day (H1, H2).

Whoever is told of a view reads it in the one of them that he gets; who gets neither has a card of it (X9).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import and_, bindparam, or_, select

from models import calendar_jobs, due
from models.crm import deputies, digests, people, preferences, view_news
from models.crm import today as days
from models.crm.digests import DIGEST
from models.crm.people import Me
from models.crm.today import MORNING
from models.crm.view_news import VIEWS, News
from models.errors import AlreadyDone
from models.tables import Identity, Role, Supervision, Timer, User, UserRole, ViewSubscription
from models.work import AnyRow, Work

#: a prime, so that people hired together are not told together.
STEP = 211

REACHED = select(Identity.id).where(Identity.user_id == User.id).exists()
LEADS = select(Supervision.user_id).where(Supervision.user_id == User.id).exists()
MANAGES = (
    select(UserRole.user_id).where(UserRole.user_id == User.id, UserRole.role.in_([Role.MANAGER, Role.ADMIN])).exists()
)
SELLS = select(UserRole.user_id).where(UserRole.user_id == User.id, UserRole.role == Role.SALES_REP).exists()
#: who is bound, and not on leave: what he missed is in the first digest after it.
PRESENT = and_(User.active, REACHED, ~deputies.IS_AWAY)
LEADING = select(User.id).where(PRESENT, or_(LEADS, MANAGES)).order_by(User.id)
SELLING = select(User.id).where(PRESENT, SELLS).order_by(User.id)
SUBSCRIBES = select(ViewSubscription.user_id).where(ViewSubscription.user_id == User.id).exists()
SUBSCRIBING = select(User.id).where(PRESENT, SUBSCRIBES).order_by(User.id)
EACH = ((DIGEST, LEADING), (MORNING, SELLING), (VIEWS, SUBSCRIBING))
#: what a run planned for somebody.
PLANNED = select(Timer.kind).where(
    Timer.kind.in_([DIGEST, MORNING]), Timer.subject_id == bindparam("run"), Timer.person_id == bindparam("person")
)


def plan(work: Work) -> None:
    """When it is time, plan a message for each of them; one scheduler does it, the others find it done."""
    run = calendar_jobs.claim(work, DIGEST, work.settings.digest.at)
    if run is None:
        return
    told = [(kind, person) for kind, who in EACH for person in work.run(who, moment=work.now).scalars()]
    for kind, person in told:
        due.plan(work, kind, run, _moment(work, person), person_id=person)
    work.audit("digest.plan", f"calendar_run:{run}", messages=len(told))


def _moment(work: Work, person: int) -> dt.datetime:
    """A few minutes after the planned time, each person's own; what is late goes out within those minutes from now."""
    digest = work.settings.digest
    apart = dt.timedelta(seconds=person * STEP % (digest.spread_minutes * 60))
    at = calendar_jobs.newest(work, digest.at) + dt.timedelta(minutes=digest.after_minutes) + apart
    return at if at > work.now else work.now + apart


def fire_digest(work: Work, timer: AnyRow) -> None:
    """The moment has come: show the digest to whom it is for, where there is anything to tell."""
    _tell(work, timer, DIGEST, lambda me: digests.digest(work, me, digests.period(work, me, planned=True)).empty)


def fire_morning(work: Work, timer: AnyRow) -> None:
    """The moment has come: show the list of the day, where there is anything on it."""
    _tell(work, timer, MORNING, lambda me: days.today(work, me).empty)


def fire_views(work: Work, timer: AnyRow) -> None:
    """The moment has come: show the news of his views to whoever gets them with nothing else."""
    _tell(work, timer, VIEWS, lambda me: True)


def _tell(work: Work, timer: AnyRow, kind: str, empty: Callable[[Me], bool]) -> None:
    """Raises AlreadyDone where a newer run took the place of this one while nobody was there to tell."""
    run = timer.subject_id
    if not calendar_jobs.stands(work, run, work.settings.digest.at):
        raise AlreadyDone
    me = people.by_id(work, timer.person_id or 0)
    if me is None or kind not in (wanted := _wanted(work, me, run)):
        return
    told = kind == wanted[0] and view_news.tell(work, me, run)
    if told or not empty(me):
        work.notify(kind, run, [me.id], anew=True)


def news(work: Work, me: Me, run: int, kind: str) -> list[News]:
    """What this run tells him of his views, where this kind of message is the one that has it."""
    return view_news.lines(work, me, run) if _wanted(work, me, run)[0] == kind else []


def _wanted(work: Work, me: Me, run: int) -> list[str]:
    """What he gets of this run; the first of them has the news of his views."""
    planned, wants = work.run(PLANNED, run=run, person=me.id).scalars(), preferences.of(work, me.id)
    return [kind for kind in (MORNING, DIGEST) if kind in planned and getattr(wants, kind)] or [VIEWS]
