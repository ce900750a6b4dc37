"""What was done and refused, and the chain that seals it (P6)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Word
from models.tables.people import User


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


UNSEALED, TROUBLE = text("number IS NULL"), text("outcome <> 'done'")


class Audit(Base):
    """Who did what in which roles, by which way in, for which request, and what came of it. Holds no contact data.

    Rows are only ever added. `number`, `link` and `mac` are given once, by the sealer (models/seals.py).
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_unsealed", "id", sqlite_where=UNSEALED, postgresql_where=UNSEALED),
        Index("ix_audit_trouble", "id", sqlite_where=TROUBLE, postgresql_where=TROUBLE),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    roles: Mapped[str] = mapped_column(String(300))
    channel: Mapped[str] = mapped_column(String(16))
    request: Mapped[str] = mapped_column(String(200))
    operation: Mapped[str] = mapped_column(String(48))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    outcome: Mapped[Outcome] = mapped_column(Word(Outcome))
    detail: Mapped[dict[str, Any]]
    number: Mapped[int | None] = mapped_column(unique=True)
    link: Mapped[str | None] = mapped_column(String(64))
    mac: Mapped[str | None] = mapped_column(String(64))


class AuditHead(Base):
    """The newest seal, in one row that sealers lock: so many rows are sealed, and the last one's link."""

    __tablename__ = "audit_heads"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    link: Mapped[str] = mapped_column(String(64))
    mac: Mapped[str] = mapped_column(String(64))
