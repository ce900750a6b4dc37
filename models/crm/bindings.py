"""Binding people whom a platform finds by their mobile (P1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, select, update

from models.crm import people
from models.crm.people import Hire, Me
from models.errors import Refused
from models.tables import Identity, User
from models.work import Work

MOVED = update(User).where(User.id == bindparam("person")).values(platform=bindparam("on"))
PRIVATE = (
    update(Identity)
    .where(Identity.platform == bindparam("on"), Identity.account == bindparam("whose"))
    .values(private_chat=bindparam("chat"))
)
UNBOUND = (
    select(User.id, User.staff_no, User.name, User.mobile)
    .where(
        User.active,
        ~select(Identity.id).where(Identity.user_id == User.id, Identity.platform == bindparam("on")).exists(),
    )
    .order_by(User.staff_no)
)
BOUND = (
    select(User.staff_no, User.name)
    .join(Identity, Identity.user_id == User.id)
    .where(User.active, Identity.platform == bindparam("on"))
    .order_by(User.staff_no)
)
KNOWN = select(User.staff_no).where(User.active)
WHOSE = (
    select(User.name, User.staff_no)
    .join(Identity, Identity.user_id == User.id)
    .where(Identity.platform == bindparam("on"), Identity.account == bindparam("whose"))
)


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


def hire(work: Work, hired: Hire) -> str:
    """`people.add_user`, whose accounts are nobody else's; returns the binding code. Raises Refused.

    Who writes from an account and knows code and digits is proven; what stands on a command line may be a slip.
    """
    for platform, account in hired.accounts:
        holder = work.run(WHOSE, on=platform, whose=account).first()
        if holder is not None and holder.staff_no != hired.staff_no:
            raise Refused(
                f"--{platform} {account} 已经是{holder.name}（{holder.staff_no}）的账号，没有改动。写错了就改过来；"
                f"确实该归{hired.name}，就去掉 --{platform} 再执行一次，让本人用这个账号在私聊里发送打印出来的 /绑定。"
            )
    return people.add_user(work, hired)[1]


def unbound(work: Work, platform: str, staff_nos: Iterable[str] | None) -> list[Unbound]:
    """Who has no account on this platform, all or some. Raises Refused for a staff number that nobody has."""
    wanted = None if staff_nos is None else {*staff_nos}
    if strangers := (wanted or set()) - {*work.run(KNOWN).scalars()}:
        raise Refused(f"没有找到工号 {'、'.join(sorted(strangers))}。")
    everybody = (Unbound(*row) for row in work.run(UNBOUND, on=platform))
    return [each for each in everybody if wanted is None or each.staff_no in wanted]


def bound(work: Work, platform: str, staff_nos: Iterable[str] | None) -> list[tuple[str, str]]:
    """(staff number, name) of those named who have an account on this platform already."""
    wanted = {*(staff_nos or ())}
    return [(row.staff_no, row.name) for row in work.run(BOUND, on=platform) if row.staff_no in wanted]


def bind(work: Work, platform: str, asked: Iterable[Unbound], found: Mapping[str, str]) -> dict[str, Became]:
    """Bind each to the account that was found by his mobile; what became of whom, by staff number.

    An account that is somebody's already stays his, and who was bound in the meantime is left as he is.
    """
    still = {each.id for each in unbound(work, platform, None)}
    return {each.staff_no: _bind(work, platform, each, found.get(each.mobile)) for each in asked if each.id in still}


def bind_found(work: Work, platform: str, found: Iterable[tuple[int, str]]) -> None:
    """Bind people without an account on this platform to those that were recognised as theirs, where they are free."""
    for person, account in found:
        _take(work, platform, person, account, "organisation")


def _bind(work: Work, platform: str, who: Unbound, account: str | None) -> Became:
    return Became.UNKNOWN if account is None else _take(work, platform, who.id, account, "mobile")


def _take(work: Work, platform: str, person: int, account: str, by: str) -> Became:
    if work.run(people.IDENTITY, on=platform, whose=account).first() is not None:
        return Became.TAKEN
    people.take(work, work.db.get_one(User, person), platform, account)
    work.audit("user.bind", f"user:{person}", platform=platform, by=by)
    return Became.BOUND


def seen(work: Work, me: Me, platform: str, chat: str, private: bool) -> None:
    """Note where a person talks to us now, only when it changed."""
    if me.platform != platform:
        work.put(MOVED, person=me.id, on=platform)
    if private and me.private_chat != chat:
        work.put(PRIVATE, on=platform, whose=me.account, chat=chat)
