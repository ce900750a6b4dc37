"""The gallery's samples of named views: which there are, one opened, its form, and being told of them."""

from __future__ import annotations

from dataclasses import replace

from cards import views
from cards.samples import NOW, ODD, Samples, shown
from models.crm.conditions import ANY, opened
from models.crm.named_views import BUILT_IN, Found, Listed, Opened, View
from models.crm.view_news import News
from models.settings import Entry as Rules
from models.tables import DealStage, FunnelStage

RULES = Rules()
MINE = View("17", "重点客户", opened({"level": ["A", "VIP"], "stale": ["14天"]}), own=True)
TOLD = "等级:A、VIP 未跟进:14天"
HUAXING = Found(7, "华星科技有限公司", "C202611007", "王敏", FunnelStage.INTERESTED, DealStage.QUOTE, NOW)
NEW = replace(HUAXING, id=8, name="云帆贸易有限公司", deal_stage=None, last_at=None)
SEEN = Opened(MINE, TOLD, 2, (HUAXING, NEW), 0)
LINES = (News("17", "重点客户", 12, 3), News("new", "本月新客户", 4, 0), News("stale", "久未联系", 0, -2))


def samples() -> Samples:
    """Every state."""
    own = replace(MINE, weekly=True)
    every = (*((view, number) for number, view in enumerate(BUILT_IN.values())), (MINE, 2), (own, 3))
    yield "views.listed.every", views.listed(Listed(every, 0, more=False), "已删除")
    yield "views.listed.second_page", views.listed(Listed(((replace(MINE, name=ODD[:20]), 0),), 1, more=True))
    yield "views.opened.own", views.opened(SEEN, shown, "已保存。")
    yield "views.opened.subscribed", views.opened(replace(SEEN, view=own), shown, toast="已订阅")
    many = tuple(replace(HUAXING, id=number) for number in range(10))
    built_in = replace(SEEN, view=BUILT_IN["new"], told="新建:本月", total=31, rows=many)
    yield "views.opened.first_page", views.opened(built_in, shown)
    yield "views.opened.middle_page", views.opened(replace(built_in, page=1), shown)
    yield "views.opened.nothing", views.opened(replace(SEEN, total=0, rows=()), shown)
    strange = replace(HUAXING, name=ODD, owner=ODD)
    yield "views.opened.nasty", views.opened(replace(SEEN, told=ODD, rows=(strange,)), shown, ODD)
    yield "views.form.new", views.form(RULES, {})
    words = {"name": "重点客户", "level": "A、VIP", "stale": "45天", "source": "展会推广", "overdue": ANY}
    yield "views.form.change", views.form(RULES, words, "17")
    yield "views.form.wrong", views.form(RULES, words | {"name": ODD[:20], "city": ODD[:100]}, error=ODD)
    yield "views.ask_remove.told", views.ask_remove(own)
    yield "views.ask_remove.own", views.ask_remove(replace(MINE, name=ODD[:20]))
    yield "views.told.lines", views.told(LINES)
    yield "views.told.nasty", views.told((News("17", ODD, 1, 1),))
