"""Notices that wait until they disturb least, and what somebody was told lately (X7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.crm import noise, preferences
from models.crm.noise import FOUR_HOURS, HOUR, NONE, Listener, Wait
from models.crm.people import Me
from models.errors import NotFound
from models.tables import Held, User
from models.work import Work

BATCH = 5
#: how often a person is looked at again while something waits: duty, preferences and the month's calls change.
AGAIN = dt.timedelta(minutes=5)
REMEMBER = dt.timedelta(days=30)

WAITING = Held.told_at.is_(None)


def _hold(kind: type[sqlite.Insert] | type[postgresql.Insert]) -> sqlite.Insert | postgresql.Insert:
    """What waits already is touched, so that whoever lets it go meanwhile comes after this unit of work."""
    first = kind(Held)
    return first.on_conflict_do_update(
        index_elements=[Held.user_id, Held.kind, Held.subject_id],
        index_where=WAITING,
        set_={"look_at": first.excluded.look_at},
    )


HOLD = {"sqlite": _hold(sqlite.Insert), "postgresql": _hold(postgresql.Insert)}
DUE = (
    select(Held.user_id)
    .where(WAITING, Held.look_at <= bindparam("moment"))
    .group_by(Held.user_id)
    .order_by(Held.user_id)
    .limit(BATCH)
)
#: one scheduler a person; messages to him are written meanwhile.
LOCK = select(User.id).where(User.id == bindparam("person")).with_for_update(key_share=True)
OF = (
    select(Held.id, Held.kind, Held.subject_id, Held.since)
    .where(WAITING, Held.user_id == bindparam("person"))
    .order_by(Held.id)
)
LAST = (
    select(Held.kind, func.max(Held.told_at).label("at"))
    .where(Held.user_id == bindparam("person"), Held.told_at > bindparam("after"))
    .group_by(Held.kind)
)
TOLD = update(Held).where(Held.id.in_(bindparam("ids", expanding=True))).values(told_at=bindparam("moment"))
LOOK = update(Held).where(WAITING, Held.user_id == bindparam("person")).values(look_at=bindparam("moment"))
DROP = delete(Held).where(Held.id.in_(bindparam("ids", expanding=True)))
OPENED = select(Held.kind, Held.subject_id).where(
    Held.id == bindparam("row"), Held.user_id == bindparam("person"), Held.told_at.is_not(None)
)
NEWEST = (
    select(Held.subject_id)
    .where(Held.user_id == bindparam("person"), Held.kind == bindparam("of"), Held.told_at.is_not(None))
    .order_by(Held.told_at.desc(), Held.id.desc())
    .limit(1)
)
OLD = delete(Held).where(Held.since < bindparam("before"))


def waits(work: Work, user_id: int, kind: str) -> bool:
    """Whether a notice of this kind waits for its moment now, or at least for the next tick."""
    if kind in noise.PROMPT:
        return bool(preferences.quiet(work, user_id))
    return kind in noise.NEWS | noise.ASKED | noise.PLANNED


def hold(work: Work, user_id: int, kind: str, subject: int) -> None:
    """Let somebody be told of a subject when it disturbs least; once, however often it is said until then."""
    about = {"user_id": user_id, "kind": kind, "subject_id": subject}
    work.run(HOLD[work.connection.dialect.name], **about, since=work.now, look_at=work.now)


def due(work: Work) -> list[int]:
    """Some of those who may have to be told of something now."""
    return list(work.run(DUE, moment=work.now).scalars())


def of(work: Work, user_id: int) -> list[Wait]:
    """All that waits for a person; nobody else tells him until this unit of work ends."""
    work.run(LOCK, person=user_id)
    return [Wait(*row) for row in work.run(OF, person=user_id)]


def listener(work: Work, user_id: int, *, short: bool) -> Listener:
    """How somebody is told now; `short` where the month's calls are, at the platform he uses."""
    told = {row.kind: row.at for row in work.run(LAST, person=user_id, after=work.now - FOUR_HOURS)}
    every = FOUR_HOURS if short else HOUR if preferences.of(work, user_id).hourly else NONE
    return Listener(every, preferences.quiet(work, user_id), told, short)


def told(work: Work, waits: Iterable[Wait]) -> None:
    """He is told of these in this unit of work."""
    work.run(TOLD, ids=[each.id for each in waits], moment=work.now)


def told_of(work: Work, user_id: int, kind: str) -> int:
    """The subject of a kind that he was told of last."""
    return int(work.run(NEWEST, person=user_id, of=kind).scalar() or 0)


def drop(work: Work, waits: Iterable[Wait]) -> None:
    """Nobody is told of these."""
    work.run(DROP, ids=[each.id for each in waits])


def look_again(work: Work, user_id: int, at: dt.datetime) -> None:
    """What waits for him still is looked at then, or in a few minutes: much can change when it is quiet."""
    work.run(LOOK, person=user_id, moment=min(at, work.now + AGAIN))


def opened(work: Work, me: Me, row: int) -> tuple[str, int]:
    """Kind and subject of what somebody was told of. Raises NotFound, also for what others were told."""
    found = work.run(OPENED, row=row, person=me.id).first()
    if found is None:
        raise NotFound("没有找到这条消息，请直接查客户，或者看「/今天」。")
    return found.kind, found.subject_id


def forget(work: Work) -> None:
    """Drop what was told long ago."""
    work.run(OLD, before=work.now - REMEMBER)
