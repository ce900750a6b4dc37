"""Pure working time: office hours, lunch, public holidays, make-up workdays and the company's own exceptions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
ONE_DAY = dt.timedelta(days=1)
ONE_MINUTE = dt.timedelta(minutes=1)
IDLE_DAYS = 400
"""So many days without a working day mean that the calendar is wrong, not that the deadline is far away."""

_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-(?:([01]?\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)

# Statutory holidays of the 全国年节及纪念日放假办法 as revised in November 2024: thirteen days a year.
_FIXED = {(1, 1): "元旦", (5, 1): "劳动节", (5, 2): "劳动节", (10, 1): "国庆节", (10, 2): "国庆节", (10, 3): "国庆节"}
# The movable ones, (month, day) of 正月初一, 清明, 端午, 中秋; 春节 also takes the day before 初一 and two after it.
_MOVABLE = {
    2027: ((2, 6), (4, 5), (6, 9), (9, 15)),
    2028: ((1, 26), (4, 4), (5, 28), (10, 3)),
    2029: ((2, 13), (4, 4), (6, 16), (9, 22)),
    2030: ((2, 3), (4, 5), (6, 5), (9, 12)),
    2031: ((1, 23), (4, 5), (6, 24), (10, 1)),
    2032: ((2, 11), (4, 4), (6, 12), (9, 19)),
    2033: ((1, 31), (4, 4), (6, 1), (9, 8)),
    2034: ((2, 19), (4, 5), (6, 20), (9, 27)),
    2035: ((2, 8), (4, 5), (6, 10), (9, 16)),
}


@dataclass(frozen=True)
class Day:
    """One day: whether it is worked, why in Chinese, and whether that is only an estimate."""

    date: dt.date
    working: bool
    why: str
    estimated: bool


@dataclass(frozen=True)
class Interval:
    """Working time that is counted, half-open `[start, end)`, both aware UTC."""

    start: dt.datetime
    end: dt.datetime

    @property
    def length(self) -> dt.timedelta:
        return self.end - self.start


@dataclass(frozen=True)
class Deadline:
    """When it is due (aware UTC), the intervals counted until then, and whether a day on the way was estimated."""

    due: dt.datetime
    intervals: tuple[Interval, ...]
    estimated: bool


@dataclass(frozen=True)
class Calendar:
    """Working time of one company (requirements B2, F7).

    `hours` are blocks of local wall time in whole minutes, in order; an end of 00:00 is midnight. They should keep
    clear of a daylight-saving jump. `days_off` and `days_on` name the company's own exceptions and win over the
    public calendar. Raises ValueError with a sentence that names the wrong entry. Every moment passed to a method
    must be aware, else ValueError; every moment returned is UTC.
    """

    zone: ZoneInfo
    hours: tuple[tuple[dt.time, dt.time], ...]
    days_off: Mapping[dt.date, str] = field(default_factory=dict)
    days_on: Mapping[dt.date, str] = field(default_factory=dict)
    round_the_clock: bool = False

    def __post_init__(self) -> None:
        _check_hours(self.hours)
        if both := sorted(self.days_off.keys() & self.days_on.keys()):
            raise ValueError(f"{both[0]} 同时写在放假（days_off）和上班（days_on）里，请只留一处")

    @classmethod
    def from_words(
        cls,
        zone: str = "Asia/Shanghai",
        hours: Sequence[str] = ("09:00-12:00", "13:30-18:00"),
        days_off: Sequence[str] = (),
        days_on: Sequence[str] = (),
    ) -> Calendar:
        """Reads the words of the settings: `09:00-12:00` (the end may be 24:00), `2026-12-25` or `2026-12-25 年会`.

        Raises ValueError with a Chinese sentence that names the entry and says how to mend it.
        """
        blocks = tuple(sorted(_read_hours(word) for word in hours))
        return cls(_read_zone(zone), blocks, _read_days(days_off), _read_days(days_on))

    @classmethod
    def always(cls, zone: str = "Asia/Shanghai") -> Calendar:
        """The 24×7 calendar of requirement F2: every minute of every day counts."""
        return cls(_read_zone(zone), ((dt.time.min, dt.time.min),), round_the_clock=True)

    @property
    def minutes_per_day(self) -> int:
        """Working minutes of a full working day."""
        return sum(_closing_minute(closes) - _minute(opens) for opens, closes in self.hours)

    def day(self, date: dt.date) -> Day:
        """What kind of day it is: by the company's exceptions, else the public calendar, else an estimate."""
        if self.round_the_clock:
            return Day(date, True, "全天候", False)
        if date in self.days_off:
            return Day(date, False, _with_name("公司放假", self.days_off[date]), False)
        if date in self.days_on:
            return Day(date, True, _with_name("公司上班", self.days_on[date]), False)
        return _public_day(date)

    def is_working(self, date: dt.date) -> bool:
        return self.day(date).working

    def next_working_day(self, date: dt.date) -> dt.date:
        """The first working day after `date`, never `date` itself; ValueError where 400 days have none."""
        return next(self._working_dates(date + ONE_DAY, ONE_DAY))

    def previous_working_day(self, date: dt.date) -> dt.date:
        """The last working day before `date`, never `date` itself; ValueError where 400 days have none."""
        return next(self._working_dates(date - ONE_DAY, -ONE_DAY))

    def at(self, date: dt.date, time: dt.time) -> dt.datetime:
        """That wall time on that day in the calendar's zone, as UTC."""
        return dt.datetime.combine(date, time, self.zone).astimezone(dt.UTC)

    def add(self, start: dt.datetime, minutes: int) -> Deadline:
        """The end of the last of `minutes` working minutes from `start` on: 10:00 + 120 is 12:00, not 13:30.

        Seconds are kept; no minutes give `start` back. Raises ValueError for a negative number of minutes.
        """
        due, left = _utc(start), _budget(minutes)
        counted: list[Interval] = []
        blocks = self._blocks_from(due)
        while left:
            block = next(blocks)
            due = min(block.end, block.start + left)
            counted.append(Interval(block.start, due))
            left -= counted[-1].length
        estimated = any(day.estimated for day in self._days(start, counted))
        return Deadline(due, tuple(counted), estimated)

    def working_days(self, start: dt.datetime, days: int) -> Deadline:
        """The deadline of "n working days" from `start` (requirement B2): n times the minutes of a working day."""
        return self.add(start, days * self.minutes_per_day)

    def subtract(self, end: dt.datetime, minutes: int) -> dt.datetime:
        """The moment from which `minutes` of working time are left until `end`; undoes `add` inside working time.

        Raises ValueError for a negative number of minutes.
        """
        start, left = _utc(end), _budget(minutes)
        blocks = self._blocks_before(start)
        while left:
            block = next(blocks)
            start = max(block.start, block.end - left)
            left -= block.end - start
        return start

    def intervals(self, start: dt.datetime, end: dt.datetime) -> tuple[Interval, ...]:
        """The working time of `[start, end)`, one interval a day and block of hours; none if `end` is not later."""
        start, end = _utc(start), _utc(end)
        dates = _dates(self._date(start), self._date(end))
        parts = (_clip(block, start, end) for date in dates for block in self._blocks(date))
        return tuple(part for part in parts if part.start < part.end)

    def between(self, start: dt.datetime, end: dt.datetime) -> int:
        """Whole minutes of working time in `[start, end)`."""
        return sum((part.length for part in self.intervals(start, end)), dt.timedelta()) // ONE_MINUTE

    def explain(self, start: dt.datetime, minutes: int) -> list[str]:
        """Why `add(start, minutes)` is due when it is, as short Chinese lines (requirement F7)."""
        deadline = self.add(start, minutes)
        days = list(self._days(start, deadline.intervals))
        lines = [f"从 {self._moment_words(start)}{self._rest_words(start)}起，共 {minutes} 分钟"]
        for why, group in groupby(days, key=lambda day: "" if day.working else day.why):
            run = list(group)
            lines += [_skipped_words(why, run)] if why else self._counted_words(run, deadline.intervals)
        lines.append(f"到 {self._moment_words(deadline.due)} 为止")
        if years := sorted({day.date.year for day in days if day.estimated}):
            lines.append(f"{'、'.join(map(str, years))} 年没有官方放假安排的数据，按周末和法定节日估算")
        return lines

    def _date(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.zone).date()

    def _days(self, start: dt.datetime, counted: Sequence[Interval]) -> Iterator[Day]:
        """The days from that of `start` to that of the last counted minute."""
        last = counted[-1].start if counted else start
        return (self.day(date) for date in _dates(self._date(start), self._date(last)))

    def _working_dates(self, date: dt.date, step: dt.timedelta) -> Iterator[dt.date]:
        idle = 0
        while idle < IDLE_DAYS:
            idle = 0 if self.is_working(date) else idle + 1
            if not idle:
                yield date
            date += step
        raise ValueError(f"到 {date} 连续 {IDLE_DAYS} 天没有一个工作日，请检查工作日历的放假日期（days_off）")

    def _blocks(self, date: dt.date) -> list[Interval]:
        """The office hours of one day; a day off has none."""
        if not self.is_working(date):
            return []
        return [
            Interval(self.at(date, opens), self.at(date if closes > dt.time.min else date + ONE_DAY, closes))
            for opens, closes in self.hours
        ]

    def _blocks_from(self, start: dt.datetime) -> Iterator[Interval]:
        for date in self._working_dates(self._date(start), ONE_DAY):
            for block in self._blocks(date):
                if block.end > start:
                    yield Interval(max(block.start, start), block.end)

    def _blocks_before(self, end: dt.datetime) -> Iterator[Interval]:
        for date in self._working_dates(self._date(end), -ONE_DAY):
            for block in reversed(self._blocks(date)):
                if block.start < end:
                    yield Interval(block.start, min(block.end, end))

    def _rest_words(self, moment: dt.datetime) -> str:
        """Why this moment of a working day is not counted, in brackets; a day off gets its own line."""
        blocks = self._blocks(self._date(moment))
        if not blocks or any(block.start <= moment < block.end for block in blocks):
            return " "
        if moment < blocks[0].start:
            return "（上班前）"
        earlier = [block for block in blocks if block.end <= moment]
        return "（下班后）" if earlier == blocks else f"（{self._break(earlier[-1])}）"

    def _break(self, before: Interval) -> str:
        return "午休" if 11 <= before.end.astimezone(self.zone).hour <= 13 else "休息"

    def _counted_words(self, days: Iterable[Day], counted: Iterable[Interval]) -> list[str]:
        """A line for each counted interval of these working days, and one for each break between two of them."""
        lines = []
        for day in days:
            note = "" if day.why == "工作日" else f"（{day.why}）"
            previous = None
            for part in (part for part in counted if self._date(part.start) == day.date):
                if previous and previous.end < part.start:
                    rest = self._span_words(previous.end, part.start)
                    lines.append(f"{_date_words(day.date)} {rest} {self._break(previous)}，不计")
                span = self._span_words(part.start, part.end)
                lines.append(f"{_date_words(day.date)} {span}，计 {_minutes_words(part.length)} 分钟{note}")
                previous = part
        return lines

    def _span_words(self, start: dt.datetime, end: dt.datetime) -> str:
        closes = "24:00" if self._date(end) > self._date(start) else self._clock_words(end)
        return f"{self._clock_words(start)}–{closes}"

    def _clock_words(self, moment: dt.datetime) -> str:
        local = moment.astimezone(self.zone)
        return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"

    def _moment_words(self, moment: dt.datetime) -> str:
        date = self._date(moment)
        return f"{date.year}年{_date_words(date)} {self._clock_words(moment)}"


@lru_cache(maxsize=4096)
def _public_day(date: dt.date) -> Day:
    """By the yearly notice of the State Council where it is known, else by the statutory holidays and weekends."""
    import chinese_calendar  # imported late: only whoever counts days pays for it

    try:
        off, name = chinese_calendar.get_holiday_detail(date)
    except NotImplementedError:
        holiday = _statutory_holidays(date.year).get(date)
        return Day(date, date.weekday() < 5 and not holiday, holiday or _weekday_words(date), True)
    if name and not off:
        return Day(date, True, "调休上班", False)
    return Day(date, not off, chinese_calendar.Holiday(name).chinese if name else _weekday_words(date), False)


def _statutory_holidays(year: int) -> dict[dt.date, str]:
    """The days fixed by law; those that move with the moon only for the years of the table."""
    days = {}
    if year in _MOVABLE:
        new_year, *others = (dt.date(year, month, day) for month, day in _MOVABLE[year])
        days = dict(zip(others, ("清明", "端午", "中秋"), strict=True))
        days |= {new_year + shift * ONE_DAY: "春节" for shift in (-1, 0, 1, 2)}
    return days | {dt.date(year, month, day): name for (month, day), name in _FIXED.items()}


def _check_hours(hours: Sequence[tuple[dt.time, dt.time]]) -> None:
    if not hours:
        raise ValueError("工作时间是空的，请至少写一段，例如 09:00-12:00")
    for opens, closes in hours:
        if _closing_minute(closes) <= _minute(opens):
            block = _block_words(opens, closes)
            raise ValueError(f"工作时间 {block} 的结束不晚于开始，请改正；跨夜的请在 24:00 处拆成两段")
    for before, after in pairwise(hours):
        if _minute(after[0]) < _closing_minute(before[1]):
            raise ValueError(f"工作时间 {_block_words(*before)} 和 {_block_words(*after)} 重叠，请改其中一段")


def _read_zone(word: str) -> ZoneInfo:
    try:
        return ZoneInfo(word)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"没有“{word}”这个时区，请写成 Asia/Shanghai 这样的名字") from None


def _read_hours(word: str) -> tuple[dt.time, dt.time]:
    found = _HOURS.fullmatch(word.strip())
    if not found:
        raise ValueError(f"工作时间“{word}”看不懂，请写成 09:00-12:00 这样")
    hour, minute, end_hour, end_minute = (int(digits or 0) for digits in found.groups())
    return dt.time(hour, minute), dt.time(end_hour, end_minute)


def _read_days(words: Iterable[str]) -> dict[dt.date, str]:
    days: dict[dt.date, str] = {}
    for word in words:
        date, name = _read_day(word)
        if date in days:
            raise ValueError(f"“{word}”这一天写了两次，请删掉一条")
        days[date] = name
    return days


def _read_day(word: str) -> tuple[dt.date, str]:
    first, _, name = " ".join(word.split()).partition(" ")
    try:
        return dt.date.fromisoformat(first), name
    except ValueError:
        raise ValueError(f"日期“{word}”看不懂，请写成 2026-12-25 或 2026-12-25 年会 这样") from None


def _utc(moment: dt.datetime) -> dt.datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"时间 {moment} 没有时区，请传入带时区的时间")
    return moment.astimezone(dt.UTC)


def _budget(minutes: int) -> dt.timedelta:
    if minutes < 0:
        raise ValueError(f"分钟数不能是负数：{minutes}")
    return minutes * ONE_MINUTE


def _clip(block: Interval, start: dt.datetime, end: dt.datetime) -> Interval:
    return Interval(max(block.start, start), min(block.end, end))


def _dates(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + number * ONE_DAY for number in range((last - first).days + 1))


def _minute(clock: dt.time) -> int:
    return clock.hour * 60 + clock.minute


def _closing_minute(clock: dt.time) -> int:
    return _minute(clock) or 24 * 60


def _block_words(opens: dt.time, closes: dt.time) -> str:
    return f"{opens:%H:%M}-{f'{closes:%H:%M}' if closes > dt.time.min else '24:00'}"


def _with_name(what: str, name: str) -> str:
    return f"{what}：{name}" if name else what


def _weekday_words(date: dt.date) -> str:
    return "工作日" if date.weekday() < 5 else WEEKDAYS[date.weekday()]


def _date_words(date: dt.date) -> str:
    return f"{date.month}月{date.day}日 {WEEKDAYS[date.weekday()]}"


def _skipped_words(why: str, days: Sequence[Day]) -> str:
    """One line for a run of days off that have the same reason."""
    first, last = days[0].date, days[-1].date
    if first == last:
        return f"{_date_words(first)} {'休息' if why in WEEKDAYS else why}，不计"
    return f"{first.month}月{first.day}日–{last.month}月{last.day}日 {why}，不计"


def _minutes_words(length: dt.timedelta) -> str:
    return f"{length / ONE_MINUTE:.1f}".removesuffix(".0")
