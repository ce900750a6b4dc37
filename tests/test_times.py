"""Time phrases in general: what holds for any text, where a reminder on a day off goes, how a time is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.calendar import Calendar
from models.errors import Refused
from models.text.times import Settled, WorkingDays, read, settle, show
from test_time_phrases import NOW, SHANGHAI, UNDERSTOOD, local, refusal

PIECES = [*"今明后大天周月年号日点半前底初本这下个一二三五十零两俩第时分刻：.-/:，上中午晚早", *"0123456789 "]
PIECES += ["小时", "分钟", "后", "季度", "Q3", "星期", "2026", "+0800", "today", "T", "半年", "之前"]
PHRASES = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.sampled_from(list(UNDERSTOOD)) | st.text()
NOWS = st.integers(946_684_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ZONES = st.sampled_from(["Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "UTC"]).map(ZoneInfo)


@given(PHRASES, NOWS, ZONES)
@example("9999年12月", NOW, SHANGHAI)
@example("0000-01-01", NOW, SHANGHAI)
def test_any_text_is_a_coming_moment_or_a_refusal(text: str, now: datetime, zone: ZoneInfo) -> None:
    try:
        moment = read(text, now, zone)
    except Refused as refused:
        assert refused.say
    else:
        assert moment.at > now
        assert moment.at.tzinfo is UTC
        assert read(moment.at.isoformat(), now, zone).at == moment.at


@given(st.integers(1, 999), NOWS, ZONES)
def test_n_days_later_is_9_o_clock_of_exactly_that_day(days: int, now: datetime, zone: ZoneInfo) -> None:
    at = read(f"{days}天后", now, zone).at.astimezone(zone)
    assert at.date() - now.astimezone(zone).date() == timedelta(days=days)
    assert (at.hour, at.minute, at.second) == (9, 0, 0)


@given(st.integers(1, 999), NOWS)
def test_minutes_later_are_exact(minutes: int, now: datetime) -> None:
    assert read(f"{minutes}分钟后", now, SHANGHAI).at - now == timedelta(minutes=minutes)


@given(st.integers(1, 99), NOWS)
def test_chinese_numerals_mean_what_digits_mean(number: int, now: datetime) -> None:
    tens, ones = divmod(number, 10)
    digits = ["", *"一二三四五六七八九"]
    numeral = (digits[tens] if tens > 1 else "") + ("十" if tens else "") + digits[ones]
    assert read(f"{numeral}天后", now, SHANGHAI).at == read(f"{number}天后", now, SHANGHAI).at


@given(st.integers(1, 12), st.integers(1, 31), NOWS)
def test_a_date_without_a_year_is_that_date_within_eight_years(month: int, day: int, now: datetime) -> None:
    try:
        at = read(f"{month}月{day}日", now, SHANGHAI).at.astimezone(SHANGHAI)
    except Refused:
        assert (month, day) in {(2, 30), (2, 31), (4, 31), (6, 31), (9, 31), (11, 31)}
    else:
        assert (at.month, at.day, at.hour) == (month, day, 9)
        assert at - now < timedelta(days=366 if (month, day) != (2, 29) else 366 * 8)


@pytest.mark.parametrize("piece", ["下", "1", "周", "十", "每", "上", " ", "9点", "-"])
def test_no_text_takes_long_to_refuse(piece: str) -> None:
    started = process_time()
    refusal(piece * (40 // len(piece)) + "x")
    refusal(piece * 100_000)
    assert process_time() - started < 1


# --- Days off -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FakeDay:
    working: bool
    why: str


@dataclass(frozen=True)
class Weekends:
    """Saturdays and Sundays are off, and so are the days named."""

    off: dict[date, str]
    zone: ZoneInfo = SHANGHAI

    def day(self, day: date) -> FakeDay:
        why = self.off.get(day, f"周{'一二三四五六日'[day.weekday()]}")
        return FakeDay(day.weekday() < 5 and day not in self.off, why)

    def previous_working_day(self, day: date) -> date:
        return self._next(day, -1)

    def next_working_day(self, day: date) -> date:
        return self._next(day, 1)

    def _next(self, day: date, step: int) -> date:
        day += timedelta(days=step)
        return day if self.day(day).working else self._next(day, step)


WEEKENDS = Weekends({date(2024, 4, 15): "公司放假", date(2024, 5, 1): "劳动节", date(2024, 5, 2): "劳动节"})
CHINA = Calendar.from_words(zone="Asia/Shanghai", hours=["09:00-12:00", "13:30-18:00"], days_off=[], days_on=[])


def settled(text: str, now: datetime, calendar: WorkingDays) -> Settled:
    return settle(read(text, now, SHANGHAI), calendar, now)


@pytest.mark.parametrize(
    ("text", "now", "at", "note"),
    [
        ("周五", "2024-04-10 10:30", "2024-04-12 09:00", None),
        ("周五下午3点", "2024-04-10 10:30", "2024-04-12 15:00", None),
        ("周日", "2024-04-10 10:30", "2024-04-12 09:00", "周日休息，提醒改在周五 9:00"),
        ("周六下午3点", "2024-04-10 10:30", "2024-04-12 09:00", "周六休息，提醒改在周五 9:00"),
        ("周日前", "2024-04-12 08:59", "2024-04-12 09:00", "周日休息，提醒改在周五 9:00"),
        ("周日前", "2024-04-12 09:00", "2024-04-16 09:00", "周日休息，提醒改在4月16日（周二） 9:00"),
        ("明天", "2024-04-12 10:30", "2024-04-16 09:00", "周六休息，提醒改在4月16日（周二） 9:00"),
        ("下周一", "2024-04-10 10:30", "2024-04-12 09:00", "公司放假，提醒改在4月12日（周五） 9:00"),
        ("5月2日", "2024-04-10 10:30", "2024-04-30 09:00", "劳动节休息，提醒改在周二 9:00"),
        ("今天15:30", "2024-04-13 10:30", "2024-04-16 09:00", "周六休息，提醒改在4月16日（周二） 9:00"),
        ("3小时后", "2024-04-13 10:30", "2024-04-13 13:30", None),
        ("30分钟后", "2024-04-12 23:50", "2024-04-13 00:20", None),
    ],
)
def test_a_day_off_moves_the_reminder_and_the_card_says_so(text: str, now: str, at: str, note: str | None) -> None:
    assert settled(text, local(now), WEEKENDS) == Settled(local(at).astimezone(UTC), note)


@pytest.mark.parametrize(
    ("text", "at", "note"),
    [
        ("10月5日", "2026-09-30 09:00", "国庆节休息，提醒改在9月30日（周三） 9:00"),
        ("10月10日下午3点", "2026-10-10 15:00", None),  # a make-up Saturday
        ("9月20日", "2026-09-20 09:00", None),  # a make-up Sunday
        ("10月11日", "2026-10-10 09:00", "周日休息，提醒改在周六 9:00"),
    ],
)
def test_the_public_calendar_moves_a_reminder(text: str, at: str, note: str | None) -> None:
    assert settled(text, local("2026-09-01 10:00"), CHINA) == Settled(local(at).astimezone(UTC), note)


@given(st.sampled_from(list(UNDERSTOOD)), NOWS)
def test_a_settled_reminder_is_to_come_and_on_a_working_day_unless_counted_in_hours(text: str, now: datetime) -> None:
    try:
        moment = read(text, now, SHANGHAI)
    except Refused:
        return
    where = settle(moment, WEEKENDS, now)
    assert where.at > now
    assert moment.elapsed or WEEKENDS.day(where.at.astimezone(SHANGHAI).date()).working
    assert (where.note is None) == (where.at == moment.at)


# --- Showing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2024-04-10 15:30", "今天 15:30"),
        ("2024-04-10 09:05", "今天 9:05"),
        ("2024-04-11 09:00", "明天 9:00"),
        ("2024-04-12 09:00", "周五 9:00"),
        ("2024-04-16 09:00", "周二 9:00"),
        ("2024-04-17 09:00", "4月17日 周三 9:00"),
        ("2024-04-09 09:00", "4月9日 周二 9:00"),
        ("2024-12-01 09:00", "12月1日 周日 9:00"),
        ("2025-01-06 09:00", "2025年1月6日 周一 9:00"),
        ("2023-12-31 00:00", "2023年12月31日 周日 0:00"),
    ],
)
def test_a_time_is_shown_short(at: str, shown: str) -> None:
    assert show(local(at).astimezone(UTC), NOW, SHANGHAI) == shown


def test_a_time_is_shown_in_the_reader_s_zone() -> None:
    assert show(local("2024-04-10 15:30"), NOW, ZoneInfo("UTC")) == "今天 7:30"


@given(NOWS, st.integers(1, 400))
def test_a_shown_time_is_read_back_as_the_same(now: datetime, days: int) -> None:
    at = read(f"{days}天后", now, SHANGHAI).at
    shown = show(at, now, SHANGHAI)
    day, *rest = shown.split()
    assert read(f"{day} {rest[-1]}", now, SHANGHAI).at == at
