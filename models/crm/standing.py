"""What follows from departments, roles and who leads whom: made anew with every change of people (P1–P3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import bindparam, delete, insert, select, update

from models import policy
from models.policy import Changes, Reach
from models.tables import Department, DepartmentSupervisor, Role, RoleGrant, Supervision, User, UserRole
from models.work import Work

NOBODY = delete(Supervision)
TREE = select(Department.id, Department.parent_id)
NAMED = select(DepartmentSupervisor.department_id, DepartmentSupervisor.user_id)
MEMBERS_IN_ROLE = (
    select(User.department_id, User.id)
    .join(UserRole, UserRole.user_id == User.id)
    .where(UserRole.role == bindparam("role"))
)
LEADERS = select(Supervision.user_id).distinct()
ROLES = select(UserRole.user_id, UserRole.role)
STANDS = select(User.id, User.roles_held, User.rights)
CHANGED = select(RoleGrant.role, RoleGrant.permission, RoleGrant.reach)
STAND = (
    update(User).where(User.id == bindparam("person")).values(roles_held=bindparam("roles"), rights=bindparam("has"))
)


def derive(work: Work) -> None:
    """Who leads which department, and what everybody may."""
    _supervision(work)
    roles = _roles(work)
    changes = grants(work)
    for row in work.run(STANDS).all():
        held = roles[row.id]
        names, rights = ",".join(held), policy.written(policy.together(policy.of_role(each, changes) for each in held))
        if (names, rights) != (row.roles_held, row.rights):
            work.run(STAND, person=row.id, roles=names, has=rights)


def grants(work: Work) -> Changes:
    """How the sets of roles differ from what they began with; permissions of another version are left out."""
    known = {each.value: each for each in policy.Permission}
    return {
        (row.role, known[row.permission]): Reach(row.reach) if row.reach else None
        for row in work.run(CHANGED)
        if row.permission in known
    }


def _roles(work: Work) -> defaultdict[int, list[Role]]:
    """Everybody's roles; whoever was named to lead a department is a supervisor, whatever else he is."""
    held: defaultdict[int, set[Role]] = defaultdict(set)
    for row in work.run(ROLES):
        held[row.user_id].add(row.role)
    for user in work.run(LEADERS).scalars():
        held[user].add(Role.SUPERVISOR)
    return defaultdict(list, {user: sorted(roles) for user, roles in held.items()})


def _supervision(work: Work) -> None:
    """A department's leaders are those named, else its members with the role; they lead what is below as well."""
    above = {row.id: row.parent_id for row in work.run(TREE)}
    direct = _direct(work)
    rows: dict[tuple[int, int], bool] = {}
    for department in above:
        for higher in _upwards(department, above):
            for user in direct[higher]:
                rows[user, department] = rows.get((user, department), False) or higher == department
    work.run(NOBODY)
    if rows:
        values = [{"user_id": u, "department_id": d, "direct": is_direct} for (u, d), is_direct in rows.items()]
        work.connection.execute(insert(Supervision), values)


def _direct(work: Work) -> defaultdict[int, set[int]]:
    direct: defaultdict[int, set[int]] = defaultdict(set)
    for row in work.run(NAMED):
        direct[row.department_id].add(row.user_id)
    named = set(direct)
    for row in work.run(MEMBERS_IN_ROLE, role=Role.SUPERVISOR):
        if row.department_id not in named:
            direct[row.department_id].add(row.id)
    return direct


def _upwards(department: int, above: dict[int, int | None]) -> Iterator[int]:
    """The department and those over it."""
    here: int | None = department
    while here is not None:
        yield here
        here = above[here]
