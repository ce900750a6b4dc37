"""What the samples of cards are made of: invented people and companies, hostile text, a fixed moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from cards.kit import Card
from models.crm.access import CustomerRef
from models.crm.customers import Page, Person
from models.crm.follow_ups import LONGEST
from models.tables import DealStage, FunnelStage, Status
from models.text import times

#: what people type, and what would be dangerous were it anything but text; short enough to stand in an excerpt.
NASTY = (
    "**粗** _斜_ ~~删~~ [链](https://x.cn) `码` # 一 | 二\\n",
    "<at id=all></at><b>粗</b>&lt;",
    "{{ 7*7 }} {% raw %} ${x}",
    "=1+1",
    "%_'\"; DROP TABLE customers; --",
    "𠮷野家 😀👨‍👩‍👧",
    "- 一行\n1. 又一行",
)
ODD = "\n".join(NASTY)
LONG = ("客户对方案总体满意，希望分两期实施，并请我们下周补充“售后条款”和报价明细。\n" * 200)[:LONGEST]

ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=ZONE)
HUAXING = CustomerRef(
    7,
    "C202611007",
    "华星科技有限公司",
    Status.ARCHIVED,
    1,
    "王敏",
    2,
    FunnelStage.INTERESTED,
    DealStage.QUOTE,
)
STRANGE = replace(HUAXING, name=ODD, owner_name=ODD)
SPARSE = Page(
    HUAXING,
    (("客户性质", "企业"), ("客户类型", "潜在"), ("所属行业", "制造业-电子设备"), ("客户来源", "展会推广")),
    (Person("李雷", None, None, "138****8001", None, None, None),),
    (),
    ("统一社会信用代码", "职位", "邮箱", "地址"),
    None,
    None,
    (),
    0,
    more=False,
)
Samples = Iterator[tuple[str, Card]]


def shown(at: dt.datetime) -> str:
    """A moment as the cards write it, seen from the gallery's own now."""
    return times.show(at, NOW, ZONE)
