"""Departments: the tree, and who leads each of them, from the shell and in the chat (P2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, insert, select

from models.crm import access_team, changes, colleagues, people, staff, standing
from models.crm.people import Me
from models.errors import NotFound, Refused
from models.tables import Department, DepartmentSupervisor, OrgKind, OrgLink, Supervision, User
from models.text.identifiers import several
from models.work import Work

PAGE = 10
ALL = select(Department.id, Department.name, Department.parent_id).order_by(Department.name)
MEMBERS = select(User.department_id, func.count().label("number")).where(User.active).group_by(User.department_id)
LEADERS = (
    select(Supervision.department_id, User.name, User.staff_no)
    .join(User, User.id == Supervision.user_id)
    .where(Supervision.direct, User.active)
    .order_by(User.staff_no)
)
NAMED = (
    select(User.name, User.staff_no)
    .join(DepartmentSupervisor, DepartmentSupervisor.user_id == User.id)
    .where(DepartmentSupervisor.department_id == bindparam("department"), User.active)
    .order_by(User.staff_no)
)
SYNCED = (
    select(OrgLink.platform)
    .where(OrgLink.kind == OrgKind.UNIT, OrgLink.subject_id == bindparam("department"))
    .distinct()
    .order_by(OrgLink.platform)
)
CALLED = select(Department.id).where(Department.name == bindparam("name"))
UNNAMED = delete(DepartmentSupervisor).where(DepartmentSupervisor.department_id == bindparam("department"))


@dataclass(frozen=True, slots=True)
class Team:
    """A department in the tree, so many levels down; `leaders` are who leads it now, named or by their role."""

    id: int
    name: str
    depth: int
    members: int
    leaders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A page of the tree, each department after the one above it."""

    teams: tuple[Team, ...]
    page: int
    more: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A department as an administrator sees it. `named`: who was named to lead it, by staff number; `synced`: the
    platforms whose organisation it follows."""

    team: Team
    above: str
    below: tuple[str, ...]
    named: tuple[tuple[str, str], ...]
    synced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a department shall be: as it was typed. Nothing above: at the top; nobody named: who has the role."""

    name: str
    above: str
    supervisors: str


def tree(work: Work, me: Me, page: int = 0) -> Tree:
    """A page of the whole company. Raises NotAllowed."""
    staff.allowed(me)
    teams = list(_teams(work))
    shown = teams[page * PAGE :][:PAGE]
    return Tree(tuple(shown), page, len(teams) > (page + 1) * PAGE)


def _teams(work: Work) -> Iterator[Team]:
    """Every department, depth first; those of one level by name."""
    below: defaultdict[int | None, list[tuple[int, str]]] = defaultdict(list)
    for row in work.run(ALL):
        below[row.parent_id].append((row.id, row.name))
    members = {row.department_id: row.number for row in work.run(MEMBERS)}
    leaders: defaultdict[int, list[str]] = defaultdict(list)
    for row in work.run(LEADERS):
        leaders[row.department_id].append(row.name)

    def walk(above: int | None, depth: int) -> Iterator[Team]:
        for number, name in below[above]:
            yield Team(number, name, depth, members.get(number, 0), tuple(leaders[number]))
            yield from walk(number, depth + 1)

    return walk(None, 0)


def opened(work: Work, me: Me, department_id: int) -> Opened:
    """One department. Raises NotAllowed, NotFound."""
    staff.allowed(me)
    rows = work.run(ALL).all()
    team = next((team for team in _teams(work) if team.id == department_id), None)
    if team is None:
        raise NotFound("没有找到这个部门。")
    found = next(row for row in rows if row.id == department_id)
    above = next((row.name for row in rows if row.id == found.parent_id), "")
    below = tuple(row.name for row in rows if row.parent_id == department_id)
    named = tuple((row.name, row.staff_no) for row in work.run(NAMED, department=department_id))
    return Opened(team, above, below, named, tuple(work.run(SYNCED, department=department_id).scalars()))


def make(work: Work, me: Me, wanted: Wanted) -> int:
    """A new department. Raises NotAllowed, NotFound, Refused."""
    staff.allowed(me)
    name = _free(work, wanted.name)
    return _become(work, people.department(work, name), wanted)


def change(work: Work, me: Me, department_id: int, wanted: Wanted) -> None:
    """Another name, another place, other leaders; they hold at once. Raises NotAllowed, NotFound, Refused."""
    staff.allowed(me)
    department = work.db.get(Department, department_id)
    if department is None:
        raise NotFound("没有找到这个部门。")
    _become(work, department, wanted)


def set_department(work: Work, name: str, parent: str | None, supervisors: Iterable[str] = ()) -> Department:
    """From the shell: make or change a department, found by name; what is not said stays as it is.

    Raises Refused for an unknown person or a circle.
    """
    department = people.department(work, name)
    before = changes.department(work, department.id)
    if parent is not None:
        _place(work, department, people.department(work, parent).id)
    if leaders := [people.by_staff_no(work, number).id for number in supervisors]:
        _lead(work, department.id, leaders)
    _settle(work, department, before)
    return department


def _become(work: Work, department: Department, wanted: Wanted) -> int:
    before = changes.department(work, department.id)
    if (name := wanted.name.strip()) != department.name:
        department.name = _free(work, name)
    _place(work, department, access_team.department(work, wanted.above).id if wanted.above.strip() else None)
    _lead(work, department.id, [colleagues.only(work, each).id for each in several(wanted.supervisors)])
    _settle(work, department, before)
    return department.id


def _free(work: Work, name: str) -> str:
    """A name that no department has yet. Raises Refused."""
    people.fits("部门名称", name, 64)
    if work.run(CALLED, name=name.strip()).first():
        raise Refused(f"已经有「{name.strip()}」这个部门。")
    return name.strip()


def _place(work: Work, department: Department, above: int | None) -> None:
    """Put it under another one, or at the top. Raises Refused for a circle."""
    department.parent_id = above
    seen_ids = {department.id}
    while above is not None:
        if above in seen_ids:
            raise Refused(f"「{department.name}」不能放在自己或下级部门的下面。")
        seen_ids.add(above)
        above = work.run(people.PARENT, department=above).scalar()


def _lead(work: Work, department_id: int, leaders: list[int]) -> None:
    work.run(UNNAMED, department=department_id)
    if leaders:
        rows = [{"department_id": department_id, "user_id": each} for each in dict.fromkeys(leaders)]
        work.connection.execute(insert(DepartmentSupervisor), rows)


def _settle(work: Work, department: Department, before: dict[str, object]) -> None:
    standing.derive(work)
    now = changes.since(work, department.id, before)
    work.audit("department.set", f"department:{department.id}", name=department.name, **now)
