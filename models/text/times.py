"""Reads the time phrases people write (明天下午3点, 月底前), moves reminders off days off, and shows times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from models.errors import Refused
from models.text import phrases

LONGEST = 40
MORNING = time(9)
LAST_HOUR_TODAY = 21
MINUTES = {"分钟": 1, "刻钟": 15, "小时": 60}
EXAMPLES = "明天、3天后、下周五下午3点、12月1日、月底前"


@dataclass(frozen=True)
class Moment:
    """What a phrase means: `at` is aware, in UTC, and after the moment it was said.

    `date_only`: neither a clock time nor a part of the day was said; `before`: said with 前 (that day at the
    latest); `elapsed`: counted in hours or minutes from now, so that it names no day.
    """

    at: datetime
    said: str
    date_only: bool
    before: bool
    elapsed: bool = False


@dataclass(frozen=True)
class Settled:
    """When the reminder really goes out (aware, UTC), and the sentence for the card if it was moved."""

    at: datetime
    note: str | None = None


class Day(Protocol):
    """What `settle` asks of a day: is it worked, and what it is called (周日, 国庆节)."""

    @property
    def working(self) -> bool: ...
    @property
    def why(self) -> str: ...


class WorkingDays(Protocol):
    """What `settle` asks of a calendar; the neighbours are strictly before and after the day."""

    @property
    def zone(self) -> ZoneInfo: ...
    def day(self, day: date, /) -> Day: ...
    def previous_working_day(self, day: date, /) -> date: ...
    def next_working_day(self, day: date, /) -> date: ...


def read(text: str, now: datetime, zone: ZoneInfo) -> Moment:
    """The moment a phrase means when it is said at `now` (aware) by somebody living in `zone`.

    The whole text must be the phrase, at most 40 characters. A date alone means 9:00; when that date is today
    and 9:00 is past, the next full hour up to 21:00. 周X, 15号 and 4月15日 are the next to come; 下周X lies in the
    next week from Monday to Sunday; a month, quarter, half or year means its first day, with 前 its last. A clock
    time alone is today, or tomorrow when it is past; without a part of the day 1 to 6 o'clock mean the afternoon,
    unless written with a leading zero (03:30). With 前 a date still means its 9:00 and a clock time itself.
    A picker's date ("2026-01-05 +0800") is taken as the calendar day it names.

    Raises `Refused` with a sentence for what is unknown, past, no real date, or means repetition or no day, and
    ValueError for a `now` without a zone.
    """
    if now.utcoffset() is None:
        raise ValueError("now must be an aware datetime")
    said = " ".join(text.split())
    words = phrases.plain(said) if len(said) <= LONGEST else ""
    if not 0 < len(words) <= LONGEST:
        raise Refused(f"时间请写在 1 到 {LONGEST} 个字之间，可以写 {EXAMPLES}")
    try:
        moment = _elapsed(said, words, now) or _stamp(said, words, zone) or _phrase(said, words, now, zone)
    except (ValueError, OverflowError) as error:
        raise Refused(f"没有「{said}」这个时间，请改一下日期或钟点，例如 12月1日、明天15:30") from error
    if moment is None:
        raise Refused(_not_understood(said))
    if moment.at <= now:
        raise Refused(f"「{said}」是 {show(moment.at, now, zone)}，已经过去了，可以写 {_later(said)}")
    return moment


def settle(moment: Moment, calendar: WorkingDays, now: datetime) -> Settled:
    """Moves a reminder from a day off to 9:00 of the last working day before it, and says so.

    When that is not after `now` it is 9:00 of the next working day. Hours and minutes from now never move.
    """
    day = moment.at.astimezone(calendar.zone).date()
    status = calendar.day(day)
    if moment.elapsed or status.working:
        return Settled(moment.at)
    moved = calendar.previous_working_day(day)
    if _at(moved, MORNING, calendar.zone) <= now:
        moved = calendar.next_working_day(day)
    reason = status.why if status.why.endswith(("休息", "放假")) else f"{status.why}休息"
    return Settled(_at(moved, MORNING, calendar.zone), f"{reason}，提醒改在{_beside(moved, day)} 9:00")


def show(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A time as people write it, seen from `now`: 今天 15:30, 周五 9:00 (under 7 days), 12月1日 周二 9:00."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    day, clock = local.date(), f"{local.hour}:{local.minute:02}"
    ahead = (day - today).days
    if ahead in (0, 1):
        return f"{'今明'[ahead]}天 {clock}"
    if 1 < ahead < 7:
        return f"{_weekday(day)} {clock}"
    year = f"{day.year}年" if day.year != today.year else ""
    return f"{year}{day.month}月{day.day}日 {_weekday(day)} {clock}"


ELAPSED = re.compile(f"(?:(?P<number>[0-9]{{1,3}})(?P<half>[.]5|个半)?|半(?=小时))(?P<unit>{'|'.join(MINUTES)})后")
STAMP = re.compile(
    "([0-9]{4}-[0-9]{2}-[0-9]{2})[t ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,6})?)?) ?(z|[+-][0-9]{2}:?[0-9]{2})?"
)


def _elapsed(said: str, words: str, now: datetime) -> Moment | None:
    found = ELAPSED.fullmatch(words)
    if found is None:
        return None
    number = int(found["number"] or 0) + (0.5 if found["half"] or not found["number"] else 0)
    wait = timedelta(minutes=number * MINUTES[found["unit"]])
    return Moment(now.astimezone(UTC) + wait, said, date_only=False, before=False, elapsed=True)


def _stamp(said: str, words: str, zone: ZoneInfo) -> Moment | None:
    """ISO 8601 and what pickers return (protocols/feishu.md, date formats): 2026-01-05 14:30 +0800."""
    found = STAMP.fullmatch(words)
    if found is None:
        return None
    day, clock, offset = found.groups(default="")
    at = datetime.fromisoformat(f"{day}T{clock}{offset.upper()}")
    local = at if offset else at.replace(tzinfo=zone)
    return Moment(local.astimezone(UTC), said, date_only=False, before=False)


def _phrase(said: str, words: str, now: datetime, zone: ZoneInfo) -> Moment | None:
    phrase = phrases.named(words, now.astimezone(zone).date())
    if phrase is None:
        return None
    at = _first_to_come(phrase.days, phrase.clock, now, zone)
    return Moment(at, said, date_only=phrase.clock is None, before=phrase.before)


def _first_to_come(days: list[date], clock: time | None, now: datetime, zone: ZoneInfo) -> datetime:
    """The first of the days whose time is after `now`; else the last of them, which is past."""
    for day in days:
        if (at := _at(day, clock or MORNING, zone)) > now:
            return at
    local = now.astimezone(zone)
    if clock is not None or days[-1] != local.date():
        return _at(days[-1], clock or MORNING, zone)
    if local.hour >= LAST_HOUR_TODAY:
        raise Refused(f"今天过了 {LAST_HOUR_TODAY} 点，只写日期就太晚了，可以写 明天，或加上钟点，例如 23:30")
    return _at(local.date(), time(local.hour + 1), zone)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


HINTS = {
    "每|^天天": "是重复的时间，这里一次只定一个，可以写 下周一上午9点",
    "昨|前天|去年|前年|上+一?个?(?:周|星期|礼拜|月|季度|年)|最近|^近|过去|刚才": "是过去的时间，可以写 明天、下周一",
    "(?:[天周年月]|星期|礼拜|分钟|小时)[之以]?前$": "是过去的时间，可以写 3天后、2小时后",
    "尽快|尽早|马上|立刻|立即|抓紧|随时|稍后|回头|改天|以后|有空|几天": "没说到哪一天，可以写 明天下午3点、周五前",
    "周末": "没说是周六还是周日，可以写 周六 或 下周日",
    "元旦|春节|除夕|过年|清明|五一|劳动节|端午|中秋|国庆|^十一(?:长假|假期|[前后])?$|圣诞": "请写成日期，例如 9月30日",
}


def _not_understood(said: str) -> str:
    for pattern, sentence in HINTS.items():
        if re.search(pattern, said):
            return f"「{said}」{sentence}"
    return f"看不懂时间「{said}」，可以写 {EXAMPLES}"


def _later(said: str) -> str:
    """The same phrase one step later where there is one (本周一 → 下周一), else a few that work."""
    later = re.sub("^(?:[本这]个?|当)(?=[周星礼月季])", "下", re.sub("^今", "明", said))
    return later if later != said else "明天、下周一、12月1日"


def _weekday(day: date) -> str:
    return f"周{phrases.WEEKDAYS[day.weekday()]}"


def _beside(day: date, other: date) -> str:
    """A day named from the same week (周五), or by its date (9月30日（周三）)."""
    if day.isocalendar()[:2] == other.isocalendar()[:2]:
        return _weekday(day)
    return f"{day.month}月{day.day}日（{_weekday(day)}）"
