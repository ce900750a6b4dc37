"""Several messages in one (X7, O8)."""

from __future__ import annotations

from collections.abc import Sequence

from cards.common import Say, excerpt
from cards.kit import Action, Button, Buttons, Card, Element, Fields, Note, Text

LITTLE = "同时到的合成一条；想一条一条收，请到「/设置」里改。"
SHORT = "本月的平台调用额度不多了，四小时内的合并成一条发。"


class Open(Action, name="held.open"):
    """The card itself of what a list told."""

    held: int


def merged(told: Sequence[tuple[int, Card]], more: int = 0, *, short: bool = False) -> Card:
    """What each was about, with a way to its card; of reminders, `more` are only on the list of the day."""
    body: list[Element] = [part for row, card in told for part in _row(row, card)]
    if more:
        body += [Note(f"另外还有 {more} 条提醒，都在「今天」里。"), Buttons.of(Button("今天", Say("/今天")))]
    body.append(Note(SHORT if short else LITTLE))
    return Card(f"{len(told) + more} 条提醒", tuple(body), "blue", personal=True)


def _row(row: int, card: Card) -> tuple[Element, ...]:
    return Text(f"{card.title}{_first(card)}"), Buttons.of(Button("打开", Open(row)))


def _first(card: Card) -> str:
    """What a card says first."""
    for part in card.body:
        if isinstance(part, Text):
            return f"\n{excerpt(part.text)}"
        if isinstance(part, Fields):
            return f"\n{excerpt(' · '.join(value for _, value in part.pairs))}"
    return ""
