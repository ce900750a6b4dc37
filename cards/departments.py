"""Cards for the tree of departments (P2)."""

from __future__ import annotations

from cards.common import Say
from cards.kit import Action, Button, Buttons, Card, Element, Fields, Form, Input, Note, Text, Toast, Tone, Warn
from cards.labels import PLATFORMS
from models.crm.departments import Opened, Team, Tree, Wanted

#: how far a level stands to the right, and how many of them still fit on a phone.
INDENT, DEEPEST = "　", 6


class List(Action, name="department.list"):
    page: int


class Open(Action, name="department.open"):
    department: int


class Edit(Action, name="department.edit"):
    """Open the form for a department; 0 is a new one."""

    department: int


class Save(Action, name="department.save"):
    department: int


def tree(found: Tree) -> Card:
    """A page of the tree, each department with the button that opens it."""
    body: list[Element] = []
    for team in found.teams:
        body.append(Text(f"{INDENT * min(team.depth, DEEPEST)}{_line(team)}"))
        body.append(Buttons.of(Button(f"看 {team.name}"[:12], Open(team.id))))
    turn = Buttons.of(
        Button("上一页", List(found.page - 1)) if found.page else None,
        Button("下一页", List(found.page + 1)) if found.more else None,
        Button("新部门", Edit(0), "primary"),
        Button("人员", Say("/人员")),
    )
    return Card("部门", (*body, turn), personal=True)


def _line(team: Team) -> str:
    return f"{team.name}　{team.members} 人　主管：{'、'.join(team.leaders) or '没有'}"


def department(seen: Opened, toast: str = "") -> Card:
    """One department, and what can be done about it."""
    named = "、".join(f"{name} {number}" for name, number in seen.named)
    facts = Fields.of(
        ("上级", seen.above or "没有，在最上面"),
        ("主管", "、".join(seen.team.leaders) or "没有，由上级部门审核"),
        ("指定的主管", named or "没有指定，由角色是部门主管的人带"),
        ("人数", f"{seen.team.members} 人"),
        ("下级", "、".join(seen.below) or "没有"),
    )
    follows = "、".join(PLATFORMS.get(each, each) for each in seen.synced)
    note = [Note(f"跟着{follows}的通讯录：名称和上级在那边改，这里改的下次同步会改回去。")] if follows else []
    buttons = Buttons.of(
        Button("修改", Edit(seen.team.id), "primary"), Button("值班", Say(f"/值班 {seen.team.name}")), _back()
    )
    said = Toast(toast) if toast else None
    return Card(f"部门 · {seen.team.name}", (facts, *note, buttons), personal=True, toast=said)


def edit(department_id: int, wanted: Wanted, error: str = "") -> Card:
    """The form for a department, with what was typed."""
    fields = (
        Input("name", "名称", wanted.name, True),
        Input("above", "上级", wanted.above, False, "部门名称；不填就在最上面"),
        Input("supervisors", "主管", wanted.supervisors, False, "姓名或工号，用顿号分开"),
    )
    wrong = [Warn(error)] if error else []
    form = Form(fields, Button("保存", Save(department_id), "primary"))
    back = Buttons.of(Button("返回", Open(department_id)) if department_id else _back())
    tone: Tone = "orange" if error else "blue"
    title = "修改部门" if department_id else "新部门"
    nobody = Note("不写主管，就由部门里角色是部门主管的人带；再没有，就找上级部门。")
    return Card(title, (*wrong, form, nobody, back), tone, personal=True)


def given(seen: Opened) -> Wanted:
    """A department as the form has it."""
    return Wanted(seen.team.name, seen.above, "、".join(number for _, number in seen.named))


def _back() -> Button:
    return Button("返回", List(0))
