"""What a person wants to get, and when not (X7)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base
from models.tables.people import User


class Preference(Base):
    """Only of whoever changed something. Quiet hours are wall times; both are empty where he wants none.

    `hourly`: what is not urgent comes as one message an hour, else at once.
    """

    __tablename__ = "preferences"
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    quiet_from: Mapped[str] = mapped_column(String(5))
    quiet_until: Mapped[str] = mapped_column(String(5))
    digest: Mapped[bool]
    morning: Mapped[bool]
    platform: Mapped[str] = mapped_column(String(16))
    hourly: Mapped[bool]
