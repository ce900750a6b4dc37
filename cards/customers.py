"""Cards about a customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from cards import labels, reveals
from cards.common import Say, excerpt
from cards.kit import PAGE, Action, Button, Buttons, Card, Element, Fields, Note, Text
from cards.surveys import stars
from models.crm.access import CustomerRef
from models.crm.customers import Happening, Page
from models.tables import ReviewState, Severity
from models.text import money, private

Shown = Callable[[dt.datetime], str]
METHODS: dict[str, str] = {method.value: word for method, word in labels.METHODS.items()}
REVIEWS: dict[str, str] = {
    ReviewState.APPROVED: "审核通过",
    ReviewState.RETURNED: "审核退回",
    ReviewState.WITHDRAWN: "撤回录入",
}
#: what a kind of happening is called, by its word.
WORDS: dict[str, Callable[[str], str]] = {
    "follow_up": lambda word: METHODS.get(word, "跟进"),
    "review": lambda word: REVIEWS[word],
    "complaint": lambda word: f"{labels.SEVERITIES[Severity(word)]}投诉",
    "deal": lambda word: f"成交 {money.show(int(word))}",
    "survey": lambda word: f"评价 {stars(int(word))}",
}
#: whose words they are where that is nobody of ours.
SPEAKER = {"survey": "客户"}


class Turn(Action, name="customer.page"):
    """Another page of the timeline."""

    customer: int
    page: int


class Find(Action, name="customer.find"):
    """Another page of hits."""

    words: str
    page: int


def page(shown_page: Page, shown: Shown) -> Card:
    """The customer page: key facts, contacts, needs, timeline."""
    ref = shown_page.ref
    head = Fields.of(
        ("编号", ref.number),
        ("状态", None if ref.number else labels.STATUSES[ref.status]),
        ("负责人", ref.owner_name),
        *shown_page.facts,
        ("转化阶段", ref.deal_stage and labels.DEAL_STAGES[ref.deal_stage]),
        ("最近跟进", shown(shown_page.last_at) if shown_page.last_at else None),
        ("下次跟进", shown(shown_page.next_at) if shown_page.next_at else None),
    )
    people = [
        Fields.of(
            ("联系人", " · ".join(filter(None, (each.name, each.position, each.decision_role)))),
            ("手机", each.mobile),
            ("电话", each.phone),
            ("邮箱", each.email),
            ("微信", each.wechat),
        )
        for each in shown_page.contacts
    ]
    pending = [Note(f"待确认：{'、'.join(shown_page.pending)}")] if shown_page.pending else []
    needs = [Fields.of(*shown_page.needs)] if shown_page.needs else []
    facts: tuple[Element, ...] = () if shown_page.page else (head, *people, *needs, *pending)
    return Card(ref.name, (*facts, *_timeline(shown_page, shown)), personal=True)


def _timeline(of: Page, shown: Shown) -> tuple[Element, ...]:
    lines = [Text(_line(each, shown)) for each in of.happenings] or [Text("还没有跟进记录。")]
    turn = Buttons.of(
        Button("上一页", Turn(of.ref.id, of.page - 1)) if of.page else None,
        Button("下一页", Turn(of.ref.id, of.page + 1)) if of.more else None,
        Button("记跟进", Say(f"/跟进 {of.ref.number}")) if of.ref.number else None,
        reveals.button(reveals.Reveal(of.ref.id)) if of.hidden else None,
    )
    return Note(f"时间轴 · 第 {of.page + 1} 页" if of.page else "时间轴"), *lines, turn


def _line(each: Happening, shown: Shown) -> str:
    word, who = WORDS[each.kind](each.word or ""), SPEAKER.get(each.kind, each.who)
    return f"{shown(each.at)}　{who}　{word}" + (f"\n{excerpt(each.text)}" if each.text else "")


def hits(found: Sequence[CustomerRef], words: str, page: int, near: Sequence[CustomerRef] = ()) -> Card:
    """What a search found, a button for each; with nothing, what comes near."""
    if not found:
        hint = "你是不是要：" if near else "可以试试名字里的两个字、拼音首字母、编号，或手机后四位。"
        return Card(
            "没有找到", (Text(f"没有找到「{private.redact(words)[:40]}」。{hint}"), *_rows(near)), tone="orange"
        )
    more = len(found) > (page + 1) * PAGE
    turn = Buttons.of(
        Button("上一页", Find(words, page - 1)) if page else None,
        Button("下一页", Find(words, page + 1)) if more else None,
    )
    asked = bool(private.find(words))  # its buttons repeat the number that was searched for
    return Card(f"找到 {len(found)} 个", (*_rows(found[page * PAGE :][:PAGE]), turn), personal=asked)


def _rows(found: Sequence[CustomerRef]) -> list[Element]:
    rows: list[Element] = []
    for each in found:
        stage = labels.STATUSES[each.status]
        rows.append(Text(f"{each.name}\n{each.number or stage} · {each.owner_name}"))
        rows.append(Buttons.of(Button("查看", Turn(each.id, 0))))
    return rows
