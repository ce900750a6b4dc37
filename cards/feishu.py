"""A card as Feishu card JSON 2.0, which refuses the whole card for one unknown property."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, assert_never

from cards.kit import (
    INPUT_LENGTH,
    Bars,
    Button,
    Buttons,
    Card,
    Element,
    Fields,
    Form,
    Image,
    Input,
    Link,
    Note,
    Select,
    Text,
    TextArea,
    Warn,
    shortened,
)

Json = dict[str, Any]
TEMPLATE = {"blue": "blue", "green": "green", "orange": "orange", "red": "red", "grey": "grey"}
SIGNS = re.compile(r"[&<>*_\[\](){}#:~`|\\!$=+^@]")
NEWLINE = re.compile(r"\r\n?|\n")
#: Feishu takes 30 KB and adds some of its own.
BYTES = 28 * 1024
#: stands in place of a picture's key until it is uploaded, before what has to be drawn.
DRAWN = "draw:"
SHORTER = (2000, 500, 100)


def render(card: Card) -> Json:
    """The message body for this card, and the `card.data` of an answer to a press; too long texts are cut."""
    shown = _render(card)
    for most in SHORTER:
        if _size(shown) <= BYTES:
            break
        shown = _render(shortened(card, most))
    return shown


def pictured(shown: Json, upload: Callable[[Image], str | None]) -> Json:
    """A rendered card with its pictures uploaded; one for which there is no key is left out."""
    elements = shown.get("body", {}).get("elements", ())
    if not any(each["tag"] == "img" for each in elements):
        return shown
    kept = [part for each in elements if (part := _uploaded(each, upload))]
    return shown | {"body": shown["body"] | {"elements": kept}}


def _uploaded(element: Json, upload: Callable[[Image], str | None]) -> Json | None:
    if element["tag"] != "img":
        return element
    key = upload(Image(element["img_key"].removeprefix(DRAWN), element["alt"]["content"]))
    return element | {"img_key": key} if key else None


def _size(shown: Json) -> int:
    """Bytes of a card in a request, where it stands as a string of JSON."""
    return len(json.dumps(json.dumps(shown, ensure_ascii=False), ensure_ascii=False).encode())


def _render(card: Card) -> Json:
    return {
        "schema": "2.0",
        "config": {"update_multi": True, "enable_forward": not card.personal, "summary": {"content": card.title}},
        "header": {"title": _plain(card.title), "template": TEMPLATE[card.tone]},
        "body": {"vertical_spacing": "8px", "elements": [part for each in card.body for part in _element(each)]},
    }


def escape(text: str) -> str:
    """User text inside markdown: every sign that could mean something there becomes an entity."""
    return NEWLINE.sub("<br>", SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", text))


def _element(part: Element) -> list[Json]:
    match part:
        case Text(text):
            return [{"tag": "div", "text": _plain(text)}]
        case Note(text):
            return [_note(text)]
        case Warn(text):
            return [_markdown(f"<font color='red'>{escape(text)}</font>")]
        case Fields(pairs):
            lines = (f"<font color='grey'>{escape(label)}</font>　{escape(value)}" for label, value in pairs)
            return [_markdown("<br>".join(lines))] if pairs else []
        case Bars():
            return [_chart(part)] if part.each else []
        case Buttons(each):
            return [_row([_button(button) for button in each])] if each else []
        case Link(label, url):
            opens = {"type": "open_url", "default_url": url}
            return [_row([{"tag": "button", "text": _plain(label), "type": "default", "behaviors": [opens]}])]
        case Image(data, alt):
            return [{"tag": "img", "img_key": DRAWN + data, "alt": _plain(alt), "scale_type": "fit_horizontal"}]
        case Form():
            return [_form(part)]
        case _:
            assert_never(part)


def _plain(text: str) -> Json:
    return {"tag": "plain_text", "content": text}


def _note(text: str) -> Json:
    return {"tag": "div", "text": _plain(text) | {"text_size": "notation", "text_color": "grey"}}


def _markdown(content: str) -> Json:
    return {"tag": "markdown", "content": content}


def _chart(bars: Bars) -> Json:
    spec: Json = {
        "type": "bar",
        "title": {"text": bars.title},
        "data": {"values": [{"label": label, "number": number} for label, number in bars.each]},
        "xField": "label",
        "yField": "number",
        "label": {"visible": True},
    }
    return {"tag": "chart", "aspect_ratio": "16:9", "color_theme": "brand", "height": "auto", "chart_spec": spec}


def _row(elements: list[Json]) -> Json:
    columns = [{"tag": "column", "width": "auto", "elements": [element]} for element in elements]
    return {"tag": "column_set", "flex_mode": "flow", "horizontal_spacing": "8px", "columns": columns}


def _button(button: Button) -> Json:
    return {
        "tag": "button",
        "text": _plain(button.label),
        "type": button.tone,
        "behaviors": [{"type": "callback", "value": button.action.pack()}],
    }


def _form(form: Form) -> Json:
    elements = [part for each in form.fields for part in _field(each)]
    submit = _button(form.submit) | {"name": "submit", "form_action_type": "submit"}
    return {
        "tag": "form",
        "name": "form",
        "vertical_spacing": "8px",
        "elements": [*elements, _row([submit])],
    }


def _field(field: Input | TextArea | Select) -> list[Json]:
    wrong = [_markdown(f"<font color='red'>{escape(field.error)}</font>")] if field.error else []
    match field:
        case Select():
            return [_note(field.label), _select(field), *wrong]
        case Input():
            return [_input(field), *wrong]
        case _:
            assert_never(field)


def _input(field: Input) -> Json:
    element: Json = {
        "tag": "input",
        "name": field.name,
        "label": _plain(field.label),
        "label_position": "top",
        "required": field.required,
        "width": "fill",
        "max_length": max(field.most, min(len(field.value), INPUT_LENGTH)),
    }
    if isinstance(field, TextArea):
        element |= {"input_type": "multiline_text", "rows": 3, "auto_resize": True, "max_rows": 8}
    if field.hint:
        element["placeholder"] = _plain(field.hint)
    if field.value:
        element["default_value"] = field.value[:INPUT_LENGTH]
    return element


def _select(field: Select) -> Json:
    element: Json = {
        "tag": "select_static",
        "name": field.name,
        "required": field.required,
        "width": "fill",
        "placeholder": _plain(field.label),
        "options": [{"text": _plain(text), "value": value} for value, text in field.options],
    }
    if field.value in dict(field.options):
        element["initial_option"] = field.value
    return element
