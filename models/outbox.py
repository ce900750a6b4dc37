"""What waits to be sent: planning it with its cause, claiming it under a lease, and marking what became of it (O4)."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import and_, bindparam, case, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from models.tables import CardMessage, Claim, Code, Draft, FormLink, Identity, Outbox, OutboxState
from models.tables.base import Utc
from models.work import Work

#: longer than a sender can take over one message: connecting and reading, once more for a new token.
LEASE = dt.timedelta(seconds=30)
#: living cards are updated in place for 13 days (the platform's own limit is 14), then sent anew.
UPDATABLE = dt.timedelta(days=13)
#: longer than the platform's last redelivery (7 h 05 min after the event).
REMEMBER_CLAIMS = dt.timedelta(days=3)
REMEMBER_MESSAGES = dt.timedelta(days=30)
#: after its end a link to a form is still told from one that never was, so that its page can say what happened.
REMEMBER_FORMS = dt.timedelta(days=1)
REFRESH_AFTER = dt.timedelta(seconds=3)
PAUSES = (1, 2, 5, 15, 60, 300, 600)
#: how the error of a message begins that may have arrived although nobody said so.
UNKNOWN = "outcome unknown: "


class Lane(IntEnum):
    """What goes first."""

    ALERT = 0
    ANSWER = 1
    REMINDER = 2
    DIGEST = 3


#: how long a message is worth sending, in hours by kind; `*` is the rest.
HOURS = {"answer": 6, "refresh": 6, "reminder": 48, "digest": 12, "morning": 12, "*": 13 * 24}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to enqueue; to a chat, or to a person wherever he is."""

    kind: str
    card: str
    queue: str
    lane: Lane = Lane.ANSWER
    platform: str = ""
    chat: str = ""
    user_id: int | None = None
    update: bool = False
    message_id: str | None = None
    card_message_id: int | None = None
    delay: dt.timedelta = dt.timedelta()


@dataclass(frozen=True, slots=True)
class Copy:
    """Where one copy of a living card is."""

    id: int
    subject: str
    user_id: int
    platform: str
    queue: str
    message_id: str | None
    sent_at: dt.datetime | None


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


INSERTS = {
    name: kind.insert(Claim).on_conflict_do_nothing().returning(Claim.key)
    for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))
}
CLAIM = insert(Claim)
ANSWER = select(Claim.answer).where(Claim.key == bindparam("key"))
KEEP_ANSWER = update(Claim).where(Claim.key == bindparam("claim_key")).values(answer=bindparam("said"))
ENQUEUE = insert(Outbox)
SUPERSEDE = (
    update(Outbox)
    .where(
        Outbox.state == OutboxState.QUEUED,
        Outbox.update,
        Outbox.lease_until.is_(None),
        or_(
            Outbox.card_message_id == bindparam("copy"),
            and_(Outbox.message_id == bindparam("message"), Outbox.platform == bindparam("on")),
        ),
    )
    .values(state=OutboxState.SUPERSEDED, card=None)
)

REFRESH = "refresh"
DROP_REFRESH = (
    update(Outbox)
    .where(
        Outbox.state == OutboxState.QUEUED,
        Outbox.kind == REFRESH,
        Outbox.lease_until.is_(None),
        Outbox.platform == bindparam("on"),
        Outbox.message_id == bindparam("message"),
    )
    .values(state=OutboxState.SUPERSEDED, card=None)
)
EARLIER = aliased(Outbox)
DUE = (
    select(Outbox.id)
    .where(
        Outbox.state == OutboxState.QUEUED,
        Outbox.not_before <= bindparam("moment"),
        or_(Outbox.lease_until.is_(None), Outbox.lease_until < bindparam("moment")),
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
)
ANYTHING = select(
    select(Outbox.id)
    .where(
        Outbox.state == OutboxState.QUEUED,
        Outbox.not_before <= bindparam("moment"),
        or_(Outbox.lease_until.is_(None), Outbox.lease_until < bindparam("moment")),
    )
    .exists()
)
LEASED = (
    update(Outbox)
    .where(Outbox.id.in_(bindparam("ids", expanding=True)))
    .values(lease_until=bindparam("until"), claim=Outbox.claim + 1, attempts=Outbox.attempts + 1)
    .returning(*(getattr(Outbox, name) for name in Leased.__slots__))
)
CLAIM_DUE = DUE.with_for_update(skip_locked=True)
MINE = and_(Outbox.id == bindparam("row"), Outbox.claim == bindparam("held"), Outbox.state == OutboxState.QUEUED)
MARK = (
    update(Outbox)
    .where(MINE)
    .values(
        state=bindparam("became"),
        sent_at=bindparam("moment"),
        error=bindparam("why"),
        card=None,
        lease_until=None,
    )
    .returning(Outbox.id)
)
POSTPONE = (
    update(Outbox)
    .where(MINE)
    .values(not_before=bindparam("later"), lease_until=None, error=bindparam("why"))
    .returning(Outbox.id)
)
PRIVATE_CHAT = (
    update(Identity)
    .where(
        Identity.user_id == bindparam("person"),
        Identity.platform == bindparam("on"),
        Identity.private_chat != bindparam("chat"),
    )
    .values(private_chat=bindparam("chat"))
)
HURRY = (
    update(Outbox)
    .where(Outbox.state == OutboxState.QUEUED, Outbox.user_id == bindparam("person"))
    .values(not_before=bindparam("moment"))
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
OLD_CLAIMS = delete(Claim).where(Claim.at < bindparam("before"))
OLD_DRAFTS = delete(Draft).where(Draft.at < bindparam("before"))
OLD_CODES = delete(Code).where(Code.at < bindparam("before"))
OLD_FORMS = delete(FormLink).where(FormLink.expires_at < bindparam("before"))
OLD_MESSAGES = delete(Outbox).where(Outbox.state != OutboxState.QUEUED, Outbox.created_at < bindparam("before"))
COPY_COLUMNS = select(*(getattr(CardMessage, name) for name in Copy.__slots__))
COPY = COPY_COLUMNS.where(CardMessage.id == bindparam("copy"))
COPIES = COPY_COLUMNS.where(CardMessage.subject == bindparam("about")).order_by(CardMessage.id)
COPY_AT = COPY_COLUMNS.where(CardMessage.platform == bindparam("on"), CardMessage.message_id == bindparam("message"))
ADD_COPY = insert(CardMessage).returning(CardMessage.id)
RETITLE = update(CardMessage).where(CardMessage.id == bindparam("copy")).values(subject=bindparam("about"))


def claim_event(work: Work, key: str) -> None:
    """Claim an event. A redelivery waits for the first one to end, then the unit of work raises Claimed."""
    work.put(CLAIM, key=key, at=work.real)


def claim(work: Work, key: str) -> bool:
    """Claim what may happen once; False when it already did."""
    statement = INSERTS[work.connection.dialect.name]
    return work.run(statement, key=key, at=work.real).first() is not None


def answer(work: Work, key: str) -> str | None:
    """What a claimed event was answered."""
    said: str | None = work.run(ANSWER, key=key).scalar()
    return said


def keep_answer(work: Work, key: str, said: str) -> None:
    """Remember what an event was answered, for its redelivery."""
    work.put(KEEP_ANSWER, claim_key=key, said=said)


def enqueue(work: Work, parcel: Parcel) -> None:
    """Promise a message. An update of a card takes the place of those that still wait for the same card."""
    now = work.real
    if parcel.update:
        work.put(SUPERSEDE, copy=parcel.card_message_id, message=parcel.message_id, on=parcel.platform)
    work.put(
        ENQUEUE,
        queue=parcel.queue,
        lane=parcel.lane,
        kind=parcel.kind,
        platform=parcel.platform,
        chat=parcel.chat,
        user_id=parcel.user_id,
        update=parcel.update,
        message_id=parcel.message_id,
        card_message_id=parcel.card_message_id,
        token=secrets.token_hex(16),
        card=parcel.card,
        created_at=now,
        not_before=now + parcel.delay,
        expires_at=now + dt.timedelta(hours=HOURS.get(parcel.kind, HOURS["*"])),
    )
    work.after.append(work.wake)


def drop_refresh(work: Work, platform: str, message_id: str) -> None:
    """A newer answer stands in this message: the refresh of the older one is not sent any more."""
    work.put(DROP_REFRESH, on=platform, message=message_id)


def copies(work: Work, subject: str) -> list[Copy]:
    """Every copy of a living card."""
    return [Copy(*row) for row in work.run(COPIES, about=subject)]


def copy_at(work: Work, platform: str, message_id: str) -> Copy | None:
    """The living copy that stands in this message."""
    row = work.run(COPY_AT, on=platform, message=message_id).first()
    return None if row is None else Copy(*row)


def copy_by_id(work: Work, copy_id: int) -> Copy | None:
    """The living copy an update is for."""
    row = work.run(COPY, copy=copy_id).first()
    return None if row is None else Copy(*row)


def new_copy(work: Work, subject: str, user_id: int, platform: str, queue: str, message_id: str | None = None) -> int:
    """Remember a copy of a living card; without a message id it is about to be sent."""
    return work.add(
        ADD_COPY,
        subject=subject,
        user_id=user_id,
        platform=platform,
        queue=queue,
        message_id=message_id,
        sent_at=work.real if message_id else None,
    )


def retitle(work: Work, copy_id: int, subject: str) -> None:
    """The card in this message now is about another subject."""
    work.put(RETITLE, copy=copy_id, about=subject)


def anything_due(work: Work) -> bool:
    """Whether a sender may find something to claim."""
    return bool(work.run(ANYTHING, moment=work.real).scalar())


def lease(work: Work, most: int) -> list[Leased]:
    """Claim up to `most` due messages, at most one a queue, for as long as the lease."""
    ids = list(work.run(CLAIM_DUE, moment=work.real, most=most).scalars())
    if not ids:
        return []
    rows = work.run(LEASED, ids=ids, until=work.real + LEASE)
    return sorted((Leased(*row) for row in rows), key=lambda row: (row.lane, row.id))


def sent(work: Work, row: Leased, platform: str, message_id: str, chat: str) -> None:
    """Mark a message as delivered, unless another sender took it over.

    `chat` is where it landed; for a message to a person that is his own chat with us, by which presses are known.
    """
    if work.run(MARK, row=row.id, held=row.claim, became=OutboxState.SENT, moment=work.real, why=None).first() is None:
        return
    if row.card_message_id is not None:
        work.put(PLACED, copy=row.card_message_id, on=platform, message=message_id, moment=work.real)
    if row.user_id is not None and chat:
        work.put(PRIVATE_CHAT, person=row.user_id, on=platform, chat=chat)


def dead(work: Work, row: Leased, why: str) -> None:
    """Give a message up; the queue behind it moves on."""
    work.run(MARK, row=row.id, held=row.claim, became=OutboxState.DEAD, moment=None, why=why)


def postpone(work: Work, row: Leased, later: dt.datetime, why: str) -> None:
    """Try a message again later."""
    work.run(POSTPONE, row=row.id, held=row.claim, later=later, why=why)


def hurry(work: Work, user_id: int) -> None:
    """Send at once what waited for this person to become reachable."""
    work.put(HURRY, person=user_id, moment=work.real)


def forget(work: Work) -> None:
    """Drop claims no platform redelivers any more, drafts, links to forms, and messages nobody asks about."""
    work.run(OLD_CLAIMS, before=work.real - REMEMBER_CLAIMS)
    work.run(OLD_DRAFTS, before=work.real - REMEMBER_CLAIMS)
    work.run(OLD_CODES, before=work.real - REMEMBER_MESSAGES)
    work.run(OLD_FORMS, before=work.real - REMEMBER_FORMS)
    work.run(OLD_MESSAGES, before=work.real - REMEMBER_MESSAGES)
