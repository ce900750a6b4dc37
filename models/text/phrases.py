"""Reads which days and which clock time a Chinese phrase names, before one of them is chosen."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache

from models.errors import Refused

WEEKDAYS = "一二三四五六日"
DIGITS = "零一二三四五六七八九"
MONTHS = {"月": 1, "季度": 3, "q": 3, "h": 6, "年": 12}
# A part of the day: the hour it means by itself, then the hours a clock time said with it may mean.
PARTS = {
    "早上": (9, range(5, 12)),
    "上午": (9, range(6, 13)),
    "中午": (12, range(11, 15)),
    "下午": (14, range(12, 20)),
    "晚上": (19, range(17, 24)),
}

Span = tuple[date, date]
Days = Callable[[re.Match[str], date], list[Span]]


@dataclass(frozen=True)
class Phrase:
    """The days a phrase may mean, soonest first, the clock time if one was said, and whether 前 was."""

    days: list[date]
    clock: time | None
    before: bool


def named(words: str, today: date) -> Phrase | None:
    """What `words` (of `plain`) name when said on the day `today`; None when they are not of the grammar.

    A period is its first day, with 前 its last. Raises ValueError for a day or a time that does not exist, and
    `Refused` for a clock time that does not fit its part of the day.
    """
    for pattern, days in GRAMMAR:
        if said := pattern.fullmatch(words):
            before = bool(said["before"])
            return Phrase([span[before] for span in days(said, today)], _clock(said), before)
    return None


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """The text with one word for each thing (星期五 and 礼拜五 are 周5), numbers in digits, and no needless spaces."""
    words = unicodedata.normalize("NFKC", text).lower()
    for pattern, word in SAME:
        words = pattern.sub(word, words)
    return words


def _digits(said: re.Match[str]) -> str:
    """Digits for a numeral up to 99; anything else (三五天, 两三天) stays as it is, and so is not understood."""
    numeral = said[0].replace("两", "二")
    if re.fullmatch(f"零?[{DIGITS}]", numeral):
        return "".join(str(DIGITS.index(digit)) for digit in numeral)
    if re.fullmatch(f"[{DIGITS[1:]}]?十[{DIGITS[1:]}]?", numeral):
        tens, ones = numeral.split("十")
        return f"{DIGITS.index(tens or '一')}{DIGITS.index(ones or '零')}"
    return said[0]


def _weekday_number(said: re.Match[str]) -> str:
    # The space keeps 周二十点 from becoming 周20点.
    return f"周{WEEKDAYS.index(said[1].replace('天', '日')) + 1} "


_WORDS: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    ("tomorrow|明[天日]|明(?=[早晚])", " 1天后"),
    ("today|今[天日]|今(?=[早晚])", " 0天后"),
    ("大后天", " 3天后"),
    ("后天", " 2天后"),
    ("星期|礼拜", "周"),
    ("周([一二三四五六日天])", _weekday_number),
    ("钟头", "小时"),
    ("[这本]个?(?=[周月季])|当(?=月)", "本"),
    ("下一?个?(?=[周月季])", "下"),
    ("个(?=周|小时)", ""),
    ("^半年后", "6个月后"),
    ("^半个月后", "15天后"),
    ("[之以](?=[前后])", ""),
    ("末", "底"),
    ("(?<=年)年(?=[底初])", ""),
    ("^年(?=[底初])", "今年"),
    ("^月(?=[底初])", "本月"),
    ("上半年", "h1"),
    ("下半年", "h2"),
    ("号", "日"),
    ("俩", "两"),
    ("〇", "零"),
    ("月份", "月"),
    ("早[上晨]?", "早上"),
    ("晚上?", "晚上"),
    ("(?<!小)时", "点"),
    ("点[钟整]", "点"),
    (f"[{DIGITS}两十]+", _digits),
    ("第?([1-4])季度", r"q\1"),
    (" +", " "),
    ("(?<![0-9a-z]) | (?![0-9a-z+-])", ""),
    ("^([0-9]{4}-[0-9]{2}-[0-9]{2}) ?[+-][0-9]{4}$", r"\1"),
]
SAME = [(re.compile(pattern), word) for pattern, word in _WORDS]


GRAMMAR: list[tuple[re.Pattern[str], Days]] = []
NUMBER = "[0-9]{1,3}"
YEAR = "(?:(?P<year>[0-9]{4}|[今明后])年)?"
SHIFT = "(?P<shift>本|下{1,3})"
# 12月3点 and 下周3点 may be slips for 12月3日 and 下周三: a number never follows a period directly.
EDGE = "(?:(?P<edge>[底初])|(?![0-9]))"
MONTH, DAY = "(?P<month>[0-9]{1,2})", "(?P<day>[0-9]{1,2})(?:日|(?![0-9]))"
CLOCK = (
    f"(?:(?P<part>{'|'.join(PARTS)}) ?)?"
    "(?:(?P<hour>[0-9]{1,2})(?:点(?:(?P<half>半)|(?P<quarter>[13])刻|(?P<minute>[0-9]{2}|[0-9](?=分))分?)?"
    "|:(?P<colon>[0-9]{2})))?"
)
TAIL = f"[ ,]?{CLOCK}(?P<before>前)?"


def _means(*patterns: str) -> Callable[[Days], Days]:
    """Registers what the days are that one of these patterns names; a clock time and 前 may follow each."""

    def register(days: Days) -> Days:
        GRAMMAR.extend((re.compile(pattern + TAIL), days) for pattern in patterns)
        return days

    return register


@_means(f"(?P<number>{NUMBER})(?P<unit>天|周|个月|年)后")
def _after(said: re.Match[str], today: date) -> list[Span]:
    number, unit = int(said["number"]), said["unit"]
    if unit in ("天", "周"):
        return [_one(today + timedelta(days=number * (7 if unit == "周" else 1)))]
    return [_one(_plus_months(today, number * MONTHS[unit.strip("个")]))]


@_means(f"{SHIFT}?周(?P<weekday>[1-7])(?![0-9])")
def _weekday_of(said: re.Match[str], today: date) -> list[Span]:
    day = _monday(today) + timedelta(days=int(said["weekday"]) - 1)
    if said["shift"]:
        return [_one(day + timedelta(weeks=_shift(said)))]
    return [_one(day), _one(day + timedelta(weeks=1))]


@_means(f"{SHIFT}周(?![0-9])")
def _week(said: re.Match[str], today: date) -> list[Span]:
    monday = _monday(today) + timedelta(weeks=_shift(said))
    return [(monday, monday + timedelta(days=6))]


@_means(
    f"(?P<year>[0-9]{{4}})(?P<mark>[-./]){MONTH}(?P=mark){DAY}",
    "(?P<year>20[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?![0-9])",
    f"{YEAR}{MONTH}月{DAY}",
    f"(?P<year>){MONTH}[./]{DAY}",
)
def _date(said: re.Match[str], today: date) -> list[Span]:
    month, day = int(said["month"]), int(said["day"])
    if said["year"]:
        return [_one(date(_year(said["year"], today), month, day))]
    # 29 February may be eight years away.
    return _each([date(today.year + ahead, month, 1) for ahead in range(9)], day)


@_means(f"(?:{SHIFT}月)?(?P<day>[0-9]{{1,2}})日")
def _day_of_month(said: re.Match[str], today: date) -> list[Span]:
    first, day = today.replace(day=1), int(said["day"])
    if said["shift"]:
        return _each([_plus_months(first, _shift(said))], day)
    return _each([_plus_months(first, ahead) for ahead in range(4)], day)


@_means(f"{SHIFT}(?P<unit>月|季度){EDGE}")
def _coming_period(said: re.Match[str], today: date) -> list[Span]:
    months = MONTHS[said["unit"]]
    first = date(today.year, (today.month - 1) // months * months + 1, 1)
    return [_period(_plus_months(first, months * _shift(said)), months, said["edge"])]


@_means(
    f"{YEAR}(?P<number>[0-9]{{1,2}})(?P<unit>月){EDGE}",
    f"(?:(?P<year>[0-9]{{4}}|[今明后](?=年))年?)?(?P<unit>[qh])(?P<number>[1-4]){EDGE}",
)
def _numbered_period(said: re.Match[str], today: date) -> list[Span]:
    """Of the year named, else of the first year in which it is not over."""
    months = MONTHS[said["unit"]]
    years = [_year(said["year"], today)] if said["year"] else [today.year, today.year + 1]
    firsts = [date(year, (int(said["number"]) - 1) * months + 1, 1) for year in years]
    spans = [_period(first, months, said["edge"]) for first in firsts]
    return [span for span in spans if span[1] >= today][:1] or spans


@_means(f"(?P<year>[0-9]{{4}}|[今明后])年{EDGE}")
def _whole_year(said: re.Match[str], today: date) -> list[Span]:
    return [_period(date(_year(said["year"], today), 1, 1), MONTHS["年"], said["edge"])]


@_means("(?=[0-9早上中下晚])")
def _clock_alone(said: re.Match[str], today: date) -> list[Span]:
    return [_one(today), _one(today + timedelta(days=1))] if said["hour"] else [_one(today)]


def _one(day: date) -> Span:
    return day, day


def _shift(said: re.Match[str]) -> int:
    return str(said["shift"]).count("下")


def _year(said: str, today: date) -> int:
    return int(said) if said.isdigit() else today.year + "今明后".index(said)


def _monday(today: date) -> date:
    return today - timedelta(days=today.weekday())


def _plus_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _each(firsts: list[date], day: int) -> list[Span]:
    """That day of every month that has it. Raises ValueError when none has."""
    found = [_one(first.replace(day=day)) for first in firsts if 1 <= day <= monthrange(first.year, first.month)[1]]
    if not found:
        raise ValueError("no such day")
    return found


def _period(first: date, months: int, edge: str | None) -> Span:
    last = _plus_months(first, months) - timedelta(days=1)
    return {None: (first, last), "初": (first, first), "底": (last, last)}[edge]


def _clock(said: re.Match[str]) -> time | None:
    part, hour = said["part"], said["hour"]
    if hour is None:
        return time(PARTS[part][0]) if part else None
    quarters = 2 if said["half"] else int(said["quarter"] or 0)
    return time(_hour(part, hour), int(said["minute"] or said["colon"] or 15 * quarters))


def _hour(part: str | None, digits: str) -> int:
    hour = int(digits)
    if part is None:
        return hour + 12 if 1 <= hour <= 6 and not digits.startswith("0") else hour
    for meant in (hour, hour + 12):
        if meant in PARTS[part][1]:
            return meant
    raise Refused(f"「{part}{hour}点」对不上，钟点请按 24 小时写，例如 15:30、23:00")
