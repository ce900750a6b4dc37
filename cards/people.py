"""Cards for looking after people and what roles may (P1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from cards import orgs
from cards.common import Say
from cards.kit import Action, Button, Buttons, Card, Element, Fields, Form, Input, Note, Select, Text, Toast, Tone, Warn
from cards.labels import PERMISSIONS, PLATFORMS, REACHES, ROLES
from models import policy
from models.crm.staff import Employee, Listed, RoleSet
from models.policy import Permission, Reach
from models.tables import Role

Shown = Callable[[dt.datetime], str]
NONE = "没有"
HAS = "有"


class List(Action, name="people.list"):
    words: str
    page: int


class Open(Action, name="people.open"):
    person: int


class New(Action, name="people.new"):
    """Open the form for somebody new."""


class Add(Action, name="people.add"):
    """Send it."""


class Edit(Action, name="people.edit"):
    person: int


class Save(Action, name="people.save"):
    person: int


class Switch(Action, name="people.switch"):
    """Disable with 0, let in again with 1."""

    person: int
    on: int


class Code(Action, name="people.code"):
    person: int


class OpenRole(Action, name="role.open"):
    role: str


class Grant(Action, name="role.grant"):
    role: str


def _roles(roles: Sequence[Role]) -> str:
    return "、".join(ROLES[role] for role in roles) or "还没有角色"


# --- people ---


def listed(found: Listed, joiners: int = 0) -> Card:
    """A page of people, each with the button that opens him, and how many wait to be let in."""
    body: list[Element] = []
    for row in found.rows:
        state = "" if row.active else "　已停用"
        body.append(Text(f"{row.name}　{row.staff_no}　{row.department}{state}\n{_roles(row.roles)}"))
        body.append(Buttons.of(Button(f"看 {row.name}"[:12], Open(row.id))))
    turn = Buttons.of(
        Button("上一页", List(found.words, found.page - 1)) if found.page else None,
        Button("下一页", List(found.words, found.page + 1)) if found.more else None,
        Button(f"待加入 {joiners}", orgs.List(0)) if joiners else None,
        Button("添加人员", New()),
        Button("部门", Say("/部门")),
        Button("角色和权限", Say("/角色")),
    )
    hint = Note("找一个人：/人员 姓名、工号或部门。一次加很多人用命令行的 user import，见 README。")
    return Card(f"人员{f' · {found.words}' if found.words else ''}", (*body, turn, hint), personal=True)


def employee(who: Employee, shown: Shown, toast: str = "") -> Card:
    """One person, and what can be done about him."""
    row = who.row
    led = Fields.of(("带的部门", "、".join(who.leads)))
    until = who.code_until and f"绑定码 {shown(who.code_until)} 前有效"
    at = "、".join(PLATFORMS.get(each, each) for each in who.platforms)
    facts = Fields.of(
        ("工号", row.staff_no),
        ("部门", row.department),
        ("角色", _roles(row.roles)),
        ("账号", at or until or "没有绑定"),
    )
    state = [] if row.active else [Warn("已停用：什么都不能做，也收不到消息。")]
    buttons = Buttons.of(
        Button("改部门和角色", Edit(row.id), "primary"),
        Button("新绑定码", Code(row.id)) if row.active else None,
        Button("停用", Switch(row.id, 0), "danger") if row.active else Button("启用", Switch(row.id, 1)),
        Button("返回", List("", 0)),
    )
    said = Toast(toast) if toast else None
    return Card(f"人员 · {row.name}", (*state, facts, led, buttons), personal=True, toast=said)


def code(who: Employee, made: str, shown: Shown) -> Card:
    """A fresh binding code, to be handed over."""
    say = f"请把下面这句话交给{who.row.name}，让他在和我的私聊里发（最后是他手机号的后四位）："
    until = Note(f"{shown(who.code_until)} 前有效，用一次就作废。" if who.code_until else "用一次就作废。")
    back = Buttons.of(Button("返回", Open(who.row.id)))
    return Card(f"绑定码 · {who.row.name}", (Text(say), Text(f"/绑定 {made} 手机后四位"), until, back), personal=True)


def edit(who: Employee, department: str, roles: str, error: str = "") -> Card:
    """The form for another department and other roles, with what was typed."""
    fields = (
        Input("department", "部门", department, True, "部门名称"),
        Input("roles", "角色", roles, False, "用顿号分开，例如：销售专员、部门主管"),
    )
    wrong = [Warn(error)] if error else []
    there = Note(f"角色有：{'、'.join(ROLES.values())}。带部门的人自动是部门主管。")
    form = Form(fields, Button("保存", Save(who.row.id), "primary"))
    back = Buttons.of(Button("返回", Open(who.row.id)))
    tone: Tone = "orange" if error else "blue"
    return Card(f"改部门和角色 · {who.row.name}", (*wrong, form, there, back), tone, personal=True)


def new(words: Mapping[str, str], error: str = "") -> Card:
    """The form for somebody new, with what was typed."""
    fields = (
        Input("staff_no", "工号", words.get("staff_no", ""), True),
        Input("name", "姓名", words.get("name", ""), True),
        Input("department", "部门", words.get("department", ""), True, "部门名称"),
        Input("roles", "角色", words.get("roles", ""), False, "用顿号分开，例如：销售专员、部门主管"),
        Input("mobile", "手机", words.get("mobile", ""), True, "绑定时核对后四位，告警时的后备联系方式"),
    )
    wrong = [Warn(error)] if error else []
    there = Note(f"角色有：{'、'.join(ROLES.values())}。保存后会给你一个绑定码，交给本人。")
    form = Form(fields, Button("添加", Add(), "primary"))
    back = Buttons.of(Button("返回", List("", 0)))
    tone: Tone = "orange" if error else "blue"
    return Card("添加人员", (*wrong, form, there, back), tone, personal=True)


def given(who: Employee) -> str:
    """The roles as the form has them."""
    return "、".join(ROLES[role] for role in who.given)


# --- roles ---


def roles(sets: Sequence[RoleSet]) -> Card:
    """Every role, and how many permissions it has."""
    body: list[Element] = []
    for each in sets:
        changed = "　改过" if each.rights != each.began else ""
        body.append(Text(f"{ROLES[each.role]}　{len(each.rights)} 项权限{changed}"))
    chosen = [Button(ROLES[each.role], OpenRole(each.role)) for each in sets]
    return Card("角色和权限", (*body, Buttons.of(*chosen)), personal=True)


def role(seen: RoleSet, toast: str = "") -> Card:
    """What one role may, and the form that changes it."""
    name = ROLES[seen.role]
    pairs = tuple((PERMISSIONS[each], _reach(seen, each)) for each in Permission)
    fields = (
        Select("permission", "权限", tuple((word, word) for word in PERMISSIONS.values()), required=True),
        Select("reach", "范围", tuple((word, word) for word in (NONE, *REACHES.values())), required=True),
    )
    about = Note("改了马上生效，已经发出的卡片也一样。范围只对看客户、审核、投诉、简报有分别，其余选「全部」就是有。")
    form = Form(fields, Button("保存", Grant(seen.role), "primary"))
    back = Buttons.of(Button("返回", Say("/角色")))
    return Card(
        f"权限 · {name}", (Fields(pairs), about, form, back), personal=True, toast=Toast(toast) if toast else None
    )


def _reach(seen: RoleSet, permission: Permission) -> str:
    now, began = (_shown(rights.get(permission), permission) for rights in (seen.rights, seen.began))
    return now if now == began else f"{now}（原来：{began}）"


def _shown(reach: Reach | None, permission: Permission) -> str:
    if reach is None:
        return NONE
    return REACHES[reach] if permission in policy.FAR else HAS
