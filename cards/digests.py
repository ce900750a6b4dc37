"""Cards about the digest: the figures, and the records behind each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cards import complaints, customers, reviews
from cards.kit import Action, Bars, Button, Buttons, Card, Element, Note, Text
from cards.labels import METHODS, SEVERITIES, STAGES
from models.crm.digests import Digest, Line, Listing, Period, Record
from models.seals import Seal


class Open(Action, name="digest.open"):
    """The records behind a number; the period is that of the card, in seconds, so that both agree."""

    figure: str
    since: int
    until: int
    page: int


class Back(Action, name="digest.back"):
    """The figures again, up to now."""

    since: int


WORDS: Mapping[str, str] = {word.value: said for words in (METHODS, STAGES, SEVERITIES) for word, said in words.items()}
#: what a record of a figure opens, where that is not its customer.
OPENS: Mapping[str, Callable[[Record], Action]] = {
    "reviews": lambda row: reviews.Open(row.record),
    "complaints": lambda row: complaints.Show(row.record),
    "unanswered": lambda row: complaints.Show(row.record),
}


def digest(figures: Digest, news: Sequence[Element] = ()) -> Card:
    """What happened since the last one, for who leads; with the news of views he subscribed to."""
    chart = [Bars("跟进（按部门）" if figures.by_team else "跟进（按人员）", figures.bars)] if figures.bars else []
    lines = [part for line in figures.lines for part in _line(line, figures.period)]
    says = Note(f"{figures.since} 起，截至 {figures.now}")
    seal = [Note(_sealed(figures.seal))] if figures.seal else []
    return Card(f"简报 · {figures.date}", (says, *chart, *lines, *news, *seal), personal=True)


def _sealed(head: Seal) -> str:
    """Enough of the link that nobody makes another chain for it."""
    return f"审计链头 {head.number}:{head.link[:24]}"


def _line(line: Line, of: Period) -> tuple[Element, ...]:
    teams = " · ".join(f"{team} {number}" for team, number in line.teams)
    said = f"{line.label} {line.total}" + (f"\n{teams}" if len(line.teams) > 1 else "")
    if not line.total:
        return (Text(said),)
    return Text(said), Buttons.of(Button("查看", Open(line.key, of.since, of.until, 0)))


def listing(shown: Listing) -> Card:
    """A page of the records behind a number, and how it is counted."""
    counted, of, page = shown.figure, shown.period, shown.page
    rows = [part for row in shown.rows for part in _row(counted.key, row)]
    since = f"从 {shown.since} 起，" if counted.dated else ""
    turn = Buttons.of(
        Button("上一页", Open(counted.key, of.since, of.until, page - 1)) if page else None,
        Button("下一页", Open(counted.key, of.since, of.until, page + 1)) if shown.more else None,
        Button("返回简报", Back(of.since)),
    )
    rule = Note(f"怎么算的：{counted.rule}{since}截至 {shown.as_of}。")
    return Card(f"{counted.label} {shown.total}", (*(rows or [Text("没有记录。")]), rule, turn), personal=True)


def _row(key: str, row: Record) -> tuple[Element, ...]:
    word = WORDS.get(row.word, "")
    said = " · ".join(filter(None, (row.at, row.who, row.team, word)))
    opened = OPENS[key](row) if key in OPENS else customers.Turn(row.customer, 0)
    return Text(f"{row.name}\n{said}"), Buttons.of(Button("查看", opened))
