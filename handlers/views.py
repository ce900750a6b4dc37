"""/视图: named views, opened by one word (X9)."""

from __future__ import annotations

from bot.routing import Router, reads
from cards import views as cards
from cards.kit import Card
from models.crm import conditions, named_views, view_news
from models.crm.conditions import Conditions
from models.crm.named_views import View
from models.crm.people import Me
from models.errors import Refused
from models.policy import Permission
from models.work import Work

router = Router()


@reads(Conditions)
def wanted(text: str, work: Work, me: Me) -> Conditions:
    """The conditions of a view."""
    return conditions.read(text, named_views.reading(work))


@router.command("/视图 [名] [条件…]", "/views", "/st", may=Permission.CUSTOMER_READ)
def views(name: str = "", wanted: Conditions | None = None, *, work: Work, me: Me, router: Router) -> Card:
    """打开一个视图；写上条件就存下来。只发 /视图 看有哪些；以后直接发名字也能打开。
    例：/视图 重点客户 等级:A 未跟进:14天
    """
    if not name:
        return cards.listed(named_views.listed(work, me))
    if wanted is None:
        return _opened(work, me, named_views.named(work, me, name))
    view, before = _saved(work, me, router, name, wanted)
    was = f"已修改，原来是：{conditions.told(before.conditions, named_views.called(work, before))}" if before else ""
    return _opened(work, me, view, was or "已保存。")


@router.plain(may=Permission.CUSTOMER_READ)
def by_name(text: str, work: Work, me: Me) -> Card | None:
    """A view, by nothing but its name."""
    view = named_views.find(work, me, text) if len(text) <= named_views.LONGEST else None
    return _opened(work, me, view) if view else None


def _opened(work: Work, me: Me, view: View, said: str = "", toast: str = "", page: int = 0) -> Card:
    return cards.opened(named_views.opened(work, me, view, max(page, 0)), work.shown, said, toast)


def _saved(
    work: Work, me: Me, router: Router, name: str, wanted: Conditions, key: str = ""
) -> tuple[View, View | None]:
    """Raises Refused for a name that is a command's: the command would always win."""
    if router.knows(f"/{named_views.key_of(name)}"):
        raise Refused("视图不能和命令同名，请换一个名字。")
    return named_views.save(work, me, name, wanted, key)


@router.action(cards.List, may=Permission.CUSTOMER_READ)
def turn(action: cards.List, *, work: Work, me: Me) -> Card:
    """全部视图, 上一页 and 下一页."""
    return cards.listed(named_views.listed(work, me, max(action.page, 0)))


@router.action(cards.Open, may=Permission.CUSTOMER_READ)
def open_view(action: cards.Open, *, work: Work, me: Me) -> Card:
    """查看, 上一页 and 下一页: the customers whom this person may see now."""
    return _opened(work, me, named_views.by_key(work, me, action.view), page=action.page)


@router.action(cards.New, may=Permission.CUSTOMER_READ)
def new(action: cards.New, *, work: Work, me: Me) -> Card:
    """新建视图."""
    return cards.form(work.settings.entry, {})


@router.action(cards.Edit, may=Permission.CUSTOMER_READ)
def edit(action: cards.Edit, *, work: Work, me: Me) -> Card:
    """修改."""
    view = named_views.own(work, me, action.view)
    words = conditions.words(view.conditions, named_views.called(work, view))
    return cards.form(work.settings.entry, {"name": view.name, **words}, view.key)


@router.action(cards.Save, may=Permission.CUSTOMER_READ)
def save(action: cards.Save, *, work: Work, me: Me, form: dict[str, str], router: Router) -> Card:
    """保存; what cannot be is said on the card."""
    if action.view:
        named_views.own(work, me, action.view)
    try:
        found = conditions.of_form(form, named_views.reading(work))
        view, _ = _saved(work, me, router, form.get("name", "").strip(), found, action.view)
    except Refused as no:
        return cards.form(work.settings.entry, form, action.view, no.say)
    return _opened(work, me, view, toast="已保存")


@router.action(cards.AskRemove, may=Permission.CUSTOMER_READ)
def ask_remove(action: cards.AskRemove, *, work: Work, me: Me) -> Card:
    """删除."""
    return cards.ask_remove(named_views.own(work, me, action.view))


@router.action(cards.Remove, may=Permission.CUSTOMER_READ)
def remove(action: cards.Remove, *, work: Work, me: Me) -> Card:
    """确认删除."""
    named_views.remove(work, me, action.view)
    return cards.listed(named_views.listed(work, me), "已删除")


@router.action(cards.Subscribe, may=Permission.CUSTOMER_READ)
def subscribe(action: cards.Subscribe, *, work: Work, me: Me) -> Card:
    """订阅."""
    view = named_views.by_key(work, me, action.view)
    return _opened(work, me, view_news.subscribe(work, me, view, weekly=bool(action.weekly)), toast="已订阅")


@router.action(cards.Unsubscribe, may=Permission.CUSTOMER_READ)
def unsubscribe(action: cards.Unsubscribe, *, work: Work, me: Me) -> Card:
    """取消订阅."""
    view = named_views.by_key(work, me, action.view)
    return _opened(work, me, view_news.unsubscribe(work, me, view), toast="已取消订阅")
