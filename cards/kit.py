"""A card is a value made of a closed set of elements. It knows no platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Literal, dataclass_transform, get_type_hints

from models.text import private

VERSION = 1
LABEL_LENGTH = 12
INPUT_LENGTH = 1000
HINT_LENGTH = 100
#: what a phone still reads from a screen.
CODE_LENGTH = 500
CHOICES = 50
PARTS = 200
PAGE = 10
BARS = 10
#: a bigger number does not survive every client, nor being multiplied into a place in a list.
BIGGEST = 2**53 - 1

Tone = Literal["blue", "green", "orange", "red", "grey"]
ButtonTone = Literal["default", "primary", "danger"]


class BadAction(Exception):
    """A payload that is no action of ours: hand-made, damaged, or from a version that is gone."""


@dataclass_transform(frozen_default=True)
class Action:
    """What a button says when pressed: declared once, packed by a card, received by a handler.

    Fields are `int` or `str` only. A payload comes back from a stranger's hands: it names what to do and
    never who may do it.
    """

    name: ClassVar[str]
    once: ClassVar[bool] = False  # a second press in the same message does not make a second record
    known: ClassVar[dict[str, type[Action]]] = {}
    types: ClassVar[dict[str, type]]

    def __init_subclass__(cls, name: str) -> None:
        if name in Action.known:
            raise TypeError(f"two actions are called {name!r}")
        dataclass(frozen=True)(cls)
        hints = get_type_hints(cls)
        cls.types = {f.name: hints[f.name] for f in fields(cls)}  # type: ignore[arg-type]
        if wrong := {k: t for k, t in cls.types.items() if t not in (int, str)}:
            raise TypeError(f"{cls.__name__}: only int and str travel in a button, not {wrong}")
        if taken := cls.types.keys() & {"do", *Action.__annotations__}:
            raise TypeError(f"{cls.__name__}: a field cannot be called {taken}")
        cls.name, Action.known[name] = name, cls

    def pack(self) -> dict[str, Any]:
        return {"do": self.name} | {key: getattr(self, key) for key in self.types}

    @staticmethod
    def unpack(value: Mapping[str, object]) -> Action:
        """The action in a payload. Raises BadAction."""
        cls = Action.known.get(str(value.get("do") or value.get("name")))
        if cls is None:
            raise BadAction("unknown action")
        try:
            return cls(**{key: _travelled(value[key], kind) for key, kind in cls.types.items()})
        except (KeyError, TypeError, ValueError):
            raise BadAction(f"damaged {cls.name}") from None


def _travelled(value: object, kind: type) -> int | str:
    """A member of a payload as its field wants it: numbers may come back as text, nothing else may change."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(value)
    if kind is str:
        return str(value)
    if abs(number := int(value)) > BIGGEST:
        raise ValueError(number)
    return number


@dataclass(frozen=True, slots=True)
class Toast:
    """A line that appears over the chat for a moment after a press."""

    text: str
    tone: Literal["success", "info", "warning", "error"] = "success"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph of plain text: shown as it was written, whatever signs are in it."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Small grey print."""

    text: str


@dataclass(frozen=True, slots=True)
class Warn:
    """A line that must not be overlooked."""

    text: str


@dataclass(frozen=True, slots=True)
class Fields:
    """Pairs of label and value; pairs without a value are left out."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, *pairs: tuple[str, str | None]) -> Fields:
        return cls(tuple((label, value) for label, value in pairs if value))


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    action: Action
    tone: ButtonTone = "default"

    def __post_init__(self) -> None:
        if not self.label:
            raise ValueError("a button without a label")
        if len(self.label) > LABEL_LENGTH:
            raise ValueError(f"a label of {len(self.label)} characters is cut off on phones: {self.label!r}")


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart of (label, number), the first one first."""

    title: str
    each: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        if len(self.each) > BARS:
            raise ValueError(f"{self.title} has {len(self.each)} bars, {BARS} are allowed")
        if len({label for label, _ in self.each}) != len(self.each):
            raise ValueError(f"{self.title} has two bars of the same name")


@dataclass(frozen=True, slots=True)
class Buttons:
    each: tuple[Button, ...]

    @classmethod
    def of(cls, *each: Button | None) -> Buttons:
        return cls(tuple(button for button in each if button))


@dataclass(frozen=True, slots=True)
class Input:
    """One line of text of at most `most` characters. `name` comes back with the form, `label` is what people see."""

    name: str
    label: str
    value: str = ""
    required: bool = False
    hint: str = ""
    error: str = ""
    most: int = INPUT_LENGTH

    def __post_init__(self) -> None:
        if len(self.hint) > HINT_LENGTH:
            raise ValueError(f"a hint of {len(self.hint)} characters, {HINT_LENGTH} are allowed: {self.hint!r}")
        if not 1 <= self.most <= INPUT_LENGTH:
            raise ValueError(f"{self.label} takes {self.most} characters, 1 to {INPUT_LENGTH} are allowed")


@dataclass(frozen=True, slots=True)
class TextArea(Input):
    """Several lines of text."""


@dataclass(frozen=True, slots=True)
class Select:
    """One of a list: (value, what people see). A value that is not in the list is shown as typed in the error."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str = ""
    required: bool = False
    error: str = ""

    def __post_init__(self) -> None:
        if len(self.options) > CHOICES:
            raise ValueError(f"{self.label} has {len(self.options)} options, {CHOICES} are allowed")
        if len({value for value, _ in self.options}) != len(self.options):
            raise ValueError(f"{self.label} offers the same option twice")


Field = Input | TextArea | Select


@dataclass(frozen=True, slots=True)
class Link:
    """A button that opens a page."""

    label: str
    url: str

    def __post_init__(self) -> None:
        if not 0 < len(self.label) <= LABEL_LENGTH:
            raise ValueError(f"a link's label has 1 to {LABEL_LENGTH} characters: {self.label!r}")
        if not self.url.startswith(("https://", "http://")):
            raise ValueError("a link leads to a page on the web")


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, drawn where the card is shown: the QR code of `data`. `alt` says what it is where it is not seen."""

    data: str
    alt: str

    def __post_init__(self) -> None:
        if not 0 < len(self.data) <= CODE_LENGTH:
            raise ValueError(f"a code of {len(self.data)} characters, 1 to {CODE_LENGTH} are allowed")


@dataclass(frozen=True, slots=True)
class Form:
    """Fields and the one button that sends them all."""

    fields: tuple[Field, ...]
    submit: Button


Element = Text | Note | Warn | Fields | Bars | Buttons | Link | Image | Form
ELEMENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (Text, Note, Warn, Fields, Bars, Buttons, Button, Link, Image, Form, Input, TextArea, Select)
}


@dataclass(frozen=True, slots=True)
class Card:
    """What a person sees.

    `subject` names what a living card is about (`review:7`): all its copies change in place when the subject
    does. A card without one is a snapshot. `personal` cards hold contact data or ask for it, and are never
    shown in a group. What comes `anew` does not take the place of the card whose button asked for it.
    """

    title: str
    body: tuple[Element, ...] = ()
    tone: Tone = "blue"
    subject: str = ""
    personal: bool = False
    toast: Toast | None = field(default=None, compare=False)
    anew: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        forms = [part for part in self.body if isinstance(part, Form)]
        if len(forms) > 1:
            raise ValueError("a card has one form at most")
        names = ["form", "submit", *(each.name for form in forms for each in form.fields)]
        if len(set(names)) != len(names):
            raise ValueError(f"two fields of one card share a name: {names}")
        if (parts := 1 + sum(map(_parts, self.body))) > PARTS:
            raise ValueError(f"a card of {parts} parts, {PARTS} are allowed")


def _parts(part: Element | Button | Field) -> int:
    """At most so many elements a platform counts for this one: every text, column and option is one."""
    match part:
        case Buttons(each):
            return 1 + sum(map(_parts, each))
        case Form(asked, submit):
            return 2 + sum(map(_parts, asked)) + _parts(submit)
        case Select(options=options):
            return 5 + len(options)
        case Input():
            return 4
        case Button():
            return 3
        case Link():
            return 4
    return 2


def shortened(card: Card, most: int) -> Card:
    """The card with each text cut that is longer than `most`; what stands in a field to be sent again is kept."""
    return _said_anew(card, lambda text: text if len(text) <= most else f"{text[:most]}…（太长，只显示前 {most} 字）")


def redacted(card: Card) -> Card:
    """The card for a place where nobody may see contact data, whoever typed it (P4)."""
    return _said_anew(card, private.redact)


def _said_anew(card: Card, change: Callable[[str], str]) -> Card:
    return replace(card, title=change(card.title), body=_changed(card.body, change))


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_changed(each, change) for each in value)
    if isinstance(value, Input | Select):
        return replace(value, error=change(value.error))
    if isinstance(value, Form):
        return replace(value, fields=_changed(value.fields, change))
    if isinstance(value, Text | Note | Warn | Fields | Bars):
        return replace(value, **{f.name: _changed(getattr(value, f.name), change) for f in fields(value)})
    return value


def outcome(card: Card) -> Card:
    """The card in short: what it is about and how things stand."""
    said = [part for part in card.body if not isinstance(part, Buttons | Form)]
    return replace(card, body=tuple(said[:2]))


def dumps(card: Card) -> str:
    """A card as versioned JSON, the way the outbox keeps it."""
    body = [_plain(part) for part in card.body]
    plain = {"v": VERSION, "title": card.title, "tone": card.tone, "body": body, "personal": card.personal}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def loads(text: str) -> Card:
    """The card that `dumps` wrote. Raises ValueError for a version this program does not know."""
    plain = json.loads(text)
    if plain["v"] != VERSION:
        raise ValueError(f"card version {plain['v']}")
    body = tuple(_value(part) for part in plain["body"])
    return Card(plain["title"], body, plain["tone"], personal=plain["personal"])


def _plain(value: object) -> Any:
    if isinstance(value, Action):
        return value.pack()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        plain = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {"is": type(value).__name__} | plain
    return value


def _value(plain: Any) -> Any:
    if isinstance(plain, list):
        return tuple(_value(each) for each in plain)
    if isinstance(plain, dict) and "do" in plain:
        return Action.unpack(plain)
    if isinstance(plain, dict):
        return ELEMENTS[plain["is"]](**{key: _value(value) for key, value in plain.items() if key != "is"})
    return plain
