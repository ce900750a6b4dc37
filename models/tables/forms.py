"""Forms that are filled in on a page of ours, where a platform's card cannot hold inputs."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base
from models.tables.sealed import Sealed


class FormLink(Base):
    """A link to the form of one card, for one account, used at most once; both times are delivery time.

    `message` is where the card is, empty where it is in none; `chat` is where the answer goes. `card` is the whole
    card as JSON, with what already stood in its fields.
    """

    __tablename__ = "form_links"
    id: Mapped[int] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(String(22), unique=True)
    platform: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(128))
    chat: Mapped[str] = mapped_column(String(128))
    message: Mapped[str] = mapped_column(String(128))
    card: Mapped[str] = mapped_column(Sealed("form_links.card"))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
