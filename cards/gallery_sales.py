"""Samples of what is sold and of how satisfied the customers are; part of the gallery."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from cards import customers, deals, surveys
from cards.samples import HUAXING, LONG, NOW, ODD, SPARSE, STRANGE, Samples, shown
from models.crm.customers import Happening
from models.crm.deals import Recorded
from models.crm.surveys import Asked
from models.tables import FunnelStage

LINK = "https://crm.example.com/survey/q1w2e3r4t5y6u7i8o9p0a1AB2CD3EF4GH5JK6LM7NP8"


def samples() -> Samples:
    """Every sample of deals and surveys by name."""
    for part in (_deals, _bought, _deal_forms, _surveys, _answers):
        yield from part()


def _deals() -> Samples:
    soon = NOW + dt.timedelta(days=3)
    first = Recorded(3, HUAXING, "年度维保（专业版）", 1, 12_500_000, NOW, FunnelStage.WON, False, soon)
    yield "deals.recorded.first", deals.recorded(first, shown)
    again = replace(first, quantity=20, amount=12_000_050, stage=FunnelStage.REPURCHASE)
    yield "deals.recorded.again", deals.recorded(again, shown)
    yield "deals.recorded.nasty", deals.recorded(replace(again, customer=STRANGE, product=ODD), shown)


def _bought() -> Samples:
    happenings = (
        Happening(NOW - dt.timedelta(days=1), "survey", "4", "交货很快", "王敏"),
        Happening(NOW - dt.timedelta(days=5), "deal", "12500050", "年度维保（专业版） × 2", "王敏"),
    )
    yield "customers.page.bought", customers.page(replace(SPARSE, happenings=happenings), shown)


def _deal_forms() -> Samples:
    words = {"customer": "华星科技", "product": "年度维保", "amount": "十二万", "quantity": "三"}
    wrong = {"amount": "看不懂金额「十二万」，请写成 12万、12.5万元 或 120000.50。", "quantity": "数量要写成整数。"}
    yield "deals.form.empty", deals.form({}, {}, 0)
    yield "deals.form.errors", deals.form(words, wrong, 0)
    yield "deals.form.nasty", deals.form(dict.fromkeys(words, ODD), dict.fromkeys(words, ODD), 5)


WAITS = Asked(9, HUAXING, LINK, False, "今天 10:00", "12月9日 周三 10:00", False, None, 0, (), "")


def _surveys() -> Samples:
    yield "surveys.standing.open", surveys.standing(WAITS)
    here = LINK.replace("https://crm.example.com", "http://127.0.0.1:8000")
    yield "surveys.standing.local", surveys.standing(replace(WAITS, link=here, local=True, silent=True))
    yield "surveys.standing.expired", surveys.standing(replace(WAITS, link=None))
    why = "在 11月20日 10:00 已经发过问卷，每个客户 30 天内最多一次，12月20日 10:00 以后可以再发。"
    yield "surveys.skipped.too_soon", surveys.skipped(HUAXING, why)
    yield "surveys.skipped.nasty", surveys.skipped(STRANGE, ODD)


def _answers() -> Samples:
    asked = (("产品和服务符合您的预期吗？", 5), ("我们响应得够快吗？", 4))
    good = replace(WAITS, link=None, answered="今天 11:20", score=5, answers=asked, comment="很满意，谢谢！")
    yield "surveys.standing.good", surveys.standing(good)
    yield "surveys.standing.bad", surveys.standing(replace(good, score=1, answers=(), comment=""))
    yield "surveys.standing.longest", surveys.standing(replace(good, comment=LONG))
    odd = replace(good, customer=STRANGE, answers=((ODD, 2),), comment=ODD)
    yield "surveys.standing.nasty", surveys.standing(odd)
