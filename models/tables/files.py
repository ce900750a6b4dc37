"""Files that wait on a page of ours to be fetched, once, and erasures that are not over yet (P7)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base
from models.tables.people import User
from models.tables.sealed import Sealed


class FileLink(Base):
    """A link to one file, for one person, used at most once; both times are delivery time.

    `may` is the permission that he still needs when he fetches it, `subject` what it is about. There is no content any
    more once it was fetched, has expired, or what it is about was erased.
    """

    __tablename__ = "file_links"
    id: Mapped[int] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(String(22), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    may: Mapped[str] = mapped_column(String(48))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(64))
    content: Mapped[str | None] = mapped_column(Sealed("file_links.content"))
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class Erasure(Base):
    """Somebody was erased a moment ago: by what he is known, until what was written meanwhile is cleared of it too."""

    __tablename__ = "erasures"
    id: Mapped[int] = mapped_column(primary_key=True)
    due_at: Mapped[dt.datetime]
    traces: Mapped[str] = mapped_column(Sealed("erasures.traces"))
