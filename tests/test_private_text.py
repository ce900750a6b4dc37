"""Contact data in free text: what is found, what is left alone, how markers hide and restore it."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from models.text import private
from models.text.private import Span


def with_check_digit(first17: str) -> str:
    return first17 + ric.calc_check_digit(first17 + "0")


ID = with_check_digit("11010119900307123")
PERMIT = with_check_digit("81000019900307123")

VALUES = [
    ("13800138001", "mobile", "13800138001"),
    ("138 0013 8001", "mobile", "13800138001"),
    ("138-0013-8001", "mobile", "13800138001"),
    ("138-001-38001", "mobile", "13800138001"),
    ("1380-013-8001", "mobile", "13800138001"),
    ("13800 138001", "mobile", "13800138001"),
    ("1380013 8001", "mobile", "13800138001"),
    ("138 00138001", "mobile", "13800138001"),
    ("1 3 8 0 0 1 3 8 0 0 1", "mobile", "13800138001"),
    ("138 - 0013 - 8001", "mobile", "13800138001"),
    ("138—0013—8001", "mobile", "13800138001"),
    ("138\u00a00013\u20028001", "mobile", "13800138001"),
    ("１３８００１３８００１", "mobile", "13800138001"),
    ("+86 138 0013 8001", "mobile", "13800138001"),
    ("＋８６－１３８００１３８００１", "mobile", "13800138001"),
    ("(+86)13800138001", "mobile", "13800138001"),
    ("008613800138001", "mobile", "13800138001"),
    ("8613800138001", "mobile", "13800138001"),
    ("021-62785001", "landline", "021-62785001"),
    ("02162785001", "landline", "021-62785001"),
    ("（021）6278 5001", "landline", "021-62785001"),
    ("+86 21 6278 5001", "landline", "021-62785001"),
    ("+86 (0)21 6278-5001", "landline", "021-62785001"),
    ("0512-6278501", "landline", "0512-6278501"),
    ("0755 26712345", "landline", "0755-26712345"),
    ("021-62785001转8001", "landline", "021-62785001-8001"),
    ("021-62785001 转 8001", "landline", "021-62785001-8001"),
    ("021-62785001-8001", "landline", "021-62785001-8001"),
    ("010-62785001 分机 12", "landline", "010-62785001-12"),
    ("400-810-8888", "landline", "400-810-8888"),
    ("4008108888", "landline", "400-810-8888"),
    ("400-8108-888", "landline", "400-810-8888"),
    ("wang@example.com", "email", "wang@example.com"),
    ("Wang.Min+1@Mail.Example.com.cn", "email", "Wang.Min+1@mail.example.com.cn"),
    ("13800138001@163.com", "email", "13800138001@163.com"),
    ("ｗａｎｇ＠ｘ．ｃｏｍ", "email", "wang@x.com"),
    (ID, "id_number", ID),
    (f"{ID[:6]} {ID[6:14]} {ID[14:]}", "id_number", ID),
    (PERMIT, "id_number", PERMIT),
]
AROUND = [
    ("", ""),
    ("王总电话", "，明天打"),
    ("tel:", " "),
    ("（", "）"),
    ("请联系", "转告"),
    ("1、", "。"),
    ("a ", " b"),
    ("🙂", "🙂"),
]


@pytest.mark.parametrize(("spelling", "kind", "value"), VALUES)
def test_contact_data_is_found_wherever_it_stands(spelling: str, kind: private.Kind, value: str) -> None:
    for before, after in AROUND:
        start = len(before)
        found = Span(start, start + len(spelling), kind, value, spelling)
        assert private.find(before + spelling + after) == [found]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("微信：zhang_san-01，晚上加", "zhang_san-01"),
        ("微信号:wxid_8k2j", "wxid_8k2j"),
        ("加微信 号 ： zhangsan同号", "zhangsan"),
    ],
)
def test_a_wechat_id_is_found_after_its_label_only(text: str, value: str) -> None:
    (span,) = private.find(text)
    assert (span.kind, span.value, text[span.start : span.end]) == ("wechat", value, value)
    assert private.find(value) == []


def test_the_identity_number_may_end_in_a_small_or_wide_x() -> None:
    number = next(n for n in map(with_check_digit, (f"110101199003071{i:02}" for i in range(99))) if n.endswith("X"))
    for spelling in (number.lower(), number.replace("X", "Ｘ")):
        assert [span.value for span in private.find(f"身份证{spelling}")] == [number]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("13800138001/13900139001", ["13800138001", "13900139001"]),
        ("13800138001-13900139001", ["13800138001", "13900139001"]),
        ("138 0013 8001 139 0013 9001", ["13800138001", "13900139001"]),
        ("1.13800138001 2.13900139001", ["13800138001", "13900139001"]),
        ("021-62785001-021-62785002", ["021-62785001", "021-62785002"]),
        ("021-62785001转13800138001", ["021-62785001", "13800138001"]),
        ("wang@x.com13800138001", ["wang@x.com", "13800138001"]),
        ("微信：13800138001", ["13800138001"]),
        ("微信：zhangsan@x.com", ["zhangsan@x.com"]),
        ("tel13800138001 Phone13900139001", ["13800138001", "13900139001"]),
        ("...wang@x.com", ["wang@x.com"]),
        ("wang@x.com1li@y.com", ["wang@x.com", "1li@y.com"]),
        ("021-62785001+86 21 6278 5002", ["021-62785001", "021-62785002"]),
        ("万总13800138001万事通", ["13800138001"]),
    ],
)
def test_neighbours_are_told_apart(text: str, values: list[str]) -> None:
    assert [span.value for span in private.find(text)] == values


@pytest.mark.parametrize(
    "text",
    [
        "订单 20261201138001380012 已发货",
        "订单号 DD2026120100013",
        "SO13800138001",
        "运单 SF1380013800123",
        "91110000600037341L",
        "税号 911100006000373412",
        "合同 HT2026-0001-0002",
        "报价 15000000000元",
        "报价 15000000000.00 元",
        "￥15000000000",
        "预算 15000-200000",
        "预算 1,500,000.00 元",
        "4000000000 元",
        "2026-12-01 14:30",
        "2026-12-01至2026-12-31",
        "20261201143000",
        "1733040000000",
        "192.168.138.001",
        "10.0.138.13:8080",
        "6222 0200 1380 0138 001",
        "型号 XG-13800138-A",
        "PN 1380013800",
        "128 0013 8001",
        "62785001",
        "0123456789012",
        "邮编 518000，编号 A7",
        "@王敏 请看 @all",
        "5个@12.5kg",
        "user@localhost",
        "加我微信 zhangsan",
        "微信：王敏",
        "110101199003071230",
        "",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert private.find(text) == []
    assert private.replace(text, lambda span: 1) == text


HOSTILE = [
    "1", "1 ", "138-", "138 0013 ", "a", "a.", "a@", "a@b.", "微信：", "微信 ", "+86", "(", "0", "021-", "021 6278 ",
    "９", "tel", "021-62785001 ", "021-62785001转", "13800138001 ", "110101 19900307 ", "400-", "⟦mobile:", "-",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_costs_time_by_its_length_only(piece: str) -> None:
    text = "@13800138001 " + piece * (100_000 // len(piece))
    started = time.process_time()
    private.find(text)
    assert time.process_time() - started < 3


def test_a_stored_text_holds_markers_in_place_of_values() -> None:
    kept: dict[int, Span] = {}

    def keep(span: Span) -> int:
        kept[len(kept) + 12] = span
        return len(kept) + 11

    stored = private.replace("王敏 138 0013 8001，邮箱 Wang@X.com，微信：wangmin88", keep)
    assert stored == "王敏 ⟦mobile:12⟧，邮箱 ⟦email:13⟧，微信：⟦wechat:14⟧"
    assert [span.value for span in kept.values()] == ["13800138001", "Wang@x.com", "wangmin88"]
    assert private.markers(stored) == [("mobile", 12), ("email", 13), ("wechat", 14)]
    spellings = {number: span.spelling for number, span in kept.items()}
    assert private.restore(stored, spellings) == "王敏 138 0013 8001，邮箱 Wang@X.com，微信：wangmin88"
    assert private.restore(stored, spellings, private.mask) == "王敏 138****8001，邮箱 W***@x.com，微信：w***"
    assert private.conceal(stored) == "王敏 〔手机〕，邮箱 〔邮箱〕，微信：〔微信号〕"


def test_an_unknown_id_is_shown_as_hidden() -> None:
    assert private.restore("⟦mobile:1⟧和⟦landline:2⟧", {2: "021-62785001"}) == "〔已隐藏〕和021-62785001"


def test_a_typed_marker_is_no_marker() -> None:
    stored = private.replace("看 ⟦mobile:12⟧ 和 ⟦email:13800138001⟧", lambda span: 7)
    assert stored == "看 〖mobile:12〗 和 〖email:⟦mobile:7⟧〗"
    assert private.markers(stored) == [("mobile", 7)]


def test_a_restored_value_is_not_read_again() -> None:
    assert private.restore("⟦wechat:1⟧", {1: "⟦mobile:2⟧", 2: "13800138001"}) == "⟦mobile:2⟧"


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("mobile", "+86 138-0013-8001", "138****8001"),
        ("landline", "（021）6278 5001 转 8001", "021-****5001"),
        ("landline", "4008108888", "400-****8888"),
        ("email", "Wang@X.com", "W***@x.com"),
        ("id_number", f"{ID[:6]} {ID[6:14]} {ID[14:]}", f"1101**********{ID[14:]}"),
        ("wechat", "zhangsan", "z***"),
        ("mobile", "???", "***"),
    ],
)
def test_a_value_is_masked_in_any_spelling(kind: private.Kind, value: str, shown: str) -> None:
    assert private.mask(kind, value) == shown


PIECES = st.one_of(
    st.sampled_from([spelling for spelling, _, _ in VALUES]),
    st.sampled_from(
        [
            "微信：zhangsan",
            "微信号:",
            "⟦mobile:1⟧",
            "⟦",
            "⟧",
            "元",
            "转",
            "-",
            " ",
            ".",
            "@",
            "x.com",
            "tel",
            "86",
            "13",
            "0",
        ]
    ),
    st.text(max_size=5),
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@given(TEXTS)
def test_spans_are_ordered_apart_and_spelled_as_typed(text: str) -> None:
    spans = private.find(text)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(text[span.start : span.end] == span.spelling != "" for span in spans)


@given(TEXTS)
def test_replacing_loses_nothing_and_leaves_nothing_to_find(text: str) -> None:
    kept: list[str] = []

    def keep(span: Span) -> int:
        kept.append(span.spelling)
        return len(kept)

    stored = private.replace(text, keep)
    assert private.restore(stored, dict(enumerate(kept, start=1))) == private.neutralise(text)
    assert private.find(stored) == []
    assert private.find(private.conceal(stored)) == []


@given(TEXTS)
def test_only_the_replacement_itself_makes_markers(text: str) -> None:
    assert private.markers(private.neutralise(text)) == []
    assert len(private.markers(private.replace(text, lambda span: 1))) == len(private.find(private.neutralise(text)))
