"""Chats that take nothing any more: closed by an event or a refusal, open again when something comes from there."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.tables import ClosedChat, Outbox, OutboxState
from models.work import Work

CLOSE = {
    name: kind.insert(ClosedChat).on_conflict_do_nothing()
    for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))
}
CHAT_CLOSED = "chat closed"
HERE = ClosedChat.platform == bindparam("on"), ClosedChat.chat == bindparam("place")
OPEN = delete(ClosedChat).where(*HERE)
IS_CLOSED = select(select(ClosedChat.chat).where(*HERE).exists())
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
    work.run(CLOSE[work.connection.dialect.name], platform=platform, chat=chat, at=work.real)
    work.run(WAITING, on=platform, place=chat)


def opened(work: Work, platform: str, chat: str) -> None:
    """Something came from there, or we were asked in again."""
    work.run(OPEN, on=platform, place=chat)


def is_closed(work: Work, platform: str, chat: str) -> bool:
    """Whether a message there would be in vain."""
    return bool(work.run(IS_CLOSED, on=platform, place=chat).scalar())
