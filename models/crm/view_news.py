"""Being told of a view: how many customers are in it, every working day or once a week (X9)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, or_, select, update

from models.crm import named_views
from models.crm.named_views import FORGET, View
from models.crm.people import Me
from models.errors import Refused
from models.policy import Permission
from models.tables import ViewSubscription
from models.work import AnyRow, Work

VIEWS = "views"
MOST = 10

OF = select(ViewSubscription).where(ViewSubscription.user_id == bindparam("me")).order_by(ViewSubscription.view)
UNTOLD = OF.where(or_(ViewSubscription.run_id.is_(None), ViewSubscription.run_id != bindparam("run")))
TOLD = OF.where(ViewSubscription.run_id == bindparam("run"))
ADD = insert(ViewSubscription)
TELL = (
    update(ViewSubscription)
    .where(ViewSubscription.user_id == bindparam("me"), ViewSubscription.view == bindparam("of"))
    .values(before=ViewSubscription.told, told=bindparam("number"), run_id=bindparam("run"))
)


@dataclass(frozen=True, slots=True)
class News:
    """What somebody is told of a view: how many customers are in it, and how many more than he was told before."""

    key: str
    name: str
    number: int
    more: int


def subscribe(work: Work, me: Me, view: View, *, weekly: bool) -> View:
    """Be told of a view from now on: on working days, or once a week. Raises Refused."""
    held = {row.view for row in work.run(OF, me=me.id)}
    if view.key not in held and len(held) >= MOST:
        raise Refused(f"最多订阅 {MOST} 个视图，请先在 /设置 里退订不用的。")
    (number,) = named_views.counts(work, me, [view])
    work.run(FORGET, me=me.id, view=view.key)
    work.run(ADD, user_id=me.id, view=view.key, weekly=weekly, told=number, before=number, run_id=None)
    work.audit("view.subscribe", f"view:{view.key}", weekly=weekly)
    return named_views.by_key(work, me, view.key)


def unsubscribe(work: Work, me: Me, view: View) -> View:
    """Be told of it no more."""
    work.run(FORGET, me=me.id, view=view.key)
    work.audit("view.unsubscribe", f"view:{view.key}")
    return named_views.by_key(work, me, view.key)


def subscribed(work: Work, me: Me) -> list[View]:
    """The views somebody is told of."""
    return [each for each in named_views.every(work, me) if each.weekly is not None]


def tell(work: Work, me: Me, run: int) -> bool:
    """Count what this run of the calendar tells him, and keep it; whether there is anything to tell.

    Nothing is where there is nobody and was nobody.
    """
    rows = {row.view: row for row in work.run(UNTOLD, me=me.id, run=run)} if _may(me) else {}
    views = [each for each in named_views.every(work, me) if _due(work, rows.get(each.key))] if rows else []
    told = False
    for view, number in zip(views, named_views.counts(work, me, views), strict=True):
        if number or rows[view.key].told:
            work.run(TELL, me=me.id, of=view.key, number=number, run=run)
            told = True
    return told


def _may(me: Me) -> bool:
    return Permission.CUSTOMER_READ in me.rights


def _due(work: Work, row: AnyRow | None) -> bool:
    return row is not None and (not row.weekly or _begins_week(work))


def _begins_week(work: Work) -> bool:
    """Whether nobody worked in this week before today: Monday, or the day after a holiday."""
    today = work.now.astimezone(work.office.zone).date()
    return not any(work.office.is_working(today - dt.timedelta(days=back)) for back in range(1, today.weekday() + 1))


def lines(work: Work, me: Me, run: int) -> list[News]:
    """What this run told him."""
    rows = {row.view: row for row in work.run(TOLD, me=me.id, run=run)} if _may(me) else {}
    views = named_views.every(work, me) if rows else []
    return [_line(each, rows[each.key]) for each in views if each.key in rows]


def _line(view: View, row: AnyRow) -> News:
    return News(view.key, view.name, row.told, row.told - row.before)
