"""Search keys, cores, pinyin and grams of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text import names

TEXT = st.text(
    alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("华信科技有限公司集团北京市（）()𠮷🙂ＡbC1 "))
)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("华信（深圳）科技", "华信深圳科技"),
        ("ＡＢＣ　科技１２", "abc科技12"),
        ("臺灣積體電路", "台湾积体电路"),
        ("乾隆後發", "乾隆后发"),
        ("A·B-c_d.e", "abcde"),
        ("𠮷野家", "𠮷野家"),
        ("🙂华信🙂", "华信"),
        ("  ", ""),
    ],
)
def test_a_search_key_ignores_width_script_case_and_punctuation(name: str, key: str) -> None:
    assert names.normalise(name) == key


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("深圳市华信科技有限公司", "华信科技"),
        ("华信科技（深圳）有限责任公司", "华信科技"),
        ("华信科技(深圳市)股份有限公司", "华信科技"),
        ("广东省深圳市华信科技股份有限公司", "华信科技"),
        ("深圳市南山区华信科技有限公司", "华信科技"),
        ("华信科技集团有限公司", "华信科技"),
        ("華信科技（集團）有限責任公司", "华信科技"),
        ("上海 华信 科技", "华信科技"),
        ("内蒙古自治区华信乳业集团", "华信乳业"),
        ("广西壮族自治区华信糖业有限公司", "华信糖业"),
        ("昆山市华信电子有限公司", "华信电子"),
        ("华信投资合伙企业（有限合伙）", "华信投资"),
        ("IBM (China) Company Limited", "ibm"),
        ("Acme Trading Co., Ltd.", "acmetrading"),
        ("Zinc", "zinc"),
        ("永辉超市", "永辉超市"),
        ("华联超市连锁有限公司", "华联超市连锁"),
        ("上海银行股份有限公司", "上海银行"),
        ("北京大学", "北京大学"),
        ("北京公司", "北京"),
        ("有限公司", "有限公司"),
        ("公司", "公司"),
        ("🙂", "🙂"),
        ("", ""),
    ],
)
def test_a_core_drops_region_and_company_form_but_never_all(name: str, core: str) -> None:
    assert names.core(name) == core


def test_companies_that_differ_only_before_their_form_keep_different_cores() -> None:
    assert names.core("甲有限公司") != names.core("乙有限公司")
    assert names.core("上海银行") != names.core("北京银行")


@pytest.mark.parametrize(
    ("full", "short"),
    [("深圳市ABC科技有限公司", "ABC科技"), ("华星（北京）商贸有限公司", "华星商贸"), ("公司", "公司")],
)
def test_a_short_name_keeps_its_capitals(full: str, short: str) -> None:
    assert names.short_name_of(full) == short


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("重庆华星", "chongqinghuaxing", "cqhx"),
        ("厦门ABC 12", "xiamenabc12", "xmabc12"),
        ("绿地", "lvdi", "ld"),
        ("華為", "huawei", "hw"),
        ("安徽欧普", "anhuioupu", "ahop"),
        ("", "", ""),
    ],
)
def test_a_name_is_found_by_pinyin_and_initials(name: str, full: str, initials: str) -> None:
    assert (names.pinyin(name), names.initials(name)) == (full, initials)


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("曾国藩", "zengguofan", "zgf"),
        ("仇英", "qiuying", "qy"),
        ("区小明", "ouxiaoming", "oxm"),
        ("查良镛", "zhaliangyong", "zly"),
        ("单田芳", "shantianfang", "stf"),
        ("解缙", "xiejin", "xj"),
        ("翟明", "zhaiming", "zm"),
        ("盖明", "geming", "gm"),
        ("朴明", "piaoming", "pm"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("單于小明", "chanyuxiaoming", "cyxm"),
        ("单于", "shanyu", "sy"),
        ("王解", "wangjie", "wj"),
        ("欧阳修", "ouyangxiu", "oyx"),
        ("曾", "zeng", "z"),
        ("Tom", "tom", "tom"),
        ("", "", ""),
    ],
)
def test_a_surname_is_read_as_a_surname(name: str, full: str, initials: str) -> None:
    assert (names.person_pinyin(name), names.person_initials(name)) == (full, initials)


def test_grams_are_single_characters_and_pairs_of_the_key() -> None:
    assert names.grams("华 信A") == {"华", "信", "a", "华信", "信a"}
    assert names.grams("𠮷") == {"𠮷"}
    assert names.grams(" ") == frozenset()


@given(TEXT, st.integers(0, 9), st.integers(1, 9))
def test_a_name_has_every_gram_of_what_it_contains(name: str, start: int, length: int) -> None:
    key = names.normalise(name)
    term = key[start : start + length]
    held = names.grams(name)
    assert {term[at : at + size] for size in (1, 2) for at in range(len(term) - size + 1)} <= held
    assert all(gram in key and len(gram) <= 2 for gram in held)


@given(TEXT)
def test_no_text_is_too_odd_for_a_name(text: str) -> None:
    key = names.normalise(text)
    assert all(char.isalnum() for char in key)
    assert bool(names.core(text)) == bool(text.strip())
    for spelled in (names.pinyin, names.initials, names.person_pinyin, names.person_initials):
        assert not key or spelled(text)


@given(st.text(alphabet="华信科技北京市（深圳）有限责任公司集团股份 ABc1", max_size=20))
def test_a_core_holds_nothing_that_the_key_has_not(text: str) -> None:
    key, core = names.normalise(text), names.core(text)
    assert not key or (core and set(core) <= set(key) and len(core) <= len(key))
