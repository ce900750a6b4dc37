"""Trouble to order at the playground: what waits comes, what is refused is tried again, nothing is lost."""

from __future__ import annotations

import pytest

from models import playground_faults
from models.work import Work
from test_playground import LINE, Stage, settings, stage, state_of
from world import HandClock

__all__ = ["settings", "stage"]


def test_while_the_platform_is_down_messages_wait_and_then_come_in_their_order(stage: Stage, clock: HandClock) -> None:
    down = {"down": True, "expired": False, "waiting": 0, "renewed": 0}
    assert stage.post("fault", {"name": "down", "on": True})["faults"] == down
    stage.says("wangmin", LINE)
    stage.says("wangmin", "/帮助 跟进", "t2")
    clock.forward(seconds=10)
    stage.settle()
    assert [row["account"] for row in stage.shown()] == ["wangmin", "wangmin"], "nothing but what she said"
    assert state_of(stage)["faults"]["waiting"] == 3
    assert stage.post("fault", {"name": "down", "on": False})["faults"]["waiting"] == 0
    clock.forward(seconds=10)
    stage.settle()
    assert [row["face"]["title"] for row in stage.shown("wangmin")[2:]] == ["待审核 · 华星科技有限公司", "怎么用 /跟进"]
    assert len(stage.shown("zhaoqiang")) == 1


def test_an_expired_token_is_renewed_once_and_nobody_notices(stage: Stage) -> None:
    assert stage.post("fault", {"name": "token", "on": True})["faults"]["expired"]
    stage.says("wangmin", LINE)
    assert len(stage.shown("wangmin")) == 2 and len(stage.shown("zhaoqiang")) == 1
    assert state_of(stage)["faults"] == {"down": False, "expired": False, "waiting": 0, "renewed": 1}


def test_a_fault_that_begins_while_a_token_is_renewed_loses_nothing(
    stage: Stage, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.post("fault", {"name": "token", "on": True})
    renew = playground_faults.renew

    def at_the_same_time(work: Work) -> None:
        renew(work)
        playground_faults.switch(work, playground_faults.DOWN, on=True)

    with monkeypatch.context() as once:
        once.setattr(playground_faults, "renew", at_the_same_time)
        stage.says("wangmin", "/帮助 跟进")
    assert len(stage.shown("wangmin")) == 1 and state_of(stage)["faults"]["waiting"] == 1
    stage.post("fault", {"name": "down", "on": False})
    clock.forward(seconds=5)
    stage.settle()
    assert [row["face"]["title"] for row in stage.shown("wangmin")[1:]] == ["怎么用 /跟进"]


@pytest.mark.parametrize("asked", [None, [], {}, {"name": "fire", "on": True}, {"name": ["down"], "on": True}])
def test_a_fault_that_does_not_exist_is_refused(stage: Stage, asked: object) -> None:
    answer = stage.client.post("/playground/fault", json=asked)
    assert answer.status_code == 409 and answer.get_json()["error"]
    assert not state_of(stage)["faults"]["down"]
