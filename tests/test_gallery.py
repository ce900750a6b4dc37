"""Every card: pinned, within the platform's limits, whatever people type shown as text; and the limits of the kit."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cards
from any_card import ACTIONS, ANY_CARD
from cards import feishu, help, kit
from cards.gallery import gallery
from cards.kit import Action, BadAction, Button, Buttons, Card, Fields, Form, Input, Note, Select, Text, TextArea, Warn
from cards.samples import LONG, NASTY
from gold import looks_as_it_did, none_is_left_over
from handlers import router
from standins import feishu_says, feishu_schema

JSON = dict[str, Any]
GOLDEN = Path(__file__).parent / "golden" / "feishu"
CARDS = gallery()
BYTES = 28 * 1024
MACHINERY = {"kit", "feishu", "gallery"}
#: signs that mean something in the platform's markdown; `&` and `#` begin and fill an entity.
MEANING = re.compile(r"[<>*_\[\](){}~`|\\!$=+^@:\r\n]|#(?!\d+;)|&(?!#\d+;)")
OURS = re.compile(r"<font color='(?:grey|red)'>|</font>|<br>")


def written(card: JSON) -> str:
    return json.dumps(card, ensure_ascii=False, indent=1) + "\n"


def tagged(part: object) -> Iterator[JSON]:
    """Everything with a tag, at any depth, the way the platform counts elements."""
    if isinstance(part, dict):
        if "tag" in part:
            yield part
        yield from (each for key, value in part.items() if key != "value" for each in tagged(value))
    elif isinstance(part, list):
        yield from (each for value in part for each in tagged(value))


def raw_signs(card: JSON) -> list[str]:
    """What could be read as markdown in the card beside our own tags."""
    contents = [each["content"] for each in tagged(card) if each["tag"] in ("markdown", "lark_md")]
    return [sign for content in contents for sign in MEANING.findall(OURS.sub("", content))]


def lines(text: str) -> str:
    """Line ends as people see them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def assert_fits(card: JSON) -> None:
    assert feishu_schema.check(card) == []
    assert feishu_schema.size(card) <= BYTES
    assert sum(1 for _ in tagged(card)) <= 200
    assert raw_signs(card) == []


# --- the gallery ---


@pytest.mark.parametrize("name", CARDS)
def test_a_card_looks_as_it_did(name: str, request: pytest.FixtureRequest) -> None:
    looks_as_it_did(
        GOLDEN / f"{name}.json", written(feishu.render(CARDS[name])), update=request.config.getoption("--update-golden")
    )


def test_no_golden_card_is_left_over(request: pytest.FixtureRequest) -> None:
    none_is_left_over(GOLDEN, CARDS, update=request.config.getoption("--update-golden"))


def card_functions() -> dict[str, Callable[..., Card]]:
    """Every public function that makes a card of what it is given; those that read it from the database only choose."""
    names = {module.name for module in pkgutil.iter_modules(cards.__path__)} - MACHINERY
    functions = {
        f"{name}.{function.__name__}": function
        for name in sorted(names)
        for _, function in inspect.getmembers(importlib.import_module(f"cards.{name}"), inspect.isfunction)
        if function.__module__ == f"cards.{name}" and not function.__name__.startswith("_")
    }
    return {
        name: function
        for name, function in functions.items()
        if inspect.get_annotations(function)["return"] == "Card"
        and "work" not in inspect.signature(function).parameters
    }


def test_every_card_function_is_in_the_gallery() -> None:
    called: set[CodeType] = set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        gallery()
    finally:
        sys.setprofile(before)
    functions = card_functions()
    assert {"entries.form", "reviews.card", "common.choose"} <= functions.keys()
    assert [name for name, function in functions.items() if function.__code__ not in called] == []
    assert {".".join(name.split(".")[:2]) for name in CARDS} == functions.keys()


@pytest.mark.parametrize("name", CARDS)
def test_the_platform_takes_every_card(name: str) -> None:
    assert_fits(feishu.render(CARDS[name]))


@pytest.mark.parametrize("name", [name for name in CARDS if name.endswith(".nasty")])
@pytest.mark.parametrize("text", NASTY)
def test_whatever_was_typed_is_shown_as_text(name: str, text: str) -> None:
    assert text in feishu_says.texts(feishu.render(CARDS[name]))


def test_the_longest_follow_up_is_shown_whole() -> None:
    assert len(LONG) == 5000
    assert LONG in feishu_says.texts(feishu.render(CARDS["follow_ups.recorded.longest"]))


def test_the_help_of_somebody_who_may_do_everything_fits() -> None:
    every = [(each.usage, each.names, each.about) for each in dict.fromkeys(router.commands.values())]
    overview = feishu.render(help.overview(every))
    assert_fits(overview)
    assert all(usage in feishu_says.texts(overview) for usage, _, _ in every)
    for line in every:
        assert_fits(feishu.render(help.one(*line)))


@pytest.mark.parametrize("name", CARDS)
def test_a_stored_card_comes_back(name: str) -> None:
    card = CARDS[name]
    back = kit.loads(kit.dumps(card))
    assert (back.title, back.tone, back.body, back.personal) == (card.title, card.tone, card.body, card.personal)
    assert feishu.render(back) == feishu.render(card)


def test_a_card_of_another_version_is_refused() -> None:
    stored = json.loads(kit.dumps(CARDS["common.failed"]))
    assert kit.loads(json.dumps(stored)) == CARDS["common.failed"]
    with pytest.raises(ValueError, match="card version 2"):
        kit.loads(json.dumps(stored | {"v": 2}))


def test_a_card_with_contact_data_cannot_be_forwarded() -> None:
    forwarded = {
        name: feishu.render(kit.loads(kit.dumps(card)))["config"]["enable_forward"] for name, card in CARDS.items()
    }
    assert forwarded == {name: not card.personal for name, card in CARDS.items()}
    assert not forwarded["customers.page.full"] and not forwarded["entries.form.prefilled"]
    assert not forwarded["reviews.card.pending"] and forwarded["reviews.waiting.first_page"]


# --- any text in any place ---


def calmly(*what: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`given` on a machine that may be busy."""
    return lambda test: settings(deadline=None)(given(*what)(test))


def texts_of(card: Card) -> Iterator[str]:
    """Every text that people have to see."""
    yield card.title
    for part in card.body:
        match part:
            case Text(text) | Note(text) | Warn(text):
                yield text
            case Fields(pairs):
                yield from (text for pair in pairs for text in pair)
            case kit.Bars(title, each) if each:
                yield title
            case kit.Link(label):
                yield label
            case Buttons(each):
                yield from (button.label for button in each)
            case Form(asked, submit):
                yield submit.label
                yield from (text for each in asked for text in (each.label, each.error))
                yield from (each.value for each in asked if isinstance(each, Input))


@calmly(ANY_CARD)
def test_any_text_anywhere_is_shown_as_text(card: Card) -> None:
    shown = feishu.render(card)
    assert_fits(shown)
    visible = feishu_says.texts(shown)
    assert [text for text in texts_of(card) if lines(text) not in lines(visible)] == []


@calmly(ANY_CARD)
def test_any_card_comes_back_from_the_store(card: Card) -> None:
    assert kit.loads(kit.dumps(card)) == card


@pytest.mark.parametrize("sign", ["中", '"', "\\", "|", "\n", "😀", "\x01"])
@pytest.mark.parametrize("place", [Text, Note, Warn, lambda text: Fields((("内容", text),))])
def test_a_text_beyond_all_measure_is_cut_and_says_so(place: Callable[[str], kit.Element], sign: str) -> None:
    whole, cut = (feishu.render(Card("长文", (place(sign * count),))) for count in (300, 30_000))
    assert_fits(cut)
    assert sign * 300 in feishu_says.texts(whole) and "太长" not in feishu_says.texts(whole)
    assert sign * 500 in feishu_says.texts(cut) and "（太长，只显示前 " in feishu_says.texts(cut)


def test_what_was_typed_into_a_form_is_never_cut() -> None:
    typed, error = "改" * kit.INPUT_LENGTH, "错" * 20_000
    asked = (TextArea("note", "备注", typed, error=error), Select("kind", "类", (("a", "甲"),), "a", error=error))
    action = Action.unpack({"do": "command.say", "text": "/帮助"})
    shown = feishu.render(Card("表单", (Text(error), Form(asked, Button("提交", action)))))
    assert_fits(shown)
    assert feishu_says.fill(shown, {}) == {"note": typed, "kind": "a"}


def test_a_field_takes_no_more_than_it_should_but_keeps_what_is_there() -> None:
    form = Form((Input("name", "名", "一" * 150, most=120), Input("mail", "邮", "a", most=64)), BUTTON)
    limits = {
        each["name"]: each["max_length"] for each in tagged(feishu.render(Card("", (form,)))) if each["tag"] == "input"
    }
    assert limits == {"name": 150, "mail": 64}


# --- actions ---


@calmly(ACTIONS)
def test_an_action_survives_the_way_there_and_back(action: Action) -> None:
    packed = json.loads(json.dumps(action.pack()))
    assert Action.unpack(packed) == action
    as_text = {key: str(value) for key, value in packed.items()}
    assert Action.unpack(as_text) == action


DAMAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@calmly(ACTIONS, st.data())
def test_a_damaged_payload_is_refused_or_read_as_its_types(action: Action, data: st.DataObject) -> None:
    payload = action.pack()
    key = data.draw(st.sampled_from(sorted(payload)))
    payload[key] = data.draw(DAMAGE)
    if data.draw(st.booleans()):
        del payload[key]
    try:
        back = Action.unpack(payload)
    except BadAction:
        return
    assert all(type(getattr(back, name)) is of for name, of in back.types.items())
    assert all(abs(getattr(back, name)) <= kit.BIGGEST for name, of in back.types.items() if of is int)


WRONG_PAYLOADS: list[JSON] = [
    {},
    {"do": "no.such"},
    {"do": ["review.approve"]},
    {"do": {"review": 1}},
    {"do": "review.approve"},
    *({"do": "review.approve", "review": value} for value in (None, True, 1.5, "", "x", [1], {"a": 1}, 2**53)),
    {"do": "review.approve", "review": float("inf")},
    {"do": "review.approve", "review": "9" * 5000},
    {"do": "command.say", "text": {"a": 1}},
]


@pytest.mark.parametrize("payload", WRONG_PAYLOADS, ids=lambda payload: repr(payload)[:60])
def test_a_wrong_payload_is_a_bad_action(payload: JSON) -> None:
    assert Action.unpack({"do": "review.approve", "review": "7"}).pack() == {"do": "review.approve", "review": 7}
    with pytest.raises(BadAction):
        Action.unpack(payload)


@pytest.mark.parametrize(
    ("name", "hints", "why"),
    [
        ("review.approve", {"review": int}, "two actions are called"),
        ("test.float", {"amount": float}, "only int and str"),
        ("test.list", {"ids": list[int]}, "only int and str"),
        ("test.bool", {"yes": bool}, "only int and str"),
        ("test.do", {"do": str}, "cannot be called"),
        ("test.name", {"name": str}, "cannot be called"),
        ("test.types", {"types": str}, "cannot be called"),
    ],
)
def test_an_action_that_could_not_travel_is_refused_at_import(name: str, hints: JSON, why: str) -> None:
    before = dict(Action.known)
    with pytest.raises(TypeError, match=why):
        type("Wrong", (Action,), {"__annotations__": hints}, name=name)
    assert Action.known == before


# --- limits of the kit ---

BUTTON = Button("好", Action.unpack({"do": "command.say", "text": "/帮助"}))
PAIRS = tuple((str(number), str(number)) for number in range(kit.CHOICES))
ROW = Buttons((BUTTON,) * 16)
LIMITS: list[tuple[Callable[[int], object], int, int, str]] = [
    (lambda n: Button("字" * n, BUTTON.action), 12, 13, "cut off on phones"),
    (lambda n: Button("字" * n, BUTTON.action), 1, 0, "without a label"),
    (lambda n: kit.Link("字" * n, "https://x.cn"), 12, 13, "a link's label"),
    (lambda n: kit.Link("字", ("javascript:", "http://x.cn")[n]), 1, 0, "leads to a page"),
    (lambda n: Input("a", "甲", hint="字" * n), kit.HINT_LENGTH, kit.HINT_LENGTH + 1, "a hint of 101"),
    (lambda n: Input("a", "甲", most=n), kit.INPUT_LENGTH, kit.INPUT_LENGTH + 1, "takes 1001"),
    (lambda n: Input("a", "甲", most=n), 1, 0, "takes 0"),
    (lambda n: kit.Bars("甲", tuple((str(number), number) for number in range(n))), kit.BARS, kit.BARS + 1, "11 bars"),
    (lambda n: kit.Bars("甲", (("乙", 1),) * n), 1, 2, "two bars of the same name"),
    (lambda n: Select("a", "甲", (PAIRS + PAIRS)[:n]), kit.CHOICES, kit.CHOICES + 1, "51 options"),
    (lambda n: Select("a", "甲", (PAIRS[0], *PAIRS)[n:][:2]), 1, 0, "same option twice"),
    (lambda n: Card("", (Form((Input("a", "甲"), Select("a" * n, "乙", ())), BUTTON),)), 2, 1, "share a name"),
    (lambda n: Card("", (Form((Input("submit" * n, "甲"),), BUTTON),)), 2, 1, "share a name"),
    (lambda n: Card("", (Form((), BUTTON),) * n), 1, 2, "one form at most"),
    (lambda n: Card("", (Text("字"),) * n), 99, 100, "201 parts"),
    (lambda n: Card("", (ROW,) * n), 4, 5, "246 parts"),
]


@pytest.mark.parametrize(("build", "fits", "wrong", "why"), LIMITS)
def test_a_limit_is_checked_where_the_card_is_built(
    build: Callable[[int], object], fits: int, wrong: int, why: str
) -> None:
    assert build(fits)
    with pytest.raises(ValueError, match=why):
        build(wrong)


@calmly(ANY_CARD)
def test_the_kit_counts_no_fewer_parts_than_the_platform(card: Card) -> None:
    counted = 1 + sum(map(kit._parts, card.body))
    assert sum(1 for _ in tagged(feishu.render(card))) <= counted
