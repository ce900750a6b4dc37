"""Pictures go to a host of their own at DingTalk: one that is out of reach holds no message up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot import dingtalk
from bot.posting import to_person
from bot.sending import Sender
from cards.kit import Card, Image, Text
from ding_company import Company, InsideDingTalk
from models import delivery
from models.outbox import Lane
from models.settings import Settings
from models.work import Work, Works
from standins.dingtalk_api import DingTalkApi
from world import HandClock

CARD = Card("问卷", (Text("请扫码"), Image("https://crm.example.com/survey/abc", "二维码")))


@pytest.fixture
def company(works: Works, clock: HandClock) -> Iterator[Company]:
    with DingTalkApi(clock=lambda: clock().timestamp()) as api:
        yield Company(InsideDingTalk(works, api, clock, ""))


def test_where_the_host_of_pictures_is_out_of_reach_messages_go_out_all_the_same(
    company: Company, works: Works
) -> None:
    section = company.keban.end.section | {"oapi_base": "http://127.0.0.1:9"}
    platform = dingtalk.platform(Settings.model_validate({"dingtalk": section}).dingtalk, works)
    assert platform
    sender, me = Sender(works, replace(platform, limits=())), company.make.me("王敏").id

    def promise(work: Work) -> None:
        for _ in range(6):
            to_person(work, me, CARD, "survey", Lane.ANSWER)

    works.perform(promise)
    assert sender.drain() == 6
    assert ["请扫码" in each.text and "二维码" not in each.text for each in company.rep.seen()] == [True] * 6
    with works.write() as work:
        assert not delivery.pace_of(work, "dingtalk").broken
