"""Files that are fetched from a page of ours: for one person, ten minutes, once (P7)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select, update

from models import links
from models.crm import people
from models.crm.people import Me
from models.errors import AlreadyDone, NotFound, Refused
from models.policy import Permission
from models.tables import FileLink
from models.work import AnyRow, Work

#: of delivery time, as that of forms.
VALID = dt.timedelta(minutes=10)
#: after its end a link is still told from one that never was.
REMEMBER = dt.timedelta(days=1)


class Expired(Refused):
    """这个链接已过期，请在聊天里重新导出。"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits to be fetched; `size` in bytes."""

    name: str
    size: int
    expires_at: dt.datetime


ADD = insert(FileLink)
BY_NONCE = select(FileLink).where(FileLink.nonce == bindparam("about"))
USE = (
    update(FileLink)
    .where(FileLink.nonce == bindparam("about"), FileLink.used_at.is_(None), FileLink.content.is_not(None))
    .values(used_at=bindparam("moment"), content=None)
    .returning(FileLink.id)
)
EMPTY_EXPIRED = (
    update(FileLink)
    .where(FileLink.expires_at <= bindparam("moment"), FileLink.content.is_not(None))
    .values(content=None)
)
OLD = delete(FileLink).where(FileLink.expires_at < bindparam("before"))
ABOUT = update(FileLink).where(FileLink.subject == bindparam("whom")).values(content=None)


def keep(work: Work, me: Me, may: Permission, subject: str, name: str, content: str) -> str:
    """Keep a file that this person may fetch for `VALID`, as long as he has the permission; its page's path."""
    nonce = links.nonce()
    about = {"user_id": me.id, "may": may, "subject": subject, "name": name}
    work.put(ADD, nonce=nonce, content=content, expires_at=work.real + VALID, **about)
    return f"/file/{links.token(work.keys, links.FILE, nonce)}"


def waiting(work: Work, nonce: str) -> Waiting:
    """The file of a link; nothing is written. Raises NotFound, AlreadyDone, Expired."""
    row, _ = _open(work, nonce)
    return Waiting(row.name, len(row.content.encode()), row.expires_at)


def fetch(work: Work, nonce: str) -> tuple[str, str]:
    """Name and content of the file, which is here no more. Raises NotFound, AlreadyDone, Expired."""
    row, me = _open(work, nonce)
    if work.run(USE, about=nonce, moment=work.real).first() is None:
        raise AlreadyDone
    work.acts(me.id, me.roles)
    work.audit("file.download", row.subject)
    return row.name, row.content


def _open(work: Work, nonce: str) -> tuple[AnyRow, Me]:
    """The link's row, and whose it is: who is gone, or may not any more, has no link."""
    row = work.run(BY_NONCE, about=nonce).first()
    me = people.by_id(work, row.user_id) if row is not None else None
    if row is None or me is None or Permission(row.may) not in me.rights:
        raise NotFound
    if row.used_at is not None:
        raise AlreadyDone
    if row.expires_at <= work.real or row.content is None:
        raise Expired
    return row, me


def drop(work: Work, subject: str) -> None:
    """What waits about a subject is not given out any more."""
    work.put(ABOUT, whom=subject)


def forget(work: Work) -> None:
    """What has expired is emptied, and its link forgotten a day later."""
    work.run(EMPTY_EXPIRED, moment=work.real)
    work.run(OLD, before=work.real - REMEMBER)
