"""Periods that lie behind, as people say them: 今天, 本周, 上月, 本季, 最近30天. Whole days, half open (pure)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping

from models.text import phrases

LONGEST = 3650
Days = tuple[dt.date, dt.date]
LATELY = re.compile("(?:最近|近)([0-9]{1,4})[天日]|([0-9]{1,4})d")


def _month(day: dt.date, months: int = 1) -> Days:
    """The month, or so many from the one in which they began, that a day lies in."""
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    after = first.month + months
    return first, first.replace(year=first.year + (after > 12), month=(after - 1) % 12 + 1)


def _week(today: dt.date) -> Days:
    monday = today - dt.timedelta(days=today.weekday())
    return monday, monday + dt.timedelta(days=7)


#: each as it is written, also in English, and its days as seen from today.
NAMED: Mapping[str, tuple[str, Callable[[dt.date], Days]]] = {
    "今天": ("today", lambda today: (today, today + dt.timedelta(days=1))),
    "本周": ("week", _week),
    "本月": ("month", _month),
    "上月": ("last_month", lambda today: _month(today.replace(day=1) - dt.timedelta(days=1))),
    "本季": ("quarter", lambda today: _month(today, 3)),
    "本年": ("year", lambda today: _month(today, 12)),
}
SAME = {"这周": "本周", "这个月": "本月", "上个月": "上月", "本季度": "本季", "今年": "本年"}
WRITTEN = f"{'、'.join(NAMED)}、最近30天"


def read(text: str) -> str | None:
    """The period that a word names, as it is written; None for a word that names none."""
    word = SAME.get(text, text)
    if named := next((name for name, (also, _) in NAMED.items() if word in (name, also)), None):
        return named
    found = LATELY.fullmatch(phrases.plain(word))
    days = int(found[1] or found[2]) if found else 0
    return f"最近{days}天" if 0 < days <= LONGEST else None


def days(period: str, today: dt.date) -> Days:
    """The first day of a period of `read`, and the day after its last one; the days lately end with today."""
    if period in NAMED:
        return NAMED[period][1](today)
    tomorrow = today + dt.timedelta(days=1)
    return tomorrow - dt.timedelta(days=int(period.removeprefix("最近").removesuffix("天"))), tomorrow
