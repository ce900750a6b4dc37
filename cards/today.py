"""Cards about what a rep has to do today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import customers, entries, reminders
from cards.common import excerpt
from cards.kit import Action, Button, Buttons, Card, Element, Note, Text
from models.crm.today import Thing, Today, What


class Turn(Action, name="today.page"):
    """Another page of the list."""

    page: int


SAID: Mapping[What, str] = {What.OVERDUE: "已到期", What.DUE: "今天到期", What.RETURNED: "录入被退回"}


def today(of: Today, news: Sequence[Element] = ()) -> Card:
    """What is due and overdue, the most urgent first; then the news of views he subscribed to."""
    title = f"今天 · {of.date}"
    if of.empty:
        return Card(title, (Text("今天没有到期的事。"), Note(f"截至 {of.now}"), *news), "green", personal=True)
    counts = "，".join(f"{SAID[what]} {number}" for what, number in of.counts if number)
    rows = [part for thing in of.things for part in _row(thing)]
    turn = Buttons.of(
        Button("上一页", Turn(of.page - 1)) if of.page else None,
        Button("下一页", Turn(of.page + 1)) if of.more else None,
    )
    return Card(title, (Note(f"{counts} · 截至 {of.now}"), *rows, turn, *news), personal=True)


def _row(thing: Thing) -> tuple[Element, ...]:
    said = " · ".join(filter(None, (SAID[thing.what], thing.at)))
    text = f"{thing.name}\n{said}" + (f"\n{excerpt(thing.about)}" if thing.about else "")
    return Text(text), Buttons.of(_button(thing))


def _button(thing: Thing) -> Button:
    if thing.what is What.RETURNED:
        return Button("去修改", entries.Correct(thing.customer), "primary")
    if thing.timer:
        return Button("去处理", reminders.Back(thing.timer), "primary")
    return Button("查看", customers.Turn(thing.customer, 0))
