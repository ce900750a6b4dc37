"""Customer numbers (A7): none twice, none skipped, whoever approves at the same time and whatever the pattern."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, update

from makers import Make
from models.crm import numbers
from models.settings import Settings
from models.tables import Customer
from models.work import Works
from world import HandClock

INDUSTRY = "制造业-电子设备"


def numbering(engine: Engine, clock: HandClock, pattern: str, **codes: str) -> Works:
    given: dict[str, Any] = {"numbering": {"customer": pattern}, "entry": {"industry_codes": codes}}
    return Works(engine, clock, Settings.model_validate(given))


def issue(works: Works, industry: str = INDUSTRY) -> str:
    return works.perform(lambda work: numbers.customer_number(work, industry))


@pytest.mark.parametrize(
    ("pattern", "first", "second"),
    [
        ("C{year}{month:02}{seq:03}", "C202611001", "C202611002"),
        ("C{year}{seq:03}", "C2026001", "C2026002"),
        ("C{year}{industry_code}{seq:03}", "C2026MF001", "C2026MF002"),
        ("{seq}", "1", "2"),
        ("KH-{seq:05}-{year}", "KH-00001-2026", "KH-00002-2026"),
    ],
)
def test_a_pattern_gives_numbers_from_one(
    engine: Engine, clock: HandClock, pattern: str, first: str, second: str
) -> None:
    works = numbering(engine, clock, pattern, 制造业="mf")
    assert [issue(works), issue(works)] == [first, second]


def test_each_rendered_prefix_counts_for_itself(engine: Engine, clock: HandClock) -> None:
    works = numbering(engine, clock, "C{year}{industry_code}{seq:03}", 制造业="MF", 农业="AG")
    said = [issue(works, industry) for industry in ("制造业-医药", "农业-种植养殖", "其他-其他", "制造业-化工")]
    assert said == ["C2026MF001", "C2026AG001", "C2026001", "C2026MF002"]


def test_the_month_is_that_of_the_companys_zone(works: Works, clock: HandClock) -> None:
    clock.at = dt.datetime(2026, 11, 30, 15, 59, tzinfo=dt.UTC)
    assert issue(works) == "C202611001"
    clock.forward(minutes=1)
    assert [issue(works), issue(works)] == ["C202612001", "C202612002"]
    clock.at = dt.datetime(2026, 12, 31, 16, 0, tzinfo=dt.UTC)
    assert issue(works) == "C202701001"


def test_numbers_grow_past_their_width(works: Works) -> None:
    assert [issue(works) for _ in range(1001)][-3:] == ["C202611999", "C2026111000", "C2026111001"]


def test_a_number_that_somebody_bears_is_passed_over(engine: Engine, clock: HandClock, make: Make) -> None:
    make.department("销售一部")
    make.user("王敏", "销售一部", "sales_rep")
    make.user("林总", "销售一部", "manager")
    old = make.customer("王敏", "老客户有限公司").id
    numbers_of = numbering(engine, clock, "C{year}{seq:03}")
    numbers_of.perform(lambda work: work.run(update(Customer).where(Customer.id == old).values(number="C2026002")))
    assert [issue(numbers_of) for _ in range(3)] == ["C2026001", "C2026003", "C2026004"]


def test_what_is_undone_skips_no_number(works: Works) -> None:
    def fails(work: Any) -> None:
        assert numbers.customer_number(work, INDUSTRY) == "C202611001"
        raise LookupError("the approval fails")

    with pytest.raises(LookupError):
        works.perform(fails)
    assert issue(works) == "C202611001"


def test_eight_at_once_get_eight_different_numbers_without_a_gap(works: Works) -> None:
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda _: issue(works), range(40)))
    assert sorted(said) == [f"C202611{number:03}" for number in range(1, 41)]


def test_approvals_at_once_number_every_customer(works: Works, make: Make) -> None:
    make.department("销售一部")
    make.user("王敏", "销售一部", "sales_rep")
    make.user("林总", "销售一部", "manager")
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda number: make.customer("王敏", f"客户{number}有限公司").number, range(12)))
    assert sorted(map(str, said)) == [f"C202611{number:03}" for number in range(1, 13)]
