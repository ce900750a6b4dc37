"""Cards about follow-ups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from cards import common, labels
from cards.kit import Card, Element, Field, Fields, Input, Note, Select, Text, TextArea, Toast, Warn
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


FORM: tuple[Field, ...] = (
    Input("customer", "客户", "", True, "编号、全称、简称或拼音"),
    TextArea("content", "内容", "", True, "谈了什么、结果如何"),
    Select("method", "方式", labels.options(labels.METHODS)),
    TextArea("feedback", "客户反馈", hint="客户怎么说、有什么变化"),
    Input("next_step", "下一步", hint="例如：发报价单"),
    Input("next_at", "下次", hint="例如：明天、周五下午3点、12月1日、3天后"),
    Select("stage", "阶段", labels.options(labels.DEAL_STAGES)),
)


def form(words: Mapping[str, str], errors: Mapping[str, str], draft: int) -> Card:
    """The form of `/跟进`, with everything that was typed."""
    return common.form("记一次跟进", "/跟进", FORM, words, errors, draft)
