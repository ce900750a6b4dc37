"""What is due: deadlines with their ground, and the timers that fire (design: time that survives restarts)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Word
from models.tables.customers import Customer
from models.tables.people import User

WAITING, RUNG = text("state = 'pending'"), text("deadline_id IS NOT NULL")
MISSED = text("state = 'fired' AND customer_id IS NOT NULL")
OPEN = text("state IN ('pending', 'fired')")


class Deadline(Base):
    """A promise in working minutes, kept with what it was computed from so that it can be explained."""

    __tablename__ = "deadlines"
    __table_args__ = (Index("ix_deadlines_kind_subject_id", "kind", "subject_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int]
    started_at: Mapped[dt.datetime]
    budget_minutes: Mapped[int]
    calendar: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[dt.datetime]
    met_at: Mapped[dt.datetime | None]


class TimerState(StrEnum):
    PENDING = "pending"
    FIRED = "fired"
    DONE = "done"
    CANCELLED = "cancelled"


class Timer(Base):
    """A moment at which something happens: a rung of a deadline, or a reminder that stands alone.

    `plan` rises each time the timer is moved; a card that names an older plan is stale. `customer_id` is whom a
    reminder is about.
    """

    __tablename__ = "timers"
    __table_args__ = (
        Index("ix_timers_due_at", "due_at", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_timers_kind_subject_id", "kind", "subject_id"),
        Index("ix_timers_customer_id", "customer_id", "person_id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_timers_deadline_id", "deadline_id", sqlite_where=RUNG, postgresql_where=RUNG),
        Index("ix_timers_person_id", "person_id", "due_at", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_timers_customer_id_due_at", "customer_id", "due_at", sqlite_where=MISSED, postgresql_where=MISSED),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int]
    deadline_id: Mapped[int | None] = mapped_column(ForeignKey(Deadline.id))
    person_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey(Customer.id))
    plan: Mapped[int] = mapped_column(default=1)
    due_at: Mapped[dt.datetime]
    state: Mapped[TimerState] = mapped_column(Word(TimerState), default=TimerState.PENDING)
    closed_at: Mapped[dt.datetime | None]


class CalendarRun(Base):
    """One run of a job that the calendar plans: its row is what makes it one, however many schedulers there are."""

    __tablename__ = "calendar_runs"
    __table_args__ = (UniqueConstraint("job", "planned_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(32))
    planned_at: Mapped[dt.datetime]


class Clock(Base):
    """How far business time runs ahead of real time; one row, only while the playground is on."""

    __tablename__ = "clock"
    id: Mapped[int] = mapped_column(primary_key=True)
    ahead_seconds: Mapped[int]
