"""Cards about the duty roster."""

from __future__ import annotations

from collections.abc import Mapping

from cards.kit import Action, Button, Buttons, Card, Element, Form, Input, Note, Text, Toast, Tone, Warn
from models.crm.duty_views import Line, Roster

#: rows that can be taken out, on one card; longer rosters are changed by setting other people.
ROWS = 10
DAYS, HOURS, WHO = "星期或日期", "时间", "人"


class Show(Action, name="duty.show"):
    department: int


class Ask(Action, name="duty.ask"):
    """Open the form of 排班."""

    department: int


class Submit(Action, name="duty.submit"):
    department: int


class Rows(Action, name="duty.rows"):
    """The rows with a button each."""

    department: int
    page: int


class Remove(Action, name="duty.remove"):
    shift: int


def card(seen: Roster, toast: str = "") -> Card:
    """This week's duty of a department, and who is on duty now."""
    week = Text("\n".join(map(_line, seen.week)) or "这周还没有排班。下班后的告警会同时发给处理人和主管。")
    buttons = (Button("排班", Ask(seen.department), "primary"), Button("删除", Rows(seen.department, 0)))
    shown = buttons[: 2 if seen.rows else 1] if seen.may_set else ()
    said = Toast(toast) if toast else None
    return Card(f"值班 · {seen.name}", (Note(_now(seen)), week, Buttons(shown)), "blue", toast=said)


def _now(seen: Roster) -> str:
    who = f"现在值班：{seen.now}" if seen.now else "现在没有人值班"
    return f"{who}。现在是上班时间，告警发给处理人。" if seen.in_office else f"{who}。"


def _line(line: Line) -> str:
    return f"{line.day} {line.hours} {line.who}{'（调整）' if line.exception else ''}"


def rows(seen: Roster, page: int) -> Card:
    """The rows of a roster, each with a button that takes it out."""
    body: list[Element] = []
    for row in seen.rows[page * ROWS : (page + 1) * ROWS]:
        body += [Text(f"{row.when} {row.who}"), Buttons.of(Button("删除", Remove(row.id), "danger"))]
    turn = Buttons.of(
        Button("上一页", Rows(seen.department, page - 1)) if page else None,
        Button("下一页", Rows(seen.department, page + 1)) if len(seen.rows) > (page + 1) * ROWS else None,
        Button("返回", Show(seen.department)),
    )
    return Card(f"删除值班 · {seen.name}", (*body, turn), "blue")


def form(seen: Roster, words: Mapping[str, str], errors: Mapping[str, str]) -> Card:
    """The form of 排班, with everything that was typed."""
    fields = (
        Input("days", DAYS, words.get("days", ""), True, "例如：周一至周五、周六、12月25日", errors.get("days", "")),
        Input("hours", HOURS, words.get("hours", ""), True, "例如：18:00-22:00、22:00-08:00", errors.get("hours", "")),
        Input("person", WHO, words.get("person", ""), True, "姓名或工号；没有人写 无人", errors.get("person", "")),
    )
    problem = [Warn(errors[""])] if errors.get("") else []
    submit = Form(fields, Button("保存", Submit(seen.department), "primary"))
    tone: Tone = "orange" if errors else "blue"
    back = Buttons.of(Button("返回", Show(seen.department)))
    return Card(f"排班 · {seen.name}", (*problem, submit, back), tone)
