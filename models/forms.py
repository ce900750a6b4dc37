"""Links to forms that are filled in on a page of ours: for one person, ten minutes, once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update

from models import links
from models.crm import people
from models.errors import AlreadyDone, NotFound, Refused
from models.tables import FormLink
from models.work import Work

#: of delivery time, as the platforms count it (design §4).
VALID = dt.timedelta(minutes=10)


class Expired(Refused):
    """这个表单已过期，请在聊天里重新打开。"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A form that waits for its person: who that is, where the answer goes, and the card as JSON."""

    nonce: str
    platform: str
    account: str
    chat: str
    message: str
    card: str
    expires_at: dt.datetime


ADD = insert(FormLink)
BY_NONCE = select(*(getattr(FormLink, name) for name in Opened.__slots__), FormLink.used_at).where(
    FormLink.nonce == bindparam("about")
)
USE = (
    update(FormLink)
    .where(FormLink.nonce == bindparam("about"), FormLink.used_at.is_(None))
    .values(used_at=bindparam("moment"))
    .returning(FormLink.id)
)
TURN = update(FormLink).where(FormLink.nonce == bindparam("about")).values(card=bindparam("now"))


def keep(work: Work, platform: str, account: str, chat: str, message: str, card_json: str) -> str:
    """Keep the card whose form this account may fill in for `VALID`; returns the nonce for `links.token`.

    `message` is the card's message, by which one card acts once however often its form is opened; it may be empty.
    """
    nonce = links.nonce()
    where = {"platform": platform, "account": account, "chat": chat, "message": message}
    work.put(ADD, nonce=nonce, card=card_json, created_at=work.real, expires_at=work.real + VALID, **where)
    return nonce


def opened(work: Work, nonce: str) -> Opened:
    """The form of a link; nothing is written.

    Raises NotFound (also where its person is gone), AlreadyDone, Expired.
    """
    row = work.run(BY_NONCE, about=nonce).first()
    if row is None or people.by_account(work, row.platform, row.account) is None:
        raise NotFound
    if row.used_at is not None:
        raise AlreadyDone
    if row.expires_at <= work.real:
        raise Expired
    return Opened(*(getattr(row, name) for name in Opened.__slots__))


def use(work: Work, nonce: str) -> None:
    """From now on the link opens nothing. Raises AlreadyDone for all but the first."""
    if work.run(USE, about=nonce, moment=work.real).first() is None:
        raise AlreadyDone


def turn(work: Work, nonce: str, card_json: str) -> None:
    """The link shows this card from now on: what was typed, and what has to be mended."""
    work.put(TURN, about=nonce, now=card_json)
