"""Binding people whom a platform finds by their mobile (P1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, select

from models.crm import people
from models.errors import Refused
from models.tables import Identity, User
from models.work import Work

UNBOUND = (
    select(User.id, User.staff_no, User.name, User.mobile)
    .where(
        User.active,
        ~select(Identity.id).where(Identity.user_id == User.id, Identity.platform == bindparam("on")).exists(),
    )
    .order_by(User.staff_no)
)
KNOWN = select(User.staff_no).where(User.active)


@dataclass(frozen=True, slots=True)
class Unbound:
    """Somebody without an account on a platform."""

    id: int
    staff_no: str
    name: str
    mobile: str


class Became(StrEnum):
    """What a look for somebody's account led to."""

    BOUND = "bound"
    UNKNOWN = "unknown"
    TAKEN = "taken"


def unbound(work: Work, platform: str, staff_nos: Iterable[str] | None) -> list[Unbound]:
    """Who has no account on this platform, all or some. Raises Refused for a staff number that nobody has."""
    wanted = None if staff_nos is None else {*staff_nos}
    if strangers := (wanted or set()) - {*work.run(KNOWN).scalars()}:
        raise Refused(f"没有找到工号 {'、'.join(sorted(strangers))}。")
    everybody = (Unbound(*row) for row in work.run(UNBOUND, on=platform))
    return [each for each in everybody if wanted is None or each.staff_no in wanted]


def bind(work: Work, platform: str, asked: Iterable[Unbound], found: Mapping[str, str]) -> dict[str, Became]:
    """Bind each to the account that was found by his mobile; what became of whom, by staff number.

    An account that is somebody's already stays his, and who was bound in the meantime is left as he is.
    """
    still = {each.id for each in unbound(work, platform, None)}
    return {each.staff_no: _bind(work, platform, each, found.get(each.mobile)) for each in asked if each.id in still}


def _bind(work: Work, platform: str, who: Unbound, account: str | None) -> Became:
    if account is None:
        return Became.UNKNOWN
    if work.run(people.IDENTITY, on=platform, whose=account).first() is not None:
        return Became.TAKEN
    people.take(work, work.db.get_one(User, who.id), platform, account)
    work.audit("user.bind", f"user:{who.id}", platform=platform, by="mobile")
    return Became.BOUND
