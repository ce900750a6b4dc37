"""Bringing what we know of an organisation to what its platform shows, in one unit of work (P8)."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.crm import bindings, joiners, leavers, moves, staff, standing
from models.crm.orgplan import Changes, Known, KnownUnit, Person, plan
from models.crm.people import Me
from models.organisation import Organisation
from models.policy import Permission
from models.tables import (
    Department,
    DepartmentSupervisor,
    Identity,
    OrgKind,
    OrgLink,
    OrgProposal,
    OrgState,
    ProposalState,
    User,
)
from models.work import Work

ORG = "org"

DEPARTMENTS = select(Department.id, Department.name, Department.parent_id)
LINKS = select(OrgLink.kind, OrgLink.key, OrgLink.subject_id, OrgLink.missed, OrgLink.leaders).where(
    OrgLink.platform == bindparam("on")
)
PEOPLE = select(User.id, User.name, User.mobile, User.staff_no, User.department_id, User.active)
ACCOUNTS = select(Identity.account, Identity.user_id).where(Identity.platform == bindparam("on"))
PROPOSALS = select(OrgProposal.account, OrgProposal.state).where(OrgProposal.platform == bindparam("on"))
STATES = select(OrgState.platform, OrgState.at, OrgState.result).order_by(OrgState.platform)
SCOPE = select(OrgState.scope).where(OrgState.platform == bindparam("on"))
KEEPERS = select(User.id).where(User.active, User.rights.contains(f"{Permission.PEOPLE}:")).order_by(User.id)
MAKE = insert(Department).returning(Department.id)
RENAME = update(Department).where(Department.id == bindparam("department")).values(name=bindparam("called"))
HANG = update(Department).where(Department.id == bindparam("department")).values(parent_id=bindparam("parent"))
#: what hung under a department that is gone hangs under the next one up.
LIFT = update(Department).where(Department.parent_id == bindparam("gone")).values(parent_id=bindparam("parent"))
LINK = insert(OrgLink)
AT = OrgLink.platform == bindparam("on"), OrgLink.kind == bindparam("what"), OrgLink.key == bindparam("called")
UNLINK = delete(OrgLink).where(*AT)
MISS = update(OrgLink).where(*AT).values(missed=OrgLink.missed + 1)
LED = update(OrgLink).where(*AT).values(leaders=bindparam("by"))
LEADS = select(DepartmentSupervisor.user_id).where(DepartmentSupervisor.department_id == bindparam("department"))
NAME_LEADER = insert(DepartmentSupervisor)
UNNAME = delete(DepartmentSupervisor).where(
    DepartmentSupervisor.department_id == bindparam("department"), DepartmentSupervisor.user_id == bindparam("person")
)
CALL = update(User).where(User.id == bindparam("person")).values(name=bindparam("called"))
NUMBER = update(User).where(User.id == bindparam("person")).values(mobile=bindparam("number"))


def _keep(kind: Any) -> Any:
    first = kind.insert(OrgState).values(
        platform=bindparam("on"), at=bindparam("when"), result=bindparam("became"), scope=bindparam("saw")
    )
    newer = {name: first.excluded[name] for name in ("at", "result", "scope")}
    return first.on_conflict_do_update(index_elements=[OrgState.platform], set_=newer)


KEEP = {name: _keep(kind) for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))}


@dataclass(frozen=True, slots=True)
class Result:
    """How a reading ended: how many of each were changed; `too_many` would have been, or there was `trouble`."""

    departments: int = 0
    bound: int = 0
    moved: int = 0
    changed: int = 0
    joiners: int = 0
    left: int = 0
    hidden: int = 0
    too_many: int = 0
    trouble: str = ""

    @property
    def quiet(self) -> bool:
        return self == Result(hidden=self.hidden)


def result(changes: Changes, joined: int) -> Result:
    """The numbers of what was planned; `joined` are the joiners who were not known before."""
    return Result(
        departments=len({*(each.key for each in changes.new), *dict(changes.renamed), *dict(changes.moved)})
        + len(changes.deleted),
        bound=len(changes.bound),
        moved=len(changes.movers),
        changed=len({*dict(changes.named), *dict(changes.numbered)}) + len(changes.led),
        joiners=joined,
        left=len(changes.leavers),
        hidden=len(changes.hidden),
        too_many=changes.too_many,
    )


def known(work: Work, platform: str) -> Known:
    """How we know this platform's organisation."""
    departments = {row.id: row for row in work.run(DEPARTMENTS).all()}
    links = work.run(LINKS, on=platform).all()
    missed = {row.key: row.missed for row in links if row.kind is OrgKind.MEMBER}
    units = {row.key: row for row in links if row.kind is OrgKind.UNIT}
    account_of = {row.user_id: row.account for row in work.run(ACCOUNTS, on=platform).all()}
    everybody = work.run(PEOPLE).all()
    active = [
        Person(row.id, row.name, row.mobile, row.staff_no, row.department_id, missed.get(account_of.get(row.id, "")))
        for row in everybody
        if row.active
    ]
    proposals = {row.account: row.state for row in work.run(PROPOSALS, on=platform).all()}
    scope = work.run(SCOPE, on=platform).scalar()
    return Known(
        {key: _unit(departments[row.subject_id], row.leaders) for key, row in units.items()},
        {row.name: row.id for row in departments.values()},
        {account_of[each.id]: each for each in active if each.id in account_of},
        tuple(each for each in active if each.id not in account_of),
        frozenset(account_of[row.id] for row in everybody if not row.active and row.id in account_of),
        frozenset(account for account, state in proposals.items() if state is ProposalState.OPEN),
        frozenset(account for account, state in proposals.items() if state is ProposalState.DISMISSED),
        None if scope is None else frozenset(scope["keys"]),
    )


def _unit(row: Any, leaders: str) -> KnownUnit:
    return KnownUnit(row.id, row.name, row.parent_id, frozenset(map(int, leaders.split())))


def preview(work: Work, platform: str, seen: Organisation) -> tuple[Changes, Result]:
    """What `apply` would do."""
    before = known(work, platform)
    changes = plan(before, seen)
    return changes, result(changes, sum(1 for each, _ in changes.joiners if each.account not in before.proposed))


def apply(work: Work, platform: str, seen: Organisation) -> tuple[Changes, Result]:
    """Do what the comparison says, all of it or, where it would take away too many people, nothing."""
    scope = work.run(SCOPE, on=platform).scalar() or {"keys": []}
    _keep_state(work, platform, {}, scope)  # two at once wait for each other here
    changes, became = preview(work, platform, seen)
    if not changes.too_many:
        _Applying(work, platform, seen.whole).all(changes)
        scope = {"keys": sorted(seen.scope)} if seen.whole else scope
    _keep_state(work, platform, asdict(became), scope)
    if became.joiners or became.too_many:
        work.notify(ORG, 0, work.run(KEEPERS).scalars(), anew=True)
    if not became.quiet:
        work.audit("org.sync", f"platform:{platform}", **asdict(became))
    return changes, became


def failed(work: Work, platform: str, trouble: str) -> None:
    """A reading broke off, which changes nothing."""
    scope = work.run(SCOPE, on=platform).scalar()
    if scope is not None:
        _keep_state(work, platform, asdict(Result(trouble=trouble)), scope)


def _keep_state(work: Work, platform: str, became: dict[str, Any], scope: dict[str, Any]) -> None:
    work.run(KEEP[work.connection.dialect.name], on=platform, when=work.now, became=became, saw=scope)


class _Applying:
    """One platform's changes being made."""

    def __init__(self, work: Work, platform: str, whole: bool) -> None:
        self.work, self.platform, self.whole = work, platform, whole
        links = work.run(LINKS, on=platform).all()
        self.units = {row.key: row.subject_id for row in links if row.kind is OrgKind.UNIT}
        self.led = {row.key: row.leaders for row in links if row.kind is OrgKind.UNIT}
        self.followed = {row.key for row in links if row.kind is OrgKind.MEMBER}
        self.above = {row.id: row.parent_id for row in work.run(DEPARTMENTS).all()}

    def all(self, changes: Changes) -> None:
        """Departments, people, and then at once what follows for everybody."""
        self._units(changes)
        bindings.bind_found(self.work, self.platform, changes.bound)
        for key, leaders in changes.led:
            self._lead(key, leaders)
        self._people(changes)
        standing.derive(self.work)
        for account in changes.leavers:
            self._forget(account)
            leavers.left(self.work, self.platform, account)
        joiners.propose(self.work, self.platform, [(each, self.units.get(key)) for each, key in changes.joiners])
        joiners.withdraw(self.work, self.platform, changes.withdrawn)
        self._follow(changes)

    # --- departments ---

    def _units(self, changes: Changes) -> None:
        for new in changes.new:
            self.units[new.key] = new.adopted or self.work.run(MAKE, name=new.name, parent_id=None).scalar()
            self.above.setdefault(self.units[new.key], None)
            self._link(OrgKind.UNIT, new.key, self.units[new.key])
        for key, name in changes.renamed:
            self.work.run(RENAME, department=self.units[key], called=name)
        for key, parent in changes.moved:
            self._hang(self.units[key], self.units.get(parent))
        for key in changes.deleted:
            self._delete(key)

    def _hang(self, department: int, parent: int | None) -> None:
        """Departments that only we have may stand between two of theirs: a circle is not made."""
        here = parent
        while here is not None:
            if here == department:
                return
            here = self.above[here]
        self.above[department] = parent
        self.work.run(HANG, department=department, parent=parent)

    def _delete(self, key: str) -> None:
        """It is not theirs any more, and remains ours, because customers and their history name it."""
        department = self.units.pop(key)
        self.work.run(LIFT, gone=department, parent=self.above[department])
        self.above = {each: self.above[department] if over == department else over for each, over in self.above.items()}
        self.work.run(UNLINK, on=self.platform, what=OrgKind.UNIT, called=key)

    def _lead(self, key: str, leaders: frozenset[int]) -> None:
        department, before = self.units[key], {*map(int, self.led.get(key, "").split())}
        for person in before - leaders:
            self.work.run(UNNAME, department=department, person=person)
        there = {*self.work.run(LEADS, department=department).scalars()}
        for person in sorted(leaders - there):
            self.work.run(NAME_LEADER, department_id=department, user_id=person)
        by = " ".join(map(str, sorted(leaders)))
        self.work.run(LED, on=self.platform, what=OrgKind.UNIT, called=key, by=by)

    # --- people ---

    def _people(self, changes: Changes) -> None:
        for person, key in changes.movers:
            moves.move(self.work, person, self.units[key])
        for person, name in changes.named:
            self.work.run(CALL, person=person, called=name)
        for person, number in changes.numbered:
            self.work.run(NUMBER, person=person, number=number)
        for person in sorted({*dict(changes.movers), *dict(changes.named), *dict(changes.numbered)}):
            what = [
                name
                for name, each in (
                    ("department", changes.movers),
                    ("name", changes.named),
                    ("mobile", changes.numbered),
                )
                if person in dict(each)
            ]
            self.work.audit("user.sync", f"user:{person}", changed=",".join(what))

    def _follow(self, changes: Changes) -> None:
        for account in changes.missing:
            self.work.run(MISS, on=self.platform, what=OrgKind.MEMBER, called=account)
        for account in (*changes.hidden, *changes.back):
            self._forget(account)
        owners = {row.account: row.user_id for row in self.work.run(ACCOUNTS, on=self.platform).all()}
        for account in changes.back:
            self._link(OrgKind.MEMBER, account, owners[account])

    def _forget(self, account: str) -> None:
        self.work.run(UNLINK, on=self.platform, what=OrgKind.MEMBER, called=account)

    def _link(self, kind: OrgKind, key: str, subject: int) -> None:
        self.work.run(LINK, platform=self.platform, kind=kind, key=key, subject_id=subject, missed=0, leaders="")


@dataclass(frozen=True, slots=True)
class Overview:
    """How the last reading of each platform ended, and how many people wait to be decided about."""

    states: tuple[tuple[str, dt.datetime, Result], ...]
    joiners: int


def overview(work: Work, me: Me) -> Overview:
    """How things stand. Raises NotAllowed."""
    staff.allowed(me)
    return Overview(tuple(states(work)), joiners.waiting(work))


def states(work: Work) -> list[tuple[str, dt.datetime, Result]]:
    """(platform, when, how it ended) of the last reading of each."""
    return [(row.platform, row.at, Result(**row.result)) for row in work.run(STATES).all()]
