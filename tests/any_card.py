"""Any card that could be built, for tests that must hold for all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from cards import kit
from cards.kit import Action, Button, Buttons, Card, Fields, Form, Input, Note, Select, Text, TextArea, Warn
from cards.samples import NASTY

SIGNS = st.text("&<>*_[](){}#:~`|\\!$=+^@-.%'\"/\r\n 1a中😀", max_size=60)
WORDS = st.text(max_size=60) | SIGNS | st.sampled_from([*NASTY, "<a href='x'>", "<at id=all></at>", "&#60;", "a\rb"])
LABELS = st.text(min_size=1, max_size=12)
ACTIONS = st.sampled_from(sorted(Action.known.values(), key=lambda each: each.name)).flatmap(
    lambda kind: st.builds(
        kind,
        **{
            key: st.integers(-kit.BIGGEST, kit.BIGGEST) if of is int else st.text(max_size=40)
            for key, of in kind.types.items()
        },
    )
)
BUTTONS = st.builds(Button, LABELS, ACTIONS, st.sampled_from(["default", "primary", "danger"]))
OPTIONS = st.lists(st.tuples(WORDS, WORDS), max_size=5, unique_by=lambda option: option[0]).map(tuple)


def fields(name: str) -> st.SearchStrategy[kit.Field]:
    typed = [
        st.builds(kind, st.just(name), LABELS, WORDS, st.booleans(), WORDS, WORDS, st.integers(1, kit.INPUT_LENGTH))
        for kind in (Input, TextArea)
    ]
    return st.one_of(*typed, st.builds(Select, st.just(name), LABELS, OPTIONS, WORDS, st.booleans(), WORDS))


FORMS = st.tuples(*(fields(f"f{number}") for number in range(3))).flatmap(
    lambda each: st.builds(Form, st.just(each), BUTTONS)
)
PLAIN = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Note, WORDS),
    st.builds(Warn, WORDS),
    st.builds(Fields, st.lists(st.tuples(WORDS, WORDS), max_size=4).map(tuple)),
    st.builds(Buttons, st.lists(BUTTONS, max_size=4).map(tuple)),
    st.builds(
        kit.Bars,
        WORDS,
        st.lists(st.tuples(WORDS, st.integers(0, 9999)), max_size=4, unique_by=lambda bar: bar[0]).map(tuple),
    ),
    st.builds(kit.Image, st.just("https://crm.example.com/survey/x"), WORDS),
    st.builds(
        kit.Link, WORDS.map(lambda text: f"链{text}"[:12]), st.just('https://crm.example.com/survey/x?a=1&b="2"')
    ),
)
ANY_CARD = st.builds(
    lambda title, above, form, below: Card(title, (*above, *form, *below)),
    WORDS,
    st.lists(PLAIN, max_size=4),
    st.lists(FORMS, max_size=1),
    st.lists(PLAIN, max_size=2),
)
