"""Addresses that take answers in one chat for a while: what is sent there costs no call of the platform's API."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from models.tables import ReplyDoor
from models.work import Work


def _keep(kind: type[sqlite.Insert] | type[postgresql.Insert]) -> sqlite.Insert | postgresql.Insert:
    first = kind(ReplyDoor)
    newer = {"url": first.excluded.url, "until": first.excluded.until}
    return first.on_conflict_do_update(index_elements=[ReplyDoor.platform, ReplyDoor.chat], set_=newer)


KEEP = {"sqlite": _keep(sqlite.Insert), "postgresql": _keep(postgresql.Insert)}
OPEN = select(ReplyDoor.url).where(
    ReplyDoor.platform == bindparam("on"), ReplyDoor.chat == bindparam("place"), ReplyDoor.until > bindparam("moment")
)
SHUT = delete(ReplyDoor).where(ReplyDoor.platform == bindparam("on"), ReplyDoor.chat == bindparam("place"))
OLD = delete(ReplyDoor).where(ReplyDoor.until < bindparam("before"))


def keep(work: Work, platform: str, chat: str, url: str, until: dt.datetime) -> None:
    """The newest address of a chat takes the place of the one before; `until` is real time."""
    work.run(KEEP[work.connection.dialect.name], platform=platform, chat=chat, url=url, until=until)


def standing(work: Work, platform: str, chat: str) -> str | None:
    """The address that takes answers in this chat now."""
    found: str | None = work.run(OPEN, on=platform, place=chat, moment=work.real).scalar()
    return found


def shut(work: Work, platform: str, chat: str) -> None:
    """The platform does not take answers there any more."""
    work.run(SHUT, on=platform, place=chat)


def forget(work: Work) -> None:
    """Drop those that have ended."""
    work.run(OLD, before=work.real)
