"""The usage line people read is the grammar the bot parses: `/成交 <客户> <产品…> 金额: [数量:]`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache

MARK = re.compile(
    r"<(?P<must>[^>…]+)(?P<rest>…)?>|\[(?P<pairs>字段:值…)\]|\[(?P<key>[^\]:…]+):\]|\[(?P<may>[^\]:…]+)(?P<more>…)?\]"
    r"|(?<=\s)(?P<needed>[^\s<>\[\]:…]+):(?=\s|$)"
)
#: a group of words, in which nothing is a key.
QUOTED = r"""(?:"[^"]*"|“[^“”]*”|'[^']*'|‘[^‘’]*’|【[^【】]*】)(?=\s|$)"""
WORD = re.compile(r"""\s*(?:"([^"]*)"|“([^”]*)”|'([^']*)'|‘([^’]*)’|【([^】]*)】|(\S+))(?=\s|$)\s*|\s*(\S+)\s*""")


class Shape(Enum):
    """How a place of the usage line takes its words."""

    WORD = auto()
    REST = auto()
    KEYED = auto()
    PAIRS = auto()


@dataclass(frozen=True, slots=True)
class Mark:
    """One place of a usage line."""

    label: str
    shape: Shape
    required: bool


def marks(usage: str) -> list[Mark]:
    """The places of a usage line, in order."""
    return [_mark(found) for found in MARK.finditer(usage)]


def _mark(found: re.Match[str]) -> Mark:
    if found["pairs"]:
        return Mark(found["pairs"], Shape.PAIRS, required=False)
    if found["key"]:
        return Mark(found["key"], Shape.KEYED, required=False)
    if found["needed"]:
        return Mark(found["needed"], Shape.KEYED, required=True)
    label = found["must"] or found["may"]
    shape = Shape.REST if found["rest"] or found["more"] else Shape.WORD
    return Mark(label, shape, required=bool(found["must"]))


def split_keys(text: str, labels: Iterable[str]) -> tuple[str, list[tuple[str, str]]]:
    """The words before the first `label:` and every (label, words up to the next one). `：` is as good as `:`."""
    keys = [key for key in _keys(tuple(labels)).finditer(text) if key[1]]
    if not keys:
        return text.strip(), []
    ends = [key.start() for key in keys[1:]] + [len(text)]
    return text[: keys[0].start()].strip(), [
        (key[1], text[key.end() : end].strip()) for key, end in zip(keys, ends, strict=True)
    ]


@cache
def _keys(labels: tuple[str, ...]) -> re.Pattern[str]:
    """What finds the keys of one command; group 1 is the label, or nothing for quoted words."""
    either = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True)) or "(?!)"
    return re.compile(rf"(?:(?<=[\s:：])|^){QUOTED}|(?:(?<=\s)|^)({either})[:：]")


def first_word(text: str) -> tuple[str, str]:
    """The first word and what is left; quotes and 【】 group words with spaces."""
    found = WORD.match(text)
    if found is None:
        return "", ""
    return next((group for group in found.groups() if group is not None), ""), text[found.end() :]


def unquoted(text: str) -> str:
    """A value without the quotes that may group it."""
    word, left = first_word(text)
    return text if left else word
