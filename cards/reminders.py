"""Cards about the next step."""

from __future__ import annotations

from cards import labels
from cards.common import excerpt
from cards.kit import (
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
    Warn,
)
from models.crm.reminders import LATER, Reminder
from models.tables import TimerState


class Finish(Action, name="reminder.finish"):
    """Open the form of 完成."""

    timer: int
    plan: int


class SubmitResult(Action, name="reminder.result"):
    timer: int
    plan: int


class Later(Action, name="reminder.later"):
    """Open the choices of 稍后."""

    timer: int
    plan: int


class Snooze(Action, name="reminder.snooze"):
    timer: int
    plan: int
    choice: str


class Reschedule(Action, name="reminder.reschedule"):
    """Open the form of 改期."""

    timer: int
    plan: int


class SubmitTime(Action, name="reminder.time"):
    timer: int
    plan: int


class Contacted(Action, name="reminder.contacted"):
    timer: int
    plan: int


class Back(Action, name="reminder.back"):
    timer: int


def card(reminder: Reminder, note: str | None = None) -> Card:
    """The living card of a reminder; `note` says why it was moved elsewhere than asked."""
    subject, title = f"reminder:{reminder.timer}", f"该跟进了 · {reminder.customer.name}"
    at = (reminder.timer, reminder.plan)
    match reminder.state:
        case TimerState.FIRED:
            buttons = Buttons.of(
                Button("完成", Finish(*at), "primary"),
                Button("已联系", Contacted(*at)),
                Button("稍后", Later(*at)),
                Button("改期", Reschedule(*at)),
            )
            return Card(title, (*_facts(reminder), buttons), "orange", subject, personal=True)
        case TimerState.PENDING:
            moved = [Warn(note)] if note else []
            body = (Text(reminder.customer.name), *moved, *_facts(reminder), Note("到时间会再提醒你。"))
            said = f"已改到 {reminder.due}"
            return Card(said, body, "grey", subject, personal=True, toast=Toast(said))
        case TimerState.DONE:
            body = (*_facts(reminder), Note(f"{reminder.closed} 完成"))
            return Card(
                f"已完成 · {reminder.customer.name}", body, "green", subject, personal=True, toast=Toast("已完成")
            )
        case TimerState.CANCELLED:
            body = (*_facts(reminder), Note("已由新的跟进计划代替。"))
            return Card(f"已取消 · {reminder.customer.name}", body, "grey", subject, personal=True)


def finish(reminder: Reminder, words: dict[str, str], errors: dict[str, str]) -> Card:
    """The form of 完成: what came of it, and the next step."""
    fields: tuple[Field, ...] = (
        TextArea("result", "结果", words.get("result", ""), True, "谈了什么、结果如何", errors.get("result", "")),
        Select("method", "方式", labels.options(labels.METHODS), words.get("method", "")),
        Input("next_step", "下一步", words.get("next_step", "")),
        Input("next_at", "下次", words.get("next_at", ""), False, "例如：明天、周五下午3点", errors.get("next_at", "")),
    )
    form = Form(fields, Button("完成", SubmitResult(reminder.timer, reminder.plan), "primary"))
    return _opened(reminder, "完成", form, errors)


def reschedule(reminder: Reminder, typed: str = "", error: str = "") -> Card:
    """The form of 改期."""
    when = Input("time", "改到什么时间", typed, True, "例如：明天、周五下午3点、12月1日", error)
    form = Form((when,), Button("改期", SubmitTime(reminder.timer, reminder.plan), "primary"))
    return _opened(reminder, "改期", form, {"time": error} if error else {})


def later(reminder: Reminder) -> Card:
    """How much later."""
    each = [Button(say, Snooze(reminder.timer, reminder.plan, choice)) for choice, say in LATER.items()]
    return _opened(reminder, "稍后", Buttons.of(*each), {})


def _opened(reminder: Reminder, what: str, part: Element, errors: dict[str, str]) -> Card:
    back = Buttons.of(Button("返回", Back(reminder.timer)))
    body = (*_facts(reminder), part, back)
    subject = f"reminder:{reminder.timer}"
    return Card(f"{what} · {reminder.customer.name}", body, "orange" if errors else "blue", subject, personal=True)


def _facts(reminder: Reminder) -> tuple[Element, ...]:
    last = excerpt(reminder.content)
    return (Fields.of(("约定时间", reminder.due), ("下一步", reminder.next_step), ("上次内容", last)),)
