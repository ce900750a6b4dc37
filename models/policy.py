"""Who may do what: named permissions, how far each reaches, and which of them a role has (P1, P3). Pure.

A role's set can be edited (`models.crm.roles`); what stands here is what it begins with. Whether a record is within
somebody's reach, `models.crm.access` asks the database; in which state something may be done to it, its operation
knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from functools import lru_cache
from types import MappingProxyType

from models.tables.people import Role


class Reach(IntEnum):
    """Whose records a permission is about: one's own, those of the teams one leads, of one's department, or all."""

    OWN = 1
    TEAM = 2
    DEPARTMENT = 3
    ALL = 4


class Permission(StrEnum):
    CUSTOMER_READ = "customer.read"
    CUSTOMER_ENTER = "customer.enter"
    FOLLOW_UP = "follow_up.record"
    DEAL = "deal.record"
    SURVEY = "survey.ask"
    REVIEW = "review.decide"
    COMPLAINT = "complaint.open"
    SERVICE = "complaint.serve"
    DIGEST = "digest.read"
    AUDIT = "audit.read"
    SELF = "self.manage"
    PEOPLE = "people.manage"
    OPERATE = "messages.manage"
    PRIVACY = "privacy.manage"


Rights = Mapping[Permission, Reach]
#: what is about records of others: the rest one has or not, and acts on what one may read.
FAR = frozenset(
    {Permission.CUSTOMER_READ, Permission.REVIEW, Permission.COMPLAINT, Permission.DIGEST, Permission.AUDIT}
)
SELLS = (
    Permission.CUSTOMER_READ,
    Permission.CUSTOMER_ENTER,
    Permission.FOLLOW_UP,
    Permission.DEAL,
    Permission.SURVEY,
)
LEADS = (*SELLS, Permission.COMPLAINT, Permission.REVIEW, Permission.DIGEST, Permission.AUDIT)


def _set(reach: Reach, *permissions: Permission) -> dict[Permission, Reach]:
    return {each: reach if each in FAR else Reach.ALL for each in permissions}


EVERYBODY = _set(Reach.OWN, Permission.COMPLAINT, Permission.SELF)
SERVES = _set(Reach.OWN, Permission.CUSTOMER_READ, Permission.SERVICE)
#: what each role has besides `EVERYBODY` until somebody changes it.
BEGINS: Mapping[Role, Rights] = {
    Role.SALES_REP: _set(Reach.OWN, *SELLS),
    Role.SUPERVISOR: _set(Reach.TEAM, *LEADS),
    Role.MANAGER: _set(Reach.ALL, *LEADS),
    Role.ADMIN: _set(Reach.ALL, *LEADS, Permission.PEOPLE, Permission.OPERATE, Permission.PRIVACY),
    Role.SERVICE_AGENT: SERVES,
    Role.SERVICE_LEAD: SERVES | _set(Reach.ALL, Permission.COMPLAINT),
}
#: what nobody has of whom he stands in for (P9).
KEPT = frozenset({Permission.SELF, Permission.PEOPLE, Permission.OPERATE, Permission.PRIVACY})
#: a change of a role's set: how far it reaches now, None where it was taken away.
Changes = Mapping[tuple[Role, Permission], Reach | None]


def of_role(role: Role, changes: Changes) -> Rights:
    """What a role has."""
    has: dict[Permission, Reach | None] = {**EVERYBODY, **BEGINS.get(role, {})}
    has |= {permission: reach for (whose, permission), reach in changes.items() if whose is role}
    return {permission: reach for permission, reach in has.items() if reach is not None}


def together(sets: Iterable[Rights]) -> Rights:
    """What somebody with several roles has: of each permission the widest."""
    has: dict[Permission, Reach] = {}
    for each in sets:
        has |= {permission: max(reach, has.get(permission, reach)) for permission, reach in each.items()}
    return has


def written(rights: Rights) -> str:
    """As they are kept with a person, so that whoever speaks is looked up together with what he may."""
    return " ".join(f"{permission}:{int(reach)}" for permission, reach in sorted(rights.items()))


def held(permission: Permission, reach: Reach | None = None) -> str:
    """What stands in the `written` rights of whoever has a permission, or has it with this reach."""
    return f"{permission}:{int(reach) if reach else ''}"


def lent(rights: Rights) -> Rights:
    """What a deputy has of these: never what is about oneself, people, their data or running the program (P9)."""
    return {permission: reach for permission, reach in rights.items() if permission not in KEPT}


@lru_cache(256)
def read(text: str) -> Rights:
    """`written`, read. Few people differ, so it is read once for all who have the same."""
    pairs = (each.rpartition(":") for each in text.split())
    return MappingProxyType({Permission(permission): Reach(int(reach)) for permission, _, reach in pairs})
