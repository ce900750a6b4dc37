"""What stands on the form page and what is typed there: any text, whole and as text; limits beside their fields."""

from __future__ import annotations

import html
import re
from typing import Any

from sqlalchemy import select

import test_form_page
from bot import web
from bot.event import Event, Press
from cards.follow_ups import FORM
from cards.gallery import gallery
from cards.kit import Bars, Button, Buttons, Card, Fields, Form, Input, Link, Note, Select, Text, TextArea, Warn
from conftest import ON_SQLITE, Company
from models.tables import FollowUp
from test_entry import stored
from test_form_page import SAID, STRICT, everything, get, kit_action, opens, send, shown
from test_hostile_text import NASTY

huaxing = test_form_page.huaxing
SELECTS = Select("s", "选", (("1", "一"), ("2", "二")))
MIXED = Card(
    "题", (Form((Input("a", "甲", "", True, most=4), TextArea("b", "乙"), SELECTS), Button("交", kit_action("/跟进"))),)
)
WRONG = [
    ({}, "请填写。"),
    ({"a": " \t\r\n\0"}, "请填写。"),
    ({"a": "五个字太长"}, "最多 4 字，现在 5 字"),
    ({"a": "𠮷" * 5}, "最多 4 字，现在 5 字"),
    ({"b": "长" * 5000}, "最多 1000 字，现在 5000 字"),
    ({"b": "😀" * 5000}, "最多 1000 字，现在 5000 字"),
    ({"s": "3"}, "请从列表里选一个"),
    ({"s": "一"}, "请从列表里选一个"),
]


@ON_SQLITE
def test_what_cannot_be_taken_is_told_beside_its_field_and_stays_on_the_page(huaxing: Company) -> None:
    where = opens(huaxing, MIXED)
    before = everything(huaxing)
    for said, why in WRONG:
        said = {"a": "", "b": "打字<script>"} | said if why == "请填写。" else {"a": "甲", "b": "打字<script>"} | said
        got = send(huaxing, where, said)
        assert got.status_code == 422 and why in shown(got) and "还没有提交" in shown(got), said
        for name in ("a", "b"):
            assert said[name].strip(" \t\r\n\0") in html.unescape(got.text), name
        assert "<script" not in got.text and got.text.count('aria-invalid="true"') == 1
    big = send(huaxing, where, {"a": "甲", "b": "大" * 100_000})
    assert big.status_code == 413 and "太长" in shown(big)
    assert everything(huaxing) == before


SAID_PLAIN = {field.name: SAID.get(field.name, "") for field in FORM}


def test_texts_of_any_kind_arrive_as_they_were_typed(huaxing: Company) -> None:
    taken: list[Press] = []

    def dispatch(event: Event) -> dict[str, Any]:
        assert event.press
        taken.append(event.press)
        return {}

    client = web.create({}, dispatch, huaxing.keban.works).test_client()
    for said in (*NASTY.values(), "𠮷" * 1000, "😀" * 1000):
        words = said.replace("\r\n", "\n").strip()
        assert send(huaxing, opens(huaxing), SAID | {"content": said}, client).status_code == 200
        assert taken.pop().form == SAID_PLAIN | {"content": words}


def test_signs_that_no_database_takes_do_no_harm(huaxing: Company) -> None:
    got = huaxing.keban.client.post(
        opens(huaxing),
        data=b"customer=%E5%8D%8E%E6%98%9F%E7%A7%91%E6%8A%80&content=a%00b%ff%ed%a0%80",
        content_type="application/x-www-form-urlencoded",
    )
    (content,) = stored(huaxing, select(FollowUp.content))
    assert got.status_code == 200 and content.startswith("ab") and "\0" not in content


@ON_SQLITE
def test_what_stands_in_a_card_is_shown_as_text(huaxing: Company) -> None:
    for nasty in (*NASTY.values(), "长" * 5000, "𠮷😀" * 2500):
        line = nasty.replace("\n", " ").replace("\r", "")
        fields = (
            Input("a", f"甲{line}", line, True, line[:100], error=line),
            TextArea("b", "乙", nasty),
            Select("c", "丙", (("1", line), (line, "二")), line),
        )
        bars = Bars(f"图{line}", ((line, 3),))
        body = (
            Text(nasty),
            Note(nasty),
            Warn(nasty),
            Fields.of((line, nasty)),
            bars,
            Link("看", "https://example.com/"),
        )
        buttons = Buttons.of(Button("返回", kit_action("/帮助")))
        card = Card(f"题{line}", (*body, Form(fields, Button("交", kit_action("/跟进"))), buttons))
        page = get(huaxing, opens(huaxing, card))
        assert page.status_code == 200
        kept = html.unescape(re.sub(r"<br>", "\n", page.text)).replace("\r\n", "\n")
        assert kept.count(line) >= 11 and kept.count(nasty.replace("\r\n", "\n")) >= 5
        assert not re.search(r"<(script|img|font|at|a (?!class=\"link\"))", page.text) and "返回" not in page.text
        assert re.findall(r"<option[^>]* selected>", page.text) and 'href="https://example.com/"' in page.text


@ON_SQLITE
def test_every_form_there_is_fits_on_a_page_and_every_answer_is_strict(huaxing: Company) -> None:
    found = [card for card in gallery().values() if any(isinstance(part, Form) for part in card.body)]
    assert len(found) > 10
    answers = [get(huaxing, opens(huaxing, card)) for card in found]
    (mixed, used, late) = (opens(huaxing, MIXED), opens(huaxing), opens(huaxing))
    answers += [
        send(huaxing, mixed, {"b": "字" * 5000}),
        send(huaxing, used),
        get(huaxing, used),
        get(huaxing, "/form/x"),
    ]
    answers.append(send(huaxing, used, {"b": "字" * 100_000}))
    huaxing.keban.clock.forward(minutes=10)
    answers.append(send(huaxing, late))
    assert [got.status_code for got in answers] == [200] * len(found) + [422, 200, 410, 404, 413, 410]
    for got in answers:
        assert re.fullmatch(STRICT, got.headers["Content-Security-Policy"])
        assert got.headers["Referrer-Policy"] == "no-referrer" and got.headers["Cache-Control"] == "no-store"
        assert got.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert len(got.data) < 60_000 and "Set-Cookie" not in got.headers and "<script" not in got.text
