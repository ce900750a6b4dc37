"""The days and hours of a duty roster, as people write them."""

from __future__ import annotations

import pytest

from models.errors import Refused
from models.text.roster import hours, shown, weekdays

DAYS = {
    "周一": (0,),
    "1": (0,),
    "1-5": (0, 1, 2, 3, 4),
    "周一至周五": (0, 1, 2, 3, 4),
    "星期一到五": (0, 1, 2, 3, 4),
    "周六、周日": (5, 6),
    "礼拜天": (6,),
    "周五至周一": (0, 4, 5, 6),
    "每天": (0, 1, 2, 3, 4, 5, 6),
    "周末": (5, 6),
    "工作日，周六": (0, 1, 2, 3, 4, 5),
    "１－３": (0, 1, 2),
    "12月25日": (),
    "8": (),
    "": (),
}
HOURS = {
    "18:00-22:00": (1080, 1320, "18:00–22:00"),
    "9:00~18:00": (540, 1080, "9:00–18:00"),
    "18：00 至 24:00": (1080, 1440, "18:00–24:00"),
    "22:00-08:00": (1320, 1920, "22:00–次日 8:00"),
    "08:00-08:00": (480, 1920, "8:00–次日 8:00"),
}


@pytest.mark.parametrize("text", DAYS)
def test_days_are_days_of_the_week_or_none(text: str) -> None:
    assert weekdays(text) == DAYS[text]


@pytest.mark.parametrize("text", HOURS)
def test_hours_go_past_midnight_where_the_end_is_not_later(text: str) -> None:
    opens, closes, said = HOURS[text]
    assert hours(text) == (opens, closes) and shown(opens, closes) == said


@pytest.mark.parametrize("text", ["", "晚上", "18:00", "25:00-26:00", "18:60-22:00", "18:00-24:30", "18:00-22:00!"])
def test_hours_that_are_none_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refused, match="18:00-22:00"):
        hours(text)
