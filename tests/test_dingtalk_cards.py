"""Every card as DingTalk shows it: pinned, taken in each way of sending, text shown as text, buttons pressable."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from any_card import ANY_CARD
from cards import dingtalk, help, kit
from cards.dingtalk import DTMD, FILL, MORE, dtmd
from cards.gallery import gallery
from cards.kit import Action, Bars, Button, Buttons, Card, Fields, Form, Link, Note, Text, Warn
from cards.samples import NASTY
from dingtalk_sent import HOME, PAGE, Codes, compact, delivered, dropped, every_way, packed, raw_signs, read, texts_of
from gold import looks_as_it_did, none_is_left_over
from handlers import router
from models.codes import CODE
from standins import dingtalk_schema as schema
from standins import dingtalk_seen as seen

JSON = dict[str, Any]
GOLDEN = Path(__file__).parent / "golden" / "dingtalk"
CARDS = gallery()


def calmly(*what: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`given` on a machine that may be busy."""
    return lambda test: settings(deadline=None)(given(*what)(test))


# --- the gallery ---


def golden(name: str) -> str:
    """Face, message and template; what a form is made of is pinned by the other platform's cards."""
    card = CARDS[name]
    face = dingtalk.render(card)
    key, content = dingtalk.action_card(face, Codes().press, PAGE)
    variables = dingtalk.params(face, PAGE)
    shown = {
        "face": face | {"parts": [_unpacked(part, card) for part in face["parts"]]},
        "message": {"msgKey": key, **content},
        "template": variables | {"sys_full_json_obj": json.loads(variables["sys_full_json_obj"])},
    }
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


def _unpacked(part: JSON, card: Card) -> JSON:
    if "form" not in part:
        return part
    assert part["form"]["card"] == kit.dumps(card)
    return {"form": part["form"] | {"card": "kit.dumps"}}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_looks_as_it_did(name: str, request: pytest.FixtureRequest) -> None:
    looks_as_it_did(GOLDEN / f"{name}.json", golden(name), update=request.config.getoption("--update-golden"))


def test_no_golden_card_is_left_over(request: pytest.FixtureRequest) -> None:
    none_is_left_over(GOLDEN, CARDS, update=request.config.getoption("--update-golden"))


@pytest.mark.parametrize("name", CARDS)
def test_the_platform_takes_every_card_in_every_way(name: str) -> None:
    face = dingtalk.render(CARDS[name])
    shown = every_way(face, Codes())
    assert raw_signs(face) == [] and not dropped(face)
    title = packed(CARDS[name].title)
    assert [way for way, message in shown.items() if title not in packed(read(message))] == []


@pytest.mark.parametrize("name", [name for name in CARDS if name.endswith(".nasty")])
@pytest.mark.parametrize("text", NASTY)
def test_whatever_was_typed_is_shown_as_text(name: str, text: str) -> None:
    """In a form it is shown on the form's page."""
    face = dingtalk.render(CARDS[name])
    shown = every_way(face, Codes())
    typed = any(packed(text) in packed(each) for each in texts_of(CARDS[name]))
    for way in ("alone", "group", "template"):
        assert (packed(text) in packed(read(shown[way]))) == typed, way


def test_the_help_of_somebody_who_may_do_everything_is_shown_whole() -> None:
    every = [(each.usage, each.names, each.about) for each in dict.fromkeys(router.commands.values())]
    for card in (help.overview(every), CARDS["help.overview.all"]):
        face = dingtalk.render(card)
        assert not dropped(face) and "太长" not in compact(face)
        assert all(packed(text) in packed(read(every_way(face, Codes())["alone"])) for text in texts_of(card))


# --- any text in any place ---


@calmly(ANY_CARD)
def test_any_text_anywhere_is_shown_as_text(card: Card) -> None:
    face = dingtalk.render(card)
    assert raw_signs(face) == []
    for way in ("alone", "group", "template"):
        shown = packed(read(every_way(face, Codes())[way]))
        assert [text for text in texts_of(card) if packed(text) not in shown] == []


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("<b>&lt;", "&lt;b&gt;&amp;lt;"),
        ("[付款](dtmd://dingtalkclient/x)", "&#91;付款&#93;(dtmd&#58;//dingtalkclient/x)"),
        ("DingTalk://dingtalkclient", "DingTalk&#58;//dingtalkclient"),
        ("@所有人 a@b.cn", "&#64;所有人 a&#64;b.cn"),
        ("**粗** _斜_", "&#42;&#42;粗&#42;&#42; &#95;斜&#95;"),
        ("~~~\n```\n|-|\\", "&#126;&#126;&#126;\n&#96;&#96;&#96;\n&#124;-&#124;&#92;"),
        ("# 一\r\n- 二\r+ 三\n=== #4", "&#35; 一\n&#45; 二\n&#43; 三\n&#61;== #4"),
        ("1. 一\n2) 二\n3.5 三", "1&#46; 一\n2&#41; 二\n3&#46;5 三"),
        ("    码\n\t码\n > 引", "&#32;   码\n&#9;码\n&#32;&gt; 引"),
        ("2026-11-25 (周三) 10:00 #3 !", "2026-11-25 (周三) 10:00 #3 !"),
    ],
)  # fmt: skip
def test_a_sign_is_written_so_that_it_means_itself(typed: str, written: str) -> None:
    assert dingtalk.escape(typed) == written
    assert packed(unescape(written)) == packed(typed)
    assert list(schema.markdown(written, "text")) == []


def test_a_line_ends_as_the_platform_has_it_and_keeps_its_colour() -> None:
    face = dingtalk.render(Card("题", (Text("一\n二"), Warn("三\n\n四"), Note("五"))))
    assert [part["text"] for part in face["parts"]] == [
        "一  \n  二",
        "<font color='#f74e2b'>三</font>  \n    \n  <font color='#f74e2b'>四</font>",
        "<font color='#888f95'>五</font>",
    ]
    assert "<font color=common_red1_color>三</font>" in dingtalk.params(face, None)["markdown"]


def test_bars_are_signs_and_the_number() -> None:
    face = dingtalk.render(Card("题", (Bars("跟进", (("甲", 20), ("乙", 1), ("丙", 0))), Bars("无", ()))))
    assert face["parts"] == [{"text": "**跟进**  \n  甲　▇▇▇▇▇▇▇▇▇▇ 20  \n  乙　▇ 1  \n  丙　0"}]


def test_a_card_of_nothing_is_still_a_message() -> None:
    face = dingtalk.render(Card(" \n", (Text(""), Note(" "), Fields(()), Fields((("", "\n"),)), Buttons(()))))
    assert face == {"title": "客伴", "tone": "blue", "parts": []}
    assert {message.kind for message in every_way(face, Codes()).values()} == {"markdown", "card"}


# --- sizes ---


@pytest.mark.parametrize("sign", ["中", '"', "\\", "|", "\n- ", "😀", "\x01"])
@pytest.mark.parametrize("place", [Text, Note, Warn, lambda text: Fields((("内容", text),))])
def test_a_text_beyond_all_measure_is_cut_and_says_so(place: Callable[[str], kit.Element], sign: str) -> None:
    whole, cut = (dingtalk.render(Card("长文", (place(sign * count),))) for count in (100, 30_000))
    assert "太长" not in compact(whole) and "（太长，只显示前 " in compact(cut) and not dropped(cut)
    for face, count in ((whole, 100), (cut, 33)):
        assert packed(sign * count) in packed(read(every_way(face, Codes())["alone"]))


@pytest.mark.parametrize(
    "body",
    [
        (Text("长\n" * 400),) * 99,
        (Fields((("一", "二"),) * 5000), Text("尾")),
        (Buttons((Button("😀" * 12, Action.unpack({"do": "command.say", "text": "x"})),) * 16),) * 4,
        (*(Text("\x01" * 900),) * 90, Buttons((Button("|" * 12, Action.unpack({"do": "review.open", "review": 1})),))),
    ],
)  # fmt: skip
def test_more_than_a_message_holds_is_left_out_and_that_is_said_once(body: tuple[kit.Element, ...]) -> None:
    face = dingtalk.render(Card("😀" * 3000, body))
    every_way(face, Codes())
    assert face["parts"].count({"text": MORE}) == 1


def test_the_list_of_chats_has_a_short_title_and_the_text_the_whole_one() -> None:
    title = "客" * 65
    face = dingtalk.render(Card(title, (Text("一"),)))
    shown = every_way(face, Codes())
    assert {message.content["title"] for way, message in shown.items() if way != "template"} == {"客" * 63 + "…"}
    assert dingtalk.params(face, None)["markdown"] == f"**{title}**\n\n一"
    assert dingtalk.params(dingtalk.render(Card(title[1:])), None)["markdown"] == ""


# --- buttons ---


def buttons_of(card: Card) -> list[Button]:
    return [button for part in card.body if isinstance(part, Buttons) for button in part.each]


def pages_of(card: Card) -> list[str]:
    """The addresses of everything that opens a page, in the order of the card."""
    links = [part.url if isinstance(part, Link) else PAGE for part in card.body if isinstance(part, Link | Form)]
    return [unquote(url) for url in links]


def assert_pressable(card: Card) -> None:
    """Each button is there in each way of sending, says which it is and brings its own action."""
    face, codes = dingtalk.render(card), Codes()
    actions = [button.action for button in buttons_of(card)]
    alone, group = (every_way(face, codes)[way] for way in ("alone", "group"))
    pressed = seen.pressables(alone)
    assert [codes.meant(each.text) for each in pressed if isinstance(each, seen.Words)] == actions
    assert [unquote(each.url) for each in pressed if isinstance(each, seen.Page)] == pages_of(card)
    lines = [line for line in read(group).splitlines() if line.strip().startswith("回复 @客伴 ")]
    assert [codes.meant(line) for line in lines if CODE.search(line)][-len(actions) :] == actions[-len(actions) :]
    there = seen.pressables(delivered(dingtalk.params(face, PAGE)))
    called = [json.loads(each.params["value"]) for each in there if isinstance(each, seen.Button)]
    assert [Action.unpack(each) for each in called] == actions
    assert [unquote(each.url) for each in there if isinstance(each, seen.Page)] == pages_of(card)
    assert len({each.label for each in there}) == len(there)


@pytest.mark.parametrize("name", CARDS)
def test_every_button_can_be_pressed_and_brings_its_own_action(name: str) -> None:
    assert_pressable(CARDS[name])


@calmly(ANY_CARD)
def test_any_button_can_be_pressed_and_brings_its_own_action(card: Card) -> None:
    if not dropped(dingtalk.render(card)):
        assert_pressable(card)


def say(label: str, text: str = "/帮助", tone: kit.ButtonTone = "default") -> Button:
    return Button(label, Action.unpack({"do": "command.say", "text": text}), tone)


FORM = Form((kit.Input("a", "甲", error="不对"),), say("提交"))
OPEN = Link("打开问卷", 'https://crm.example.com/a?b="(1)"&c=%E5%A5%BD')


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ((), "sampleMarkdown"),
        ((Text("一"),), "sampleMarkdown"),
        ((Buttons((say("甲"),)),), "sampleActionCard"),
        ((Buttons((say("甲"), say("乙"))),), "sampleActionCard2"),
        ((Buttons((say("甲"), say("乙"))), FORM, OPEN, Buttons((say("丙"),))), "sampleActionCard5"),
        ((Buttons((say("甲"), say("乙"), say("丙"))), FORM, OPEN, Buttons((say("丁"),))), "sampleMarkdown"),
        ((Buttons((say("甲"),)), Buttons((say("甲"),))), "sampleMarkdown"),
    ],
)
def test_five_buttons_with_different_labels_are_buttons_else_links(body: tuple[kit.Element, ...], key: str) -> None:
    face = dingtalk.render(Card("题", body))
    assert dingtalk.action_card(face, Codes().press, PAGE)[0] == key
    assert_pressable(Card("题", body))


def test_links_stand_where_the_buttons_stood() -> None:
    card = Card("题", (Text("一"), Buttons((say("看"), say("改"))), Text("二"), Buttons((say("看"),)), FORM))
    _, content = dingtalk.action_card(dingtalk.render(card), Codes().press, PAGE)
    shown = re.sub(r"\((?:dtmd|https)[^)]*\)", "", content["text"]).split("\n\n")[1:]
    assert shown == [
        "一", "[【看】]　[【改】]", "二", "[【看】]", "<font color='#f74e2b'>甲：不对</font>", "[【填写并提交】]"
    ]  # fmt: skip


def test_in_a_group_it_is_said_what_to_say() -> None:
    card = Card("题", (Text("一"), Buttons((say("看"), say("改"))), FORM, OPEN))
    face = dingtalk.render(card)
    texts = [dingtalk.in_group(face, Codes().code, home)[1]["text"].split("\n\n")[2:] for home in (HOME, "")]
    link = "[【打开问卷】](https://crm.example.com/a?b=%22%281%29%22&c=%E5%A5%BD)"
    lines = ["回复 @客伴 看 #k7qabaa  \n  回复 @客伴 改 #k7qabab", "<font color='#f74e2b'>甲：不对</font>"]
    assert texts[0] == [*lines, f"这张表要在私聊里填写　[【打开私聊】]({HOME})", link]
    assert texts[1] == [*lines, "这张表要在私聊里填写", link]


def test_the_template_numbers_what_would_look_the_same() -> None:
    rows = (Text("一"), Buttons((say("看"), say("改"))), Text("二"), Buttons((say("看", tone="primary"), say("看"))))
    variables = dingtalk.params(dingtalk.render(Card("题", (*rows, Buttons((say("下一页"),)), FORM, OPEN))), PAGE)
    shown = json.loads(variables["sys_full_json_obj"])["msgButtons"]
    assert variables["markdown"].split("\n\n")[:2] == ["一 ①", "二 ②"]
    assert [(each["text"], each["color"]) for each in shown] == [
        ("① 看", "gray"), ("改", "gray"), ("② 看", "blue"), ("② 看 2", "gray"), ("下一页", "gray"),
        ("填写并提交", "blue"), ("打开问卷", "gray"),
    ]  # fmt: skip
    assert [each.get("id") for each in shown] == ["b1", "b2", "b3", "b4", "b5", None, None]


def test_a_form_needs_its_page() -> None:
    face = dingtalk.render(Card("题", (FORM,)))
    assert face["parts"][-1]["form"]["submit"] == "提交" and FILL == "填写并"
    for send in (lambda: dingtalk.action_card(face, Codes().press, None), lambda: dingtalk.params(face, None)):
        with pytest.raises(ValueError, match="on a page, and there is none"):
            send()


def test_a_form_is_filled_in_as_it_was_made_however_much_of_the_card_is_shown() -> None:
    card = Card("题", (Text("长" * 9000), FORM))
    face = dingtalk.render(card)
    assert "太长" in face["parts"][0]["text"] and kit.loads(face["parts"][-1]["form"]["card"]) == card


def test_a_label_of_signs_is_still_one_link() -> None:
    assert_pressable(Card("题", (Buttons(tuple(say(label) for label in ("]", "[", ")(", "a](b", "*\n", "看", "看"))),)))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("看 #k7qaabc", "k7qaabc"),
        ("看#k7qaabc \n", "k7qaabc"),
        ("看 ＃k7qaabc", "k7qaabc"),
        ("#k7qaabc", "k7qaabc"),
        ("1#abcde #k7qaabc", "k7qaabc"),
        ("看 #k7q", None),
        ("看 #k7qaabcd", None),
        ("看 #k0qaabc", None),
        ("看 #k7qaabc 谢谢", None),
        ("k7qaabc", None),
    ],
)
def test_a_code_is_found_again_at_the_end_of_what_was_said(said: str, code: str | None) -> None:
    found = CODE.search(said)
    assert (found and found[1]) == code


@calmly(st.text(min_size=1))
def test_words_to_say_travel_in_a_link(text: str) -> None:
    assert list(schema.link(dtmd(text), "url")) == []
    assert "+" not in dtmd(text) and unquote(dtmd(text).removeprefix(DTMD)) == text
