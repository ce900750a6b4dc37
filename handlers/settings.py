"""/设置: what one gets, when not, and where (X7)."""

from __future__ import annotations

from bot.routing import Router
from cards import settings as cards
from cards import views
from cards.kit import Card
from models.crm import named_views, people, preferences, view_news
from models.crm.people import Me
from models.crm.preferences import Preferences
from models.errors import Refused
from models.policy import Permission
from models.work import Work

router = Router()


def _shown(
    work: Work, me: Me, wants: Preferences, error: str = "", toast: str = "", typed: dict[str, str] | None = None
) -> Card:
    platforms = [platform for platform, _ in people.accounts(work, me.id)]
    return cards.settings(wants, platforms, error, toast, view_news.subscribed(work, me), typed)


@router.command("/设置", "/settings", "/sz", may=Permission.SELF)
def settings(*, work: Work, me: Me) -> Card:
    """收什么、什么时候不打扰、发到哪个平台。
    例：/设置
    """
    return _shown(work, me, preferences.of(work, me.id))


@router.action(cards.Quiet, may=Permission.SELF)
def quiet(action: cards.Quiet, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """保存; what cannot be is said on the card."""
    try:
        wants = preferences.set_quiet(work, me, form.get("begins", ""), form.get("ends", ""))
    except Refused as no:
        return _shown(work, me, preferences.of(work, me.id), no.say, typed=form)
    return _shown(work, me, wants, toast="已保存")


@router.action(cards.Switch, may=Permission.SELF)
def switch(action: cards.Switch, *, work: Work, me: Me) -> Card:
    """收 and 不收, 合并 and 立即."""
    return _shown(work, me, preferences.switch(work, me, action.kind, on=bool(action.on)), toast="已保存")


@router.action(cards.Settle, may=Permission.SELF)
def settle(action: cards.Settle, *, work: Work, me: Me) -> Card:
    """发到."""
    return _shown(work, me, preferences.settle(work, me, action.platform), toast="已保存")


@router.action(views.Drop, may=Permission.SELF)
def drop_view(action: views.Drop, *, work: Work, me: Me) -> Card:
    """退订."""
    view_news.unsubscribe(work, me, named_views.by_key(work, me, action.view))
    return _shown(work, me, preferences.of(work, me.id), toast="已退订")
