"""What somebody is told of when it disturbs least (X7)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base
from models.tables.people import User

WAITS = text("told_at IS NULL")


class Held(Base):
    """A notice that waits, without its card: that is made when he is told, and shows how things stand then.

    All times are business time. It is looked at from `look_at` on; `told_at` is when he was told, and he may open then
    what it is about. At most one of a kind and subject waits for a person.
    """

    __tablename__ = "held_notices"
    __table_args__ = (
        Index(
            "uq_held_notices_waits",
            "user_id",
            "kind",
            "subject_id",
            unique=True,
            sqlite_where=WAITS,
            postgresql_where=WAITS,
        ),
        Index("ix_held_notices_look_at", "look_at", sqlite_where=WAITS, postgresql_where=WAITS),
        Index("ix_held_notices_user_id_told_at", "user_id", "told_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int]
    since: Mapped[dt.datetime]
    look_at: Mapped[dt.datetime]
    told_at: Mapped[dt.datetime | None]
