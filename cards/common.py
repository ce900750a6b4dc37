"""Cards and actions that belong to every conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from cards.kit import (
    INPUT_LENGTH,
    PAGE,
    Action,
    Button,
    Buttons,
    Card,
    Element,
    Field,
    Form,
    Note,
    Text,
    Toast,
    Tone,
    Warn,
)
from models.errors import Ambiguous
from models.text import private

FITS_INPUT = INPUT_LENGTH
EXCERPT = 200


class Submit(Action, name="command.submit"):
    """Send a form that stands for a command; words too long for an input wait in the draft."""

    once: ClassVar[bool] = True
    command: str
    draft: int


class Choose(Action, name="command.choose"):
    """Say which one was meant, and carry the command out."""

    once: ClassVar[bool] = True
    draft: int
    place: str
    value: str


class Say(Action, name="command.say"):
    """As if the person had typed it."""

    text: str


def form(
    title: str, command: str, blank: Sequence[Field], words: Mapping[str, str], errors: Mapping[str, str], draft: int
) -> Card:
    """The form of a command with everything that was typed, and what is wrong with which; too long words wait."""
    long = {name for name, value in words.items() if len(value) > FITS_INPUT}
    fields = tuple(
        replace(each, value=words.get(each.name, ""), error=errors.get(each.name, ""))
        for each in blank
        if each.name not in long
    )
    asked = {each.name for each in fields}
    problems = [Warn(say) for name, say in errors.items() if say and name not in asked]
    kept = [Note(f"你写的 {len(words[name])} 字内容已保留，不用再写。") for name in words if name in long]
    submit = Button("提交", Submit(command, draft), "primary")
    tone: Tone = "orange" if any(errors.values()) else "blue"
    return Card(title, (*problems, *kept, Form(fields, submit)), tone, personal=True)


def excerpt(text: str) -> str:
    """The beginning of a text, for a list or a reminder."""
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"


def refused(say: str) -> Card:
    """What a person did cannot be done, and how to mend it."""
    return Card("没有完成", (Text(say),), tone="orange")


def failed(number: str) -> Card:
    """A defect of ours; the number finds it in the log."""
    return Card("出错了", (Text("系统出了问题，这次操作没有生效，请稍后再试。"), Note(f"编号 {number}")), tone="red")


def told_privately() -> Card:
    """Shown in a group in place of a form, or of a card that holds contact data."""
    return Card("已私信给你", (Text("不适合发在群里的内容，请到和我的私聊里查看。"),), tone="grey")


def gone() -> Card:
    """In place of a living card that its holder may not see any more."""
    return Card("不再显示", (Text("这张卡片的内容现在由其他同事负责。"),), tone="grey")


def hello(say: str, *buttons: Button) -> Card:
    """To whoever says something that is no command: what to say instead."""
    return Card("你好，我是客伴", (Text(say), Buttons.of(*buttons)), tone="blue")


def unknown(word: str, near: list[str]) -> Card:
    """No such command, or a sentence that is none."""
    if not word.startswith("/"):
        said = "我听得懂以 / 开头的命令，例如：/跟进 华星科技 已报价，等回复 下次:周五"
        return hello(said, Button("看看能做什么", Say("/帮助")))
    hint = f"你是不是要：{'、'.join(near)}" if near else "发 /帮助 看看能做什么。"
    each = [Button(name[:12], Say(f"/帮助 {name}")) for name in near] or [Button("看看能做什么", Say("/帮助"))]
    return Card(
        "没有这个命令", (Text(f"没有找到「{private.redact(word)[:40]}」。{hint}"), Buttons.of(*each)), tone="orange"
    )


def choose(several: Ambiguous, draft: int, place: str) -> Card:
    """Several records fit; a press carries the command out with the chosen one."""
    rows: list[Element] = []
    for value, shown in several.choices[:PAGE]:
        rows.append(Text(shown if shown == value else f"{shown}　{value}"))
        rows.append(Buttons.of(Button("选这个", Choose(draft, place, value))))
    return Card("请选一个", (Text(several.say), *rows), tone="blue")


def done(title: str, say: str, toast: str = "") -> Card:
    """A short receipt."""
    return Card(title, (Text(say),), tone="green", toast=Toast(toast or title))
