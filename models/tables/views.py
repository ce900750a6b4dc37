"""Views that people keep, and who is told of which (X9)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base
from models.tables.people import User
from models.tables.time import CalendarRun


class View(Base):
    """One person's, opened by its name; `conditions` are the values of each by its key."""

    __tablename__ = "views"
    __table_args__ = (UniqueConstraint("user_id", "name_key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    name: Mapped[str] = mapped_column(String(20))
    name_key: Mapped[str] = mapped_column(String(20))
    conditions: Mapped[dict[str, Any]]


class ViewSubscription(Base):
    """Somebody is told how many customers are in a view: one that comes with the program, or the id of his own.

    `told` is what he was told by the run `run_id`, or what there were when he subscribed, and `before` the number
    before that.
    """

    __tablename__ = "view_subscriptions"
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    view: Mapped[str] = mapped_column(String(32), primary_key=True)
    weekly: Mapped[bool]
    told: Mapped[int]
    before: Mapped[int]
    run_id: Mapped[int | None] = mapped_column(ForeignKey(CalendarRun.id))
