"""What is promised with its cause: events claimed once, messages to send, where the copies of living cards are (O4)."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.tables import CardMessage, Claim, Code, Draft, FormLink, Outbox, OutboxState
from models.work import Work

#: living cards are updated in place for 13 days (the platform's own limit is 14), then sent anew.
UPDATABLE = dt.timedelta(days=13)
#: longer than the platform's last redelivery (7 h 05 min after the event).
REMEMBER_CLAIMS = dt.timedelta(days=3)
#: nobody is given an answer again after the last redelivery.
REMEMBER_ANSWERS = dt.timedelta(hours=8)
#: what is claimed once a month begins so.
A_MONTH, REMEMBER_MONTHS = "month:", dt.timedelta(days=40)
REMEMBER_MESSAGES = dt.timedelta(days=30)
#: after its end a link to a form is still told from one that never was, so that its page can say what happened.
REMEMBER_FORMS = dt.timedelta(days=1)
REFRESH_AFTER = dt.timedelta(seconds=3)


class Lane(IntEnum):
    """What goes first."""

    ALERT = 0
    ANSWER = 1
    REMINDER = 2
    DIGEST = 3


#: how long a message is worth sending, in hours by kind; `*` is the rest.
HOURS = {"urge": 1, "answer": 6, "refresh": 6, "reminder": 48, "digest": 12, "morning": 12, "views": 12, "*": 13 * 24}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to enqueue: to a chat on a platform, or to a person on the one he uses (`people.reach`)."""

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
#: why a message ended that nobody waits for any more.
EXPIRED = "expired"
#: a message that has to ring, and the ringing, which follows once it has arrived.
URGENT, URGE = "urgent", "urge"
#: what a person gets at another platform besides: it goes there or nowhere.
TWIN = "twin"
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
#: what is sent to a person goes where he is now; a change of a card stays where the card is.
REDIRECT = (
    update(Outbox)
    .where(
        Outbox.state == OutboxState.QUEUED,
        Outbox.user_id == bindparam("person"),
        Outbox.chat == "",
        or_(~Outbox.update, Outbox.platform == ""),
        Outbox.kind != URGE,
        Outbox.kind != TWIN,
        Outbox.lease_until.is_(None),
    )
    .values(platform=bindparam("to"), not_before=bindparam("moment"))
)
WAITING = select(Outbox.id).where(Outbox.state == OutboxState.QUEUED, Outbox.queue == bindparam("of")).limit(1)
HOMELESS = select(Outbox.user_id).where(
    Outbox.state == OutboxState.QUEUED, Outbox.platform == "", Outbox.user_id.is_not(None)
)
#: copies that stand nowhere any more: a change is sent anew, to wherever the person is then.
FORGET = (
    update(CardMessage)
    .where(CardMessage.user_id == bindparam("person"), CardMessage.platform == bindparam("on"))
    .values(platform="", message_id=None, sent_at=None)
)
#: what nobody sends any more: it has no way to whom it was for, or its platform was taken out.
OVERDUE = (
    update(Outbox)
    .where(
        Outbox.state == OutboxState.QUEUED,
        Outbox.lease_until.is_(None),
        Outbox.expires_at < bindparam("moment"),
    )
    .values(state=OutboxState.DEAD, card=None, error=EXPIRED)
)
OLD_ANSWERS = update(Claim).where(Claim.answer.is_not(None), Claim.at < bindparam("before")).values(answer=None)
OLD_CLAIMS = delete(Claim).where(Claim.at < bindparam("before"), ~Claim.key.startswith(A_MONTH))
OLD_MONTHS = delete(Claim).where(Claim.at < bindparam("before"))
OLD_DRAFTS = delete(Draft).where(Draft.at < bindparam("before"))
OLD_CODES = delete(Code).where(Code.at < bindparam("before"))
OLD_FORMS = delete(FormLink).where(FormLink.expires_at < bindparam("before"))
OLD_MESSAGES = delete(Outbox).where(Outbox.state != OutboxState.QUEUED, Outbox.created_at < bindparam("before"))
COPY_COLUMNS = select(*(getattr(CardMessage, name) for name in Copy.__slots__))
COPY = COPY_COLUMNS.where(CardMessage.id == bindparam("copy"))
COPIES = COPY_COLUMNS.where(CardMessage.subject == bindparam("about")).order_by(CardMessage.id)
COPY_AT = COPY_COLUMNS.where(CardMessage.platform == bindparam("on"), CardMessage.message_id == bindparam("message"))
#: a later copy for the same person: there, or about to be sent and not yet anywhere.
LATER_COPY = (
    select(CardMessage.id)
    .where(
        CardMessage.subject == bindparam("about"),
        CardMessage.user_id == bindparam("person"),
        CardMessage.platform.in_(["", bindparam("on")]),
        CardMessage.id > bindparam("copy"),
    )
    .limit(1)
)
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


def lifetime(kind: str) -> dt.timedelta:
    """How long a message of a kind is worth sending."""
    return dt.timedelta(hours=HOURS.get(kind, HOURS["*"]))


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
        expires_at=now + lifetime(parcel.kind),
    )
    work.after.append(work.wake)


def waiting(work: Work, queue: str) -> bool:
    """Whether something of this queue is still to be sent, or may be under way."""
    return work.run(WAITING, of=queue).first() is not None


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


def stale(work: Work, copy: Copy) -> bool:
    """Whether a copy stands where no platform changes it any more."""
    return copy.sent_at is not None and copy.sent_at <= work.real - UPDATABLE


def outlived(work: Work, copy: Copy, platform: str) -> bool:
    """Whether its person has a later copy of the same card on this platform."""
    about = {"about": copy.subject, "person": copy.user_id, "on": platform, "copy": copy.id}
    return work.run(LATER_COPY, **about).first() is not None


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


def redirect(work: Work, user_id: int, platform: str) -> None:
    """Send what waits for a person to another platform, at once; it waits on where that is empty."""
    work.put(REDIRECT, person=user_id, to=platform, moment=work.real)
    work.after.append(work.wake)


def forget_copies(work: Work, user_id: int, platform: str) -> None:
    """A person's chat on a platform is his no more: what stands there is not changed any more."""
    work.put(FORGET, person=user_id, on=platform)


def give_up(work: Work, copy_id: int) -> None:
    """A copy that is not sent any more is not brought up to date either."""
    work.put(SUPERSEDE, copy=copy_id, message=None, on="")
    retitle(work, copy_id, "")


def homeless(work: Work) -> list[int]:
    """Who has messages waiting that no platform could be found for."""
    return sorted(set(work.run(HOMELESS).scalars()))


def forget(work: Work) -> None:
    """Drop claims no platform redelivers any more, drafts, links to forms, and messages that nobody waits for."""
    work.run(OLD_ANSWERS, before=work.real - REMEMBER_ANSWERS)
    work.run(OLD_CLAIMS, before=work.real - REMEMBER_CLAIMS)
    work.run(OLD_MONTHS, before=work.real - REMEMBER_MONTHS)
    work.run(OLD_DRAFTS, before=work.real - REMEMBER_CLAIMS)
    work.run(OLD_CODES, before=work.real - REMEMBER_MESSAGES)
    work.run(OLD_FORMS, before=work.real - REMEMBER_FORMS)
    work.run(OVERDUE, moment=work.real)
    work.run(OLD_MESSAGES, before=work.real - REMEMBER_MESSAGES)
