"""The conditions of a view, a closed table: what each is called, how it is read, how it is told, and its SQL (X9)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from models.calendar import Calendar
from models.crm import condition_values as reads
from models.crm import follow_ups, funnel
from models.crm.condition_values import ME, NEVER, NO, YES, Read, Reading
from models.errors import Refused
from models.settings import Entry as Rules
from models.tables import (
    Complaint,
    ComplaintState,
    Contact,
    Customer,
    Deal,
    DealStage,
    DealState,
    FunnelStage,
    Kind,
    Level,
    Timer,
    TimerState,
)
from models.text import erased, periods
from models.text.identifiers import narrow

ANY = "不限"
NOTHING = {"", ANY}
OPEN, WAITING = "处理中", "待首响"
#: a complaint is open until it is closed.
STATES = {OPEN: [ComplaintState.ACCEPTED, ComplaintState.CONTACTED], WAITING: [ComplaintState.ACCEPTED]}
#: what is quoted back: nothing that could be a part of a number or an address.
QUOTED = 12
PAIR, BETWEEN = re.compile(r"\s*[:：]\s*"), re.compile("[,，、]")


@dataclass(frozen=True, slots=True)
class Asking:
    """For whom and when customers are asked for."""

    me: int
    now: dt.datetime
    office: Calendar

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.office.zone).date()

    def midnight(self, day: dt.date) -> dt.datetime:
        """When a day begins where the company is."""
        return self.office.at(day, dt.time())


#: what a colleague with an id is called.
Name = Callable[[str], str]
Order = tuple[ColumnElement[Any], ...]
Where = Callable[[tuple[str, ...], Asking], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Condition:
    """One kind of condition. `written` says which values it takes; of several values one has to be so.

    `choices` are what a form offers; `order` is what matters in a view that has it, the first of its conditions.
    """

    key: str
    word: str
    written: str
    read: Read
    where: Where
    choices: Callable[[Rules], Sequence[str]] = lambda rules: ()
    order: Order = ()


@dataclass(frozen=True, slots=True)
class Conditions:
    """Those of a view, in the order of the table: (key, values as they are kept). All of them have to be so."""

    each: tuple[tuple[str, tuple[str, ...]], ...]


# --- what they ask the database ---


def _among(column: Any, words: Mapping[str, Any]) -> Where:
    """A value that only another version knew is none."""
    return lambda values, _: column.in_([words[value] for value in values if value in words])


def _among_itself(column: Any) -> Where:
    return lambda values, _: column.in_(values)


def _owned(values: tuple[str, ...], asked: Asking) -> ColumnElement[bool]:
    return Customer.owner_id.in_([asked.me if value == ME else int(value) for value in values])


def _in_industry(values: tuple[str, ...], _: Asking) -> ColumnElement[bool]:
    whole = (Customer.industry.startswith(f"{value}-", autoescape=True) for value in values)
    return or_(Customer.industry.in_(values), *whole)


def _in_province(values: tuple[str, ...], _: Asking) -> ColumnElement[bool]:
    return or_(*(Customer.province.startswith(value, autoescape=True) for value in values))


def _in_city(values: tuple[str, ...], _: Asking) -> ColumnElement[bool]:
    """A municipality stands where the provinces do."""
    cities = (Customer.city.startswith(value, autoescape=True) for value in values)
    return or_(Customer.province.in_([each for value in values for each in (value, f"{value}市")]), *cities)


def _within(column: Any, period: str, asked: Asking) -> ColumnElement[bool]:
    first, after = (asked.midnight(day) for day in periods.days(period, asked.today))
    return and_(column >= first, column < after)


def _made(values: tuple[str, ...], asked: Asking) -> ColumnElement[bool]:
    return or_(*(_within(Customer.acquired_at, value, asked) for value in values))


def _left_alone(values: tuple[str, ...], asked: Asking) -> ColumnElement[bool]:
    """A new customer counts from the day he came."""
    never = Customer.last_follow_up_at.is_(None)
    parts: list[ColumnElement[bool]] = [never] if NEVER in values else []
    if days := [int(value.removesuffix("天")) for value in values if value != NEVER]:
        since = asked.midnight(asked.today - dt.timedelta(days=min(days) - 1))
        parts += [Customer.last_follow_up_at < since, and_(never, Customer.acquired_at < since)]
    return or_(*parts)


REMINDED = (Timer.kind == follow_ups.REMINDER, Timer.state == TimerState.FIRED, Timer.customer_id.is_not(None))
OVERDUE = Customer.id.in_(select(Timer.customer_id).where(*REMINDED))
INCOMPLETE = or_(
    and_(Customer.kind == Kind.COMPANY, func.coalesce(Customer.uscc, "") == ""),
    and_(Customer.kind == Kind.PERSON, Customer.id_number.is_(None)),
    *(func.coalesce(each, "") == "" for each in (Customer.address, Customer.headcount, Customer.main_business)),
    select(Contact.id)
    .where(
        Contact.customer_id == Customer.id,
        Contact.primary,
        Contact.name != erased.NAME,
        or_(func.coalesce(Contact.position, "") == "", Contact.email.is_(None)),
    )
    .exists(),
)
#: of who was erased nothing is asked for any more.
PENDING = and_(~Customer.name.startswith(erased.CUSTOMER), INCOMPLETE)


def _flag(is_so: ColumnElement[bool]) -> Where:
    return lambda values, _: or_(*(is_so if value == YES else ~is_so for value in values))


def _complained(values: tuple[str, ...], _: Asking) -> ColumnElement[bool]:
    states = [state for value in values for state in STATES[value]]
    return Customer.id.in_(select(Complaint.customer_id).where(Complaint.state.in_(states)))


def _bought(values: tuple[str, ...], asked: Asking) -> ColumnElement[bool]:
    when = or_(*(_within(Deal.at, value, asked) for value in values))
    return select(Deal.id).where(Deal.customer_id == Customer.id, Deal.state != DealState.RETURNED, when).exists()


# --- the table ---

KINDS = {"企业": Kind.COMPANY, "个人": Kind.PERSON}
LEVELS = {"VIP": Level.VIP, "A": Level.A, "B": Level.B, "C": Level.C}
STAGES: dict[str, FunnelStage] = {word: stage for stage, word in funnel.STAGES.items()}
DEAL_STAGES: dict[str, DealStage] = {word: stage for stage, word in funnel.DEAL_STAGES.items()}
FLAG = reads.one_of({YES: "yes", NO: "no"})
NAMED_PERIODS = [*periods.NAMED, "最近7天", "最近30天", "最近90天"]
LONG_AGO: Order = (func.coalesce(Customer.last_follow_up_at, Customer.acquired_at),)
MISSED = select(func.min(Timer.due_at)).where(Timer.customer_id == Customer.id, *REMINDED).scalar_subquery()
COMPLAINED = (
    select(func.min(Complaint.due_at))
    .where(Complaint.customer_id == Customer.id, Complaint.state.in_(STATES[OPEN]))
    .scalar_subquery()
)
BOUGHT = (
    select(func.max(Deal.at)).where(Deal.customer_id == Customer.id, Deal.state != DealState.RETURNED).scalar_subquery()
)


def _words(members: Mapping[str, StrEnum]) -> Read:
    return reads.one_of({word: member.value for word, member in members.items()})


def _table() -> Iterable[Condition]:
    flags = (YES, NO)
    yield Condition("owner", "负责人", "我，或同事的姓名、工号", reads.owner, _owned)
    yield Condition(
        "level", "等级", "、".join(LEVELS), _words(LEVELS), _among(Customer.level, LEVELS), lambda _: (*LEVELS,)
    )
    yield Condition("kind", "性质", "、".join(KINDS), _words(KINDS), _among(Customer.kind, KINDS), lambda _: (*KINDS,))
    yield Condition("industry", "行业", "一级行业，例如 制造业，或 一级-二级", reads.industry, _in_industry)
    yield Condition(
        "source", "来源", "客户来源", reads.source, _among_itself(Customer.source), lambda rules: rules.sources
    )
    yield Condition("province", "省", "省的名字，例如 浙江", reads.place, _in_province)
    yield Condition("city", "城市", "城市的名字，例如 杭州", reads.place, _in_city)
    yield Condition(
        "stage", "阶段", "、".join(STAGES), _words(STAGES), _among(Customer.funnel_stage, STAGES), lambda _: (*STAGES,)
    )
    yield Condition(
        "deal_stage",
        "转化",
        "、".join(DEAL_STAGES),
        _words(DEAL_STAGES),
        _among(Customer.deal_stage, DEAL_STAGES),
        lambda _: (*DEAL_STAGES,),
    )
    newest = (Customer.acquired_at.desc(),)
    yield Condition("new", "新建", periods.WRITTEN, reads.period, _made, lambda _: NAMED_PERIODS, newest)
    stale = ("7天", "14天", "30天", "60天", NEVER)
    yield Condition(
        "stale", "未跟进", f"天数，例如 14天，或 {NEVER}", reads.stale, _left_alone, lambda _: stale, LONG_AGO
    )
    yield Condition("overdue", "逾期", "是、否", FLAG, _flag(OVERDUE), lambda _: flags, (MISSED,))
    yield Condition("pending", "待确认", "是、否", FLAG, _flag(PENDING), lambda _: flags, newest)
    complaints = reads.one_of({OPEN: "open", WAITING: "waiting"})
    yield Condition(
        "complaint", "投诉", "、".join(STATES), complaints, _complained, lambda _: (*STATES,), (COMPLAINED,)
    )
    yield Condition("deal", "成交", periods.WRITTEN, reads.period, _bought, lambda _: NAMED_PERIODS, (BOUGHT.desc(),))


#: every condition there is, by its key, which is its English word as well.
TABLE: Mapping[str, Condition] = {each.key: each for each in _table()}
CALLED = {name: each for each in TABLE.values() for name in (each.key, each.word)}


# --- all of them together ---


def read(text: str, by: Reading) -> Conditions:
    """What is written as 等级:A,VIP 未跟进:14天; 逾期 and 待确认 may stand alone. Raises Refused."""
    pairs = (word.partition(":") for word in PAIR.sub(":", text).split())
    return of_pairs(((word, value if colon else YES) for word, colon, value in pairs), by)


def of_form(words: Mapping[str, str], by: Reading) -> Conditions:
    """As `read`, from the values of a form by key; what is empty or 不限 is no condition. Raises Refused."""
    return of_pairs(((key, words.get(key, "")) for key in TABLE if words.get(key, "").strip() not in NOTHING), by)


def of_pairs(pairs: Iterable[tuple[str, str]], by: Reading) -> Conditions:
    """As `read`, from words and their values. Raises Refused."""
    found: dict[str, tuple[str, ...]] = {}
    for word, value in pairs:
        kind = _called(word)
        found[kind.key] = tuple(dict.fromkeys([*found.get(kind.key, ()), *_values(kind, value, by)]))
    if not found:
        raise Refused(f"至少要写一个条件，例如 等级:A 未跟进:14天。可以写：{_all()}。")
    return Conditions(tuple((key, found[key]) for key in TABLE if key in found))


def _all() -> str:
    return "、".join(each.word for each in TABLE.values())


def _called(word: str) -> Condition:
    found = CALLED.get(narrow(word).strip().lower())
    if found is None:
        what = f"「{word}」" if word.isalpha() and len(word) <= QUOTED else "有的词"
        raise Refused(f"{what}不是条件，可以写：{_all()}，例如 等级:A 未跟进:14天。")
    return found


def _values(kind: Condition, text: str, by: Reading) -> list[str]:
    try:
        found = [kind.read(each, by) for each in filter(None, map(_plain, BETWEEN.split(text)))]
    except ValueError:
        found = []
    if not found:
        raise Refused(f"「{kind.word}」要写成：{kind.written}。")
    return found


def _plain(value: str) -> str:
    return narrow(value).strip()


def words(of: Conditions, name: Name) -> dict[str, str]:
    """The values of each as one may write them, by key; `name` says what a colleague with an id is called."""
    return {key: "、".join(_told(key, values, name)) for key, values in of.each}


def told(of: Conditions, name: Name) -> str:
    """All of them in one line, as one may write it."""
    return " ".join(f"{TABLE[key].word}:{values}" for key, values in words(of, name).items())


def _told(key: str, values: Iterable[str], name: Name) -> list[str]:
    if key != "owner":
        return [*values]
    return ["我" if value == ME else name(value) for value in values]


def people(of: Conditions) -> list[int]:
    """The ids of colleagues whom the conditions name."""
    return [int(value) for key, values in of.each if key == "owner" for value in values if value != ME]


def where(of: Conditions, asked: Asking) -> list[ColumnElement[bool]]:
    """What a customer has to be, in SQL."""
    return [TABLE[key].where(values, asked) for key, values in of.each]


def order(of: Conditions) -> Order:
    """The order of a view: what its first condition that has one says, else the longest without contact first."""
    return next((TABLE[key].order for key, _ in of.each if TABLE[key].order), LONG_AGO)


def kept(of: Conditions) -> dict[str, list[str]]:
    """As they are kept with a view."""
    return {key: [*values] for key, values in of.each}


def opened(plain: Mapping[str, Sequence[str]]) -> Conditions:
    """As `kept` wrote them; what this version does not know any more is no condition."""
    return Conditions(tuple((key, tuple(plain[key])) for key in TABLE if key in plain))
