"""The program in this process with DingTalk at its other end, and a company that lives there."""

from __future__ import annotations

from conftest import Company, Inside
from ding_world import GROUP, DingTalk
from models.work import Works
from standins.dingtalk_api import DingTalkApi
from world import HandClock

__all__ = ["GROUP", "Company", "InsideDingTalk"]


class InsideDingTalk(Inside):
    def __init__(self, works: Works, ding: DingTalkApi, clock: HandClock, template: str) -> None:
        super().__init__(works, DingTalk(ding, template), clock)
        self.ding = ding
