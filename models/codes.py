"""Codes: what a button says on a platform whose messages have no buttons, so that its words can be said instead.

A code belongs to one conversation. It is a hint like any pressed button: who may do it is decided when it is done.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from models.tables import Code
from models.work import Work

#: neither 0 and o nor 1 and l: people may type them.
SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"
LENGTH = 7
#: how words end that stand for a button; some keyboards write the sign wide.
CODE = re.compile(rf"[#＃]([{SIGNS}]{{{LENGTH}}})\s*$")

KEEP = {
    name: kind.insert(Code).on_conflict_do_nothing() for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))
}
FOUND = select(Code.message_id, Code.value).where(
    Code.platform == bindparam("on"), Code.chat == bindparam("place"), Code.code == bindparam("said")
)

GIVEN = select(Code.title, Code.value).where(Code.platform == bindparam("on"), Code.message_id == bindparam("message"))


def of(key: str, place: int) -> str:
    """The code of a message's n-th button: the same whenever the message is tried again. `key` is secret."""
    number = int.from_bytes(hashlib.sha256(f"{key}:{place}".encode()).digest())
    signs = []
    for _ in range(LENGTH):
        number, sign = divmod(number, len(SIGNS))
        signs.append(SIGNS[sign])
    return "".join(signs)


@dataclass(frozen=True, slots=True)
class Offer:
    """Where something was offered: a message, and the title it bears."""

    platform: str
    chat: str
    message_id: str
    title: str


def keep(work: Work, offer: Offer, said: Mapping[str, Mapping[str, Any]]) -> None:
    """Remember what each code of a message stands for."""
    for code, value in said.items():
        work.run(
            KEEP[work.connection.dialect.name],
            platform=offer.platform,
            chat=offer.chat,
            code=code,
            message_id=offer.message_id,
            title=offer.title,
            value=json.dumps(value, ensure_ascii=False),
            at=work.real,
        )


def given(work: Work, platform: str, message_id: str) -> tuple[str, list[dict[str, Any]]]:
    """The title of a message that offers something, and what its codes stand for."""
    rows = work.run(GIVEN, on=platform, message=message_id).all()
    return (rows[0].title if rows else ""), [json.loads(row.value) for row in rows]


def found(work: Work, platform: str, chat: str, code: str) -> tuple[str, dict[str, Any]] | None:
    """The message a code belongs to and what its button says; None for a code never given in this conversation."""
    row = work.run(FOUND, on=platform, place=chat, said=code).first()
    return None if row is None else (row.message_id, json.loads(row.value))
