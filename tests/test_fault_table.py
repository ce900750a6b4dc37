"""Every way in which a platform can fail, and what becomes of the messages: each arrives once and in its order (O4).

Where a repetition would be a second message, at DingTalk without a template, tests/test_dingtalk_sending.py says for
each class what happens; a sender that freezes or is killed, tests/test_frozen.py and tests/kill.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.feishu.client import FeishuClient
from bot.platform import Platform
from bot.sending import Sender
from cards import kit
from cards.kit import Card, Text
from conftest import Company, Inside
from models import outbox
from models.outbox import Lane, Parcel
from models.pace import FAILURES, LONGEST_REST
from models.tables import Outbox, OutboxState
from models.work import Work, Works
from process import free_port
from test_story import opened
from world import HandClock

QPS = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
TITLES = ["甲", "乙", "丙"]
#: what goes wrong → how it is ordered at Feishu and at DingTalk's cards
FAULTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "429 with a reset": ({"code": 99991400, "status": 429}, {"code": QPS, "status": 429}),
    "400 with a code for the rate": ({"code": 11232, "status": 400}, {"code": QPS, "status": 400}),
    "403 with a code for the rate": ({"code": 99991400, "status": 403}, {"code": QPS, "status": 403}),
    "200 with a code": ({"code": 230020, "status": 200}, {"code": 90018, "status": 200}),
    "500": ({"status": 500}, {"status": 500}),
    "500 with a code": ({"code": 1663, "status": 500}, {"code": "system.error", "status": 500}),
    "502 and a page": ({"status": 502}, {"status": 502}),
    "200 and a page": ({"status": 200}, {"status": 200}),
    "an empty body": ({"status": 200, "empty": True}, {"status": 200, "empty": True}),
    "hung up": ({"drop": True}, {"drop": True}),
    "done, and hung up": ({"drop": True, "done": True}, {"drop": True, "done": True}),
    "done, and an empty body": ({"status": 200, "empty": True, "done": True},) * 2,
}


@pytest.fixture(params=["feishu", "card"])
def company(request: pytest.FixtureRequest, works: Works, clock: HandClock) -> Iterator[Company]:
    with opened(request.param, clock=lambda: clock().timestamp()) as end:
        yield Company(Inside(works, end, clock))


def promised(company: Company, *titles: str) -> None:
    """Messages to one person about one thing, and one about another."""

    def put(work: Work) -> None:
        me, name = company.make.me("王敏").id, company.keban.end.name
        for title in titles:
            card = kit.dumps(Card(title, (Text("看"),)))
            outbox.enqueue(work, Parcel("answer", card, "one", Lane.ANSWER, name, user_id=me))
        other = kit.dumps(Card("别的事", (Text("看"),)))
        outbox.enqueue(work, Parcel("answer", other, "another", Lane.ANSWER, name, user_id=me))

    company.keban.works.perform(put)


def arrived(company: Company) -> list[str]:
    return [seen.title for seen in company.rep.seen()]


def faulty(company: Company, times: int, fault: dict[str, Any]) -> None:
    path = "/im/v1/messages" if company.keban.end.name == "feishu" else "/createAndDeliver"
    company.keban.api.fail_next(times, path=path, **fault)


def sending(company: Company, platform: Platform) -> None:
    company.keban.sender = Sender(company.keban.works, platform)


@pytest.mark.parametrize("named", FAULTS)
def test_whatever_goes_wrong_for_a_while_each_message_arrives_once_and_in_its_order(
    company: Company, named: str
) -> None:
    faulty(company, 3, FAULTS[named][company.keban.end.name == "dingtalk"])
    promised(company, *TITLES)
    for _ in range(8):
        company.keban.settle()
        company.keban.clock.forward(seconds=8)
    company.keban.settle()
    assert [title for title in arrived(company) if title in TITLES] == TITLES
    assert sorted(arrived(company)) == sorted([*TITLES, "别的事"])


def test_a_platform_that_hangs_or_takes_no_connection_gets_it_once_when_it_is_back(
    works: Works, clock: HandClock
) -> None:
    with opened("feishu", clock=lambda: clock().timestamp()) as end:
        company = Company(Inside(works, end, clock))
        settings, well = company.keban.settings.feishu, company.keban.platforms["feishu"]
        nobody = settings.model_copy(update={"api_base": f"http://127.0.0.1:{free_port()}"})
        promised(company, *TITLES)
        sending(company, replace(well, client=FeishuClient(nobody, timeout=(0.5, 0.2))))
        company.keban.settle()
        assert arrived(company) == []
        clock.forward(seconds=5)
        faulty(company, 2, {"delay": 0.6, "status": 200, "done": True})
        sending(company, replace(well, client=FeishuClient(settings, timeout=(0.5, 0.2))))
        company.keban.settle()
        clock.forward(seconds=10)
        sending(company, well)
        company.keban.settle()
        assert [title for title in arrived(company) if title in TITLES] == TITLES and len(arrived(company)) == 4


def test_a_token_that_ends_between_two_messages_is_renewed(company: Company) -> None:
    promised(company, "甲")
    company.keban.settle()
    api = company.keban.api
    api.revoke_tokens() if company.keban.end.name == "feishu" else api.expire_tokens()
    promised(company, "乙")
    company.keban.settle()
    assert arrived(company) == ["甲", "别的事", "乙", "别的事"]


def test_a_platform_that_is_down_for_an_hour_is_asked_seldom_and_then_gets_everything(
    company: Company, works: Works
) -> None:
    keban = company.keban
    faulty(company, 10_000, {"status": 503})
    promised(company, *TITLES)
    before = keban.api.calls
    for _ in range(360):
        keban.forward(seconds=10)
    asked = keban.api.calls - before
    assert FAILURES <= asked <= FAILURES + 3600 / LONGEST_REST + 10, asked
    promised(company, "丁")
    keban.api.mend()
    keban.forward(seconds=LONGEST_REST * 1.3)
    assert [title for title in arrived(company) if title != "别的事"] == [*TITLES, "丁"], "at once, in their order"
    with works.read() as work:
        assert work.run(select(func.count()).where(Outbox.state != OutboxState.SENT)).scalar() == 0


def test_one_that_is_refused_for_good_leaves_the_others_alone(company: Company) -> None:
    faulty(company, 1, {"code": 230025 if company.keban.end.name == "feishu" else "param.error", "status": 400})
    promised(company, *TITLES)
    company.keban.settle()
    assert arrived(company) == ["乙", "丙", "别的事"]
