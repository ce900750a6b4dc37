"""Cards about deals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from cards.common import FITS_INPUT, Submit
from cards.kit import Button, Card, Element, Field, Fields, Form, Input, Note, Toast, Warn
from models.crm.deals import Recorded
from models.tables import FunnelStage
from models.text import money

Shown = Callable[[dt.datetime], str]
BECAME = {FunnelStage.WON: "成交客户", FunnelStage.REPURCHASE: "复购客户"}


def recorded(deal: Recorded, shown: Shown) -> Card:
    """The receipt of a deal."""
    facts = Fields.of(
        ("产品", deal.product),
        ("数量", str(deal.quantity)),
        ("金额", money.show(deal.amount)),
        ("阶段", BECAME[deal.stage]),
    )
    told = Note(f"{shown(deal.survey_at)} 会把满意度问卷发给负责人 {deal.customer.owner_name}。")
    title = f"已记录成交 · {deal.customer.name}"
    return Card(title, (facts, told), "green", personal=deal.sensitive, toast=Toast("已记录成交"))


def form(words: Mapping[str, str], errors: Mapping[str, str], draft: int) -> Card:
    """The form of `/成交`, with everything that was typed."""

    def field(name: str, label: str, hint: str, *, required: bool = True) -> Field:
        return Input(name, label, words.get(name, "")[:FITS_INPUT], required, hint, errors.get(name, ""))

    fields = (
        field("customer", "客户", "编号、全称、简称或拼音"),
        field("product", "产品", "目录里的产品或服务"),
        field("amount", "金额", "例如：12万、12.5万元、120000.50"),
        field("quantity", "数量", "整数，不写就是 1", required=False),
    )
    wrong: tuple[Element, ...] = (Warn("有的内容要改一下，见下面的红字。"),) if any(errors.values()) else ()
    body = (*wrong, Form(fields, Button("提交", Submit("/成交", draft), "primary")))
    return Card("记一笔成交", body, "orange" if wrong else "blue", personal=True)
