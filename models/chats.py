"""Chats that take nothing any more: closed by an event or a refusal, open again when something comes from there."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from models.tables import ClosedChat, Outbox, OutboxState
from models.work import Work

#: after so long a chat or account that was refused is tried once more.
TRIED_AGAIN = dt.timedelta(days=1)


def _close(kind: Any) -> Any:
    adding = kind.insert(ClosedChat).values(platform=bindparam("on"), chat=bindparam("place"), at=bindparam("first"))
    return adding.on_conflict_do_update(
        index_elements=[ClosedChat.platform, ClosedChat.chat], set_={"at": bindparam("later")}
    )


CLOSE = {name: _close(kind) for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))}
CHAT_CLOSED = "chat closed"
HERE = ClosedChat.platform == bindparam("on"), ClosedChat.chat == bindparam("place")
OPEN = delete(ClosedChat).where(*HERE)
#: what waits for this chat; a message that is on its way is left to its sender.
WAITING = (
    update(Outbox)
    .where(
        Outbox.state == OutboxState.QUEUED,
        Outbox.platform == bindparam("on"),
        Outbox.chat == bindparam("place"),
        Outbox.lease_until.is_(None),
    )
    .values(state=OutboxState.DEAD, error=CHAT_CLOSED)
)


def closed(work: Work, platform: str, chat: str) -> None:
    """The platform takes nothing for this chat, or this account, any more; what waits for it is given up."""
    work.run(CLOSE[work.connection.dialect.name], on=platform, place=chat, first=work.real, later=work.real)
    work.run(WAITING, on=platform, place=chat)


def opened(work: Work, platform: str, chat: str) -> None:
    """Something came from there, or we were asked in again."""
    work.run(OPEN, on=platform, place=chat)
