"""How each value of a view's conditions is read from what people write (X9). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.crm import entries
from models.settings import Entry as Rules
from models.text import periods

ME = "me"
NEVER = "从未"
YES, NO = "是", "否"
PLACE = re.compile("[\u4e00-\u9fff]{2,12}")
DAYS = re.compile("([0-9]{1,4})(?:[天日d]|days?)?")


@dataclass(frozen=True, slots=True)
class Reading:
    """What words are read by: the company's lists, and who is meant by a colleague's name (his id)."""

    rules: Rules
    who: Callable[[str], str]


#: one value as it is kept; raises ValueError with what may be written instead.
Read = Callable[[str, Reading], str]


def one_of(words: Mapping[str, str]) -> Read:
    """One of these words; its English one does as well."""
    known = {also: word for word, also in words.items()} | {word.lower(): word for word in words}
    return lambda text, _: _there(known.get(text.lower()))


def _there(found: str | None) -> str:
    if found is None:
        raise ValueError
    return found


def owner(text: str, by: Reading) -> str:
    """Oneself, or a colleague's id."""
    return ME if text.lower() in ("我", "本人", ME) else by.who(text)


def industry(text: str, by: Reading) -> str:
    """One of the first level with all below it, or one of the second where only one is called so."""
    if text in by.rules.industries:
        return text
    hits = [each for each in entries.industries(by.rules) if text in (each, each.partition("-")[2])]
    return _there(hits[0] if len(hits) == 1 else None)


def source(text: str, by: Reading) -> str:
    """Where customers come from."""
    return entries.one_of(by.rules.sources)(text)


def place(text: str, _: Reading) -> str:
    """The name of a province or city, without what it is."""
    if not PLACE.fullmatch(text):
        raise ValueError
    while len(text) > 2 and text.endswith(("省", "市")):
        text = text[:-1]
    return text


def period(text: str, _: Reading) -> str:
    """Days that lie behind."""
    return _there(periods.read(text.lower()))


def stale(text: str, _: Reading) -> str:
    """So many days, or 从未."""
    if text.lower() in (NEVER, "never"):
        return NEVER
    found = DAYS.fullmatch(text.lower())
    if found is None or not 0 < int(found[1]) <= periods.LONGEST:
        raise ValueError
    return f"{int(found[1])}天"
