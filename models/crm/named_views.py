"""Named views: a name and conditions over the customers that whoever opens it may see at that moment (X9)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, case, cast, delete, func, insert, select, true, update
from sqlalchemy.orm import aliased

from models.crm import access, colleagues, conditions
from models.crm.condition_values import ME, YES, Reading
from models.crm.conditions import Asking, Conditions
from models.crm.deputies import ACTING
from models.crm.people import Me
from models.errors import NotFound, Refused
from models.policy import Permission, Reach
from models.tables import Customer, DealStage, FunnelStage, Status, User, ViewSubscription
from models.tables import View as Row
from models.text import private
from models.text.identifiers import narrow
from models.work import AnyRow, Work

PAGE, MOST, LONGEST = 10, 30, 20
CHOICES = 10
#: a page from a button may be any number.
FURTHEST = 1_000_000
NAME = re.compile(rf"[^\s:：#＃/／【】\"'“”‘’]{{1,{LONGEST}}}")
KEY = re.compile(r"\d{1,15}", re.ASCII)
GONE = "没有找到这个视图，或它不是你的。发 /视图 看看有哪些。"


@dataclass(frozen=True, slots=True)
class View:
    """One that comes with the program, or one's own; buttons and subscriptions name it by its `key`.

    `weekly` is None for who is not told of it.
    """

    key: str
    name: str
    conditions: Conditions
    own: bool = False
    weekly: bool | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A customer in a view."""

    id: int
    name: str
    number: str
    owner: str
    stage: FunnelStage
    deal_stage: DealStage | None
    last_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A page of a view, and its conditions as one may write them."""

    view: View
    told: str
    total: int
    rows: tuple[Found, ...]
    page: int

    @property
    def more(self) -> bool:
        return self.total > (self.page + 1) * PAGE


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the views there are for somebody, with the number of customers in each."""

    views: tuple[tuple[View, int], ...]
    page: int
    more: bool


def _built_in(key: str, name: str, **values: str) -> View:
    return View(key, name, conditions.opened({each: [value] for each, value in values.items()}))


BUILT_IN: Mapping[str, View] = {
    each.key: each
    for each in (
        _built_in("overdue", "我的逾期", owner=ME, overdue=YES),
        _built_in("new", "本月新客户", new="本月"),
        _built_in("stale", "久未联系", stale="30天"),
        _built_in("pending", "待确认", pending=YES),
        _built_in("complaints", "处理中的投诉", complaint=conditions.OPEN),
        _built_in("deals", "本月成交", deal="本月"),
    )
}
RESERVED = {each.name: each for each in BUILT_IN.values()}

MINE = (
    select(Row.id, Row.name, Row.name_key, Row.conditions, ViewSubscription.weekly)
    .outerjoin(
        ViewSubscription,
        and_(ViewSubscription.user_id == Row.user_id, ViewSubscription.view == cast(Row.id, String)),
    )
    .where(Row.user_id == bindparam("me"))
    .order_by(Row.name_key)
)
BY_ID = MINE.where(Row.id == bindparam("view"))
BY_NAME = MINE.where(Row.name_key == bindparam("named"))
WEEKLY = select(ViewSubscription.view, ViewSubscription.weekly).where(ViewSubscription.user_id == bindparam("me"))
ADD = insert(Row).returning(Row.id)
CHANGE = (
    update(Row)
    .where(Row.id == bindparam("view"))
    .values(name=bindparam("called"), name_key=bindparam("named"), conditions=bindparam("wanted"))
)
REMOVE = delete(Row).where(Row.id == bindparam("view"))
FORGET = delete(ViewSubscription).where(
    ViewSubscription.user_id == bindparam("me"), ViewSubscription.view == bindparam("view")
)
Other = aliased(User)
NAMESAKES = select(Other.id).where(Other.name == User.name, Other.id != User.id, Other.active).exists()
CALLED = select(User.id, case((NAMESAKES, User.staff_no), else_=User.name)).where(
    User.id.in_(bindparam("people", expanding=True))
)
#: the reader's permission is part of every statement; an entry that waits for its review is in no view.
SEEN = (access.MINE, Customer.status == Status.ARCHIVED)
ROWS = (
    select(
        Customer.id,
        Customer.name,
        Customer.number,
        User.name.label("owner"),
        Customer.funnel_stage,
        Customer.deal_stage,
        Customer.last_follow_up_at,
        func.count().over().label("total"),
    )
    .join(User, User.id == Customer.owner_id)
    .limit(PAGE)
)


def reading(work: Work) -> Reading:
    """What the words of a condition are read by."""
    return Reading(work.settings.entry, lambda words: str(colleagues.only(work, words).id))


def seen(me: Me) -> tuple[ColumnElement[bool], ...]:
    """`SEEN`; for who reads only his own in such words, too, that the index of owners serves."""
    alone = me.may(Permission.CUSTOMER_READ) is Reach.OWN and not me.serves
    return (*SEEN, Customer.owner_id.in_(ACTING)) if alone else SEEN


def asking(work: Work, me: Me) -> Asking:
    """For whom and when customers are asked for."""
    return Asking(me.id, work.now, work.office)


def key_of(name: str) -> str:
    """What a name is found by."""
    return narrow(name).strip().lower()


def find(work: Work, me: Me, name: str) -> View | None:
    """The view with exactly this name, one's own or one that comes with the program."""
    if view := RESERVED.get(key_of(name)):
        return _subscribed(work, me, [view])[0]
    row = work.run(BY_NAME, me=me.id, named=key_of(name)).first()
    return _view(row) if row else None


def named(work: Work, me: Me, name: str) -> View:
    """As `find`, else the one whose name has this in it. Raises NotFound, Refused where several have."""
    if view := find(work, me, name):
        return view
    if not NAME.fullmatch(name):
        raise Refused(f"先给视图起个名字，再写条件：/视图 重点客户 {name}")
    near = [each for each in every(work, me) if key_of(name) in key_of(each.name)]
    if not near:
        raise NotFound("没有找到叫这个名字的视图。发 /视图 看看有哪些；要新建，写上条件：/视图 重点客户 等级:A。")
    if len(near) > 1:
        names = "、".join(each.name for each in near[:CHOICES])
        raise Refused(f"有 {len(near)} 个视图的名字里有「{name}」，请写全一点：{names}。")
    return near[0]


def by_key(work: Work, me: Me, key: str) -> View:
    """The view that a button names. Raises NotFound, the same for foreign and unknown ones."""
    if key in BUILT_IN:
        return _subscribed(work, me, [BUILT_IN[key]])[0]
    return own(work, me, key)


def own(work: Work, me: Me, key: str) -> View:
    """One's own view that a button names. Raises NotFound."""
    row = work.run(BY_ID, me=me.id, view=int(key)).first() if KEY.fullmatch(key) else None
    if row is None:
        raise NotFound(GONE)
    return _view(row)


def every(work: Work, me: Me) -> list[View]:
    """Those that come with the program, then one's own."""
    return _subscribed(work, me, BUILT_IN.values()) + [_view(row) for row in work.run(MINE, me=me.id)]


def _subscribed(work: Work, me: Me, views: Iterable[View]) -> list[View]:
    weekly = {row.view: row.weekly for row in work.run(WEEKLY, me=me.id)}
    return [replace(each, weekly=weekly.get(each.key)) for each in views]


def _view(row: AnyRow) -> View:
    return View(str(row.id), row.name, conditions.opened(row.conditions), own=True, weekly=row.weekly)


def counts(work: Work, me: Me, views: Sequence[View]) -> list[int]:
    """How many customers there are in each for this reader, in one statement."""
    if not views:
        return []
    asked = asking(work, me)
    numbers = [func.count().filter(and_(true(), *conditions.where(each.conditions, asked))) for each in views]
    statement = select(*numbers).select_from(Customer).where(*seen(me))
    return list(work.connection.execute(statement, access.scope(me)).one())


def listed(work: Work, me: Me, page: int = 0) -> Listed:
    """A page of all views there are for him."""
    views, start = every(work, me), page * PAGE
    shown = views[start : start + PAGE]
    return Listed(tuple(zip(shown, counts(work, me, shown), strict=True)), page, len(views) > start + PAGE)


def opened(work: Work, me: Me, view: View, page: int = 0) -> Opened:
    """A page of the customers in a view that this reader may see now; a page that is no more is the first."""
    rows = _rows(work, me, view, min(page, FURTHEST))
    if not rows and page:
        return opened(work, me, view)
    total = rows[0].total if rows else 0
    found = tuple(Found(row.id, row.name, row.number or "", row.owner, *row[4:7]) for row in rows)
    return Opened(view, conditions.told(view.conditions, called(work, view)), total, found, page)


def _rows(work: Work, me: Me, view: View, page: int) -> Sequence[Any]:
    """Built for these conditions, so it is none of the statements that are prepared once."""
    statement = (
        ROWS.where(*seen(me), *conditions.where(view.conditions, asking(work, me)))
        .order_by(*conditions.order(view.conditions), Customer.id)
        .offset(page * PAGE)
    )
    return work.connection.execute(statement, access.scope(me)).all()


def called(work: Work, view: View) -> conditions.Name:
    """What the colleagues in its conditions are called: by name, or by staff number where others are called so."""
    ids = conditions.people(view.conditions)
    known: dict[int, str] = dict(tuple(row) for row in work.run(CALLED, people=ids)) if ids else {}
    return lambda person: known.get(int(person), person)


def check_name(name: str) -> None:
    """Whether a view may be called so. Raises Refused."""
    if private.find(name):
        raise Refused("视图的名字里不要写电话、邮箱、微信号或身份证号。")
    if not NAME.fullmatch(name) or len(key_of(name)) > LONGEST:
        raise Refused(f"视图的名字要写 1 到 {LONGEST} 个字，写在条件前面，里面不要有空格、冒号、引号、# 和 /。")
    if key_of(name) in RESERVED:
        raise Refused(f"「{name}」是自带的视图，请换一个名字。")


def save(work: Work, me: Me, name: str, wanted: Conditions, key: str = "") -> tuple[View, View | None]:
    """Keep a view under a name, in place of one's own of that name or of that `key`; returns it, and how it was.

    Raises Refused, NotFound.
    """
    check_name(name)
    mine = {row.name_key: _view(row) for row in work.run(MINE, me=me.id)}
    there = mine.get(key_of(name))
    before = own(work, me, key) if key else there
    if key and there and there.key != key:
        raise Refused(f"你已经有一个叫「{name}」的视图，请换一个名字。")
    if before is None and len(mine) >= MOST:
        raise Refused(f"每人最多 {MOST} 个视图，请先在 /视图 里删除不用的。")
    number = _put(work, me, name, wanted, before)
    work.audit("view.save", f"view:{number}")
    return View(str(number), name, wanted, own=True, weekly=before.weekly if before else None), before


def _put(work: Work, me: Me, name: str, wanted: Conditions, before: View | None) -> int:
    kept = conditions.kept(wanted)
    if before is None:
        return work.add(ADD, user_id=me.id, name=name, name_key=key_of(name), conditions=kept)
    work.run(CHANGE, view=int(before.key), called=name, named=key_of(name), wanted=kept)
    return int(before.key)


def remove(work: Work, me: Me, key: str) -> View:
    """Give one's own view up, and being told of it. Raises NotFound."""
    view = own(work, me, key)
    work.run(FORGET, me=me.id, view=key)
    work.run(REMOVE, view=int(key))
    work.audit("view.remove", f"view:{key}")
    return view
