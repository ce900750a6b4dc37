"""/人员 and /角色: who is there, and what each role may (P1)."""

from __future__ import annotations

from bot import rosters
from bot.routing import Router, reads
from cards import people as cards
from cards.kit import Card
from cards.labels import PERMISSIONS, REACHES
from models.crm import joiners, staff
from models.crm.people import Hire, Me
from models.crm.staff import Listed
from models.errors import Refused
from models.policy import Permission
from models.tables import Role
from models.work import Work

router = Router()


@reads(Role, greedy=False)
def role(text: str, work: Work, me: Me) -> Role:
    """A role by what people call it, or by its word in English."""
    found = rosters.roles(text)
    if len(found) != 1:
        raise Refused("一次写一个角色，例如：/角色 客服主管")
    return found[0]


@router.command("/人员 [词]", "/people", "/ry", may=Permission.PEOPLE)
def people(word: str = "", *, work: Work, me: Me) -> Card:
    """找人，改部门和角色，发绑定码，停用。
    例：/人员 王敏
    """
    found = staff.listed(work, me, word)
    return _one(work, me, found.rows[0].id) if word and len(found.rows) == 1 else _listed(work, found)


@router.action(cards.List, may=Permission.PEOPLE)
def turn(action: cards.List, *, work: Work, me: Me) -> Card:
    """上一页, 下一页 and 返回."""
    return _listed(work, staff.listed(work, me, action.words, max(action.page, 0)))


def _listed(work: Work, found: Listed) -> Card:
    return cards.listed(found, joiners.waiting(work))


@router.action(cards.Open, may=Permission.PEOPLE)
def show(action: cards.Open, *, work: Work, me: Me) -> Card:
    """看."""
    return _one(work, me, action.person)


def _one(work: Work, me: Me, person: int, toast: str = "") -> Card:
    return cards.employee(staff.employee(work, me, person), work.shown, toast)


@router.action(cards.New, may=Permission.PEOPLE)
def new(action: cards.New, *, work: Work, me: Me) -> Card:
    """添加人员."""
    return cards.new({})


@router.action(cards.Add, may=Permission.PEOPLE)
def add(action: cards.Add, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """添加; what cannot be is said in the form, with what was typed."""
    said = {key: form.get(key, "").strip() for key in ("staff_no", "name", "department", "roles", "mobile")}
    try:
        with work.savepoint():
            held = tuple(rosters.roles(said["roles"]))
            made, who = staff.hire(
                work, me, Hire(said["staff_no"], said["name"], said["department"], held, said["mobile"])
            )
    except Refused as no:
        return cards.new(said, no.say)
    return cards.code(who, made, work.shown)


@router.action(cards.Edit, may=Permission.PEOPLE)
def edit(action: cards.Edit, *, work: Work, me: Me) -> Card:
    """改部门和角色."""
    who = staff.employee(work, me, action.person)
    return cards.edit(who, who.row.department, cards.given(who))


@router.action(cards.Save, may=Permission.PEOPLE)
def save(action: cards.Save, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """保存; what cannot be is said in the form, with what was typed."""
    department, roles = form.get("department", ""), form.get("roles", "")
    try:
        with work.savepoint():
            wanted = rosters.roles(roles)
            staff.change(work, me, action.person, department, wanted)
    except Refused as no:
        return cards.edit(staff.employee(work, me, action.person), department, roles, no.say)
    return _one(work, me, action.person, "已保存")


@router.action(cards.Switch, may=Permission.PEOPLE)
def switch(action: cards.Switch, *, work: Work, me: Me) -> Card:
    """停用 and 启用."""
    staff.switch(work, me, action.person, on=bool(action.on))
    return _one(work, me, action.person, "已启用" if action.on else "已停用")


@router.action(cards.Code, may=Permission.PEOPLE)
def code(action: cards.Code, *, work: Work, me: Me) -> Card:
    """新绑定码."""
    made, who = staff.code(work, me, action.person)
    return cards.code(who, made, work.shown)


@router.command("/角色 [角色]", "/roles", "/js", may=Permission.PEOPLE)
def roles(which: Role | None = None, *, work: Work, me: Me) -> Card:
    """看和改每个角色的权限。
    例：/角色 客服主管
    """
    return cards.roles(staff.role_sets(work, me)) if which is None else cards.role(staff.role_set(work, me, which))


@router.action(cards.OpenRole, may=Permission.PEOPLE)
def open_role(action: cards.OpenRole, *, work: Work, me: Me) -> Card:
    """A role's button."""
    return cards.role(staff.role_set(work, me, role(action.role, work, me)))


@router.action(cards.Grant, may=Permission.PEOPLE)
def grant(action: cards.Grant, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """保存: a permission of a role reaches so far from now on."""
    which = role(action.role, work, me)
    permission = next((each for each, word in PERMISSIONS.items() if word == form.get("permission")), None)
    if permission is None:
        raise Refused("请先选要改的权限。")
    reach = next((each for each, word in REACHES.items() if word == form.get("reach")), None)
    if reach is None and form.get("reach") != cards.NONE:
        raise Refused("请选范围。")
    staff.grant(work, me, which, permission, reach)
    return cards.role(staff.role_set(work, me, which), "已保存，马上生效")
