"""Cards of the organisation's synchronisation: how it went, and who may join (P8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from cards.kit import Action, Button, Buttons, Card, Element, Fields, Form, Input, Note, Text, Toast, Tone, Warn
from cards.labels import PLATFORMS, ROLES
from models.crm.joiners import Joiner, Joiners
from models.crm.orgsync import Overview, Result
from models.text.identifiers import mask_mobile

CHECK = "请核对应用的通讯录范围；真的离职的人先停用，再同步"
Shown = Callable[[dt.datetime], str]


class Start(Action, name="org.start"):
    """Read the organisations anew."""


class Status(Action, name="org.status"):
    """Back to how things stand."""


class List(Action, name="org.joiners"):
    page: int


class Open(Action, name="org.joiner"):
    proposal: int


class Accept(Action, name="org.accept"):
    proposal: int


class Dismiss(Action, name="org.dismiss"):
    proposal: int


def sentence(became: Result) -> str:
    """How a reading ended."""
    if became.trouble:
        return f"没有读完，什么都没改：{became.trouble}"
    if became.too_many:
        return f"这次会让 {became.too_many} 人离职，太多了，什么都没改。{CHECK}"
    counts = (
        ("部门", became.departments, "个"),
        ("绑定", became.bound, "人"),
        ("调动", became.moved, "人"),
        ("资料更新", became.changed, "处"),
        ("新同事", became.joiners, "人"),
        ("离职", became.left, "人"),
        ("看不到", became.hidden, "人"),
    )
    return "，".join(f"{what} {count} {unit}" for what, count, unit in counts if count) or "没有变化"


def status(seen: Overview, shown: Shown, toast: str = "") -> Card:
    """How the last reading of each platform ended."""
    lines: list[Element] = []
    for platform, at, became in seen.states:
        line = f"{PLATFORMS.get(platform, platform)}　{shown(at)}\n{sentence(became)}"
        lines.append(Warn(line) if became.trouble or became.too_many else Text(line))
    buttons = Buttons.of(
        Button("现在同步", Start(), "primary"),
        Button(f"待加入 {seen.joiners}", List(0)) if seen.joiners else None,
    )
    begins = [] if lines else [Text("还没有同步过。第一次可以先执行 python app.py org sync --dry-run 看看会改什么。")]
    about = Note(
        "同步过一次以后，每个工作日凌晨和通讯录有变动时自动再同步。权限见 docs/feishu.md 和 docs/dingtalk.md。"
    )
    said = Toast(toast) if toast else None
    return Card("组织同步", (*begins, *lines, buttons, about), personal=True, toast=said)


def joiners(found: Joiners, toast: str = "") -> Card:
    """A page of those who wait to be decided about."""
    body: list[Element] = []
    for each in found.rows:
        body.append(
            Text(f"{each.name}　{each.department or '还没有部门'}　{PLATFORMS.get(each.platform, each.platform)}")
        )
        body.append(Buttons.of(Button(f"看 {each.name}"[:12], Open(each.id))))
    turn = Buttons.of(
        Button("上一页", List(found.page - 1)) if found.page else None,
        Button("下一页", List(found.page + 1)) if found.more else None,
        Button("返回", Status()),
    )
    empty = [] if found.rows else [Text("没有人在等。")]
    return Card("待加入", (*empty, *body, turn), personal=True, toast=Toast(toast) if toast else None)


def joiner(who: Joiner, words: dict[str, str] | None = None, error: str = "") -> Card:
    """One of them, and the form that lets him in, with what was typed."""
    typed = {"staff_no": who.staff_no, "department": who.department} | (words or {})
    fields = [
        Input("staff_no", "工号", typed["staff_no"], True, "例如：S1001"),
        Input("department", "部门", typed["department"], True, "部门名称"),
        Input("roles", "角色", typed.get("roles", ""), False, "用顿号分开，例如：销售专员"),
    ]
    if not who.mobile:
        fields.append(Input("mobile", "手机", typed.get("mobile", ""), True, "11 位手机号"))
    known = Fields.of(
        ("账号", PLATFORMS.get(who.platform, who.platform)),
        ("手机", mask_mobile(who.mobile) if who.mobile else None),
    )
    wrong = [Warn(error)] if error else []
    there = Note(f"角色有：{'、'.join(ROLES.values())}。加入后他直接在聊天里就能用，不用绑定码。")
    form = Form(tuple(fields), Button("加入", Accept(who.id), "primary"))
    others = Buttons.of(Button("不加入", Dismiss(who.id), "danger"), Button("返回", List(0)))
    tone: Tone = "orange" if error else "blue"
    return Card(f"待加入 · {who.name}", (*wrong, known, form, there, others), tone, personal=True)
