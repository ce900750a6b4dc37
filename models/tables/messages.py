"""What came in once, what waits to go out, and where it was put (O4, B11)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Word
from models.tables.people import User
from models.tables.sealed import Sealed


class Claim(Base):
    """An event that was acted on, with the answer it got: a redelivery gets the same one."""

    __tablename__ = "claims"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    answer: Mapped[str | None] = mapped_column(Sealed("claims.answer"))


class CardMessage(Base):
    """A copy of a living card. `message_id` is empty until the platform took it; updates wait behind it in `queue`."""

    __tablename__ = "card_messages"
    __table_args__ = (UniqueConstraint("platform", "message_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    platform: Mapped[str] = mapped_column(String(16))
    queue: Mapped[str] = mapped_column(String(200))
    message_id: Mapped[str | None] = mapped_column(String(128))
    sent_at: Mapped[dt.datetime | None]


class OutboxState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    SUPERSEDED = "superseded"
    DEAD = "dead"


QUEUED, DEAD, COPY = text("state = 'queued'"), text("state = 'dead'"), text("card_message_id IS NOT NULL")


class Outbox(Base):
    """A message promised by a committed transaction.

    `queue` is what order is strict within. A message goes to `chat` on `platform`, or to `user_id` on the `platform`
    that person used last, empty while he has none; an update names `message_id`, or the living copy `card_message_id`.
    `claim` fences a sender whose lease ran out. What was given up keeps its card while it may be tried again.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_queue", "queue", "id", sqlite_where=QUEUED, postgresql_where=QUEUED),
        Index("ix_outbox_platform_lane_id", "platform", "lane", "id", sqlite_where=QUEUED, postgresql_where=QUEUED),
        Index("ix_outbox_dead", "id", sqlite_where=DEAD, postgresql_where=DEAD),
        Index("ix_outbox_card_message_id", "card_message_id", sqlite_where=COPY, postgresql_where=COPY),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    queue: Mapped[str] = mapped_column(String(200))
    lane: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(String(32))
    platform: Mapped[str] = mapped_column(String(16), default="")
    chat: Mapped[str] = mapped_column(String(128), default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    update: Mapped[bool] = mapped_column(default=False)
    message_id: Mapped[str | None] = mapped_column(String(128))
    card_message_id: Mapped[int | None] = mapped_column(ForeignKey(CardMessage.id))
    token: Mapped[str] = mapped_column(String(40))
    card: Mapped[str | None] = mapped_column(Sealed("outbox.card"))
    created_at: Mapped[dt.datetime]
    not_before: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    state: Mapped[OutboxState] = mapped_column(Word(OutboxState), default=OutboxState.QUEUED)
    claim: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class PlatformPace(Base):
    """What all senders of a platform know of its limits, its quota and whether it answers (models/pace.py)."""

    __tablename__ = "platform_paces"
    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    pace: Mapped[dict[str, Any]]


class Code(Base):
    """What a button says, by the code that can be said instead of pressing it in one conversation.

    `title` is that of the card: what has another title by now has something to tell.
    """

    __tablename__ = "codes"
    __table_args__ = (UniqueConstraint("platform", "chat", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    chat: Mapped[str] = mapped_column(String(128))
    code: Mapped[str] = mapped_column(String(8))
    message_id: Mapped[str] = mapped_column(String(128), index=True)
    title: Mapped[str] = mapped_column(Sealed("codes.title"))
    value: Mapped[str] = mapped_column(Sealed("codes.value"))
    at: Mapped[dt.datetime] = mapped_column(index=True)


class ReplyDoor(Base):
    """An address that takes answers in one chat for a while, without counting as a call of the platform's API."""

    __tablename__ = "reply_doors"
    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(128), primary_key=True)
    url: Mapped[str] = mapped_column(Sealed("reply_doors.url"))
    until: Mapped[dt.datetime] = mapped_column(index=True)
