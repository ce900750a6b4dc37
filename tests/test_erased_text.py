"""What tells of a person is found in whatever spelling, and nothing else is touched."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards import kit
from cards.kit import Buttons, Card, Fields, Link
from models.text import private
from models.text.erased import PIECE, SHORTEST_PIECE, Traces, pieces, scrub, scrub_kept
from models.text.private import ERASED

HERS = Traces.of(["13912345678", "021-62785001", "Li.Lei@huaxing.com", "lilei_hx"], ["李雷", "韩"])


@pytest.mark.parametrize(
    "spelling",
    [
        "13912345678",
        "139 1234 5678",
        "(86)139 12345678",
        "+86-139-1234-5678",
        "１３９１２３４５６７８",
        "139****5678",
        "021-62785001",
        "(021) 6278 5001",
        "+86 21 62785001",
        "li.lei＠huaxing.com",
        "LI.LEI@HUAXING.COM",
        "微信号:lilei_hx",
        "李雷",
    ],
)
def test_every_spelling_of_his_is_found(spelling: str) -> None:
    for text in (f"打 {spelling}，好", json.dumps({"a": [f"x\n{spelling}"], "b": 1}, ensure_ascii=False)):
        left = scrub_kept(text, HERS)
        assert ERASED in left and not any(sign in left for sign in ("5678", "5001", "uaxing", "lilei", "李雷"))


def test_what_is_anothers_stays_as_it_is() -> None:
    for text in ("13800138001 韩信", '{"text":"138 0013 8001"}', "021-62785002", "{不是 JSON", "[1,2"):
        assert scrub_kept(text, HERS) == text


def test_words_of_the_program_stay_what_they_are_called() -> None:
    card = {"is": "Text", "do": "李雷", "text": "李雷", "inside": json.dumps({"say": "李雷"}, ensure_ascii=False)}
    left = json.loads(scrub_kept(json.dumps(card, ensure_ascii=False), HERS))
    assert (left["do"], left["text"], json.loads(left["inside"])) == ("李雷", ERASED, {"say": ERASED})


def test_what_was_written_about_him_goes_only_where_it_is_about_him() -> None:
    written = Traces.of([], ["李雷"], ["外壳有裂纹，一直没有人处理，请尽快给个说法 ⟦mobile:3⟧ 好"], ["TS202611001"])
    for about in ("李雷", "TS202611001"):
        assert scrub_kept(f"{about}：外壳有裂纹，一直没有人处理，请…", written).count("裂纹") == 0
    other = "TS202611002：外壳有裂纹，一直没有人处理，请尽快给个说法"
    assert scrub_kept(other, written) == other
    assert "TS202611001" in scrub_kept("TS202611001：外壳有裂纹，一直没有人处理，请尽快给个说法", written)


@given(st.text(alphabet="甲乙丙丁戊己庚辛", max_size=80))
def test_the_pieces_of_a_text_are_all_of_it(text: str) -> None:
    found = [*pieces(text)]
    assert "".join(found) == (text if len(text) >= SHORTEST_PIECE else "")
    assert all(SHORTEST_PIECE <= len(each) <= PIECE for each in found)


@given(st.text(), st.sampled_from(["13912345678", "139 1234 5678", "李雷"]), st.text())
def test_nothing_is_left_whatever_stands_around(before: str, his: str, after: str) -> None:
    left = scrub(f"{before} {his} {after}", HERS)
    assert his not in left or private.find(f"{before} {his} {after}") == []


def test_a_name_in_letters_is_no_part_of_a_longer_one() -> None:
    of = Traces.of([], ["Li"])
    assert scrub("Li 说 Lisa 和 Ali 都在，Li也在", of) == "〔已擦除〕 说 Lisa 和 Ali 都在，〔已擦除〕也在"


@given(st.builds(Traces.of, *[st.lists(st.text(min_size=1), max_size=3)] * 4))
def test_what_is_kept_of_traces_reads_back(of: Traces) -> None:
    assert Traces.of_kept(of.kept()) == of


def test_labels_and_addresses_of_a_card_are_ours() -> None:
    of = Traces.of([], ["负责人"])
    card = Card("x", (Fields((("负责人", "负责人"),)), Buttons.of(Link("打开", "https://example.com/负责人"))))
    kept = scrub_kept(kit.dumps(card), of)
    assert '[["负责人","〔已擦除〕"]]' in kept and "https://example.com/负责人" in kept
