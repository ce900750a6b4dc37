"""Looking after people and what roles may, in the chat (P1): for whoever has the permission, refused to all others."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from models import policy
from models.crm import leavers, moves, people, standing
from models.crm.people import Hire, Me
from models.errors import AlreadyDone, NotAllowed, NotFound, Refused
from models.policy import Permission, Reach, Rights
from models.tables import Department, DepartmentSupervisor, Identity, Role, RoleGrant, User, UserRole
from models.text.identifiers import narrow
from models.work import AnyRow, Work

PAGE = 10

ROW = select(User.id, User.name, User.staff_no, Department.name.label("department"), User.roles_held, User.active).join(
    Department, Department.id == User.department_id
)
SIGNS = re.compile(r"[%_\\]")
PARTS = (User.name, User.staff_no, Department.name)
#: everybody, or those in whose name, number or department it is.
LIST = (
    ROW.where(
        or_(
            bindparam("words") == "",
            *(func.lower(each).like(bindparam("part"), escape="\\") for each in PARTS),
        )
    )
    .order_by(User.active.desc(), User.staff_no)
    .offset(bindparam("skip"))
    .limit(PAGE + 1)
)
ONE = ROW.add_columns(User.binding_key, User.binding_expires_at).where(User.id == bindparam("person"))
HOLDER = select(User.name).where(User.staff_no == bindparam("number"))
GIVEN = select(UserRole.role).where(UserRole.user_id == bindparam("person")).order_by(UserRole.role)
LEADS = (
    select(Department.name)
    .join(DepartmentSupervisor, DepartmentSupervisor.department_id == Department.id)
    .where(DepartmentSupervisor.user_id == bindparam("person"))
    .order_by(Department.name)
)
AT = select(Identity.platform).where(Identity.user_id == bindparam("person")).order_by(Identity.platform)
DEPARTMENTS = select(Department.name).order_by(Department.name)
DEPARTMENT = select(Department.id).where(Department.name == bindparam("name"))
NO_ROLES = delete(UserRole).where(UserRole.user_id == bindparam("person"))
GIVE = insert(UserRole)
SWITCH = (
    update(User)
    .where(User.id == bindparam("person"), User.active != bindparam("on"))
    .values(active=bindparam("on"), binding_key=None)
    .returning(User.id)
)
#: who could mend it if everybody else were locked out: whoever never bound an account cannot.
BOUND = select(Identity.id).where(Identity.user_id == User.id).exists()
KEEPERS = select(func.count()).where(User.active, User.rights.contains(f"{Permission.PEOPLE}:"), BOUND)
UNCHANGED = delete(RoleGrant).where(RoleGrant.role == bindparam("of"), RoleGrant.permission == bindparam("what"))
CHANGE = insert(RoleGrant)


@dataclass(frozen=True, slots=True)
class Row:
    """A person in a list."""

    id: int
    name: str
    staff_no: str
    department: str
    roles: tuple[Role, ...]
    active: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of people; `words` is what was looked for."""

    words: str
    page: int
    rows: tuple[Row, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Employee:
    """A person as an administrator sees him; `code_until` while a binding code of his is valid."""

    row: Row
    given: tuple[Role, ...]
    leads: tuple[str, ...]
    platforms: tuple[str, ...]
    code_until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class RoleSet:
    """What a role may now, and what it began with."""

    role: Role
    rights: Rights
    began: Rights


def allowed(me: Me) -> None:
    """Raises NotAllowed for whoever may not look after people."""
    if me.may(Permission.PEOPLE) is None:
        raise NotAllowed("管理人员和角色要有「管理人员」的权限，请找管理员。")


# --- people ---


def listed(work: Work, me: Me, words: str, page: int = 0) -> Listed:
    """People by name, staff number or department; all of them without a word. Raises NotAllowed, NotFound."""
    allowed(me)
    words = narrow(words).strip().lower()
    rows = [_row(row) for row in work.run(LIST, words=words, part=_part(words), skip=page * PAGE)]
    if not rows and not page:
        raise NotFound(f"没有找到「{words}」，可以写姓名、工号或部门名称。")
    return Listed(words, page, tuple(rows[:PAGE]), len(rows) > PAGE)


def _part(words: str) -> str:
    """Anything that holds these words, as a pattern of LIKE."""
    return "%" + SIGNS.sub(r"\\\g<0>", words) + "%"


def employee(work: Work, me: Me, person: int) -> Employee:
    """One person. Raises NotAllowed, NotFound."""
    allowed(me)
    row = work.run(ONE, person=person).first()
    if row is None:
        raise NotFound("没有找到这个人。")
    given, leads, platforms = (tuple(work.run(each, person=person).scalars()) for each in (GIVEN, LEADS, AT))
    valid = row.binding_key is not None and row.binding_expires_at is not None and row.binding_expires_at > work.real
    return Employee(_row(row), given, leads, platforms, row.binding_expires_at if valid else None)


def _row(row: AnyRow) -> Row:
    roles = tuple(map(Role, row.roles_held.split(","))) if row.roles_held else ()
    return Row(row.id, row.name, row.staff_no, row.department, roles, row.active)


def departments(work: Work) -> list[str]:
    """What there is to be moved to."""
    return list(work.run(DEPARTMENTS).scalars())


def _there(work: Work, department: str) -> int:
    found: int | None = work.run(DEPARTMENT, name=department.strip()).scalar()
    if found is None:
        raise Refused(f"没有「{department}」这个部门，已有：{'、'.join(departments(work)[:20])}。")
    return found


def change(work: Work, me: Me, person: int, department: str, roles: Iterable[Role]) -> None:
    """Another department, other roles; both take effect at once. Raises NotAllowed, NotFound, Refused."""
    before = employee(work, me, person)
    there = _there(work, department)
    wanted = sorted(set(roles))
    moves.move(work, person, there)
    work.run(NO_ROLES, person=person)
    for role in wanted:
        work.run(GIVE, user_id=person, role=role)
    standing.derive(work)
    _keep_a_keeper(work)
    work.audit(
        "user.change",
        f"user:{person}",
        before={"department": before.row.department, "roles": ",".join(before.given)},
        after={"department": department.strip(), "roles": ",".join(wanted)},
    )


def switch(work: Work, me: Me, person: int, *, on: bool) -> None:
    """Disable somebody, who can do nothing from then on, or let him in again. Raises NotAllowed, NotFound, Refused."""
    found = employee(work, me, person)
    if person == me.id:
        raise Refused("不能停用自己，请让另一位管理员来做。")
    _switch(work, person, found.row.name, on=on)
    _keep_a_keeper(work)


def disable(work: Work, staff_no: str) -> None:
    """As `switch`, from the shell. Raises Refused."""
    user = people.by_staff_no(work, staff_no)
    _switch(work, user.id, user.name, on=False)


def _switch(work: Work, person: int, name: str, *, on: bool) -> None:
    if work.run(SWITCH, person=person, on=on).first() is None:
        raise AlreadyDone(f"{name}已经是{'在用' if on else '停用'}状态。")
    standing.derive(work)
    if on:
        work.audit("user.enable", f"user:{person}")
    else:
        work.audit("user.disable", f"user:{person}")
        leavers.announce(work, work.db.get_one(User, person), leavers.DISABLED)


def hire(work: Work, me: Me, new: Hire) -> tuple[str, Employee]:
    """Somebody new, with his binding code; whoever is there already is changed elsewhere.

    Raises NotAllowed, Refused.
    """
    allowed(me)
    held = work.run(HOLDER, number=new.staff_no.strip()).scalar()
    if held is not None:
        raise Refused(f"工号 {new.staff_no.strip()} 已经是{held}的，要改他请发 /人员 {new.staff_no.strip()}。")
    _there(work, new.department)
    user, made = people.add_user(work, new)
    return made, employee(work, me, user.id)


def code(work: Work, me: Me, person: int) -> tuple[str, Employee]:
    """A fresh binding code for somebody; the one before is good for nothing. Raises NotAllowed, NotFound, Refused."""
    if not employee(work, me, person).row.active:
        raise Refused("已停用的人不能绑定，先启用。")
    made = people.new_code(work, work.db.get_one(User, person))
    work.db.flush()  # how long it is valid is shown at once
    work.audit("user.code", f"user:{person}")
    return made, employee(work, me, person)


def _keep_a_keeper(work: Work) -> None:
    """Raises Refused where nobody could look after people any more; from the shell that can be mended."""
    if not work.run(KEEPERS).scalar():
        raise Refused("至少要留一个绑定过、能「管理人员」的人，不然谁都进不来了。")


# --- roles ---


def role_set(work: Work, me: Me, role: Role) -> RoleSet:
    """What a role may. Raises NotAllowed."""
    allowed(me)
    return RoleSet(role, policy.of_role(role, standing.grants(work)), policy.of_role(role, {}))


def role_sets(work: Work, me: Me) -> list[RoleSet]:
    """Every role. Raises NotAllowed."""
    allowed(me)
    changes = standing.grants(work)
    return [RoleSet(role, policy.of_role(role, changes), policy.of_role(role, {})) for role in Role]


def grant(work: Work, me: Me, role: Role, permission: Permission, reach: Reach | None) -> None:
    """From now on everybody in this role may do it so far, or not at all with None. Raises NotAllowed, Refused."""
    allowed(me)
    set_grant(work, role, permission, reach)
    _keep_a_keeper(work)


def set_grant(work: Work, role: Role, permission: Permission, reach: Reach | None) -> None:
    """As `grant`, from the shell; a change to what the role began with is none. Raises Refused."""
    if reach is not None and permission not in policy.FAR:
        reach = Reach.ALL
    before = policy.of_role(role, standing.grants(work)).get(permission)
    work.run(UNCHANGED, of=role, what=permission)
    if reach != policy.of_role(role, {}).get(permission):
        work.run(CHANGE, role=role, permission=permission, reach=int(reach or 0))
    standing.derive(work)
    work.audit("role.grant", f"role:{role}", permission=permission, before=int(before or 0), after=int(reach or 0))
