"""A card as HTML, as the phone shows it: for the playground and for pages."""

from __future__ import annotations

import base64
import json
from html import escape
from typing import assert_never

from cards import pictures
from cards.kit import (
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
)


def render(card: Card) -> str:
    """The card as one `<article>`; what a button says when pressed stands in its `data-value`."""
    body = "".join(map(_element, card.body))
    return (
        f'<article class="card {card.tone}"><header><h3>{escape(card.title)}</h3></header>'
        f'<div class="body">{body}</div></article>'
    )


def texts(card: Card) -> str:
    """What is read in a card, for a page with a heading, a form and buttons of its own."""
    return "".join(_element(part) for part in card.body if not isinstance(part, Buttons | Form))


def _element(part: Element) -> str:
    match part:
        case Text(text):
            return f'<p class="text">{_lines(text)}</p>'
        case Note(text):
            return f'<p class="note">{_lines(text)}</p>'
        case Warn(text):
            return f'<p class="warn">{_lines(text)}</p>'
        case Fields(pairs):
            rows = "".join(f"<dt>{escape(label)}</dt><dd>{_lines(value)}</dd>" for label, value in pairs)
            return f"<dl>{rows}</dl>" if pairs else ""
        case Bars():
            return _bars(part) if part.each else ""
        case Buttons(each):
            return f'<div class="buttons">{"".join(map(_button, each))}</div>' if each else ""
        case Link(label, url):
            opens = f'href="{escape(url)}" target="_blank" rel="noopener noreferrer"'
            return f'<p><a class="link" {opens}>{escape(label)}</a></p>'
        case Image(alt=alt):
            drawn = base64.b64encode(pictures.png(part)).decode()
            return f'<p><img class="picture" alt="{escape(alt)}" src="data:image/png;base64,{drawn}"></p>'
        case Form(fields, submit):
            return (
                f"<form>{''.join(map(_field, fields))}<div class='buttons'>{_button(submit, submits=True)}</div></form>"
            )
        case _:
            assert_never(part)


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _bars(bars: Bars) -> str:
    """A table, which every reader can read; the bars beside the numbers are only looked at."""
    most = max(number for _, number in bars.each) or 1
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td><svg aria-hidden="true">'
        f'<rect width="{100 * number // most}%" height="100%" rx="2"/></svg></td><td>{number}</td></tr>'
        for label, number in bars.each
    )
    return f'<table class="bars"><caption>{escape(bars.title)}</caption>{rows}</table>'


def _button(button: Button, *, submits: bool = False) -> str:
    value = escape(json.dumps(button.action.pack(), ensure_ascii=False))
    kind = "submit" if submits else "button"
    return f'<button type="{kind}" class="{button.tone}" data-value="{value}">{escape(button.label)}</button>'


def _field(field: Input | TextArea | Select) -> str:
    required = " required" if field.required else ""
    wrong = f'<span class="error" role="alert">{escape(field.error)}</span>' if field.error else ""
    star = '<i aria-hidden="true">*</i>' if field.required else ""
    match field:
        case Select():
            control = _select(field, required)
        case TextArea():
            control = f"<textarea {_attributes(field)}{required} rows=3>{escape(field.value)}</textarea>"
        case Input():
            control = f'<input {_attributes(field)}{required} value="{escape(field.value)}">'
        case _:
            assert_never(field)
    return f"<label><span>{escape(field.label)}{star}</span>{control}{wrong}</label>"


def _attributes(field: Input) -> str:
    return f'name="{escape(field.name)}" placeholder="{escape(field.hint)}" maxlength="{field.most}"'


def _select(field: Select, required: str) -> str:
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == field.value else ""}>{escape(text)}</option>'
        for value, text in field.options
    )
    return f'<select name="{escape(field.name)}"{required}><option value="">请选择</option>{options}</select>'
