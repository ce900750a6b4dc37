"""What was said to a customer, and when to speak again (C1)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Word, in_blocks
from models.tables.customers import Customer, DealStage
from models.tables.people import User
from models.tables.sealed import Sealed


class Method(StrEnum):
    PHONE = "phone"
    VISIT = "visit"
    VIDEO = "video"
    EMAIL = "email"
    MEETING = "meeting"
    WECHAT = "wechat"
    OTHER = "other"


class FollowUp(Base):
    __tablename__ = "follow_ups"
    __table_args__ = (Index("ix_follow_ups_customer_id_at", "customer_id", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    author_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    at: Mapped[dt.datetime]
    method: Mapped[Method | None] = mapped_column(Word(Method))
    content: Mapped[str] = mapped_column(Text)
    feedback: Mapped[str | None] = mapped_column(Text)
    next_step: Mapped[str | None] = mapped_column(Text)
    next_at: Mapped[dt.datetime | None]
    deal_stage: Mapped[DealStage | None] = mapped_column(Word(DealStage))


in_blocks(FollowUp)


class Draft(Base):
    """Words a person typed that need one more answer before they can be carried out."""

    __tablename__ = "drafts"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    at: Mapped[dt.datetime]
    command: Mapped[str] = mapped_column(String(32))
    words: Mapped[str] = mapped_column(Sealed("drafts.words"))
