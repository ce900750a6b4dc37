"""What is typed in the playground is as sealed as anywhere else (P5)."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine

from test_entry import ENTRY
from test_nothing_leaks import kept, leaks, listened
from test_playground import Stage, settings_with, stage
from typing_everywhere import TYPED, pairs

__all__ = ["stage"]  # a fixture


@pytest.mark.parametrize("settings", [settings_with()])
def test_what_the_playground_shows_is_sealed_where_it_lies(
    stage: Stage, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with listened(caplog) as lines:
        stage.says("wangmin", f"/新客户 {pairs(ENTRY)}")
        for number, typed in enumerate(TYPED):
            stage.says("wangmin", typed, f"plain{number}")
            stage.says("wangmin", f"/查 {typed}", f"find{number}")
            stage.says("zhaoqiang", f"/投诉 {ENTRY['客户全称']} {typed}", f"complaint{number}")
    assert leaks("page", json.dumps(stage.told(), ensure_ascii=False).encode()), "who typed it reads it there"
    assert [each for where, raw in kept(engine) for each in leaks(where, raw)] == []
    assert [each for line in lines for each in leaks(line, line.encode())] == []
