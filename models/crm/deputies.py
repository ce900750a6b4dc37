"""Who acts for whom: while somebody is away his deputy does, for approvals and alerts, with the same reach (P9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Executable, and_, bindparam, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from models import policy
from models.policy import Permission, Reach, Rights
from models.tables import Absence, Review, Supervision, User
from models.work import Work

#: whose permission it is: oneself, or for whom one acts.
Holder = aliased(User)


def holds(rights: InstrumentedAttribute[str], permission: Permission, *far: Reach) -> ColumnElement[bool]:
    """Whether a person's permission has one of these reaches."""
    return or_(*(rights.contains(policy.held(permission, each)) for each in far))


def _during(moment: str) -> ColumnElement[bool]:
    return and_(Absence.since <= bindparam(moment), Absence.until > bindparam(moment))


#: one's id, and of everybody one stands in for; at no moment (`acting_at` is nothing) only one's own.
_ME = select(User.id.label("id")).where(User.id == bindparam("me")).cte("acting", recursive=True)
_ACTING = _ME.union(select(Absence.user_id).join(_ME, _ME.c.id == Absence.deputy_id).where(_during("acting_at")))
ACTING = select(_ACTING.c.id)

IS_AWAY = select(Absence.id).where(Absence.user_id == User.id, _during("moment")).exists()
#: whoever is away himself stands in for nobody.
DEPUTISES = and_(select(Absence.id).where(Absence.deputy_id == User.id, _during("moment")).exists(), ~IS_AWAY)
LEAVE_AHEAD = (
    select(Absence.id)
    .where(Absence.user_id == User.id, Absence.until > bindparam("moment"), Absence.until > Absence.since)
    .exists()
)
_AWAY = (
    select(Absence.user_id, User.id.label("deputy"))
    .outerjoin(User, and_(User.id == Absence.deputy_id, User.active))
    .where(_during("moment"))
)
_LENT = select(User.id, User.rights).where(User.id.in_(ACTING), User.id != bindparam("me"))


def _for_whom(permission: Permission) -> Executable:
    """Those for whom one acts, and whose permission reaches a department by what they are or lead."""
    leads = select(Supervision.user_id).where(
        Supervision.user_id == User.id, Supervision.department_id == bindparam("department")
    )
    reaches = or_(
        holds(User.rights, permission, Reach.ALL),
        and_(holds(User.rights, permission, Reach.TEAM, Reach.DEPARTMENT), leads.exists()),
        and_(holds(User.rights, permission, Reach.DEPARTMENT), User.department_id == bindparam("department")),
    )
    return select(User.id, User.name, reaches.label("leads")).where(User.id.in_(ACTING)).order_by(User.id)


_FOR_WHOM = {permission: _for_whom(permission) for permission in (Permission.REVIEW, Permission.COMPLAINT)}
#: whoever's permission reaches it, or who acts for him; nobody for what he submitted himself, so that his deputy
#: decides on it only where somebody else's place or his own allows it.
DECIDES = or_(
    select(Supervision.user_id)
    .join(Holder, Holder.id == Supervision.user_id)
    .where(
        Supervision.user_id.in_(ACTING),
        Supervision.user_id != Review.submitter_id,
        Supervision.department_id == Review.department_id,
        holds(Holder.rights, Permission.REVIEW, Reach.TEAM, Reach.DEPARTMENT, Reach.ALL),
    )
    .exists(),
    select(Holder.id)
    .where(
        Holder.id.in_(ACTING),
        Holder.id != Review.submitter_id,
        or_(
            holds(Holder.rights, Permission.REVIEW, Reach.ALL),
            and_(
                holds(Holder.rights, Permission.REVIEW, Reach.DEPARTMENT),
                Holder.department_id == Review.department_id,
            ),
        ),
    )
    .exists(),
)
Away = Mapping[int, int | None]


@dataclass(frozen=True, slots=True)
class Lent:
    """What a deputy has of others at a moment: for whom he acts; and what he may without them."""

    people: frozenset[int] = frozenset()
    own: Rights | None = None
    at: dt.datetime | None = None


NOTHING_LENT = Lent()


@dataclass(frozen=True, slots=True)
class Matter:
    """What is acted on: something of a department, by a permission."""

    permission: Permission
    department: int


def lent(work: Work, user_id: int, own: Rights) -> tuple[Rights, Lent]:
    """What whoever stands in for others may: of each permission the widest, of theirs only what can be lent."""
    rows = work.run(_LENT, me=user_id, acting_at=work.now).all()
    rights = policy.together([own, *(policy.lent(policy.read(row.rights)) for row in rows)])
    return rights, Lent(frozenset(row.id for row in rows), own, work.now)


def away(work: Work) -> Away:
    """Everybody who is away at this moment, with an active deputy or None."""
    return {row.user_id: row.deputy for row in work.run(_AWAY, moment=work.now)}


def acting(people: Iterable[int], absent: Away) -> list[int]:
    """Each of them, or who stands in for him: nobody twice, and nobody who is away."""
    found = (_stand_in(each, absent) for each in people)
    return [*dict.fromkeys(each for each in found if each is not None)]


def _stand_in(person: int, absent: Away) -> int | None:
    """A deputy who is away falls to his own; nobody where that ends or goes in a circle."""
    met = set[int]()
    who: int | None = person
    while who is not None and who in absent:
        if who in met:
            return None
        met.add(who)
        who = absent[who]
    return who


def behalf(work: Work, user_id: int, at: dt.datetime, of: Matter, concerned: Iterable[int] = ()) -> str:
    """For whom somebody acted at a moment: names of who may by his place or is concerned; nothing for himself."""
    rows = work.run(_FOR_WHOM[of.permission], me=user_id, acting_at=at, department=of.department).all()
    meant = [row for row in rows if row.leads or row.id in {*concerned}]
    return "" if any(row.id == user_id for row in meant) else "、".join(row.name for row in meant)
