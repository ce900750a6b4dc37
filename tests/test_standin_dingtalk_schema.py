"""The strict validator refuses what DingTalk does not know or does not draw, and takes what it does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from standins import dingtalk_schema as schema
from standins.dingtalk_bot import BUTTONS, FORM

JSON = dict[str, Any]
DTMD = "dtmd://dingtalkclient/sendMessage?content="
AGREE = f"{DTMD}%E5%90%8C%E6%84%8F%20D-1"
LINKS = "dingtalk://dingtalkclient"


@pytest.mark.parametrize(
    "text",
    [
        "#### 标题 \n > 引用 \n - 项\n 1. 项",
        "**粗** *斜* [去](https://a.cn/x?y=1) ![图](https://a.cn/x.png) ![图](@abc)",
        "<font color='#ff0000'>红</font> <font color=common_blue1_color>蓝</font>",
        "a < b，3 > 2，a | b - c，&lt;b&gt;",
        f"[同意]({AGREE})",
    ],
)
def test_the_markdown_that_is_drawn_is_taken(text: str) -> None:
    assert list(schema.markdown(text, "text")) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("| a | b |\n|---|---|\n| 1 | 2 |", "tables"),
        ("a | b\n:--- | ---:\n1 | 2", "tables"),
        ("```\nx\n```", "code fences"),
        ("~~~\nx\n~~~", "code fences"),
        ("<b>x</b>", "HTML"),
        ("x<br>y", "HTML"),
        ("<!-- x -->", "HTML"),
        ("<font color=red size=3>x</font>", "HTML"),
        ("<font color=red>x", "do not match"),
        ("x</font><font color=red>", "do not match"),
        ("[x](javascript:alert)", "no address"),
        (f"[x]({DTMD}同意)", "percent-encoded"),
        (" ", "no text"),
        (None, "no text"),
    ],
)
def test_the_markdown_that_is_not_drawn_is_refused(text: Any, problem: str) -> None:
    assert problem in "".join(schema.markdown(text, "text"))


def test_words_to_say_do_not_stand_in_the_markdown_of_a_card() -> None:
    assert list(schema.card_markdown("[去](https://a.cn)", "text")) == []
    assert "no address" in "".join(schema.card_markdown(f"[同意]({AGREE})", "text"))


@pytest.mark.parametrize(
    "url",
    [
        AGREE,
        "https://a.cn/x",
        f"{LINKS}/page/link?url=https%3A%2F%2Fa.cn%2Fx&pc_slide=true",
        f"{LINKS}/page/link?url=https%3A%2F%2Fa.cn&popup_wnd=true&title=x&width=1&height=2",
        f"{LINKS}/action/im_open_hybrid_panel?panelHeight=percent83&hybridType=online&pageUrl=https%3A%2F%2Fa.cn",
        f"{LINKS}/action/openapp?corpid=d&container_type=work_platform&app_id=0_1&redirect_url=https%3A%2F%2Fa.cn",
    ],
)
def test_a_link_that_opens_is_taken(url: str) -> None:
    assert list(schema.link(url, "url")) == []


@pytest.mark.parametrize(
    "url",
    [
        DTMD,
        f"{DTMD}a+b",
        f"{DTMD}%E5%90",
        f"{DTMD}x&y=1",
        "dtmd://dingtalkclient/other",
        "/form/abc",
        "ftp://a.cn/x",
        "https://a.cn/x y",
        f"{LINKS}/page/link?url=https%3A%2F%2Fa.cn&slide=true",
        f"{LINKS}/page/link?pc_slide=true",
        f"{LINKS}/page/other?url=https%3A%2F%2Fa.cn",
        None,
    ],
)
def test_a_link_that_does_not_open_is_refused(url: Any) -> None:
    assert list(schema.link(url, "url"))


ACTION = {"title": "t", "text": "x"}
BTN = {"title": "同意", "actionURL": AGREE}
MESSAGES: list[tuple[JSON, str]] = [
    ({"msgtype": "text", "text": {"content": "x"}}, ""),
    ({"msgtype": "text", "text": {"content": "@u1 x"}, "at": {"atUserIds": ["u1"], "isAtAll": False}}, ""),
    ({"msgtype": "markdown", "markdown": {"title": "t", "text": "@138001 x"}, "at": {"atMobiles": ["138001"]}}, ""),
    ({"msgtype": "link", "link": {"title": "t", "text": "x", "messageUrl": "https://a.cn", "picUrl": ""}}, ""),
    ({"msgtype": "actionCard", "actionCard": {**ACTION, "btns": [BTN] * 9, "btnOrientation": "1"}}, ""),
    ({"msgtype": "actionCard", "actionCard": {**ACTION, "singleTitle": "看", "singleURL": "https://a.cn"}}, ""),
    ({"msgtype": "feedCard", "feedCard": {"links": [{"title": "t", "messageURL": AGREE, "picURL": "@a"}]}}, ""),
    ({"msgtype": "text", "text": {"content": ""}}, "something in it"),
    ({"msgtype": "text", "text": {"content": "x"}, "at": {"atUserIds": ["u1"]}}, "does not contain @u1"),
    (
        {
            "msgtype": "text",
            "text": {"content": "".join(f"@u{n}" for n in range(51))},
            "at": {"atUserIds": [f"u{n}" for n in range(51)]},
        },
        "51 people",
    ),
    ({"msgtype": "text", "text": {"content": "x"}, "msgUuid": "1"}, "unknown property 'msgUuid'"),
    ({"msgtype": "markdown", "markdown": {"text": "x"}}, "title is missing"),
    ({"msgtype": "actionCard", "actionCard": ACTION}, "either"),
    ({"msgtype": "actionCard", "actionCard": {**ACTION, "singleTitle": "看"}}, "either"),
    (
        {"msgtype": "actionCard", "actionCard": {**ACTION, "btns": [BTN], "singleTitle": "看", "singleURL": AGREE}},
        "either",
    ),
    ({"msgtype": "actionCard", "actionCard": {**ACTION, "btns": []}}, "0 entries"),
    ({"msgtype": "actionCard", "actionCard": {**ACTION, "btns": [BTN], "btnOrientation": 1}}, "none of 0 1"),
    ({"msgtype": "actionCard", "actionCard": {**ACTION, "btns": [{"title": "x", "actionUrl": AGREE}]}}, "actionUrl"),
    ({"msgtype": "actionCard", "actionCard": {**ACTION, "btns": [BTN]}, "at": {}}, "unknown property 'at'"),
    ({"msgtype": "empty"}, "not allowed here"),
]


@pytest.mark.parametrize(("body", "problem"), MESSAGES)
def test_a_message_by_session_is_taken_or_refused_with_its_place(body: JSON, problem: str) -> None:
    found = schema.message(body)
    assert problem in "".join(found) if problem else found == []


def test_silence_is_an_answer_but_no_message() -> None:
    assert schema.message({"msgtype": "empty"}, schema.ANSWER) == []


PARAMS: list[tuple[str, JSON, str]] = [
    ("sampleAudio", {"mediaId": "@a", "duration": "4000"}, ""),
    ("sampleFile", {"mediaId": "@a", "fileName": "a.pdf", "fileType": "pdf"}, ""),
    ("sampleVideo", {"duration": "4", "videoMediaId": "@a", "videoType": "mp4"}, ""),
    ("sampleImageMsg", {"photoURL": "https://a.cn/x.png"}, ""),
    ("sampleLink", {"title": "t", "text": "x", "picUrl": "@a", "messageUrl": "https://a.cn"}, ""),
    ("sampleFile", {"mediaId": "@a", "fileName": "a.exe", "fileType": "exe"}, "none of"),
    ("sampleFile", {"mediaId": "a", "fileName": "a.pdf", "fileType": "pdf"}, "a mediaId"),
    ("sampleImageMsg", {"photoURL": "x.png"}, "no address"),
    ("sampleText", {"content": "x", "at": []}, "unknown property 'at'"),
    ("sampleActionCard6", {**ACTION, "buttonTitle1": "x", "buttonUrl1": AGREE}, "buttonTitle2 is missing"),
    ("sampleActionCard2", {**ACTION, **{f"actionTitle{n}": "x" for n in (1, 2)}}, "actionURL1 is missing"),
]


@pytest.mark.parametrize(("key", "params", "problem"), PARAMS)
def test_the_params_of_a_message_are_taken_or_refused(key: str, params: JSON, problem: str) -> None:
    found = list(schema.PARAMS[key](params, "msgParam"))
    assert problem in "".join(found) if problem else found == []


def value_problems(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return "".join(schema.values({name: text}, schema.EVERY_VARIABLE, "data"))


APPROVE = BUTTONS[0]


@pytest.mark.parametrize(
    ("buttons", "problem"),
    [
        (BUTTONS, ""),
        ([], ""),
        ([{**APPROVE, "request": False}], "request is not true"),
        ([{"text": "x", "id": "a", "params": {"id": "a"}}], "request"),
        ([{**APPROVE, "params": {"id": "other"}}], "params.id has to be the id"),
        ([{**APPROVE, "params": {"deal": "D-1"}}], "params.id has to be the id"),
        ([{**APPROVE, "params": {"id": "approve", "deal": 1}}], "deal: 1 is not"),
        ([{**APPROVE, "params": []}], "not an object"),
        ([{**APPROVE, "color": "pink"}], "none of"),
        ([{**APPROVE, "status": "x"}], "unknown property"),
        ([APPROVE, APPROVE], "stands 2 times"),
        ([{"text": "x", "url": AGREE}], "no address"),
        ([{**APPROVE, "url": "https://a.cn"}], "unknown property"),
        (["x"], "not an object"),
    ],
)
def test_a_button_of_the_template_does_something_and_says_which_it_is(buttons: Any, problem: str) -> None:
    found = value_problems("sys_full_json_obj", {"msgButtons": buttons})
    assert problem in found if problem else found == ""


FIELD = {"name": "a", "label": "甲", "type": "TEXT"}
OPTIONS = [{"value": "1", "text": "一"}, {"value": "2", "text": "二"}]
SELECT = {**FIELD, "type": "SELECT", "options": OPTIONS}
SEVERAL = {**SELECT, "type": "MULTI_SELECT"}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (FORM["fields"], ""),
        ([{**SEVERAL, "defaultValue": {"index": [1], "value": ["2"]}}], ""),
        ([{**SELECT, "type": "CHECKBOX_GROUP", "defaultValue": "2"}], ""),
        ([{**SELECT, "type": "MULTI_CHECKBOX_GROUP", "defaultValue": ["2"]}], ""),
        ([{**FIELD, "type": "TEXT_AREA", "minRows": 2, "maxRows": 6}], ""),
        ([{**FIELD, "type": "TIME", "defaultValue": "09:00"}], ""),
        ([], "0 entries"),
        ([{**FIELD, "type": "PHONE"}], "not allowed here"),
        ([{**FIELD, "maxLength": 3}], "unknown property"),
        ([{**FIELD, "required": "true"}], "not true or false"),
        ([{"name": "a", "type": "TEXT"}], "has no label"),
        ([FIELD, FIELD], "stands 2 times"),
        ([{**FIELD, "type": "SELECT"}], "options is missing"),
        ([{**FIELD, "type": "NUMBER", "defaultValue": "1"}], "not a number"),
        ([{**SELECT, "options": [OPTIONS[0]] * 2}], "stands 2 times"),
        ([{**SELECT, "defaultValue": {"index": 0, "value": "2"}}], "none of its options"),
        ([{**SEVERAL, "defaultValue": {"index": [0], "value": ["1", "2"]}}], "none of its options"),
        ([{**SELECT, "type": "CHECKBOX_GROUP", "defaultValue": "3"}], "none of its options"),
        ([{**SELECT, "type": "MULTI_CHECKBOX_GROUP", "defaultValue": ["3"]}], "none of its options"),
    ],
)
def test_a_form_has_the_fields_the_component_knows(fields: Any, problem: str) -> None:
    found = value_problems("form", {"fields": fields})
    assert problem in found if problem else found == ""


def test_the_state_of_a_form_is_one_of_two_and_json_is_json() -> None:
    assert value_problems("form_status", "disabled") == value_problems("form", "") == ""
    assert "none of" in value_problems("form_status", "done")
    assert "is no JSON" in value_problems("form", "{")
