"""A strict validator of Feishu 2.0 cards: what the platform would refuse at night is refused in a test."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from standins.feishu_components import CARD

JSON = dict[str, Any]

MAX_BYTES = 30 * 1024
MAX_TAGGED = 200
MAX_NESTING = 5
MAX_COLUMN_SETS = 2
MAX_OF = {"table": 5, "chart": 5}
MAX_WORDS = 100
MAX_TYPED = 1000

CONTAINERS = {"form", "column_set", "column", "collapsible_panel", "interactive_container"}
SELECTS = {"select_static", "multi_select_static", "select_person", "multi_select_person"}
PICKERS = {"date_picker": "initial_date", "picker_time": "initial_time", "picker_datetime": "initial_datetime"}
INTERACTIVE = {"button", "input", "overflow", "checker", *SELECTS, *PICKERS}
MARKDOWN_TABLE = re.compile(r"^ *\|? *:?-+:? *(\| *:?-+:? *)+\|? *$", re.MULTILINE)


def check(card: Any) -> list[str]:
    """The problems of a 2.0 card, each with its place; empty = the platform takes it (protocol sections 3.1 to 3.5)."""
    problems = list(CARD(card, "card"))
    if not problems:  # rules between elements rely on the shape of each
        problems = list(_between(card))
    if (taken := size(card)) > MAX_BYTES:
        problems.append(f"card: {taken} bytes, {MAX_BYTES} are allowed")
    return problems


def size(card: Any) -> int:
    """Bytes the card takes in the request body, where it stands as a string of JSON (protocol sections 3 and 3.3)."""
    text = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
    return len(json.dumps(text, ensure_ascii=False).encode())


def _between(card: JSON) -> Iterator[str]:
    """Rules that need more than one value: counts, uniqueness, nesting, what belongs together."""
    placed = list(_walk(card["body"]["elements"]))
    if (tagged := _tagged(card)) > MAX_TAGGED:
        yield f"card: {tagged} objects with a tag, {MAX_TAGGED} are allowed"
    for tag, most in MAX_OF.items():
        if (found := sum(element["tag"] == tag for element, _ in placed)) > most:
            yield f"card: {found} of {tag}, {most} are allowed"
    for key in ("name", "element_id"):
        yield from _twice(f"card: {key}", (element[key] for element, _ in placed if element.get(key)))
    for element, above in placed:
        rules = (_nesting(element, above), _in_form(element, above), RULES.get(element["tag"], _no_rule)(element))
        yield from (f"{_called(element)}: {problem}" for rule in rules for problem in rule)


def _walk(elements: list[JSON], above: tuple[str, ...] = ()) -> Iterator[tuple[JSON, tuple[str, ...]]]:
    """Every element with the tags above it, outermost first."""
    for element in elements:
        yield element, above
        inner = element["columns"] if element["tag"] == "column_set" else element.get("elements", [])
        yield from _walk(inner, (*above, element["tag"]))


def _tagged(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_tagged, value))
    if not isinstance(value, dict):
        return 0
    data = {"chart_spec", "rows", "value"}  # ours to fill: a "tag" in there is no element
    return ("tag" in value) + sum(_tagged(part) for key, part in value.items() if key not in data)


def _called(element: JSON) -> str:
    text = element.get("text")
    said = text.get("content") if isinstance(text, dict) else None
    return f"{element['tag']} {element.get('name') or element.get('element_id') or said or ''}".rstrip()


def _twice(what: str, values: Iterable[str]) -> Iterator[str]:
    yield from (f"{what} {value!r} stands {count} times" for value, count in Counter(values).items() if count > 1)


# --- section 3.4 ---


def _nesting(element: JSON, above: tuple[str, ...]) -> Iterator[str]:
    tag = element["tag"]
    if tag in ("form", "table") and above:
        yield f"stands only at the root, not in {above[-1]}"
    if tag in CONTAINERS and len(above) + 1 > MAX_NESTING:
        yield f"nested {len(above) + 1} deep, {MAX_NESTING} are allowed"
    if tag == "column_set" and above.count("column_set") >= MAX_COLUMN_SETS:
        yield f"{MAX_COLUMN_SETS} levels of column_set are allowed"
    if tag == "chart" and "form" in above:
        yield "the platform's pages disagree about a chart in a form: keep it out"


def _in_form(element: JSON, above: tuple[str, ...]) -> Iterator[str]:
    tag, inside = element["tag"], "form" in above
    if inside and tag in INTERACTIVE and not element.get("name"):
        yield "has no name, in a form every interactive element needs one (200530)"
    if not inside and tag.startswith("multi_select"):
        yield "belongs in a form"
    if tag != "button":
        return
    if inside and "form_action_type" not in element:
        yield "in a form a button needs a form_action_type"
    if not inside and "form_action_type" in element:
        yield "form_action_type belongs in a form"
    if not inside and not element.get("behaviors"):
        yield "does nothing when pressed: behaviors are missing"


# --- section 3.5, one rule a component ---


def _no_rule(element: JSON) -> Iterator[str]:
    yield from ()


def _form(form: JSON) -> Iterator[str]:
    inner = [element for element, _ in _walk(form["elements"])]
    if not any(element.get("form_action_type") == "submit" for element in inner):
        yield "has no submit button"


def _markdown(element: JSON) -> Iterator[str]:
    if (tables := len(MARKDOWN_TABLE.findall(element["content"]))) > 4:
        yield f"{tables} tables, 4 are allowed"


def _input(element: JSON) -> Iterator[str]:
    most = element.get("max_length", MAX_TYPED)
    if (typed := len(element.get("default_value", ""))) > most:
        yield f"default_value of {typed} characters, max_length is {most}"
    yield from _placeholder(element)


def _placeholder(element: JSON) -> Iterator[str]:
    if (length := len(element.get("placeholder", {}).get("content", ""))) > MAX_WORDS:
        yield f"placeholder of {length} characters, {MAX_WORDS} are allowed"


def _select(element: JSON) -> Iterator[str]:
    values = [option["value"] for option in element["options"]]
    yield from _twice("option", values)
    chosen = [*element.get("selected_values", ())] + [element[k] for k in ("initial_option",) if k in element]
    everybody = element["tag"].endswith("person") and not values
    if not everybody:
        yield from (f"{value!r} is chosen but is no option" for value in chosen if value not in values)
    if element.get("initial_index", 0) > len(values):
        yield f"initial_index {element['initial_index']}, there are {len(values)} options"
    yield from _placeholder(element)


def _picker(element: JSON) -> Iterator[str]:
    if PICKERS[element["tag"]] not in element and "placeholder" not in element:
        yield "needs a placeholder or an initial value"
    yield from _placeholder(element)


def _overflow(element: JSON) -> Iterator[str]:
    yield from _twice("option", (option["value"] for option in element["options"]))
    if any(len(option["text"]["content"]) > MAX_WORDS for option in element["options"]):
        yield f"an option of more than {MAX_WORDS} characters"


def _table(element: JSON) -> Iterator[str]:
    kinds = {column["name"]: column.get("data_type", "text") for column in element["columns"]}
    yield from _twice("column", (column["name"] for column in element["columns"]))
    for number, row in enumerate(element["rows"]):
        for name, cell in row.items():
            if name not in kinds:
                yield f"row {number}: there is no column {name!r}"
            elif not CELLS.get(kinds[name], _is_text)(cell):
                yield f"row {number}: {cell!r} is no {kinds[name]}"


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str)


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _is_date(cell: Any) -> bool:
    return isinstance(cell, int) and not isinstance(cell, bool)


def _are_options(cell: Any) -> bool:
    return isinstance(cell, list) and all(isinstance(o, dict) and {"text"} <= set(o) <= {"text", "color"} for o in cell)


def _are_persons(cell: Any) -> bool:
    people = cell if isinstance(cell, list) else [cell]
    return all(isinstance(person, str) and person.startswith("ou_") for person in people)


CELLS: dict[str, Callable[[Any], bool]] = {
    "number": _is_number,
    "date": _is_date,
    "options": _are_options,
    "persons": _are_persons,
}
RULES: dict[str, Callable[[JSON], Iterator[str]]] = {
    "form": _form,
    "markdown": _markdown,
    "input": _input,
    "overflow": _overflow,
    "table": _table,
    **dict.fromkeys(SELECTS, _select),
    **dict.fromkeys(PICKERS, _picker),
}
