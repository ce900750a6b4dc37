"""/部门: the tree of departments, and who leads each of them (P2)."""

from __future__ import annotations

from bot.routing import Router
from cards import departments as cards
from cards.kit import Card
from models.crm import departments
from models.crm.departments import Wanted
from models.crm.people import Me
from models.errors import Refused
from models.policy import Permission
from models.tables import Department
from models.work import Work

router = Router()


@router.command("/部门 [部门]", "/departments", "/bm", may=Permission.PEOPLE)
def show(department: Department | None = None, *, work: Work, me: Me) -> Card:
    """看部门的上下级，改名称、上级和主管，添加部门。
    例：/部门 销售一部
    """
    return cards.tree(departments.tree(work, me)) if department is None else _one(work, me, department.id)


@router.action(cards.List, may=Permission.PEOPLE)
def turn(action: cards.List, *, work: Work, me: Me) -> Card:
    """上一页, 下一页 and 返回."""
    return cards.tree(departments.tree(work, me, max(action.page, 0)))


@router.action(cards.Open, may=Permission.PEOPLE)
def opened(action: cards.Open, *, work: Work, me: Me) -> Card:
    """看."""
    return _one(work, me, action.department)


def _one(work: Work, me: Me, department: int, toast: str = "") -> Card:
    return cards.department(departments.opened(work, me, department), toast)


@router.action(cards.Edit, may=Permission.PEOPLE)
def edit(action: cards.Edit, *, work: Work, me: Me) -> Card:
    """修改 and 新部门."""
    if not action.department:
        return cards.edit(0, Wanted("", "", ""))
    return cards.edit(action.department, cards.given(departments.opened(work, me, action.department)))


@router.action(cards.Save, may=Permission.PEOPLE)
def save(action: cards.Save, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """保存; what cannot be is said in the form, with what was typed."""
    wanted, which = Wanted(*(form.get(key, "") for key in Wanted.__slots__)), action.department
    try:
        with work.savepoint():
            if which:
                departments.change(work, me, which, wanted)
            else:
                which = departments.make(work, me, wanted)
    except Refused as no:
        return cards.edit(action.department, wanted, no.say)
    return _one(work, me, which, "已保存，马上生效")
