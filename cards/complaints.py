"""Cards about complaints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import common, labels, reveals
from cards.common import excerpt
from cards.kit import (
    PAGE,
    Action,
    Button,
    Buttons,
    Card,
    Element,
    Field,
    Fields,
    Form,
    Input,
    Note,
    Select,
    Text,
    TextArea,
    Toast,
    Tone,
    Warn,
)
from models.crm.complaint_views import Complained, Line
from models.crm.complaints import PROBLEM, REASON
from models.tables import ComplaintState, Severity

YES_NO = (("是", "是"), ("否", "否"))


class New(Action, name="complaint.new"):
    """Open the form of `/投诉`."""


class Show(Action, name="complaint.show"):
    complaint: int


class List(Action, name="complaint.page"):
    """A page of what waits."""

    page: int


class AskContact(Action, name="complaint.ask_contact"):
    """Open the form of 首次响应."""

    complaint: int


class Contact(Action, name="complaint.contact"):
    complaint: int


class Acknowledge(Action, name="complaint.acknowledge"):
    complaint: int


class Escalate(Action, name="complaint.escalate"):
    complaint: int
    level: int


class Why(Action, name="complaint.why"):
    """Why it is due when it is."""

    complaint: int


def card(seen: Complained, toast: str = "") -> Card:
    """The living card of a complaint."""
    waits = seen.state is ComplaintState.ACCEPTED
    head = _waiting(seen) if waits else _contacted(seen)
    tone: Tone = "green" if not waits else "red" if seen.late else "orange"
    acting = [Note(seen.acting)] if seen.acting else []
    shows = [Buttons.of(reveals.button(reveals.RevealComplaint(seen.id)))] if seen.hidden and waits else []
    body = (*acting, *head, *_facts(seen), *(_buttons(seen) if waits else ()), *shows)
    said = Toast(toast) if toast else None
    return Card(f"投诉 · {seen.number}", body, tone, _subject(seen), personal=True, toast=said)


def _subject(seen: Complained) -> str:
    return f"complaint:{seen.id}"


def _waiting(seen: Complained) -> tuple[Element, ...]:
    if seen.late:
        return (Warn(f"首次响应{seen.left}（应在 {seen.due} 前）。请马上联系客户。"),)
    return (Note(f"请在 {seen.due} 前首次响应，{seen.left}。"),)


def _contacted(seen: Complained) -> tuple[Element, ...]:
    apology = None if seen.apologised is None else "是" if seen.apologised else "否"
    facts = Fields.of((PROBLEM, seen.problem), ("是否致歉", apology), (REASON, seen.late_reason or None))
    return Note(seen.contacted), facts


def _facts(seen: Complained) -> tuple[Element, ...]:
    about = Fields.of(
        ("客户", seen.customer),
        ("级别", labels.SEVERITIES[seen.severity]),
        ("渠道", seen.channel and labels.CHANNELS[seen.channel]),
        ("受理", seen.opened),
        ("处理人", seen.handler),
    )
    people = [
        Fields.of(("联系人", " · ".join(filter(None, (each.name, each.position)))), ("手机", each.mobile or each.phone))
        for each in seen.contacts[:2]
    ]
    history = [f"这是该客户的第 {seen.earlier + 1} 次投诉。"] if seen.earlier else []
    lately = [Note("最近往来：\n" + "\n".join(map(excerpt, seen.lately)))] if seen.lately else []
    known = [Note(f"已收到：{'、'.join(seen.acknowledged)}")] if seen.acknowledged else []
    return (about, Text(seen.content), *people, *map(Note, history), *lately, *known)


def _buttons(seen: Complained) -> tuple[Element, ...]:
    return (
        Buttons.of(
            Button("首次响应", AskContact(seen.id), "primary"),
            None if seen.acknowledged_by_me else Button("收到", Acknowledge(seen.id)),
            Button("升级", Escalate(seen.id, seen.level), "danger"),
            Button("为什么是这个时间", Why(seen.id)),
        ),
    )


def ask_contact(seen: Complained, words: Mapping[str, str], errors: Mapping[str, str]) -> Card:
    """The form of 首次响应; once it is late the reason is asked for."""
    fields: list[Field] = [
        TextArea("problem", PROBLEM, words.get("problem", ""), True, "用一句话写明客户的问题", errors.get(PROBLEM, "")),
        Select("apologised", "是否致歉", YES_NO, words.get("apologised", "")),
    ]
    if seen.late:
        why = words.get("late_reason", "")
        fields.append(TextArea("late_reason", REASON, why, True, "为什么没能在时限内联系", errors.get(REASON, "")))
    form = Form(tuple(fields), Button("首次响应", Contact(seen.id), "primary"))
    tone: Tone = "orange" if errors else "blue"
    return Card(f"首次响应 · {seen.number}", (*_facts(seen), form, _back(seen)), tone, _subject(seen), personal=True)


def why(seen: Complained, lines: Sequence[str]) -> Card:
    """The counted intervals of a deadline (F7)."""
    body = (Text("\n".join(lines)), _back(seen))
    return Card(f"为什么是 {seen.due}", body, "blue", _subject(seen), personal=True)


def _back(seen: Complained) -> Buttons:
    return Buttons.of(Button("返回", Show(seen.id)))


def waiting(rows: Sequence[Line], page: int, *, more: bool) -> Card:
    """What waits for its first contact, the most urgent first."""
    body: list[Element] = []
    for row in rows[:PAGE]:
        severity = f" · {labels.SEVERITIES[row.severity]}" if row.severity is Severity.MAJOR else ""
        body.append(Text(f"{row.number} · {row.customer}\n{row.left}{severity}"))
        body.append(Buttons.of(Button("打开", Show(row.id), "primary" if row.late else "default")))
    turn = Buttons.of(
        Button("上一页", List(page - 1)) if page else None,
        Button("下一页", List(page + 1)) if more else None,
        Button("登记投诉", New()),
    )
    tone: Tone = "red" if any(row.late for row in rows) else "blue" if rows else "green"
    return Card("待响应的投诉", (*(body or [Text("没有等待首次响应的投诉。")]), turn), tone, personal=True)


FORM: tuple[Field, ...] = (
    Input("complainant", "客户", "", True, "编号、全称、简称或拼音"),
    TextArea("content", "内容", "", True, "客户说了什么、希望怎么办"),
    Select("channel", "渠道", labels.options(labels.CHANNELS)),
    Select("severity", "级别", labels.options(labels.SEVERITIES)),
)


def form(words: Mapping[str, str], errors: Mapping[str, str], draft: int) -> Card:
    """The form of `/投诉`, with everything that was typed."""
    return common.form("登记投诉", "/投诉", FORM, words, errors, draft)
