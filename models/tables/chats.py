"""Where nothing can be sent any more."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base


class ClosedChat(Base):
    """A place the platform takes nothing for: a chat, or an account that does not hear us in its own chat."""

    __tablename__ = "closed_chats"
    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(128), primary_key=True)
    at: Mapped[dt.datetime]
