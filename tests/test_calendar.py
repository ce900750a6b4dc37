"""Working time: cases counted by hand from the official notices, the 32 odd days, laws that hold for any calendar."""

from __future__ import annotations

import datetime as dt

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import Calendar, Interval

OFFICE = Calendar.from_words()
PARTY = Calendar.from_words(days_off=["2026-12-25 年会"])
SWAP = Calendar.from_words(days_off=["2026-12-25 年会"], days_on=["2026-12-26 补班"])
NIGHT = Calendar.from_words(hours=["18:00-24:00", "00:00-02:00", "02:00-06:30"])
ALWAYS = Calendar.always()
BERLIN = Calendar.always("Europe/Berlin")
CALENDARS = st.sampled_from([OFFICE, SWAP, NIGHT, ALWAYS, BERLIN])

LAST_KNOWN_YEAR = max(chinese_calendar.constants.holidays).year
NOTICE_2024 = "国办发明电〔2023〕7号"
NOTICE_2025 = "国办发明电〔2024〕12号"
NOTICE_2026 = "国务院办公厅 2025-11-04 通知"
NO_NOTICE = "ordinary days"


def moment(words: str, calendar: Calendar = OFFICE) -> dt.datetime:
    """`2026-11-25 10:00[:30]` of the calendar's wall clock, as UTC."""
    date, clock = words.split()
    return calendar.at(dt.date.fromisoformat(date), dt.time.fromisoformat(clock))


# Counted by hand, not by the code. Hours are 09:00-12:00 and 13:30-18:00; 2026-11-25 is a Wednesday.
BY_HAND = [
    ("over lunch", OFFICE, "2026-11-25 11:00", 120, "2026-11-25 14:30", NO_NOTICE),
    ("ends exactly at lunch", OFFICE, "2026-11-25 10:00", 120, "2026-11-25 12:00", NO_NOTICE),
    ("seconds are kept over lunch", OFFICE, "2026-11-25 10:00:30", 120, "2026-11-25 13:30:30", NO_NOTICE),
    ("starts as lunch begins", OFFICE, "2026-11-25 12:00", 1, "2026-11-25 13:31", NO_NOTICE),
    ("over night", OFFICE, "2026-11-25 17:00", 120, "2026-11-26 10:00", NO_NOTICE),
    ("ends exactly at closing", OFFICE, "2026-11-25 17:00", 60, "2026-11-25 18:00", NO_NOTICE),
    ("starts before opening", OFFICE, "2026-11-25 07:10", 30, "2026-11-25 09:30", NO_NOTICE),
    ("starts inside lunch", OFFICE, "2026-11-25 12:40", 30, "2026-11-25 14:00", NO_NOTICE),
    ("starts after closing", OFFICE, "2026-11-25 19:10", 30, "2026-11-26 09:30", NO_NOTICE),
    ("over a weekend", OFFICE, "2026-11-27 17:00", 120, "2026-11-30 10:00", NO_NOTICE),
    ("over National Day, 1st to 7th", OFFICE, "2026-09-30 17:00", 120, "2026-10-08 10:00", NOTICE_2026),
    ("National Day and Mid-autumn, 1st to 8th", OFFICE, "2025-09-30 17:00", 120, "2025-10-09 10:00", NOTICE_2025),
    ("make-up Saturday 10-10", OFFICE, "2026-10-09 17:00", 120, "2026-10-10 10:00", NOTICE_2026),
    ("make-up Sunday 09-20, Saturday free", OFFICE, "2026-09-18 17:00", 120, "2026-09-20 10:00", NOTICE_2026),
    ("make-up Saturday 02-14, then 15th to 23rd", OFFICE, "2026-02-13 17:30", 510, "2026-02-24 09:30", NOTICE_2026),
    ("the company's day off", PARTY, "2026-12-24 17:30", 60, "2026-12-28 09:30", NO_NOTICE),
    ("the company's day off and make-up Saturday", SWAP, "2026-12-24 17:30", 60, "2026-12-26 09:30", NO_NOTICE),
    ("24x7 over midnight into Saturday", ALWAYS, "2026-11-27 22:30", 120, "2026-11-28 00:30", NO_NOTICE),
    ("24x7 through the holiday", ALWAYS, "2026-10-01 10:00", 2880, "2026-10-03 10:00", NO_NOTICE),
]


@pytest.mark.parametrize(("calendar", "start", "minutes", "due", "notice"), [case[1:] for case in BY_HAND],
                         ids=[case[0] for case in BY_HAND])  # fmt: skip
def test_a_deadline_is_where_the_hand_count_puts_it(
    calendar: Calendar, start: str, minutes: int, due: str, notice: str
) -> None:
    deadline = calendar.add(moment(start), minutes)
    assert deadline.due == moment(due), notice
    assert deadline.due.tzinfo is dt.UTC
    assert not deadline.estimated


MAKE_UP_DAYS = [
    ("2024-02-04", NOTICE_2024), ("2024-02-18", NOTICE_2024), ("2024-04-07", NOTICE_2024), ("2024-09-14", NOTICE_2024),
    ("2024-09-29", NOTICE_2024), ("2024-10-12", NOTICE_2024), ("2025-01-26", NOTICE_2025), ("2025-02-08", NOTICE_2025),
    ("2025-04-27", NOTICE_2025), ("2025-09-28", NOTICE_2025), ("2025-10-11", NOTICE_2025), ("2026-01-04", NOTICE_2026),
    ("2026-02-14", NOTICE_2026), ("2026-02-28", NOTICE_2026), ("2026-05-09", NOTICE_2026), ("2026-09-20", NOTICE_2026),
    ("2026-10-10", NOTICE_2026),
]  # fmt: skip
HOLIDAYS = [
    ("2024-01-01", "元旦", NOTICE_2024), ("2024-02-12", "春节", NOTICE_2024), ("2024-04-04", "清明", NOTICE_2024),
    ("2024-05-03", "劳动节", NOTICE_2024), ("2024-06-10", "端午", NOTICE_2024), ("2024-09-16", "中秋", NOTICE_2024),
    ("2024-10-04", "国庆节", NOTICE_2024), ("2025-01-28", "春节", NOTICE_2025), ("2025-05-05", "劳动节", NOTICE_2025),
    ("2025-06-02", "端午", NOTICE_2025), ("2025-10-08", "国庆节", NOTICE_2025), ("2026-01-02", "元旦", NOTICE_2026),
    ("2026-02-23", "春节", NOTICE_2026), ("2026-06-19", "端午", NOTICE_2026), ("2026-10-07", "国庆节", NOTICE_2026),
]  # fmt: skip


@pytest.mark.parametrize(("date", "notice"), MAKE_UP_DAYS)
def test_a_make_up_workday_on_a_weekend_is_worked(date: str, notice: str) -> None:
    day = OFFICE.day(dt.date.fromisoformat(date))
    assert day.date.weekday() >= 5
    assert (day.working, day.why, day.estimated) == (True, "调休上班", False), notice


@pytest.mark.parametrize(("date", "name", "notice"), HOLIDAYS)
def test_a_holiday_from_monday_to_friday_is_free_and_named(date: str, name: str, notice: str) -> None:
    day = OFFICE.day(dt.date.fromisoformat(date))
    assert day.date.weekday() < 5
    assert (day.working, day.why, day.estimated) == (False, name, False), notice


@pytest.mark.parametrize(
    ("date", "working", "why"),
    [
        ("2024-02-09", True, "工作日"),  # 除夕 was no holiday before 2025
        ("2026-11-28", False, "周六"),
        ("2026-11-29", False, "周日"),
        ("2026-12-24", True, "工作日"),
        ("2026-12-25", False, "公司放假：年会"),
        ("2026-12-26", True, "公司上班：补班"),
    ],
)
def test_a_day_says_why_it_is_worked_or_free(date: str, working: bool, why: str) -> None:
    day = SWAP.day(dt.date.fromisoformat(date))
    assert (day.working, day.why, day.estimated) == (working, why, False)


def test_the_company_wins_over_the_public_calendar_and_over_an_estimate() -> None:
    own = Calendar.from_words(days_off=["2026-10-10", "2035-03-01"], days_on=["2026-10-01"])
    days = [own.day(dt.date(2026, 10, 10)), own.day(dt.date(2035, 3, 1)), own.day(dt.date(2026, 10, 1))]
    assert [(day.working, day.why, day.estimated) for day in days] == [
        (False, "公司放假", False),
        (False, "公司放假", False),
        (True, "公司上班", False),
    ]


def test_a_deadline_across_the_last_known_year_says_that_it_is_an_estimate() -> None:
    deadline = OFFICE.add(moment("2026-12-31 17:00"), 120)
    assert deadline.due == moment("2027-01-04 10:00")  # 1 January is a Friday
    assert deadline.estimated is (LAST_KNOWN_YEAR < 2027)
    assert not OFFICE.add(moment("2026-12-31 17:00"), 60).estimated


@pytest.mark.parametrize(
    ("date", "name"),
    [
        ("2035-01-01", "元旦"),
        ("2035-02-07", "春节"),  # 除夕
        ("2035-02-08", "春节"),
        ("2034-02-21", "春节"),  # 初三
        ("2035-04-05", "清明"),
        ("2035-05-01", "劳动节"),
        ("2035-05-02", "劳动节"),
        ("2034-06-20", "端午"),
        ("2034-09-27", "中秋"),
        ("2035-10-03", "国庆节"),
        ("2050-10-03", "国庆节"),
    ],
)
def test_an_estimated_year_still_has_the_holidays_fixed_by_law(date: str, name: str) -> None:
    day = OFFICE.day(dt.date.fromisoformat(date))
    assert (day.working, day.why, day.estimated) == (False, name, True)


@pytest.mark.parametrize(
    ("date", "why"), [("2035-02-12", "工作日"), ("2034-02-22", "工作日"), ("2035-10-08", "工作日")]
)
def test_an_estimate_frees_no_day_that_only_a_notice_could_free(date: str, why: str) -> None:
    day = OFFICE.day(dt.date.fromisoformat(date))
    assert (day.working, day.why, day.estimated) == (True, why, True)


@pytest.mark.parametrize(
    ("date", "following", "preceding"),
    [
        ("2026-11-25", "2026-11-26", "2026-11-24"),
        ("2026-11-28", "2026-11-30", "2026-11-27"),
        ("2026-10-03", "2026-10-08", "2026-09-30"),
        ("2026-02-13", "2026-02-14", "2026-02-12"),
        ("2026-02-24", "2026-02-25", "2026-02-14"),
    ],
)
def test_the_working_days_on_both_sides_are_strictly_after_and_before(
    date: str, following: str, preceding: str
) -> None:
    day = dt.date.fromisoformat(date)
    assert OFFICE.next_working_day(day) == dt.date.fromisoformat(following)
    assert OFFICE.previous_working_day(day) == dt.date.fromisoformat(preceding)


@pytest.mark.parametrize(
    ("end", "minutes", "start"),
    [
        ("2026-11-25 13:45", 60, "2026-11-25 11:15"),
        ("2026-11-26 09:30", 60, "2026-11-25 17:30"),
        ("2026-11-29 10:00", 30, "2026-11-27 17:30"),
        ("2026-10-08 09:10", 10, "2026-10-08 09:00"),
        ("2026-10-08 09:10", 11, "2026-09-30 17:59"),
        ("2026-11-25 12:00", 0, "2026-11-25 12:00"),
    ],
)
def test_an_hour_before_a_deadline_is_counted_in_working_time(end: str, minutes: int, start: str) -> None:
    assert OFFICE.subtract(moment(end), minutes) == moment(start)


def test_a_working_day_is_as_long_as_the_office_hours() -> None:
    assert (OFFICE.minutes_per_day, NIGHT.minutes_per_day, ALWAYS.minutes_per_day) == (450, 750, 1440)
    assert OFFICE.working_days(moment("2026-11-27 15:00"), 1).due == moment("2026-11-30 15:00")
    assert ALWAYS.working_days(moment("2026-11-27 15:00"), 2).due == moment("2026-11-29 15:00")


def test_intervals_are_split_by_day_and_by_block_without_lunch() -> None:
    found = OFFICE.intervals(moment("2026-11-27 11:00"), moment("2026-11-30 09:15"))
    assert found == (
        Interval(moment("2026-11-27 11:00"), moment("2026-11-27 12:00")),
        Interval(moment("2026-11-27 13:30"), moment("2026-11-27 18:00")),
        Interval(moment("2026-11-30 09:00"), moment("2026-11-30 09:15")),
    )


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-11-27 11:00", "2026-11-30 09:15", 345),
        ("2026-11-25 12:10", "2026-11-25 13:20", 0),
        ("2026-11-25 10:00", "2026-11-25 10:01:59", 1),
        ("2026-11-25 11:00", "2026-11-25 10:00", 0),
    ],
)
def test_the_working_time_between_two_moments_is_whole_minutes(start: str, end: str, minutes: int) -> None:
    assert OFFICE.between(moment(start), moment(end)) == minutes


EXPLAINED = [
    (
        OFFICE, "2026-11-25 11:00:30", 120,
        ["从 2026年11月25日 周三 11:00:30 起，共 120 分钟", "11月25日 周三 11:00:30–12:00，计 59.5 分钟",
         "11月25日 周三 12:00–13:30 午休，不计", "11月25日 周三 13:30–14:30:30，计 60.5 分钟",
         "到 2026年11月25日 周三 14:30:30 为止"],
    ),
    (
        OFFICE, "2026-09-30 19:10", 30,
        ["从 2026年9月30日 周三 19:10（下班后）起，共 30 分钟", "10月1日–10月7日 国庆节，不计",
         "10月8日 周四 09:00–09:30，计 30 分钟", "到 2026年10月8日 周四 09:30 为止"],
    ),
    (
        OFFICE, "2026-09-19 12:40", 30,
        ["从 2026年9月19日 周六 12:40 起，共 30 分钟", "9月19日 周六 休息，不计",
         "9月20日 周日 09:00–09:30，计 30 分钟（调休上班）", "到 2026年9月20日 周日 09:30 为止"],
    ),
    (
        SWAP, "2026-12-25 08:00", 30,
        ["从 2026年12月25日 周五 08:00 起，共 30 分钟", "12月25日 周五 公司放假：年会，不计",
         "12月26日 周六 09:00–09:30，计 30 分钟（公司上班：补班）", "到 2026年12月26日 周六 09:30 为止"],
    ),
    (
        OFFICE, "2026-11-25 08:00", 30,
        ["从 2026年11月25日 周三 08:00（上班前）起，共 30 分钟", "11月25日 周三 09:00–09:30，计 30 分钟",
         "到 2026年11月25日 周三 09:30 为止"],
    ),
    (
        OFFICE, "2026-11-25 12:40", 30,
        ["从 2026年11月25日 周三 12:40（午休）起，共 30 分钟", "11月25日 周三 13:30–14:00，计 30 分钟",
         "到 2026年11月25日 周三 14:00 为止"],
    ),
    (
        OFFICE, "2035-01-01 10:00", 30,
        ["从 2035年1月1日 周一 10:00 起，共 30 分钟", "1月1日 周一 元旦，不计", "1月2日 周二 09:00–09:30，计 30 分钟",
         "到 2035年1月2日 周二 09:30 为止", "2035 年没有官方放假安排的数据，按周末和法定节日估算"],
    ),
    (
        ALWAYS, "2026-11-27 22:30", 90,
        ["从 2026年11月27日 周五 22:30 起，共 90 分钟", "11月27日 周五 22:30–24:00，计 90 分钟（全天候）",
         "到 2026年11月28日 周六 00:00 为止"],
    ),
    (
        NIGHT, "2026-11-27 01:30", 60,
        ["从 2026年11月27日 周五 01:30 起，共 60 分钟", "11月27日 周五 01:30–02:00，计 30 分钟",
         "11月27日 周五 02:00–02:30，计 30 分钟", "到 2026年11月27日 周五 02:30 为止"],
    ),
    (
        NIGHT, "2026-11-27 06:30", 360,
        ["从 2026年11月27日 周五 06:30（休息）起，共 360 分钟", "11月27日 周五 18:00–24:00，计 360 分钟",
         "到 2026年11月28日 周六 00:00 为止"],
    ),
    (
        OFFICE, "2026-11-25 18:00", 30,
        ["从 2026年11月25日 周三 18:00（下班后）起，共 30 分钟", "11月26日 周四 09:00–09:30，计 30 分钟",
         "到 2026年11月26日 周四 09:30 为止"],
    ),
    (
        NIGHT, "2026-11-25 05:00", 120,
        ["从 2026年11月25日 周三 05:00 起，共 120 分钟", "11月25日 周三 05:00–06:30，计 90 分钟",
         "11月25日 周三 06:30–18:00 休息，不计", "11月25日 周三 18:00–18:30，计 30 分钟",
         "到 2026年11月25日 周三 18:30 为止"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("calendar", "start", "minutes", "lines"), EXPLAINED)
def test_a_deadline_explains_itself(calendar: Calendar, start: str, minutes: int, lines: list[str]) -> None:
    assert calendar.explain(moment(start), minutes) == lines


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"zone": "Asia/Peking"}, "没有“Asia/Peking”这个时区"),
        ({"zone": "../etc"}, "没有“../etc”这个时区"),
        ({"zone": "Asia"}, "没有“Asia”这个时区"),
        ({"hours": []}, "工作时间是空的"),
        ({"hours": ["9点到12点"]}, "“9点到12点”看不懂"),
        ({"hours": ["09:00-25:00"]}, "“09:00-25:00”看不懂"),
        ({"hours": ["24:00-25:00"]}, "“24:00-25:00”看不懂"),
        ({"hours": ["18:00-09:00"]}, "18:00-09:00 的结束不晚于开始"),
        ({"hours": ["09:00-09:00"]}, "09:00-09:00 的结束不晚于开始"),
        ({"hours": ["11:00-18:00", "09:00-12:00"]}, "09:00-12:00 和 11:00-18:00 重叠"),
        ({"hours": ["09:00-24:00", "23:00-24:00"]}, "09:00-24:00 和 23:00-24:00 重叠"),
        ({"days_off": ["2026-02-30 年会"]}, "“2026-02-30 年会”看不懂"),
        ({"days_on": ["补班"]}, "“补班”看不懂"),
        ({"days_on": [""]}, "日期“”看不懂"),
        ({"days_off": ["2026-12-25", "2026-12-25 年会"]}, "“2026-12-25 年会”这一天写了两次"),
        ({"days_off": ["2026-12-25 年会"], "days_on": ["2026-12-25"]}, "2026-12-25 同时写在放假"),
    ],
)
def test_a_wrong_entry_is_named_in_a_sentence(section: dict[str, list[str]], says: str) -> None:
    with pytest.raises(ValueError) as refused:
        Calendar.from_words(**section)  # type: ignore[arg-type]  # the zone is a word, the rest are lists
    assert says in str(refused.value)


def test_the_words_may_be_untidy() -> None:
    tidy = Calendar.from_words(hours=["09:00-12:00", "13:30-18:00"], days_off=["2026-12-25 公司 年会"])
    assert Calendar.from_words(hours=["13:30-18:00", " 9:00-12:00 "], days_off=["  2026-12-25　公司  年会 "]) == tidy


def test_a_naive_time_or_a_negative_budget_is_refused() -> None:
    naive, aware = dt.datetime.fromisoformat("2026-11-25 10:00"), moment("2026-11-25 10:00")
    for call in (OFFICE.add, OFFICE.subtract, OFFICE.working_days, OFFICE.explain):
        with pytest.raises(ValueError, match="没有时区"):
            call(naive, 1)
        with pytest.raises(ValueError, match="不能是负数"):
            call(aware, -1)
    for start, end in ((naive, aware), (aware, naive)):
        with pytest.raises(ValueError, match="没有时区"):
            OFFICE.between(start, end)


def test_a_calendar_without_a_working_day_is_refused_instead_of_searched_for_ever() -> None:
    first = dt.date(2026, 1, 1)
    closed = Calendar(OFFICE.zone, OFFICE.hours, {first + dt.timedelta(days=n): "停业" for n in range(500)})
    for search in (
        lambda: closed.next_working_day(first),
        lambda: closed.previous_working_day(first + dt.timedelta(days=450)),
        lambda: closed.add(moment("2026-01-01 10:00"), 1),
        lambda: closed.subtract(moment("2027-05-01 10:00"), 1),
    ):
        with pytest.raises(ValueError, match="连续 400 天没有一个工作日"):
            search()


# Seven years of moments: half hours, where blocks begin and end, and any millisecond.
MOMENTS = st.one_of(
    st.integers(0, 7 * 365 * 48).map(lambda number: number * dt.timedelta(minutes=30)),
    st.integers(0, 7 * 365 * 86_400_000).map(lambda number: number * dt.timedelta(milliseconds=1)),
).map(lambda since: moment("2024-01-01 00:00") + since)
MINUTES = st.integers(0, 4000)


@given(CALENDARS, MOMENTS, MINUTES)
def test_adding_and_taking_away_lead_back_to_the_start(calendar: Calendar, near: dt.datetime, minutes: int) -> None:
    start = calendar.add(near, 1).intervals[0].start
    assert calendar.subtract(calendar.add(start, minutes).due, minutes) == start


@given(CALENDARS, MOMENTS, MINUTES)
def test_the_counted_intervals_are_exactly_the_budget(calendar: Calendar, start: dt.datetime, minutes: int) -> None:
    deadline = calendar.add(start, minutes)
    assert calendar.between(start, deadline.due) == minutes
    assert calendar.intervals(start, deadline.due) == deadline.intervals
    assert sum((part.length for part in deadline.intervals), dt.timedelta()) == dt.timedelta(minutes=minutes)


@given(CALENDARS, MOMENTS, MINUTES, st.integers(0, 3000), st.integers(0, 3000))
def test_a_later_start_or_a_larger_budget_is_never_due_earlier(
    calendar: Calendar, start: dt.datetime, minutes: int, later: int, more: int
) -> None:
    due = calendar.add(start, minutes).due
    assert due <= calendar.add(start + dt.timedelta(minutes=later), minutes).due
    assert due <= calendar.add(start, minutes + more).due


@given(CALENDARS, MOMENTS, st.integers(1, 4000))
def test_a_deadline_is_the_end_of_working_time_on_a_working_day(
    calendar: Calendar, start: dt.datetime, minutes: int
) -> None:
    due = calendar.add(start, minutes).due
    last = due - dt.timedelta(microseconds=1)
    assert calendar.intervals(last, due) == (Interval(last, due),)
    assert calendar.is_working(last.astimezone(calendar.zone).date())
