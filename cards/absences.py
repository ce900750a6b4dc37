"""Cards about leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import common
from cards.kit import Action, Button, Buttons, Card, Element, Field, Fields, Input, Note, Text, Toast, Tone
from models.crm.absence_views import Away, State

STATES: Mapping[State, tuple[str, Tone]] = {
    State.AHEAD: ("将请假", "blue"),
    State.NOW: ("请假中", "orange"),
    State.OVER: ("已销假", "green"),
    State.CALLED_OFF: ("已取消请假", "grey"),
}


class New(Action, name="absence.new"):
    """Open the form of `/请假`."""


class End(Action, name="absence.end"):
    absence: int


def card(seen: Away, toast: str = "") -> Card:
    """The living card of a leave: for who is away, for who stands in, and for who leads him."""
    word, tone = STATES[seen.state]
    said = Toast(toast) if toast else None
    return Card(f"{word} · {seen.name}", (*_facts(seen), *_end(seen)), tone, f"absence:{seen.id}", toast=said)


def _facts(seen: Away) -> tuple[Element, ...]:
    until = "" if seen.state is State.CALLED_OFF else seen.until
    people = ("代理人", seen.deputy or "没有"), ("登记人", seen.entered_by)
    facts = Fields.of(("开始", seen.since), ("结束", until), *people)
    if seen.state in (State.OVER, State.CALLED_OFF):
        return (facts,)
    return facts, Note(_meaning(seen))


def _meaning(seen: Away) -> str:
    if seen.stands_in:
        return f"期间该由{seen.name}审核的、要告警的都转给你；发 /待审、/投诉 看得到他那一份，结束后就看不到了。"
    who = f"转给{seen.deputy}" if seen.deputy else "由上一级处理"
    return f"期间的审核和告警{who}，时限不变；自己的提醒改在回来上班时。"


def _end(seen: Away) -> tuple[Element, ...]:
    over = seen.state in (State.OVER, State.CALLED_OFF)
    return () if over or not seen.may_end else (Buttons.of(Button("销假", End(seen.id), "primary")),)


def mine(rows: Sequence[Away]) -> Card:
    """One's own leaves, with a button for each."""
    body: list[Element] = []
    for row in rows:
        body += [Text(f"{row.since} 到 {row.until}\n代理人：{row.deputy or '没有'}"), *_end(row)]
    return Card("我的请假", (*body, Buttons.of(Button("再请一次", New()))), "blue")


FORM: tuple[Field, ...] = (
    Input("since", "从", "", True, "例如：现在、明天、12月1日下午2点"),
    Input("until", "到", "", True, "例如：周五（含当天）、12月3日中午12点"),
    Input("deputy", "代理", "", False, "代理人的姓名或工号"),
    Input("person", "人", "", False, "给团队里的同事登记时填，不填就是自己"),
)


def form(words: Mapping[str, str], errors: Mapping[str, str], draft: int) -> Card:
    """The form of `/请假`, with everything that was typed."""
    return common.form("请假", "/请假", FORM, words, errors, draft)
