"""Complaints and who said that they saw an alert (F1, F2)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Word
from models.tables.customers import Customer
from models.tables.people import Department, User


class Severity(StrEnum):
    NORMAL = "normal"
    MAJOR = "major"


class Channel(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    ONLINE = "online"
    WECHAT = "wechat"
    VISIT = "visit"
    OTHER = "other"


class ComplaintSource(StrEnum):
    CHAT = "chat"
    BAD_SCORE = "bad_score"


class ComplaintState(StrEnum):
    ACCEPTED = "accepted"
    CONTACTED = "contacted"


WAITING = text("state = 'accepted'")


class Complaint(Base):
    """One complaint. `department_id` is the handler's when it came in, `level` how far up it was escalated.

    Nobody of ours opened one that a customer's bad score opened (G2).
    """

    __tablename__ = "complaints"
    __table_args__ = (Index("ix_complaints_due_at", "due_at", sqlite_where=WAITING, postgresql_where=WAITING),)
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), index=True)
    source: Mapped[ComplaintSource] = mapped_column(Word(ComplaintSource))
    opener_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    handler_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id), index=True)
    opened_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    channel: Mapped[Channel | None] = mapped_column(Word(Channel))
    severity: Mapped[Severity] = mapped_column(Word(Severity))
    content: Mapped[str] = mapped_column(Text)
    state: Mapped[ComplaintState] = mapped_column(Word(ComplaintState))
    level: Mapped[int] = mapped_column(default=0)
    contacted_at: Mapped[dt.datetime | None]
    contacted_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    apologised: Mapped[bool | None]
    problem: Mapped[str | None] = mapped_column(Text)
    late_reason: Mapped[str | None] = mapped_column(Text)


class Acknowledgement(Base):
    """Somebody pressed 收到 on an alert."""

    __tablename__ = "acknowledgements"
    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    at: Mapped[dt.datetime]
