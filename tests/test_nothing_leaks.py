"""Contact data typed into whatever takes words (P4, P5): none of it lies clear in the database, a log or a group.

What is said and filled in is taken from the router, so that a new command or form is among it by itself; one that
nothing here knows how to reach fails.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, select

from conftest import ON_SQLITE, Company, Inside
from models.tables import (
    Complaint,
    Customer,
    FollowUp,
    PrivateValue,
    Survey,
)
from models.work import Works
from test_entry import count as rows_of
from test_entry import stored
from test_private_data import kept
from test_story import opened
from typing_everywhere import MOBILES, TRACES, TYPED, Story
from world import GROUP, HandClock


def spelled(trace: str) -> set[str]:
    """All that a trace may look like in a file, a log line or an address."""
    escaped, raw = json.dumps(trace)[1:-1], trace.encode()
    return {trace, escaped, escaped.replace("\\", "\\\\"), quote(trace), raw.hex()}


SIGNS = frozenset(sign for trace in TRACES for sign in spelled(trace))


def leaks(where: str, raw: bytes) -> list[tuple[str, str]]:
    return [(where, sign) for sign in SIGNS if sign.encode() in raw]


@contextmanager
def listened(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What is logged, as it is written."""
    with caplog.at_level(logging.DEBUG):
        lines: list[str] = []
        yield lines
        lines += [each.getMessage() + str(each.exc_text or "") for each in caplog.records]


def test_whatever_is_typed_at_feishu_is_clear_in_no_database_log_or_group(
    company: Company, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with listened(caplog) as lines:
        story = Story(company)
        story.says_everything()
        story.fills_everything()
        story.comments()
    assert [each for where, raw in kept(engine) for each in leaks(where, raw)] == []
    assert [each for line in lines for each in leaks(line, line.encode())] == []
    shown = [json.dumps(face, ensure_ascii=False) for each in story.rep.inbox(GROUP) for face in each.history]
    assert [each for face in shown for each in leaks(face, face.encode())] == [] and len(shown) > 100
    for table in (FollowUp, Complaint, Survey, Customer):
        assert rows_of(company, table) >= len(TYPED), "it was typed where it is kept"
    assert {*stored(company, select(PrivateValue.kind))} == {"mobile", "email", "id_number"}


@pytest.mark.parametrize(
    ("database_url", "mode"),
    [("sqlite", "words"), ("postgresql", "words"), ("sqlite", "card")],
    indirect=["database_url"],
)
def test_whatever_is_said_at_dingtalk_is_clear_in_no_database_log_or_group(
    works: Works, clock: HandClock, engine: Engine, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    with listened(caplog) as lines, opened(mode, clock=lambda: clock().timestamp()) as end:
        story = Story(Company(Inside(works, end, clock)))
        story.says_everything()
        shown = "\n".join(each.text for each in story.rep.seen(group=True))
    assert [each for where, raw in kept(engine) for each in leaks(where, raw)] == []
    assert [each for line in lines for each in leaks(line, line.encode())] == []
    assert leaks("group", shown.encode()) == [] and shown.count("\n") > 100


@ON_SQLITE
def test_a_number_searched_for_in_a_group_stands_in_no_button_there(company: Company) -> None:
    for number in range(11):
        company.make.customer("王敏", f"来客{number}号")
    assert company.rep.says("/查 来客", group=True).title == "找到 11 个"
    assert company.rep.says(f"/查 {MOBILES[0]}", group=True).title == "已私信给你"
    found = company.rep.last("找到 11 个")
    assert "下一页" in found.buttons
    assert leaks("group", json.dumps([each.history for each in company.rep.inbox(GROUP)]).encode()) == []
