"""What waits to be sent: claimed under a lease as its platform's limits allow, marked with what became of it (O4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from models.outbox import EXPIRED, REFRESH, URGE, Lane
from models.pace import Call, Limit, Pace
from models.tables import CardMessage, Identity, Outbox, OutboxState, PlatformPace
from models.tables.base import Utc
from models.work import AnyRow, Work

#: longer than a sender can take over one message: connecting and reading, once more for a new token.
LEASE = dt.timedelta(seconds=30)
PAUSES = (1, 2, 5, 15, 60, 300, 600)
#: how the error of a message begins that may have arrived although nobody said so.
UNKNOWN = "outcome unknown: "
#: how many due messages are looked at for each that is wanted: some go to people who got enough for the moment.
LOOKS = 4


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that this sender holds until its lease runs out."""

    id: int
    claim: int
    attempts: int
    lane: int
    kind: str
    platform: str
    chat: str
    user_id: int | None
    update: bool
    message_id: str | None
    card_message_id: int | None
    token: str
    card: str
    expires_at: dt.datetime
    lease_until: dt.datetime
    error: str | None

    @property
    def doubtful(self) -> bool:
        """Whether it may have arrived at an earlier attempt: sent once more, it is a repetition."""
        return bool(self.error and self.error.startswith(UNKNOWN))

    @property
    def to(self) -> str:
        """Whom it reaches, for the platform's limits."""
        return _recipient(self)


@dataclass(frozen=True, slots=True)
class Batch:
    """What was claimed; with nothing, `wait` is in how many seconds there may be more, if that is known."""

    rows: list[Leased]
    wait: float | None = None


EARLIER = aliased(Outbox)
WAITING = and_(Outbox.state == OutboxState.QUEUED, Outbox.platform == bindparam("on"))
FREE = and_(
    Outbox.not_before <= bindparam("moment"),
    or_(Outbox.lease_until.is_(None), Outbox.lease_until < bindparam("moment")),
)
DUE = (
    select(Outbox.id, Outbox.kind, Outbox.lane, Outbox.update, Outbox.user_id, Outbox.chat)
    .where(
        WAITING,
        FREE,
        Outbox.lane <= bindparam("lowest"),
        ~select(EARLIER.id)
        .where(
            EARLIER.state == OutboxState.QUEUED,
            EARLIER.queue == Outbox.queue,
            EARLIER.id < Outbox.id,
            or_(EARLIER.kind != REFRESH, EARLIER.lease_until.is_not(None)),  # one that waits holds nobody up
        )
        .exists(),
    )
    .order_by(Outbox.lane, Outbox.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
ANYTHING = select(select(Outbox.id).where(WAITING, FREE).exists())
LEASED = (
    update(Outbox)
    .where(Outbox.id.in_(bindparam("ids", expanding=True)))
    .values(lease_until=bindparam("until"), claim=Outbox.claim + 1, attempts=Outbox.attempts + 1)
    .returning(*(getattr(Outbox, name) for name in Leased.__slots__))
)
LATER = update(Outbox).where(Outbox.id == bindparam("row")).values(not_before=bindparam("later"))
MINE = and_(Outbox.id == bindparam("row"), Outbox.claim == bindparam("held"), Outbox.state == OutboxState.QUEUED)
SENT = (
    update(Outbox)
    .where(MINE)
    .values(state=OutboxState.SENT, sent_at=bindparam("moment"), error=None, card=None, lease_until=None)
    .returning(Outbox.id)
)
DEAD = update(Outbox).where(MINE).values(state=OutboxState.DEAD, error=bindparam("why"), lease_until=None)
EXPIRE = update(Outbox).where(MINE).values(state=OutboxState.DEAD, error=EXPIRED, card=None, lease_until=None)
MOVE = update(Outbox).where(MINE).values(platform=bindparam("to"), lease_until=None)
POSTPONE = update(Outbox).where(MINE).values(not_before=bindparam("later"), lease_until=None, error=bindparam("why"))
#: what a platform put off while it was away goes as soon as it answers again.
RESUME = update(Outbox).where(WAITING, Outbox.attempts > 0).values(not_before=bindparam("moment"))
PRIVATE_CHAT = (
    update(Identity)
    .where(
        Identity.user_id == bindparam("person"),
        Identity.platform == bindparam("on"),
        Identity.private_chat != bindparam("chat"),
    )
    .values(private_chat=bindparam("chat"))
)
#: where a press came before the mark, it made a copy of its own for the same message.
UNSEAT = (
    update(CardMessage)
    .where(
        CardMessage.platform == bindparam("on"),
        CardMessage.message_id == bindparam("message"),
        CardMessage.id != bindparam("copy"),
    )
    .values(subject="", message_id=None)
)
PLACED = (
    update(CardMessage)
    .where(CardMessage.id == bindparam("copy"))
    .values(
        platform=bindparam("on"),
        message_id=bindparam("message"),
        # an update makes a message no younger
        sent_at=case(
            (CardMessage.message_id == bindparam("message"), CardMessage.sent_at),
            else_=bindparam("moment", type_=Utc()),
        ),
    )
)


def month(work: Work) -> str:
    """The month whose calls are counted, as the office's calendar has it (O8)."""
    return f"{work.real.astimezone(work.office.zone):%Y-%m}"


SOONER = (
    update(Outbox)
    .where(Outbox.id == bindparam("row"), Outbox.state == OutboxState.QUEUED, Outbox.not_before > bindparam("moment"))
    .values(not_before=bindparam("moment"))
)
PACE = select(PlatformPace.pace).where(PlatformPace.platform == bindparam("on")).with_for_update()
FIRST_PACE = {
    name: kind.insert(PlatformPace).on_conflict_do_nothing()
    for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))
}
KEEP_PACE = update(PlatformPace).where(PlatformPace.platform == bindparam("on")).values(pace=bindparam("state"))


def pace_of(work: Work, platform: str) -> Pace:
    """What is known of a platform; nobody else learns or claims there until this unit of work ends."""
    kept = work.run(PACE, on=platform).scalar()
    if kept is None:
        work.run(FIRST_PACE[work.connection.dialect.name], platform=platform, pace={})
        kept = work.run(PACE, on=platform).scalar()
    return Pace.of(kept)


def keep_pace(work: Work, platform: str, pace: Pace) -> None:
    """Remember what is known of a platform now."""
    work.put(KEEP_PACE, on=platform, state=pace.kept(work.real.timestamp()))


def anything_due(work: Work, platform: str) -> bool:
    """Whether a sender may find something to claim."""
    return bool(work.run(ANYTHING, on=platform, moment=work.real).scalar())


def lease(
    work: Work, platform: str, most: int, *, pace: Pace, limits: Sequence[Limit] = (), lowest: Lane = Lane.DIGEST
) -> Batch:
    """Claim up to `most` due messages of a platform, at most one a queue, as its limits allow.

    Lanes below `lowest` wait. Whoever gets more than may reach him at once waits too, and holds nobody else up.
    """
    now = work.real.timestamp()
    room, wait = pace.room(now, most)
    if not room:
        return Batch([], wait)
    taken, waits, alone, looks = list[int](), list[float](), 0, room * LOOKS
    for row in work.run(DUE, on=platform, moment=work.real, lowest=lowest, most=looks).all():
        if len(taken) == room:
            break
        call = _call(row)
        if wait := pace.shared(call, limits, now):
            waits.append(wait)
        elif wait := pace.own(call, limits, now):
            work.run(LATER, row=row.id, later=work.real + dt.timedelta(seconds=wait))
            waits.append(wait)
            alone += 1
        else:
            pace.count(call, limits, now)
            taken.append(row.id)
    if not taken:  # where all that was seen waits alone, the next look sees what is behind it
        return Batch([], 0.0 if alone == looks else min(waits, default=None))
    rows = work.run(LEASED, ids=taken, until=work.real + LEASE)
    return Batch(sorted((Leased(*row) for row in rows), key=lambda row: (row.lane, row.id)))


def _call(row: AnyRow) -> Call:
    """What sending a message is to the limits."""
    kind = "update" if row.update else URGE if row.kind == URGE else "send"
    return Call(kind, _recipient(row), row.lane <= Lane.ANSWER, group=row.user_id is None)


def _recipient(row: Leased | AnyRow) -> str:
    """Whom a message reaches, for the limits of his own."""
    return f"user:{row.user_id}" if row.user_id else f"chat:{row.chat}"


# --- marks ---


def sent(work: Work, row: Leased, message_id: str, chat: str) -> bool:
    """Mark a message as delivered; False where another sender took it over.

    `chat` is where it landed; for a message to a person that is his own chat with us, by which presses are known.
    """
    if work.run(SENT, row=row.id, held=row.claim, moment=work.real).first() is None:
        return False
    if row.card_message_id is not None:
        work.put(UNSEAT, copy=row.card_message_id, on=row.platform, message=message_id)
        work.put(PLACED, copy=row.card_message_id, on=row.platform, message=message_id, moment=work.real)
    if row.user_id is not None and chat:
        work.put(PRIVATE_CHAT, person=row.user_id, on=row.platform, chat=chat)
    return True


def dead(work: Work, row: Leased, why: str) -> None:
    """Give a message up; the queue behind it moves on, and an administrator sees it."""
    work.put(DEAD, row=row.id, held=row.claim, why=why)


def expired(work: Work, row: Leased) -> None:
    """Give up what nobody waits for any more."""
    work.put(EXPIRE, row=row.id, held=row.claim)


def postpone(work: Work, row: Leased, later: dt.datetime, why: str) -> None:
    """Try a message again later."""
    work.put(POSTPONE, row=row.id, held=row.claim, later=later, why=why)


def moved(work: Work, row: Leased, platform: str) -> None:
    """Leave a message to the senders of another platform; without one it waits until he has an account."""
    work.put(MOVE, row=row.id, held=row.claim, to=platform)


def sooner(work: Work, row: Leased, at: dt.datetime) -> None:
    """Try a message again then, where its own pause would be longer."""
    work.put(SOONER, row=row.id, moment=at)


def resume(work: Work, platform: str) -> None:
    """Send at once what had to wait for a platform that now answers."""
    work.put(RESUME, on=platform, moment=work.real)
