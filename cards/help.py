"""What this person may say."""

from __future__ import annotations

from cards.common import Say
from cards.kit import Button, Buttons, Card, Note, Text
from models.text import private

Line = tuple[str, tuple[str, ...], str]


def overview(lines: list[Line], asked: str = "") -> Card:
    """Every command in one line each."""
    body = [Text(f"{usage}\n{about.splitlines()[0]}") for usage, _, about in lines]
    title = f"没有「{private.redact(asked)[:20]}」，我会这些" if asked else "我会这些"
    return Card(title, (*body, Note("发 /帮助 <命令> 看例子和英文写法；客户可以用编号、全称、简称或拼音来叫。")))


def one(usage: str, names: tuple[str, ...], about: str) -> Card:
    """One command in full."""
    also = [Note(f"也可以写：{' '.join(names[1:])}")] if names[1:] else []
    start = Buttons.of(Button("打开", Say(names[0])))
    return Card(f"怎么用 {names[0]}", (Text(usage), Text(about), *also, start))
