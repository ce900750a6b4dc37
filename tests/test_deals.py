"""A rep writes down what a customer bought: amounts, products, stages, and who may."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from conftest import Company
from models.crm import access, deals, products
from models.crm.deals import Quantity
from models.crm.products import ProductName
from models.errors import Refused
from models.tables import Customer, Deal, DealStage, DealState, FunnelStage, Origin, StageEntry
from models.text import money, private
from models.text.money import Fen
from test_entry import stored

HUAXING = "华星科技有限公司"
RECORDED = f"已记录成交 · {HUAXING}"
FORM = "记一笔成交"


@pytest.fixture
def huaxing(company: Company) -> Company:
    """The company with one archived customer of the rep."""
    company.make.customer("王敏", HUAXING)
    return company


def catalogue(company: Company, *names: str) -> None:
    for name in names:
        company.keban.works.perform(lambda work, name=name: products.set_product(work, name, active=True))


def state(company: Company) -> tuple[FunnelStage, DealStage | None]:
    (customer,) = stored(company, select(Customer).where(Customer.name == HUAXING))
    return customer.funnel_stage, customer.deal_stage


def test_the_first_deal_wins_the_customer_and_the_second_is_a_repurchase(huaxing: Company) -> None:
    receipt = huaxing.rep.says("/成交 华星科技 年度 **维保** 金额：12.5万元 数量:3")
    assert receipt.title == RECORDED
    for shown in ("年度 **维保**", "125,000 元", "3", "成交客户", "周六 10:00", "负责人 王敏"):
        assert shown in receipt.text, shown
    (deal,) = stored(huaxing, select(Deal))
    assert (deal.product, deal.quantity, deal.amount_fen) == ("年度 **维保**", 3, 12_500_000)
    assert (deal.state, deal.origin, deal.at) == (DealState.DONE, Origin.HAND, huaxing.keban.clock())
    assert state(huaxing) == (FunnelStage.WON, DealStage.WON)

    huaxing.keban.forward(hours=1)
    assert "复购客户" in huaxing.rep.says("/deal 华星科技 备件 金额:120,000.50").text
    assert state(huaxing) == (FunnelStage.REPURCHASE, DealStage.WON)
    huaxing.rep.says("/cj 华星科技 备件 金额:1元")
    stages = stored(huaxing, select(StageEntry.stage).order_by(StageEntry.id))
    assert stages[-2:] == [FunnelStage.WON, FunnelStage.REPURCHASE], "a stage that stays is not entered again"
    page = huaxing.rep.says("/客户 华星科技").text
    for shown in ("成交 125,000 元\n年度 **维保** × 3", "成交 120,000.50 元\n备件", "转化阶段　成交"):
        assert shown in page, shown


def test_a_deal_said_in_a_follow_up_and_then_recorded_is_the_first_one(huaxing: Company) -> None:
    huaxing.rep.says("/跟进 华星科技 签了 阶段:成交")
    assert "成交客户" in huaxing.rep.says("/成交 华星科技 维保 金额:1万").text
    assert state(huaxing) == (FunnelStage.WON, DealStage.WON)


WRONG_AMOUNTS = {
    "-5万": "大于 0",
    "0": "大于 0",
    "0.00元": "大于 0",
    "1000.1亿": "1000 亿",
    "99999999999999999999": "1000 亿",
    "12.345": "写到分",
    "十二万": "看不懂金额「十二万」",
    "1,20": "看不懂金额",
    "1e5": "看不懂金额",
    "12万3": "看不懂金额",
    "9" * 500: "看不懂金额",
}


def test_a_wrong_amount_or_number_opens_the_form_and_is_told_how_to_mend_it(huaxing: Company) -> None:
    for amount, why in WRONG_AMOUNTS.items():
        form = huaxing.rep.says(f"/成交 华星科技 维保 金额:{amount}")
        assert form.title == FORM and why in form.text, amount
        assert form.fields["产品"] == "维保" and stored(huaxing, select(Deal)) == []
    for quantity in ("0", "-1", "1.5", "三", "1000001"):
        assert "数量要写成" in huaxing.rep.says(f"/成交 华星科技 维保 金额:1万 数量:{quantity}").text
    assert stored(huaxing, select(Deal)) == [] and state(huaxing)[0] is FunnelStage.PROSPECT
    assert huaxing.rep.presses("提交", {"金额": "１２万", "数量": "２"}).title == RECORDED
    assert [(each.amount_fen, each.quantity) for each in stored(huaxing, select(Deal))] == [(12_000_000, 2)]


def test_missing_words_open_the_form(huaxing: Company) -> None:
    form = huaxing.rep.says("/成交 华星科技 维保")
    assert form.title == FORM and form.fields == {"客户": "华星科技", "产品": "维保", "金额": "", "数量": ""}
    assert "请填写" in huaxing.rep.presses("提交", {"金额": " "}).text
    assert huaxing.rep.presses("提交", {"金额": "1万"}).title == RECORDED
    assert huaxing.rep.says("/成交 金额:3千 华星科技 维保").title == RECORDED


def test_a_product_outside_the_catalogue_is_refused_with_the_near_ones(huaxing: Company) -> None:
    catalogue(huaxing, "年度维保（标准版）", "年度维保（专业版）", "上门培训")
    choices = huaxing.rep.says("/成交 华星科技 年度维保 金额:1万")
    assert choices.title == "请选一个" and "年度维保（标准版）" in choices.text and "上门培训" not in choices.text
    assert stored(huaxing, select(Deal)) == []
    assert huaxing.rep.presses("选这个").title == RECORDED
    assert huaxing.rep.says("/成交 华星科技 年度维保(专业版) 金额:1万").title == RECORDED
    none = huaxing.rep.says("/成交 华星科技 XYZ 金额:1万")
    assert none.title == FORM and "产品目录里没有「XYZ」" in none.text and "上门培训" in none.text
    huaxing.keban.works.perform(lambda work: products.set_product(work, "上门培训", active=False))
    assert huaxing.rep.says("/成交 华星科技 上门培训 金额:1万").title != RECORDED
    names = stored(huaxing, select(Deal.product).order_by(Deal.id))
    assert names == ["年度维保（专业版）"] * 2, "the first of the choices, and the name said in other signs"
    long = huaxing.rep.says(f"/成交 华星科技 {'长' * 65} 金额:1万")
    assert "最多 64 字，现在是 65 字" in long.text


def test_only_who_may_and_only_for_an_archived_customer(huaxing: Company) -> None:
    line = "/成交 华星科技有限公司 维保 金额:1万"
    lawyer = huaxing.keban.somebody(huaxing.make.user("法务", "总公司", "legal"))
    assert "没有权限" in lawyer.says(line).text
    for foreign in (huaxing.stranger, huaxing.colleague):
        assert "没有权限" in foreign.says(line).text
    huaxing.make.entry("王敏", "新来的公司", 手机="13912345670")
    assert "还在待审核" in huaxing.rep.says("/成交 新来的公司 维保 金额:1万").text
    assert stored(huaxing, select(Deal)) == []
    assert huaxing.supervisor.says(line).title == RECORDED, "within his scope, for the rep's customer"


def test_contact_data_in_a_product_is_not_stored_in_the_clear_or_shown_in_a_group(huaxing: Company) -> None:
    assert huaxing.rep.says("/成交 华星科技 卡13912345678 金额:1万", group=True).title == "已私信给你"
    assert "13912345678" not in stored(huaxing, select(Deal.product))[0]
    assert "13912345678" in huaxing.rep.says("/客户 华星科技").text
    assert "139****5678" in huaxing.supervisor.says("/客户 华星科技").text


def test_two_first_deals_at_once_are_a_first_one_and_a_repurchase(huaxing: Company) -> None:
    works, me = huaxing.keban.works, huaxing.make.me("王敏")
    start, stages = threading.Barrier(2), list[Any]()

    def buy() -> None:
        start.wait()

        def task(work: Any) -> None:
            ref = access.customer(work, me, HUAXING)
            stages.append(deals.record(work, me, ref, ProductName("维保"), Fen(100), Quantity(1)).stage)

        works.perform(task)

    threads = [threading.Thread(target=buy) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state(huaxing)[0] is FunnelStage.REPURCHASE
    assert {FunnelStage.WON, FunnelStage.REPURCHASE} <= set(stages)


@given(st.integers(1, money.MOST_YUAN * 100))
def test_money_never_gains_or_loses_a_fen(fen: int) -> None:
    for text in (money.show(fen), f"{fen // 100}.{fen % 100:02}"):
        if private.find(text):  # 13,000,000,000 is a mobile as well: it is asked for once more
            with pytest.raises(Refused, match="电话"):
                money.read(text)
        else:
            assert money.read(text) == fen


@given(st.text(max_size=30))
def test_any_text_is_an_amount_within_bounds_or_refused(text: str) -> None:
    try:
        assert 0 < money.read(text) <= money.MOST_YUAN * 100
    except Refused as no:
        assert "金额" in no.say
