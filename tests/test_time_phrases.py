"""Time phrases: what each is understood as, and what is refused and how."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.errors import Refused
from models.text.times import read

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2024, 4, 10, 10, 30, tzinfo=SHANGHAI)  # a Wednesday


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def understood(text: str, now: datetime = NOW) -> str:
    return read(text, now, SHANGHAI).at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def refusal(text: str, now: datetime = NOW) -> str:
    with pytest.raises(Refused) as refused:
        read(text, now, SHANGHAI)
    return refused.value.say


UNDERSTOOD = {
    # days and what is counted from today
    "今天": "2024-04-10 11:00",
    "今日下午": "2024-04-10 14:00",
    "明天": "2024-04-11 09:00",
    "后天": "2024-04-12 09:00",
    "大后天": "2024-04-13 09:00",
    "3天后": "2024-04-13 09:00",
    "三天后": "2024-04-13 09:00",
    "3 天之后": "2024-04-13 09:00",
    "十天后": "2024-04-20 09:00",
    "二十天后": "2024-04-30 09:00",
    "三十五天后": "2024-05-15 09:00",
    "十二天后下午3点": "2024-04-22 15:00",
    "一周后": "2024-04-17 09:00",
    "两周后": "2024-04-24 09:00",
    "俩星期后": "2024-04-24 09:00",
    "两个礼拜后": "2024-04-24 09:00",
    "3个月后": "2024-07-10 09:00",
    "半个月后": "2024-04-25 09:00",
    "半年后": "2024-10-10 09:00",
    "1年后": "2025-04-10 09:00",
    # counted in hours and minutes
    "半小时后": "2024-04-10 11:00",
    "半个钟头后": "2024-04-10 11:00",
    "2小时后": "2024-04-10 12:30",
    "两个小时后": "2024-04-10 12:30",
    "一个半小时后": "2024-04-10 12:00",
    "1.5小时后": "2024-04-10 12:00",
    "20分钟后": "2024-04-10 10:50",
    "一刻钟后": "2024-04-10 10:45",
    # weekdays and weeks
    "周五": "2024-04-12 09:00",
    "星期五": "2024-04-12 09:00",
    "礼拜五": "2024-04-12 09:00",
    "周5": "2024-04-12 09:00",
    "本周五": "2024-04-12 09:00",
    "这个星期五": "2024-04-12 09:00",
    "这周五下午": "2024-04-12 14:00",
    "周三下午3点": "2024-04-10 15:00",
    "下周一上午10点": "2024-04-15 10:00",
    "下下周一": "2024-04-22 09:00",
    "下个星期天": "2024-04-21 09:00",
    "下周三前": "2024-04-17 09:00",
    "周五之前": "2024-04-12 09:00",
    "周五下午3点前": "2024-04-12 15:00",
    "周二十点": "2024-04-16 10:00",
    "周二二十点": "2024-04-16 20:00",
    "下周": "2024-04-15 09:00",
    "本周前": "2024-04-14 09:00",
    # dates
    "4月15日": "2024-04-15 09:00",
    "4月15号上午": "2024-04-15 09:00",
    "四月十五日": "2024-04-15 09:00",
    "4月15": "2024-04-15 09:00",
    "4.15": "2024-04-15 09:00",
    "4/15": "2024-04-15 09:00",
    "4.15 3点": "2024-04-15 15:00",
    "4月15日前": "2024-04-15 09:00",
    "4月9日": "2025-04-09 09:00",
    "15号": "2024-04-15 09:00",
    "十五号下午三点": "2024-04-15 15:00",
    "9号": "2024-05-09 09:00",
    "31号": "2024-05-31 09:00",
    "下个月15号": "2024-05-15 09:00",
    "2026-12-01": "2026-12-01 09:00",
    "2026/12/1": "2026-12-01 09:00",
    "2026.12.01": "2026-12-01 09:00",
    "20261201": "2026-12-01 09:00",
    "2026年3月5日": "2026-03-05 09:00",
    "2026-12-01 15:30": "2026-12-01 15:30",
    "2026-12-01 下午3点前": "2026-12-01 15:00",
    "２０２６－１２－０１　１５：３０": "2026-12-01 15:30",
    "明年3月5日": "2025-03-05 09:00",
    "2月29日": "2028-02-29 09:00",
    # months, quarters, halves and years
    "月底": "2024-04-30 09:00",
    "月底前": "2024-04-30 09:00",
    "本月底": "2024-04-30 09:00",
    "这个月末": "2024-04-30 09:00",
    "月底下午3点": "2024-04-30 15:00",
    "下月底": "2024-05-31 09:00",
    "下个月": "2024-05-01 09:00",
    "下个月初": "2024-05-01 09:00",
    "下个月前": "2024-05-31 09:00",
    "12月": "2024-12-01 09:00",
    "十二月份": "2024-12-01 09:00",
    "12月前": "2024-12-31 09:00",
    "12月底": "2024-12-31 09:00",
    "5月": "2024-05-01 09:00",
    "3月": "2025-03-01 09:00",
    "4月前": "2024-04-30 09:00",
    "年底前": "2024-12-31 09:00",
    "今年年底": "2024-12-31 09:00",
    "明年": "2025-01-01 09:00",
    "Q3": "2024-07-01 09:00",
    "三季度": "2024-07-01 09:00",
    "第三季度": "2024-07-01 09:00",
    "三季度前": "2024-09-30 09:00",
    "Q1": "2025-01-01 09:00",
    "2024年Q3": "2024-07-01 09:00",
    "2025Q3末": "2025-09-30 09:00",
    "下季度": "2024-07-01 09:00",
    "本季度末": "2024-06-30 09:00",
    "下半年": "2024-07-01 09:00",
    "上半年前": "2024-06-30 09:00",
    # parts of the day and clock times
    "明早": "2024-04-11 09:00",
    "明早9点": "2024-04-11 09:00",
    "明天早上9点": "2024-04-11 09:00",
    "明天早上八点": "2024-04-11 08:00",
    "明天上午": "2024-04-11 09:00",
    "明天中午": "2024-04-11 12:00",
    "明天中午1点": "2024-04-11 13:00",
    "明天下午": "2024-04-11 14:00",
    "明天下午3点": "2024-04-11 15:00",
    "明天，下午3点": "2024-04-11 15:00",
    "明天3点": "2024-04-11 15:00",
    "明天3点半": "2024-04-11 15:30",
    "明天三点一刻": "2024-04-11 15:15",
    "明天3点15": "2024-04-11 15:15",
    "明天三点零五分": "2024-04-11 15:05",
    "明天15时30分": "2024-04-11 15:30",
    "明天9点整": "2024-04-11 09:00",
    "明天7点": "2024-04-11 07:00",
    "明天0点": "2024-04-11 00:00",
    "明天 03:30": "2024-04-11 03:30",
    "今晚": "2024-04-10 19:00",
    "今晚八点": "2024-04-10 20:00",
    "明晚8点半": "2024-04-11 20:30",
    "晚上8点": "2024-04-10 20:00",
    "晚上": "2024-04-10 19:00",
    "下午7点": "2024-04-10 19:00",
    "下午15:30": "2024-04-10 15:30",
    "12:30": "2024-04-10 12:30",
    "15：30": "2024-04-10 15:30",
    "3点": "2024-04-10 15:00",
    "9点": "2024-04-11 09:00",
    # English, pickers and ISO 8601
    "Today": "2024-04-10 11:00",
    "tomorrow 15:30": "2024-04-11 15:30",
    "2026-01-05 +0800": "2026-01-05 09:00",
    "2026-01-05 14:30 +0800": "2026-01-05 14:30",
    "2026-01-05 03:30 +0800": "2026-01-05 03:30",
    "2026-01-05T14:30:00Z": "2026-01-05 22:30",
    "2026-01-05T14:30": "2026-01-05 14:30",
}


@pytest.mark.parametrize(("text", "meant"), UNDERSTOOD.items())
def test_a_phrase_is_understood(text: str, meant: str) -> None:
    assert understood(text) == meant


NO_SUCH, REPEATED, PAST, NO_DAY, FESTIVAL = "没有「", "是重复的时间", "是过去的时间", "没说到哪一天", "请写成日期"
UNKNOWN, GONE, MISFIT = "看不懂时间「", "已经过去了", "对不上"
REFUSED = {
    "上周": PAST,
    "上周五": PAST,
    "上个月": PAST,
    "去年": PAST,
    "最近7天": PAST,
    "近三个月": PAST,
    "昨天": PAST,
    "3天前": PAST,
    "半小时前": PAST,
    "两个月之前": PAST,
    "每周一上午9点": REPEATED,
    "每月1号": REPEATED,
    "尽快": NO_DAY,
    "过几天": NO_DAY,
    "国庆节": FESTIVAL,
    "五一前": FESTIVAL,
    "十一": FESTIVAL,
    "周末": "没说是周六还是周日",
    "下周末前": "没说是周六还是周日",
    "跟进一下张总": UNKNOWN,
    "两三天后": UNKNOWN,
    "三五天后": UNKNOWN,
    "1今天": UNKNOWN,
    "1 明天": UNKNOWN,
    "12月3点": UNKNOWN,
    "下周3点": UNKNOWN,
    "十二月二十三点": UNKNOWN,
    "4.153点": UNKNOWN,
    "三点五": UNKNOWN,
    "周五和周六": UNKNOWN,
    "3月后": UNKNOWN,
    "半分钟后": UNKNOWN,
    "前": UNKNOWN,
    "，": UNKNOWN,
    "in 3 days": UNKNOWN,
    "今年上半年": GONE,
    "2023年Q3": GONE,
    "2024年3月5日": GONE,
    "20240409": GONE,
    "2024-04-10T02:30:00+00:00": GONE,
    "今天上午": GONE,
    "今天9点": GONE,
    "上午": GONE,
    "4月": GONE,
    "0小时后": GONE,
    "2月30日": NO_SUCH,
    "4月31日": NO_SUCH,
    "2025年2月29日": NO_SUCH,
    "本月31号": NO_SUCH,
    "13月1日": NO_SUCH,
    "13月": NO_SUCH,
    "0月": NO_SUCH,
    "32号": NO_SUCH,
    "0号": NO_SUCH,
    "25点": NO_SUCH,
    "明天24:00": NO_SUCH,
    "明天9:60": NO_SUCH,
    "20261332": NO_SUCH,
    "2026-02-30 10:00 +0800": NO_SUCH,
    "9999-12-31T23:59:59-23:59": NO_SUCH,
    "今晚12点": MISFIT,
    "上午3点": MISFIT,
    "": "时间请写在 1 到 40 个字之间",
    "天" * 41: "时间请写在 1 到 40 个字之间",
    "\ufdfa" * 40: "时间请写在 1 到 40 个字之间",
}


@pytest.mark.parametrize(("text", "why"), REFUSED.items(), ids=[text[:12] for text in REFUSED])
def test_a_phrase_is_refused_with_the_reason_and_an_example(text: str, why: str) -> None:
    say = refusal(text)
    assert why in say
    assert "可以写" in say or "例如" in say


def test_the_unknown_is_answered_with_examples() -> None:
    assert refusal("跟进一下张总") == "看不懂时间「跟进一下张总」，可以写 明天、3天后、下周五下午3点、12月1日、月底前"


@pytest.mark.parametrize(
    ("text", "say"),
    {
        "本周一": "「本周一」是 4月8日 周一 9:00，已经过去了，可以写 下周一",
        "这个星期一": "「这个星期一」是 4月8日 周一 9:00，已经过去了，可以写 下星期一",
        "今天9点": "「今天9点」是 今天 9:00，已经过去了，可以写 明天9点",
        "今年上半年": "「今年上半年」是 1月1日 周一 9:00，已经过去了，可以写 明年上半年",
        "本月5号前": "「本月5号前」是 4月5日 周五 9:00，已经过去了，可以写 下月5号前",
        "2023年Q3": "「2023年Q3」是 2023年7月1日 周六 9:00，已经过去了，可以写 明天、下周一、12月1日",
    }.items(),
)
def test_what_is_past_is_refused_by_its_moment_with_a_phrase_that_works(text: str, say: str) -> None:
    assert refusal(text) == say
    for offered in say.rpartition("可以写 ")[2].split("、"):
        assert read(offered, NOW, SHANGHAI).at > NOW


@pytest.mark.parametrize(
    "sentence", ["跟进一下张总", "上周", "3天前", "尽快", "周末", "国庆节", "每月1号", "2月30日", "今晚12点"]
)
def test_every_example_in_a_refusal_is_understood(sentence: str) -> None:
    say = refusal(sentence)
    examples = say.replace("例如 ", "可以写 ").rpartition("可以写 ")[2].replace(" 或 ", "、").split("、")
    assert all(read(text, NOW, SHANGHAI).at > NOW for text in examples)


@pytest.mark.parametrize(
    ("text", "now", "meant"),
    [
        ("1个月后", "2024-01-31 10:00", "2024-02-29 09:00"),
        ("1个月后", "2025-01-31 10:00", "2025-02-28 09:00"),
        ("13个月后", "2024-11-30 10:00", "2025-12-30 09:00"),
        ("3个月后", "2024-11-30 10:00", "2025-02-28 09:00"),
        ("一年后", "2024-02-29 10:00", "2025-02-28 09:00"),
        ("明天", "2024-02-28 10:00", "2024-02-29 09:00"),
        ("明天", "2024-12-31 23:59", "2025-01-01 09:00"),
        ("月底", "2024-02-10 10:00", "2024-02-29 09:00"),
        ("月底前", "2024-02-29 10:30", "2024-02-29 11:00"),
        ("下个月", "2024-12-31 10:00", "2025-01-01 09:00"),
        ("下月底", "2024-12-31 10:00", "2025-01-31 09:00"),
        ("下季度", "2024-12-31 10:00", "2025-01-01 09:00"),
        ("年底", "2024-12-31 08:00", "2024-12-31 09:00"),
        ("12月前", "2024-12-31 10:00", "2024-12-31 11:00"),
        ("Q4前", "2024-12-31 20:30", "2024-12-31 21:00"),
        ("1月1日", "2024-12-31 10:00", "2025-01-01 09:00"),
        ("2月29日", "2096-03-01 10:00", "2104-02-29 09:00"),
        ("2月29日", "2024-02-29 08:00", "2024-02-29 09:00"),
        ("31号", "2024-01-31 10:00", "2024-03-31 09:00"),
        ("30号", "2024-01-31 10:00", "2024-03-30 09:00"),
        ("31号", "2024-07-31 10:00", "2024-08-31 09:00"),
        ("15号", "2024-12-15 09:00", "2025-01-15 09:00"),
        ("15号", "2024-12-15 08:59", "2024-12-15 09:00"),
        ("今天", "2024-04-10 08:59", "2024-04-10 09:00"),
        ("今天", "2024-04-10 09:00", "2024-04-10 10:00"),
        ("今天前", "2024-04-10 20:59", "2024-04-10 21:00"),
        ("2024-04-10 +0800", "2024-04-10 10:30", "2024-04-10 11:00"),
        ("3点", "2024-04-10 15:00", "2024-04-11 15:00"),
        ("1小时后", "2024-12-31 23:30", "2025-01-01 00:30"),
        ("下周一", "2024-04-14 10:00", "2024-04-15 09:00"),
        ("下周日", "2024-04-15 10:00", "2024-04-28 09:00"),
        ("周一", "2024-12-30 10:00", "2025-01-06 09:00"),
    ],
)
def test_months_and_years_end_where_they_end(text: str, now: str, meant: str) -> None:
    assert understood(text, local(now)) == meant


@pytest.mark.parametrize("text", ["今天", "月底前", "本周二"])
def test_today_after_21_needs_a_clock_time(text: str) -> None:
    assert "太晚了" in refusal(text, local("2024-04-30 21:00"))
    assert understood(f"{text.removesuffix('前')}23:30", local("2024-04-30 21:00")) == "2024-04-30 23:30"


@pytest.mark.parametrize("today", range(8, 15))
@pytest.mark.parametrize("weekday", range(7))
def test_a_weekday_means_the_same_on_every_day_of_the_week(today: int, weekday: int) -> None:
    now = datetime(2024, 4, today, 10, 30, tzinfo=SHANGHAI)
    name, this = "一二三四五六日"[weekday], date(2024, 4, 8 + weekday)
    coming = this if this > now.date() else this + timedelta(days=7)
    assert understood(f"周{name}", now) == f"{coming} 09:00"
    assert understood(f"下周{name}", now) == f"{this + timedelta(days=7)} 09:00"
    assert understood(f"下下周{name}", now) == f"{this + timedelta(days=14)} 09:00"
    if this < now.date():
        assert f"可以写 下周{name}" in refusal(f"本周{name}", now)
    else:
        assert understood(f"本周{name}", now).startswith(str(this))


@pytest.mark.parametrize(
    ("text", "date_only", "before", "elapsed"),
    [
        ("明天", True, False, False),
        ("周五前", True, True, False),
        ("明天下午", False, False, False),
        ("周五15:30之前", False, True, False),
        ("9点", False, False, False),
        ("2026-01-05 14:30 +0800", False, False, False),
        ("2026-01-05 +0800", True, False, False),
        ("2小时后", False, False, True),
        ("2天后", True, False, False),
    ],
)
def test_a_moment_tells_how_it_was_said(text: str, date_only: bool, before: bool, elapsed: bool) -> None:
    moment = read(f"  {text} ", NOW, SHANGHAI)
    assert (moment.said, moment.date_only, moment.before, moment.elapsed) == (text, date_only, before, elapsed)


def test_a_day_is_a_day_of_the_reader_s_zone() -> None:
    new_york = ZoneInfo("America/New_York")
    assert read("明天", local("2024-04-10 10:30"), new_york).at == datetime(2024, 4, 10, 13, tzinfo=UTC)
    assert read("明天", local("2024-04-10 12:30"), new_york).at == datetime(2024, 4, 11, 13, tzinfo=UTC)


def test_a_now_without_a_zone_is_our_fault() -> None:
    with pytest.raises(ValueError, match="aware"):
        read("明天", NOW.replace(tzinfo=None), SHANGHAI)
