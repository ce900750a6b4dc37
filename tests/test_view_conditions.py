"""The conditions of a view: what is told can be written again, and the database finds what a plain filter does (X9)."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from conftest import ON_SQLITE, ZONE, Company
from driver import noted, work_of
from models.crm import access, conditions, named_views
from models.crm.condition_values import ME, NEVER, YES, Reading
from models.crm.conditions import OPEN, TABLE, Conditions
from models.crm.named_views import BUILT_IN, View
from models.errors import Refused
from models.settings import Entry
from models.tables import (
    Channel,
    Complaint,
    ComplaintSource,
    ComplaintState,
    Contact,
    Customer,
    Deal,
    DealStage,
    DealState,
    FunnelStage,
    Kind,
    Level,
    Severity,
    Status,
    Timer,
    TimerState,
    User,
)
from models.text import periods
from test_docs import quoted, rows

RULES = Entry()
BY = Reading(RULES, lambda words: words.removeprefix("S"))
TODAY = dt.date(2026, 11, 25)
CITIES = (("浙江省", "杭州市"), ("浙江省", "宁波市"), ("上海市", None), ("吉林省", "吉林市"), (None, None))
VALUES: Mapping[str, tuple[str, ...]] = {
    "owner": ("我", "S1", "S2", "S4"),
    "industry": (*RULES.industries, *(f"{first}-{each[0]}" for first, each in RULES.industries.items())),
    "province": ("浙江", "上海", "吉林省"),
    "city": ("杭州", "上海市", "吉林"),
    "new": (*periods.NAMED, "最近30天", "最近1天", "最近90天"),
    "deal": (*periods.NAMED, "最近45天"),
    "stale": ("1天", "14天", "30", "90d", NEVER),
}


def values(key: str) -> tuple[str, ...]:
    return VALUES.get(key) or tuple(TABLE[key].choices(RULES))


def pair(key: str) -> st.SearchStrategy[tuple[str, str]]:
    """A condition with one value or two."""
    said = st.lists(st.sampled_from(values(key)), min_size=1, max_size=2, unique=True)
    return said.map(lambda several: (key, ",".join(several)))


PAIRS = st.lists(st.sampled_from([*TABLE]).flatmap(pair), min_size=1, max_size=4, unique_by=lambda each: each[0])


@given(PAIRS, st.sampled_from([":", "：", " : "]), st.sampled_from("word key".split()))
def test_what_is_told_can_be_written_again(pairs: list[tuple[str, str]], colon: str, called: str) -> None:
    text = " ".join(f"{getattr(TABLE[key], called)}{colon}{said}" for key, said in pairs)
    of = conditions.read(text, BY)
    assert [key for key, _ in of.each] == [key for key in TABLE if key in dict(pairs)]
    told = conditions.told(of, lambda person: f"S{person}")
    assert conditions.read(told, BY) == of
    assert conditions.of_form(conditions.words(of, lambda person: f"S{person}"), BY) == of
    assert conditions.opened(conditions.kept(of)) == of


WORDS = st.sampled_from(
    [*conditions.CALLED, "等级:", "未跟进:", "新建：", "城市:", "0天", "９", "最近", "A,", "：", ",、"]
)


@given(st.lists(WORDS | st.text(max_size=12), max_size=6).map(" ".join) | st.text(max_size=60))
def test_any_words_are_conditions_or_refused(text: str) -> None:
    try:
        of = conditions.read(text, BY)
    except Refused as no:
        assert no.say.endswith("。")
    else:
        assert of.each and all(kept for _, kept in of.each)


def test_what_is_refused_repeats_nothing_that_could_be_a_part_of_a_number() -> None:
    for text in ("5678找他", "lilei.secret:x", "等级:1234", "城市:13912345678", "未跟进:139天天"):
        with pytest.raises(Refused) as no:
            conditions.read(text, BY)
        assert not any(sign.isdigit() for sign in no.value.say.split("，例如")[0].replace("30天", "").replace("14", ""))
        assert "secret" not in no.value.say


def test_the_table_of_the_document_is_the_table_of_the_program() -> None:
    said = [[*quoted(word), *quoted(key), written] for word, key, written in rows("docs/views.md", "条件")]
    assert said == [[each.word, each.key, each.written] for each in TABLE.values()]
    built_in = [[name, *quoted(told)] for name, told in rows("docs/views.md", "自带的视图")]
    assert built_in == [[each.name, conditions.told(each.conditions, str)] for each in BUILT_IN.values()]


def test_periods_are_whole_days_half_open() -> None:
    day = dt.date
    assert {name: periods.days(name, TODAY) for name in (*periods.NAMED, "最近30天", "最近1天")} == {
        "今天": (TODAY, day(2026, 11, 26)),
        "本周": (day(2026, 11, 23), day(2026, 11, 30)),
        "本月": (day(2026, 11, 1), day(2026, 12, 1)),
        "上月": (day(2026, 10, 1), day(2026, 11, 1)),
        "本季": (day(2026, 10, 1), day(2027, 1, 1)),
        "本年": (day(2026, 1, 1), day(2027, 1, 1)),
        "最近30天": (day(2026, 10, 27), day(2026, 11, 26)),
        "最近1天": (TODAY, day(2026, 11, 26)),
    }
    assert periods.days("上月", day(2027, 1, 31)) == (day(2026, 12, 1), day(2027, 1, 1))
    said = {
        "近三十天": "最近30天",
        "上个月": "上月",
        "last_month": "上月",
        "7d": "最近7天",
        "明天": None,
        "最近0天": None,
    }
    assert {text: periods.read(text) for text in said} == said


# --- the database against a plain filter ---

Row = dict[str, Any]
NOW = dt.datetime(2026, 11, 25, 10, tzinfo=ZONE)


def made(number: int) -> Row:
    """A customer with anything that a condition may ask for."""
    chance = random.Random(number)  # noqa: S311 (the same customers in every run)
    province, city = chance.choice(CITIES)
    #: midnights and the second before are among the moments.
    ago = dt.timedelta(
        days=chance.choice([0, 1, 13, 14, 20, 24, 29, 30, 60, 100, 400]), seconds=chance.choice([0, 36000, 36001])
    )
    talked = dt.timedelta(days=chance.choice([0, 1, 13, 14, 24, 30, 60]), seconds=chance.choice([0, 36000, 36001]))
    known = chance.random() < 0.4
    first = chance.choice([*RULES.industries])
    return {
        "id": number,
        "status": Status.ARCHIVED if chance.random() < 0.9 else Status.PENDING,
        "name": f"第{number}号",
        **dict.fromkeys(("name_key", "pinyin", "initials"), ""),
        "kind": chance.choice([*Kind]),
        "uscc": "91310115MA1K35X27N" if known or chance.random() < 0.5 else None,
        "id_number": "110101199003071233" if known else None,
        "industry": f"{first}-{chance.choice(RULES.industries[first])}",
        "source": chance.choice(RULES.sources),
        "headcount": "100-499人" if known else chance.choice(["", None]),
        "main_business": "仪器" if known else None,
        "address": "世纪大道 1 号" if known else None,
        "province": province,
        "city": city,
        "level": chance.choice([*Level]),
        "owner_id": chance.choice([1, 2, 4]),
        "department_id": 2,
        "funnel_stage": chance.choice([*FunnelStage]),
        "deal_stage": chance.choice([*DealStage, None]),
        "acquired_at": NOW - ago,
        "entered_at": NOW - ago,
        "last_follow_up_at": chance.choice([None, NOW - talked]),
        "complete": known and chance.random() < 0.7,
        "reminder": chance.choice([None, TimerState.FIRED, TimerState.PENDING, TimerState.DONE]),
        "complaint": chance.choice([None, None, *ComplaintState]),
        "deal": chance.choice([None, (NOW - talked, chance.choice([DealState.DONE, DealState.RETURNED]))]),
    }


BESIDES = ("complete", "reminder", "complaint", "deal")


def put(company: Company, several: list[Row]) -> None:
    def task(work: Any) -> None:
        for row in several:
            work.connection.execute(
                insert(Customer).values({key: value for key, value in row.items() if key not in BESIDES})
            )
            about = {"customer_id": row["id"]}
            part = {"position": "经理", "email": "a@b.example"} if row["complete"] else {"position": "经理"}
            words = {"name": "李雷", "name_key": "", "pinyin": "", "initials": "", "primary": True}
            work.connection.execute(insert(Contact).values(about | words | part))
            if row["reminder"]:
                timer = {"kind": "follow_up", "subject_id": 1, "person_id": 1, "due_at": NOW, "state": row["reminder"]}
                work.connection.execute(insert(Timer).values(about | timer))
            if row["complaint"]:
                work.connection.execute(insert(Complaint).values(about | complaint(row)))
            if row["deal"]:
                at, state = row["deal"]
                deal = {"author_id": 1, "at": at, "product": "维保", "quantity": 1, "amount_fen": 1, "state": state}
                work.connection.execute(insert(Deal).values(about | deal))

    company.keban.works.perform(task)


def complaint(row: Row) -> Row:
    return {
        "number": f"TS{row['id']}",
        "source": ComplaintSource.CHAT,
        "handler_id": 1,
        "department_id": 2,
        "opened_at": NOW,
        "due_at": NOW,
        "channel": Channel.PHONE,
        "severity": Severity.NORMAL,
        "content": "送错货",
        "state": row["complaint"],
    }


def day_of(at: dt.datetime) -> dt.date:
    return at.astimezone(ZONE).date()


def lies_in(at: dt.datetime, period: str) -> bool:
    first, after = periods.days(period, TODAY)
    return first <= day_of(at) < after


def is_stale(row: Row, value: str) -> bool:
    if value == NEVER:
        return row["last_follow_up_at"] is None
    last = row["last_follow_up_at"] or row["acquired_at"]
    return (TODAY - day_of(last)).days >= int(value.removesuffix("天"))


def is_pending(row: Row) -> bool:
    papers = row["uscc"] if row["kind"] is Kind.COMPANY else row["id_number"]
    return not all([papers, row["address"], row["headcount"], row["main_business"], row["complete"]])


PLAIN: Mapping[str, Callable[[Row, str], bool]] = {
    "owner": lambda row, value: row["owner_id"] == (1 if value == ME else int(value)),
    "level": lambda row, value: row["level"].value == value.lower(),
    "kind": lambda row, value: row["kind"] is (Kind.COMPANY if value == "企业" else Kind.PERSON),
    "industry": lambda row, value: value in (row["industry"], row["industry"].split("-")[0]),
    "source": lambda row, value: bool(row["source"] == value),
    "province": lambda row, value: value in (row["province"] or ""),
    "city": lambda row, value: (
        value in ((row["province"] or "").removesuffix("市"), (row["city"] or "").removesuffix("市"))
    ),
    "stage": lambda row, value: row["funnel_stage"] is conditions.STAGES[value],
    "deal_stage": lambda row, value: row["deal_stage"] is conditions.DEAL_STAGES[value],
    "new": lambda row, value: lies_in(row["acquired_at"], value),
    "stale": is_stale,
    "overdue": lambda row, value: (row["reminder"] is TimerState.FIRED) is (value == YES),
    "pending": lambda row, value: is_pending(row) is (value == YES),
    "complaint": lambda row, value: (
        row["complaint"] is not None and (value == OPEN or row["complaint"] is ComplaintState.ACCEPTED)
    ),
    "deal": lambda row, value: (
        row["deal"] is not None and row["deal"][1] is not DealState.RETURNED and lies_in(row["deal"][0], value)
    ),
}


@ON_SQLITE
def test_the_database_finds_what_a_plain_filter_does_and_never_more_than_one_may_see(company: Company) -> None:
    several = [made(number) for number in range(1, 151)]
    put(company, several)
    readers = [company.make.me(name) for name in ("王敏", "赵强", "林总")]
    reach = {"王敏": {1}, "赵强": {1, 2, 4}, "林总": {1, 2, 4}}  # all of them are of 销售一部

    def check(pairs: list[tuple[str, str]], me: Any) -> int:
        of = conditions.of_pairs(pairs, BY)
        expected = {
            row["id"]
            for row in several
            if row["status"] is Status.ARCHIVED
            and row["owner_id"] in reach[me.name]
            and all(any(PLAIN[key](row, me_is(me, key, value)) for value in values) for key, values in of.each)
        }
        with company.keban.works.read() as work:
            asked = named_views.asking(work, me)
            found = select(Customer.id).where(*named_views.seen(me), *conditions.where(of, asked))
            assert set(work.connection.execute(found, access.scope(me)).scalars()) == expected
            assert named_views.counts(work, me, [View("", "", of)]) == [len(expected)]
            assert named_views.opened(work, me, View("", "", of)).total == len(expected)
        return len(expected)

    for key in TABLE:
        assert any([check([(key, value)], readers[-1]) for value in values(key)]), f"{key} finds somebody"

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(PAIRS, st.sampled_from(readers))
    def together(pairs: list[tuple[str, str]], me: Any) -> None:
        check(pairs, me)

    together()


def me_is(me: Any, key: str, value: str) -> str:
    return str(me.id) if key == "owner" and value == ME else value


def test_a_view_is_opened_with_three_statements_at_most(company: Company, engine: Engine) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    company.rep.says("/视图 重点客户 等级:A,B 新建:本月 未跟进:从未")
    me = company.make.me("王敏")
    sent = noted(engine)
    with company.keban.works.read() as work:
        for name in ("重点客户", "我的逾期"):
            sent.clear()
            view = named_views.named(work, me, name)
            named_views.opened(work, me, view)
            assert 0 < len(work_of(sent)) <= 3, sent
            if company.keban.works.sqlite:
                plan = work.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {work_of(sent)[-1]}").all()
                assert "SEARCH customers USING INDEX ix_customers_owner_id" in str(plan), "whoever has few reads few"
        sent.clear()
        assert len(named_views.listed(work, me).views) == len(BUILT_IN) + 1
        assert len(work_of(sent)) <= 3, "however many views there are"


@ON_SQLITE
def test_pages_come_in_the_order_that_matters(company: Company) -> None:
    several = [made(number) | {"status": Status.ARCHIVED} for number in range(1, 61)]
    put(company, several)
    me = company.make.me("林总")

    def pages(of: Conditions) -> list[Row]:
        found: list[Row] = []
        with company.keban.works.read() as work:
            for page in range(7):
                shown = named_views.opened(work, me, View("", "", of), page)
                found += [several[row.id - 1] for row in shown.rows] if shown.page == page else []
        return found

    newest = pages(conditions.read("新建:本年", BY))
    assert [row["acquired_at"] for row in newest] == sorted((row["acquired_at"] for row in newest), reverse=True)
    assert len(newest) == len({row["id"] for row in newest}) == sum(PLAIN["new"](row, "本年") for row in several)
    stale = pages(conditions.read("未跟进:1天", BY))
    last = [row["last_follow_up_at"] or row["acquired_at"] for row in stale]
    assert last == sorted(last)


def test_an_owner_is_told_by_name_or_by_number_where_two_are_called_so(company: Company) -> None:
    company.joins("陈晨", "销售二部", "sales_rep")
    assert "请写工号：S0002、S0006" in company.manager.says("/视图 同事的 负责人:陈晨").text
    assert "负责人:S0006、王敏" in company.manager.says("/视图 同事的 负责人:S0006、王敏").text
    with company.keban.works.read() as work:
        assert len(work.run(select(User.id)).all()) == 6
