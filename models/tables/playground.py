"""What the playground's people see, in the order it happened, and what is broken there on purpose (X6)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base
from models.tables.sealed import Sealed


class Shown(Base):
    """One thing that appeared in a chat: words of a person, a card, or a newer face of a card."""

    __tablename__ = "playground_shown"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    chat: Mapped[str] = mapped_column(String(128))
    message_id: Mapped[str] = mapped_column(String(64), index=True)
    account: Mapped[str] = mapped_column(String(64), default="")
    token: Mapped[str | None] = mapped_column(String(64), unique=True)
    face: Mapped[str] = mapped_column(Sealed("playground_shown.face"))


class Fault(Base):
    """A way in which the playground's platform fails while it is `on`; `mended` counts how often a client ended it."""

    __tablename__ = "playground_faults"
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    on: Mapped[bool]
    mended: Mapped[int] = mapped_column(default=0)
