"""Following the audit's chain from its beginning: what was changed, removed, inserted or moved in it (P6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select

from models import seals
from models.heads import Line
from models.seals import Seal
from models.tables import Audit
from models.tables.sealed import Keyring
from models.work import AnyRow, Work

#: the sealer comes every few seconds: what waits longer was put past it, or nobody seals.
SEALED_WITHIN = dt.timedelta(minutes=1)
LATE = select(func.count(), func.min(Audit.id)).where(Audit.number.is_(None), Audit.at < bindparam("before"))


@dataclass
class Chain:
    """How far the chain was followed, and the heads that somebody remembers of it, by number."""

    keys: Keyring
    remembered: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    number: int = 0
    link: str = seals.BEGINNING

    def remember(self, whose: str, head: Seal) -> Iterator[str]:
        """A head that the chain has to run through."""
        if not head.of_head(self.keys):
            yield f"{whose}被改过，或者密钥不对。"
        self.remembered.setdefault(head.number, []).append((whose, head.link))

    def follow(self, row: AnyRow) -> Iterator[str]:
        """Take one row more. After something was found it goes on from what the row says of itself."""
        if row.number <= self.number:
            yield f"第 {row.number} 号重复，或者不是封存时给的（行 {row.id}）。"
        elif row.number > self.number + 1:
            yield f"少了第 {self.number + 1} 到 {row.number - 1} 号。"
        elif seals.linked(self.link, row) != row.link:
            yield f"第 {row.number} 号和封存时不一样（行 {row.id}）。"
        if not Seal(row.number, row.link or "", row.mac or "").of_row(self.keys):
            yield f"第 {row.number} 号的封印不是我们的，或者密钥不对（行 {row.id}）。"
        self.number, self.link = row.number, row.link or ""
        for whose, link in self.remembered.pop(row.number, ()):
            if link != self.link:
                yield f"{whose}里的第 {row.number} 号不是现在这一行。"

    def end(self) -> Iterator[str]:
        """What is remembered and was not met."""
        for number, heads in sorted(self.remembered.items()):
            for whose, _ in heads:
                yield f"{whose}封到第 {number} 号，现在没有这一号。"


@dataclass(frozen=True, slots=True)
class Checked:
    """How far the chain goes, where everything was looked at."""

    number: int
    link: str


def check(work: Work, lines: Iterable[Line]) -> Iterator[str | Checked]:
    """Every finding as a sentence, as it is met; at last how far the chain goes. `lines` are the heads kept outside.

    Memory does not grow with the table. What is sealed meanwhile is looked at as well.
    """
    chain = Chain(work.keys)
    for line in lines:
        whose = f"外部记录的第 {line.number} 行"
        yield from chain.remember(whose, line.seal) if line.seal else [f"{whose}看不懂。"]
    if (head := seals.head(work)) is not None:
        yield from chain.remember("数据库里的链头", head)
    for row in seals.rows(work):
        yield from chain.follow(row)
    yield from chain.end()
    now = seals.head(work)
    if (now.number if now else 0) < chain.number:
        yield f"数据库里的链头落后于第 {chain.number} 号，或者没有了。"
    yield from _late(work)
    yield Checked(chain.number, chain.link)


def _late(work: Work) -> Iterator[str]:
    count, row = work.run(LATE, before=work.now - SEALED_WITHIN).first()
    if count:
        yield f"{count} 行超过一分钟没有封存，第一行是行 {row}：要么封存停了，要么是后来塞进去的。"
