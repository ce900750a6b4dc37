"""Cards about follow-ups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from cards import labels
from cards.common import FITS_INPUT, Submit
from cards.kit import Button, Card, Element, Field, Fields, Form, Input, Note, Select, Text, TextArea, Toast, Warn
from models.crm.follow_ups import Recorded

Shown = Callable[[dt.datetime], str]


def recorded(entry: Recorded, shown: Shown) -> Card:
    """The receipt of a follow-up."""
    talk = entry.talk
    facts = Fields.of(
        ("方式", talk.method and labels.METHODS[talk.method]),
        ("客户反馈", talk.feedback),
        ("下一步", talk.next_step),
        ("下次", shown(talk.next_at.at) if talk.next_at else None),
        ("阶段", talk.stage and f"{labels.DEAL_STAGES[talk.stage]}（{entry.funnel}客户）"),
    )
    body: list[Element] = [Text(talk.content), facts]
    if talk.next_at and talk.next_at.note:
        body.append(Warn(talk.next_at.note))
    if entry.colleague and entry.colleague_at:
        body.append(Note(f"今天 {entry.colleague} 也跟进过这个客户（{shown(entry.colleague_at)}），记得互通。"))
    if not talk.next_at:
        body.append(Note("还没有下次安排，可以再记一条并加上 下次:周五"))
    title = f"已记录跟进 · {entry.customer.name}"
    return Card(title, tuple(body), tone="green", personal=entry.sensitive, toast=Toast("已记录跟进"))


def finished(entry: Recorded, shown: Shown, timer: int) -> Card:
    """The receipt of a follow-up that a reminder asked for: stands in the reminder's place."""
    return replace(recorded(entry, shown), subject=f"reminder:{timer}")


def form(words: Mapping[str, str], errors: Mapping[str, str], draft: int) -> Card:
    """The form of `/跟进`, with everything that was typed."""

    def text(kind: type[Input], name: str, label: str, hint: str = "", *, required: bool = False) -> list[Field]:
        value = words.get(name, "")
        if len(value) > FITS_INPUT:
            return []
        return [kind(name, label, value, required, hint, errors.get(name, ""))]

    def select(name: str, label: str, words_of: tuple[tuple[str, str], ...]) -> Select:
        return Select(name, label, words_of, words.get(name, ""), error=errors.get(name, ""))

    fields: list[Field] = [
        *text(Input, "customer", "客户", "编号、全称、简称或拼音", required=True),
        *text(TextArea, "content", "内容", "谈了什么、结果如何", required=True),
        select("method", "方式", labels.options(labels.METHODS)),
        *text(TextArea, "feedback", "客户反馈", "客户怎么说、有什么变化"),
        *text(Input, "next_step", "下一步", "例如：发报价单"),
        *text(Input, "next_at", "下次", "例如：明天、周五下午3点、12月1日、3天后"),
        select("stage", "阶段", labels.options(labels.DEAL_STAGES)),
    ]
    kept = [
        Note(f"你写的 {len(value)} 字内容已保留，不用再写。") for value in words.values() if len(value) > FITS_INPUT
    ]
    problems = [Warn(say) for say in [errors[name] for name in errors if name not in _names(fields)] if say]
    submit = Button("提交", Submit("/跟进", draft), "primary")
    body: tuple[Element, ...] = (*problems, *kept, Form(tuple(fields), submit))
    return Card("记一次跟进", body, "orange" if any(errors.values()) else "blue", personal=True)


def _names(fields: list[Field]) -> set[str]:
    return {field.name for field in fields}
