"""Words that need one more answer: kept here, so that nobody types them again and no process remembers them."""

from __future__ import annotations

import json

from sqlalchemy import bindparam, insert, select

from models.crm.people import Me
from models.errors import NotFound
from models.tables import Draft
from models.work import Work

ADD = insert(Draft).returning(Draft.id)
MINE = select(Draft.command, Draft.words).where(Draft.id == bindparam("draft"), Draft.user_id == bindparam("me"))


def keep(work: Work, me: Me, command: str, words: dict[str, str]) -> int:
    """Keep the words of a command; returns the draft's id."""
    said = json.dumps(words, ensure_ascii=False)
    return work.add(ADD, user_id=me.id, at=work.real, command=command, words=said)


def command(work: Work, me: Me, draft: int) -> str:
    """Which command one's own draft is of. Raises NotFound."""
    return str(_mine(work, me, draft)[0])


def words(work: Work, me: Me, draft: int) -> dict[str, str]:
    """The words of one's own draft. Raises NotFound."""
    said: dict[str, str] = json.loads(_mine(work, me, draft)[1])
    return said


def _mine(work: Work, me: Me, draft: int) -> tuple[str, str]:
    row = work.run(MINE, draft=draft, me=me.id).first()
    if row is None:
        raise NotFound("这张卡片已过期，请重新发送命令。")
    return row.command, row.words
