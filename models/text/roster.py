"""Reads the days and hours of a duty roster: 周一至周五, 1-5, 每天; 18:00-22:00, past midnight as well."""

from __future__ import annotations

import re

from models.errors import Refused
from models.text.identifiers import narrow

DAY = 24 * 60
WEEKDAYS = "一二三四五六日"
_DAYS = "[1-7一二三四五六日天]"
_SPAN = re.compile(rf"(?:周|星期|礼拜)?({_DAYS})(?:[-~至到](?:周|星期|礼拜)?({_DAYS}))?")
_WHOLE = {"每天": range(7), "工作日": range(5), "周末": range(5, 7)}
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)[-~至到]([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)


def weekdays(text: str) -> tuple[int, ...]:
    """Days of the week, 0 is Monday; empty for words that name none, as a date does."""
    found: set[int] = set()
    for word in re.split("[、,，和 ]+", narrow(text).strip()):
        if word in _WHOLE:
            found |= {*_WHOLE[word]}
        elif said := _SPAN.fullmatch(word):
            first, last = (_number(each) for each in (said[1], said[2] or said[1]))
            found |= {day % 7 for day in range(first, (last if last >= first else last + 7) + 1)}
        else:
            return ()
    return tuple(sorted(found))


def _number(word: str) -> int:
    return int(word) - 1 if word.isdigit() else WEEKDAYS.index(word.replace("天", "日"))


def hours(text: str) -> tuple[int, int]:
    """Minutes of the day from and to; an end that is not later means the next day. Raises Refused."""
    said = _HOURS.fullmatch(narrow(text).replace(" ", "").replace("—", "-").replace("–", "-"))
    opens, closes = (int(said[1]) * 60 + int(said[2]), int(said[3]) * 60 + int(said[4])) if said else (0, 2 * DAY)
    if closes > DAY:
        raise Refused(f"看不懂时间「{text}」，请写成 18:00-22:00，过夜的写 22:00-08:00。")
    return opens, closes if closes > opens else closes + DAY


def shown(opens: int, closes: int) -> str:
    """Hours as people write them."""
    return f"{_clock(opens)}–{'次日 ' if closes > DAY else ''}{_clock(closes if closes <= DAY else closes - DAY)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"
