"""The Feishu card schema takes the worked examples and names each single mistake."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from standins import feishu_schema

JSON = dict[str, Any]
DATA = Path(__file__).parent / "data"
EXAMPLES: dict[str, JSON] = json.loads((DATA / "feishu_examples.json").read_text("utf-8"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_worked_example_has_no_problem(name: str) -> None:
    assert feishu_schema.check(EXAMPLES[name]) == []


APPROVAL, FORM, CHART = "approval", "form", "chart_and_table"
T = {"tag": "plain_text", "content": "x"}
FORM_FIELDS = "body elements 1 elements"
DELETE = object()
MUTATIONS: list[tuple[str, str, Any, str]] = [
    (APPROVAL, "schema", "1.0", "none of 2.0"),
    (APPROVAL, "elements", [], "unknown property 'elements'"),
    (APPROVAL, "config update_multi", False, "only true"),
    (APPROVAL, "config wide_screen_mode", True, "unknown property"),
    (APPROVAL, "header title", DELETE, "title is missing"),
    (APPROVAL, "header template", "pink", "'pink'"),
    (APPROVAL, "header text_tag_list", [{"tag": "text_tag", "text": T}] * 4, "4 entries"),
    (APPROVAL, "body elements 2", {"tag": "note", "elements": []}, "'note' is not allowed"),
    (APPROVAL, "body elements 2", {"tag": "action", "actions": []}, "'action' is not allowed"),
    (APPROVAL, "body elements 1 text_size", "huge", "'huge'"),
    (APPROVAL, "body elements 4 text text_color", "#ff0000", "a colour name"),
    (APPROVAL, "body elements 3 flex_mode", "wrap", "'wrap'"),
    (APPROVAL, "body elements 3 columns 0 width", "5px", "16px to 600px"),
    (APPROVAL, "body elements 3 columns 0 weight", 6, "from 1 to 5"),
    (APPROVAL, "body elements 3 columns 0 tag", "div", "'div' is not allowed"),
    (APPROVAL, "body elements 3 columns 0 elements 0 type", "success", "'success'"),
    (APPROVAL, "body elements 3 columns 0 elements 0 size", "huge", "'huge'"),
    (APPROVAL, "body elements 3 columns 0 elements 0 text", DELETE, "text is missing"),
    (APPROVAL, "body elements 3 columns 0 elements 0 value", {}, "unknown property 'value'"),
    (APPROVAL, "body elements 3 columns 0 elements 0 behaviors 0 value", "approve", "not an object"),
    (APPROVAL, "body elements 3 columns 0 elements 0 behaviors", DELETE, "behaviors are missing"),
    (APPROVAL, "body elements 3 columns 0 elements 0 element_id", "btn_reject", "stands 2 times"),
    (APPROVAL, "body elements 3 columns 0 elements 0 element_id", "1st", "a letter followed"),
    (APPROVAL, "body elements 3 columns 0 elements 0 form_action_type", "submit", "belongs in a form"),
    (APPROVAL, "body elements 3 columns 1 elements 0 confirm title", DELETE, "title is missing"),
    (
        APPROVAL,
        "body elements 3 columns 0 elements 0",
        {"tag": "form", "name": "f", "elements": []},
        "only at the root",
    ),
    (FORM, "body elements 1 name", "", "something in it"),
    (FORM, f"{FORM_FIELDS} 0 name", DELETE, "has no name"),
    (FORM, f"{FORM_FIELDS} 0 name", "stage", "stands 2 times"),
    (FORM, f"{FORM_FIELDS} 0 name", "form_followup", "stands 2 times"),
    (FORM, f"{FORM_FIELDS} 0 max_length", 1001, "from 1 to 1000"),
    (FORM, f"{FORM_FIELDS} 0 default_value", "长" * 1001, "max_length is 1000"),
    (FORM, f"{FORM_FIELDS} 0 placeholder content", "长" * 101, "placeholder of 101"),
    (FORM, f"{FORM_FIELDS} 0 input_type", "number", "'number'"),
    (FORM, f"{FORM_FIELDS} 1 options 1 value", "qualify", "stands 2 times"),
    (FORM, f"{FORM_FIELDS} 1 initial_index", 3, "there are 2 options"),
    (FORM, f"{FORM_FIELDS} 1 initial_option", "won", "is no option"),
    (FORM, f"{FORM_FIELDS} 2 placeholder", DELETE, "needs a placeholder"),
    (FORM, f"{FORM_FIELDS} 2 initial_datetime", "2026-01-05T14:30", "yyyy-MM-dd HH:mm"),
    (FORM, f"{FORM_FIELDS} 3 columns 0 elements 0 form_action_type", DELETE, "no submit button"),
    (FORM, f"{FORM_FIELDS} 3 columns 0 elements 0 name", DELETE, "has no name"),
    (FORM, f"{FORM_FIELDS} 0", {"tag": "table", "columns": [{"name": "a"}], "rows": []}, "only at the root"),
    (FORM, f"{FORM_FIELDS} 0", {"tag": "chart", "chart_spec": {"type": "pie"}}, "keep it out"),
    (FORM, "body elements 0", {"tag": "multi_select_static", "options": []}, "belongs in a form"),
    (FORM, "body elements 0 content", "| a | b |\n| --- | --- |\n\n" * 5, "5 tables"),
    (CHART, "body elements 2 page_size", 11, "from 1 to 10"),
    (CHART, "body elements 2 columns", [{"name": f"c{n}"} for n in range(51)], "51 entries"),
    (CHART, "body elements 2 columns 1 data_type", "money", "'money'"),
    (CHART, "body elements 2 rows 0 amount", "1800000", "no number"),
    (CHART, "body elements 2 rows 0 region", "华东", "no column 'region'"),
    (CHART, "body elements 1 aspect_ratio", "3:2", "'3:2'"),
    (CHART, "body elements 1 chart_spec", {"data": {}}, "with a type"),
    (CHART, "body elements", [{"tag": "chart", "chart_spec": {"type": "pie"}}] * 6, "6 of chart"),
    (CHART, "body elements", [{"tag": "div", "text": T}] * 100, "objects with a tag"),
    (CHART, "body elements", [{"tag": "markdown", "content": "长" * 10_300}], "30720 are allowed"),
]


def mutated(card: JSON, path: str, value: Any) -> JSON:
    changed = copy.deepcopy(card)
    *way, last = [int(step) if step.isdigit() else step for step in path.split()]
    place: Any = changed
    for step in way:
        place = place[step]
    if value is DELETE:
        del place[last]
    else:
        place[last] = value
    return changed


@pytest.mark.parametrize(("name", "path", "value", "problem"), MUTATIONS)
def test_one_mistake_is_named(name: str, path: str, value: Any, problem: str) -> None:
    assert problem in "\n".join(feishu_schema.check(mutated(EXAMPLES[name], path, value)))


def in_column(*elements: JSON) -> JSON:
    return {"tag": "column_set", "columns": [{"tag": "column", "elements": list(elements)}]}


def test_containers_nest_five_deep_and_no_deeper() -> None:
    def card(levels: int) -> JSON:
        element: JSON = {"tag": "hr"}
        for _ in range(levels):
            element = {"tag": "collapsible_panel", "header": {"title": T}, "elements": [element]}
        return {"schema": "2.0", "body": {"elements": [element]}}

    assert feishu_schema.check(card(5)) == []
    assert "nested 6 deep" in feishu_schema.check(card(6))[0]


def test_a_column_set_holds_another_but_not_a_third() -> None:
    two = in_column(in_column({"tag": "hr"}))
    assert feishu_schema.check({"schema": "2.0", "body": {"elements": [two]}}) == []
    assert feishu_schema.check({"schema": "2.0", "body": {"elements": [in_column(two)]}}) != []


def test_exactly_two_hundred_tags_are_fine() -> None:
    card = {"schema": "2.0", "body": {"elements": [{"tag": "div", "text": T}] * 100}}
    assert feishu_schema.check(card) == []


def test_size_counts_bytes_as_a_string_of_json() -> None:
    assert feishu_schema.size({"a": "客"}) == len('"{\\"a\\":\\"客\\"}"'.encode())
