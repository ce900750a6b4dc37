"""The audit's seal: every committed row gets the next number and a link over all before it (P6).

Ids are handed out in blocks and say nothing about who was committed first, so the sealer numbers what it finds: a row
that is committed late gets a later number, and the numbers have no gap.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.tables import Audit, AuditHead
from models.tables.sealed import Keyring
from models.work import AnyRow, Work

BATCH = 500
#: what a proof is about.
HEADED, ROWED = "head", "row"
#: the link before the first one.
BEGINNING = "0" * 64
COLUMNS = (
    Audit.id,
    Audit.at,
    Audit.actor_id,
    Audit.roles,
    Audit.channel,
    Audit.request,
    Audit.operation,
    Audit.subject,
    Audit.outcome,
    Audit.detail,
    Audit.number,
    Audit.link,
    Audit.mac,
)
WAITS = select(Audit.id).where(Audit.number.is_(None)).limit(1)
UNSEALED = select(*COLUMNS).where(Audit.number.is_(None)).order_by(Audit.id).limit(BATCH)
SEAL = (
    update(Audit)
    .where(Audit.id == bindparam("row"), Audit.number.is_(None))
    .values(number=bindparam("place"), link=bindparam("chained"), mac=bindparam("proof"))
)
PROVEN = (
    select(Audit.id, Audit.number, Audit.link, Audit.mac)
    .where(Audit.number > bindparam("after"))
    .order_by(Audit.number)
    .limit(BATCH)
)
PROVE = update(Audit).where(Audit.id == bindparam("row")).values(mac=bindparam("proof"))
HEAD = select(AuditHead.number, AuditHead.link, AuditHead.mac).where(AuditHead.id == 1)
LOCKED = HEAD.with_for_update()
FIRST = {
    name: kind.insert(AuditHead).on_conflict_do_nothing()
    for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))
}
MOVE = (
    update(AuditHead)
    .where(AuditHead.id == 1)
    .values(number=bindparam("place"), link=bindparam("chained"), mac=bindparam("proof"))
)
#: from one row on; the first condition is what the index is entered by.
FROM = (
    select(*COLUMNS)
    .where(Audit.number >= bindparam("place"), or_(Audit.number > bindparam("place"), Audit.id > bindparam("row")))
    .order_by(Audit.number, Audit.id)
    .limit(BATCH)
)
LOWEST = -(2**63)
#: the part of the chain that holds every row of a time: late rows have later numbers, so others may lie between.
SPAN = select(func.min(Audit.number).label("first"), func.max(Audit.number).label("last")).where(
    Audit.at >= bindparam("since"), Audit.at < bindparam("until")
)
LINK_OF = select(Audit.link).where(Audit.number == bindparam("place"))


@dataclass(frozen=True, slots=True)
class Seal:
    """A place in the chain: so many rows were sealed, and the link of the last one; `mac` proves that we said so.

    The head is proven in another way than a row, so that no row can be passed off as a head.
    """

    number: int
    link: str
    mac: str

    def of_head(self, keys: Keyring) -> bool:
        """Whether we said so of the head of a chain, by whichever key of the ring."""
        return keys.witnessed(_place(HEADED, self.number, self.link), self.mac)

    def of_row(self, keys: Keyring) -> bool:
        """Whether we said so of a row, by whichever key of the ring."""
        return keys.witnessed(_place(ROWED, self.number, self.link), self.mac)


def _place(of: str, number: int, link: str) -> str:
    return f"{of}:{number}:{link}"


def head_proof(keys: Keyring, number: int, link: str) -> str:
    """The proof of a head, by the first key."""
    return keys.witness(_place(HEADED, number, link))


def row_proof(keys: Keyring, number: int, link: str) -> str:
    """The proof of a row, by the first key."""
    return keys.witness(_place(ROWED, number, link))


def plain(row: AnyRow) -> dict[str, Any]:
    """What a row says, the same from both databases: times in UTC to the microsecond."""
    return {
        "id": row.id,
        "at": row.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "actor": row.actor_id,
        "roles": row.roles,
        "channel": row.channel,
        "request": row.request,
        "operation": row.operation,
        "subject": row.subject,
        "outcome": row.outcome,
        "detail": row.detail,
    }


def linked(before: str, row: AnyRow) -> str:
    """A row's link: SHA-256 over the link before it and the row as ASCII JSON with sorted keys."""
    said = json.dumps(plain(row), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}{said}".encode()).hexdigest()


def seal(work: Work) -> bool:
    """Seal a batch of what was committed; whether there may be more. One sealer at a time, the others wait."""
    if work.run(WAITS).first() is None:
        return False
    head = _locked(work)
    rows = work.run(UNSEALED).all()
    if not rows:
        return False  # another sealer was here
    number, link, given = head.number, head.link, []
    for row in rows:
        number, link = number + 1, linked(link, row)
        given.append({"row": row.id, "place": number, "chained": link, "proof": row_proof(work.keys, number, link)})
    work.connection.execute(SEAL, given)
    work.run(MOVE, place=number, chained=link, proof=head_proof(work.keys, number, link))
    return len(rows) == BATCH


def _locked(work: Work) -> Any:
    """The head, held until the end of this unit of work; made where nothing was ever sealed."""
    if (found := work.run(LOCKED).first()) is None:
        work.run(FIRST[work.connection.dialect.name], id=1, number=0, link=BEGINNING, mac="")
        found = work.run(LOCKED).first()
    return found


def prove(work: Work, after: int) -> tuple[int, int]:
    """Prove the sealed rows after a number anew by the first key, a batch of them, and the head once there are no more.

    What nobody proves stays as it is, to be found. Returns the last number, 0 at the end, and how many rows it was.
    """
    found = work.run(PROVEN, after=after).all()
    given = [each for row in found if (each := _proven(work.keys, row))]
    if given:
        work.connection.execute(PROVE, given)
    if len(found) == BATCH:
        return found[-1].number, len(given)
    head = Seal(*_locked(work))
    if head.of_head(work.keys):
        work.run(MOVE, place=head.number, chained=head.link, proof=head_proof(work.keys, head.number, head.link))
    return 0, len(given)


def _proven(keys: Keyring, row: AnyRow) -> dict[str, Any]:
    """A row with its proof by the first key; nothing where it has that already, or where nobody proves it."""
    said = Seal(row.number, row.link or "", row.mac or "")
    proof = row_proof(keys, said.number, said.link)
    return {"row": row.id, "proof": proof} if said.mac != proof and said.of_row(keys) else {}


def head(work: Work) -> Seal | None:
    """The newest seal as the database tells it; None where nothing was ever sealed."""
    found = work.run(HEAD).first()
    return None if found is None else Seal(*found)


def rows(work: Work, first: int = LOWEST) -> Iterator[AnyRow]:
    """Every sealed row from this number on, in the order of the chain; never many at once."""
    place, last = first, LOWEST
    while page := work.run(FROM, place=place, row=last).all():
        yield from page
        place, last = page[-1].number, page[-1].id


def span(work: Work, since: dt.datetime, until: dt.datetime) -> tuple[int, int, str] | None:
    """The first and the last number of a time, and the link before them; None where nothing was sealed in it."""
    found = work.run(SPAN, since=since, until=until).first()
    if found.first is None:
        return None
    return found.first, found.last, work.run(LINK_OF, place=found.first - 1).scalar() or BEGINNING
