"""Phone numbers, mail addresses, identity numbers and amounts: what is accepted, refused and masked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from models.text import identifiers

TODAY = dt.date(2026, 11, 25)
WAN = 10_000 * 100


def with_check_digit(first17: str) -> str:
    return first17 + ric.calc_check_digit(first17 + "0")


@pytest.mark.parametrize(
    "typed",
    [
        "13800138001",
        " 138 0013 8001 ",
        "138-0013-8001",
        "+86 138 0013 8001",
        "+86-13800138001",
        "0086 13800138001",
        "8613800138001",
        "(+86)13800138001",
        "１３８００１３８００１",
        "138—0013—8001",
        "138\u200b0013\u00a08001",
        "138.0013.8001",
    ],
)
def test_a_mobile_number_is_read_however_it_is_typed(typed: str) -> None:
    assert identifiers.mobile(typed) == "13800138001"
    assert identifiers.phone(typed) == "13800138001"


@pytest.mark.parametrize(
    ("typed", "say"),
    [
        ("1380013800", "手机号要 11 位，现在是 10 位"),
        ("138001380012", "手机号要 11 位，现在是 12 位"),
        ("12800138001", "不是大陆手机号：应以 13 到 19 开头，请核对"),
        ("+852 9123 4567", "不是大陆手机号：只填 11 位数字，例如 13800138001"),
        ("13800138oo1", "不是大陆手机号：只填 11 位数字，例如 13800138001"),
        ("١٣٨٠٠١٣٨٠٠١", "不是大陆手机号：只填 11 位数字，例如 13800138001"),
        ("", "不是大陆手机号：只填 11 位数字，例如 13800138001"),
        ("021-62785001", "不是大陆手机号：座机请填到备用电话"),
    ],
)
def test_a_wrong_mobile_number_is_told_what_is_wrong(typed: str, say: str) -> None:
    with pytest.raises(ValueError, match=f"^{say}$"):
        identifiers.mobile(typed)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("021-62785001", "021-62785001"),
        ("02162785001", "021-62785001"),
        ("（021）6278 5001", "021-62785001"),
        ("021-6278-5001", "021-62785001"),
        ("+86 21 6278 5001", "021-62785001"),
        ("+86 (0)21 6278 5001", "021-62785001"),
        ("0086-010-62785001", "010-62785001"),
        ("0755 26712345", "0755-26712345"),
        ("021-62785001-8001", "021-62785001-8001"),
        ("021-62785001转8001", "021-62785001-8001"),
        ("02162785001 分机：8001", "021-62785001-8001"),
        ("021-62785001 ext. 12", "021-62785001-12"),
        ("021-62785001#12", "021-62785001-12"),
        ("4008108888", "400-810-8888"),
        ("400-8108-888", "400-810-8888"),
        ("400 810 8888 转 1", "400-810-8888-1"),
        ("800-810-8888", "800-810-8888"),
    ],
)
def test_a_landline_has_one_form(typed: str, normal: str) -> None:
    assert identifiers.phone(typed) == normal
    assert identifiers.phone(normal) == normal


@pytest.mark.parametrize(
    ("typed", "say"),
    [
        ("62785001", "座机要带区号"),
        ("6278-5001", "座机要带区号"),
        ("021-6278500", "没有这样的座机号"),
        ("0999-62785001", "没有这样的座机号"),
        ("021-627", "座机号不完整"),
        ("1380013800", "手机号要 11 位，现在是 10 位"),
        ("问前台", "不是大陆手机号"),
    ],
)
def test_a_wrong_phone_number_is_told_how_to_mend_it(typed: str, say: str) -> None:
    with pytest.raises(ValueError, match=say):
        identifiers.phone(typed)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" wang@example.com ", "wang@example.com"),
        ("Wang.Min+crm@Example.COM", "Wang.Min+crm@example.com"),
        ("ｗａｎｇ＠ｅｘａｍｐｌｅ．ｃｏｍ", "wang@example.com"),
    ],
)
def test_an_email_address_is_stripped_and_its_domain_lowered(typed: str, address: str) -> None:
    assert identifiers.email(typed) == address


@pytest.mark.parametrize(
    ("typed", "say"),
    [
        ("wang.example.com", "邮箱缺少 @，应像 wang@example.com"),
        ("", "邮箱缺少 @，应像 wang@example.com"),
        ("a@b", "邮箱格式不对，应像 wang@example.com"),
        ("a..b@x.com", "邮箱格式不对，应像 wang@example.com"),
        ("wa ng@x.com", "邮箱格式不对，应像 wang@example.com"),
        ("王敏@x.com", "邮箱格式不对，应像 wang@example.com"),
    ],
)
def test_a_wrong_email_address_is_refused_with_a_sentence(typed: str, say: str) -> None:
    with pytest.raises(ValueError, match=f"^{say}$"):
        identifiers.email(typed)


@pytest.mark.parametrize(
    "typed", ["91110000600037341L", " 9111 0000 6000 3734 1l ", "９１１１００００６０００３７３４１Ｌ"]
)
def test_a_credit_code_is_cleaned(typed: str) -> None:
    assert identifiers.uscc(typed) == "91110000600037341L"


@pytest.mark.parametrize(
    ("typed", "say"),
    [
        ("91110000600037341", "要 18 位，现在是 17 位"),
        ("91110000600037342L", "校验位不对"),
        ("91110000600037341O", "没有 I、O、S、V、Z"),
        ("91AA0000600037341L", "第 3 到 8 位是数字"),
        ("９１١١0000600037341L", "第 3 到 8 位是数字"),
    ],
)
def test_a_wrong_credit_code_is_told_what_is_wrong(typed: str, say: str) -> None:
    with pytest.raises(ValueError, match=say):
        identifiers.uscc(typed)


@given(st.integers(0, 17), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_a_credit_code_is_noticed(at: int, digit: str) -> None:
    code = "91110000600037341L"
    changed = code[:at] + digit + code[at + 1 :]
    if changed == code:
        assert identifiers.uscc(changed) == code
    else:
        with pytest.raises(ValueError, match="统一社会信用代码"):
            identifiers.uscc(changed)


@pytest.mark.parametrize(
    "first17", ["11010119900307123", "81000019900307123", "82000019900307123", "83000019900307123"]
)
def test_identity_numbers_and_residence_permits_are_accepted(first17: str) -> None:
    number = with_check_digit(first17)
    assert identifiers.resident_id(f" {number[:6]} {number[6:14]} {number[14:].lower()}", TODAY) == number


def test_a_county_founded_after_the_birth_is_no_fault() -> None:
    number = with_check_digit("11011519850101001")
    assert not ric.is_valid(number)
    assert identifiers.resident_id(number) == number


def test_an_identity_number_may_end_in_x() -> None:
    number = next(n for n in map(with_check_digit, (f"110101199003071{i:02}" for i in range(99))) if n.endswith("X"))
    assert identifiers.resident_id(number.lower().replace("x", "ｘ")) == number


@pytest.mark.parametrize(
    ("typed", "say"),
    [
        ("110101900307123", "15 位旧身份证号"),
        ("1101011990030712", "要 18 位，现在是 16 位"),
        (with_check_digit("99010119900307123"), "以地区代码开头"),
        ("11010119900307123A", "前 17 位是数字"),
        (with_check_digit("11010119900230123"), "出生日期不存在"),
        (with_check_digit("11010120261126123"), "在今天之后"),
        ("110101199003071230", "校验位不对"),
    ],
)
def test_a_wrong_identity_number_is_told_what_is_wrong(typed: str, say: str) -> None:
    with pytest.raises(ValueError, match=say):
        identifiers.resident_id(typed, TODAY)


def test_a_birth_today_is_not_in_the_future() -> None:
    number = with_check_digit("11010120261125123")
    assert identifiers.resident_id(number, TODAY) == number


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (identifiers.mask_mobile, "13800138001", "138****8001"),
        (identifiers.mask_mobile, "1380013800", "***"),
        (identifiers.mask_phone, "13800138001", "138****8001"),
        (identifiers.mask_phone, "021-62785001", "021-****5001"),
        (identifiers.mask_phone, "021-62785001-8001", "021-****5001"),
        (identifiers.mask_phone, "0512-6278501", "0512-****8501"),
        (identifiers.mask_phone, "400-810-8888", "400-****8888"),
        (identifiers.mask_phone, "400-810-8888-1", "400-****8888"),
        (identifiers.mask_phone, "62785001", "***"),
        (identifiers.mask_email, "wang@x.com", "w***@x.com"),
        (identifiers.mask_email, "w@x.com", "w***@x.com"),
        (identifiers.mask_email, "wang", "***"),
        (identifiers.mask_id, "110101199003071234", "1101**********1234"),
        (identifiers.mask_id, "1101011990", "***"),
    ],
)
def test_a_mask_shows_only_the_ends(mask: object, value: str, shown: str) -> None:
    assert callable(mask)
    assert mask(value) == shown


def test_the_last_four_digits_are_searchable() -> None:
    assert identifiers.last4("13800138001") == "8001"


@pytest.mark.parametrize(
    ("typed", "least", "most"),
    [
        ("10-20万元", 10 * WAN, 20 * WAN),
        ("10万—20万", 10 * WAN, 20 * WAN),
        ("１０～２０万", 10 * WAN, 20 * WAN),
        ("8千到1万", WAN * 8 // 10, WAN),
        ("50万元以上", 50 * WAN, None),
        ("至少50万", 50 * WAN, None),
        ("50w+", 50 * WAN, None),
        ("≥50萬", 50 * WAN, None),
        ("20万以内", None, 20 * WAN),
        ("不超过 20 万元", None, 20 * WAN),
        ("20万以下", None, 20 * WAN),
        ("30万", 30 * WAN, 30 * WAN),
        ("约30万左右", 30 * WAN, 30 * WAN),
        ("￥300,000.50", 30_000_050, 30_000_050),
        ("1.5亿", 15_000 * WAN, 15_000 * WAN),
        ("3百万-5百万", 300 * WAN, 500 * WAN),
        ("0.01", 1, 1),
    ],
)
def test_a_budget_is_read_into_whole_fen(typed: str, least: int | None, most: int | None) -> None:
    assert identifiers.money_range(typed) == (least, most)


@pytest.mark.parametrize(
    ("typed", "say"),
    [
        ("再说", "金额看不懂"),
        ("", "金额看不懂"),
        ("-5万", "金额看不懂"),
        ("1.2.3万", "金额看不懂"),
        ("20-10万", "从小到大"),
        ("0.001", "最多写到分"),
        ("999999亿", "金额太大"),
        ("9" * 100_000, "金额看不懂"),
    ],
)
def test_an_unclear_budget_is_refused_with_an_example(typed: str, say: str) -> None:
    with pytest.raises(ValueError, match=say):
        identifiers.money_range(typed)


@given(
    st.decimals(0, 99999, places=2),
    st.decimals(0, 99999, places=2),
    st.sampled_from([("", 1), ("元", 1), ("千", 10**3), ("万", 10**4), ("万元", 10**4), ("百万", 10**6)]),
)
def test_money_never_gains_a_cent(one: Decimal, other: Decimal, unit: tuple[str, int]) -> None:
    least, most = sorted((one, other))
    word, times = unit
    exact = (int(least * times * 100), int(most * times * 100))
    assert identifiers.money_range(f"{least}-{most}{word}") == exact
    assert identifiers.money_range(f"{least}{word}-{most}{word}") == exact
    assert identifiers.money_range(f"{most}{word}以上") == (exact[1], None)
    assert identifiers.money_range(f"{most}{word}以内") == (None, exact[1])


@given(st.text(max_size=30))
def test_odd_text_is_refused_with_a_sentence_and_never_crashes(text: str) -> None:
    for read in (identifiers.mobile, identifiers.phone, identifiers.email, identifiers.uscc, identifiers.resident_id):
        try:
            assert read(text)
        except ValueError as refusal:
            assert any("一" <= char <= "鿿" for char in str(refusal))


@given(st.text(max_size=50))
def test_narrowing_keeps_every_position(text: str) -> None:
    assert len(identifiers.narrow(text)) == len(text)
    assert identifiers.narrow(identifiers.narrow(text)) == identifiers.narrow(text)
