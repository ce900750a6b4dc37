"""Finding a customer (A11) by everything people remember of it."""

from __future__ import annotations

import pytest

from conftest import Company
from world import Somebody

NUMBER, NAME = "C202611001", "上海华星科技股份有限公司"
FULL = NUMBER.translate({ord(sign): ord(sign) + 0xFEE0 for sign in NUMBER})


@pytest.fixture
def rep(company: Company) -> Somebody:
    """王敏, who has two customers; a third one is somebody else's."""
    company.make.customer("王敏", NAME, 联系人姓名="单雄信", 手机="13912345678")
    company.make.customer("王敏", "远方_商贸100%有限公司", 联系人姓名="韩梅", 手机="13800138001")
    company.make.customer("周舟", "上海华星机械有限公司", 联系人姓名="单于", 手机="13912345679")
    return company.rep


KEYS = {
    "number": NUMBER,
    "number in lower case": NUMBER.lower(),
    "number in full width": FULL,
    "full name": NAME,
    "full name, other form of characters": "上海華星科技股份有限公司",
    "short name": "华星科技",
    "spaces inside": "华 星 科技",
    "part of the name": "星科",
    "one character of the name": "华",
    "region": "上海",
    "pinyin": "huaxingkeji",
    "pinyin with capitals": "HuaXing KeJi",
    "initials": "hxkj",
    "initials in full width": "ＨＸＫＪ",
    "contact": "单雄信",
    "contact's pinyin, the surname read right": "shanxiongxin",
    "contact's initials": "sxx",
    "mobile": "13912345678",
    "mobile with dashes": "139-1234-5678",
    "mobile in full width": "１３９１２３４５６７８",
    "last four digits": "5678",
    "last four in full width": "５６７８",
}


def test_every_key_finds_exactly_the_customer_meant(rep: Somebody) -> None:
    for kind, words in KEYS.items():
        found = rep.says(f"/查 {words}")
        assert found.title == "找到 1 个", (kind, words, found.text)
        assert NAME in found.text and NUMBER in found.text and "王敏" in found.text, kind
    assert rep.presses("查看").title == NAME


SIGNS = ("%", "_", "％", "远%商", "星_技", "星%技", "?", "*", "'", '"', "\\", "' OR 1=1 --")
FOREIGN = ("1391234567", "139123456789", "567", "12345678", "5679", "13912345679", "xingke")


def test_what_fits_nothing_of_ones_own_finds_nothing_whatever_it_means_to_a_database(rep: Somebody) -> None:
    for words in (*SIGNS, *FOREIGN):
        found = rep.says(f"/查 {words}")
        assert found.title == "没有找到" and (words in SIGNS or found.buttons == []), words
    assert rep.says("/查 远方_商贸100%").title == "找到 1 个"


def test_a_name_that_is_nearly_right_gives_what_comes_near(rep: Somebody) -> None:
    near = rep.says("/查 华兴科技")
    assert near.title == "没有找到" and "你是不是要" in near.text
    assert NAME in near.text and "上海华星机械" not in near.text and near.buttons == ["查看"]
    assert rep.presses("查看").title == NAME
    assert rep.says("/查 科学院").buttons == []


def test_more_than_one_hit_gives_a_card_to_choose_from(company: Company, rep: Somebody) -> None:
    found = company.manager.says("/查 华星")
    assert found.title == "找到 2 个" and found.buttons == ["查看", "查看"]
    assert "上海华星机械有限公司" in found.text and "周舟" in found.text
    assert company.manager.says("/查 mei").title == "没有找到"
    assert rep.says("/查 韩梅").title == "找到 1 个" and rep.says("/find 8001").title == "找到 1 个"


def test_search_follows_a_customer_through_its_changes(company: Company, rep: Somebody) -> None:
    assert rep.says("/查 新名").title == "没有找到"
    rep.says(
        "/新客户 客户全称:新名商贸有限公司 客户性质:企业 所属行业:零售 客户来源:其他 联系人姓名:赵四 手机:13700137000"
    )
    assert "待审核" in rep.says("/查 7000").text and rep.says("/查 zs").title == "找到 1 个"
    rep.presses("补充资料")
    rep.presses("提交", {"客户简称": "老字号"})
    assert rep.says("/查 laozihao").title == "找到 1 个" and rep.says("/查 字号").title == "找到 1 个"
    rep.presses("撤回")
    rep.presses("修改")
    rep.presses("重新提交", {"手机": "13600136999"})
    assert rep.says("/查 7000").title == "没有找到" and rep.says("/查 6999").title == "找到 1 个"
    assert company.stranger.says("/查 6999").title == "没有找到"
