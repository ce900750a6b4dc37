"""Urgent notices: what makes a message ring at both platforms, once a call, and which message of a complaint does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from bot.dingtalk.client import DingTalkClient
from bot.feishu.client import FeishuClient
from bot.platform import Address, Json, SendError, Sent
from bot.sending import Sender
from cards import kit
from cards.kit import Card, Text
from conftest import Company
from models import delivery, outbox
from models.outbox import Lane, Parcel
from models.settings import Feishu, Sla
from models.tables import Outbox, User
from models.tables.sealed import Keyring
from models.work import Works
from standins.dingtalk_api import DingTalkApi
from standins.feishu_api import APP_ID, APP_SECRET, FeishuApi
from test_dingtalk_client import client_of, without_database
from test_entry import stored
from test_feishu_client import Clock
from world import HandClock

TO = Address("account", "ou_1")
CARD = {
    "schema": "2.0",
    "config": {"update_multi": True},
    "header": {"title": {"tag": "plain_text", "content": "投诉"}},
    "body": {"elements": []},
}


@pytest.fixture
def fly() -> Iterator[FeishuApi]:
    with FeishuApi() as api:
        yield api


@pytest.fixture
def feishu(fly: FeishuApi) -> FeishuClient:
    return FeishuClient(
        Feishu(app_id=APP_ID, app_secret=SecretStr(APP_SECRET), api_base=fly.base_url), timeout=(1, 0.3)
    )


def failure(client: FeishuClient | DingTalkClient, message: str, to: Address) -> SendError:
    with pytest.raises(SendError) as caught:
        client.urge(message, to, "投诉还有 10 分钟到期")
    return caught.value


def test_a_message_rings_at_feishu_as_often_as_it_is_asked_to(feishu: FeishuClient, fly: FeishuApi) -> None:
    sent = feishu.send(TO, CARD, "k").message_id
    feishu.urge(sent, TO, "投诉")
    feishu.urge(sent, TO, "投诉")
    assert fly.urged == [(sent, "ou_1")] * 2
    fly.person_wrote("om_his", "oc_1")
    assert [failure(feishu, each, TO).kind for each in ("om_his", "om_unknown")] == ["never"] * 2
    assert failure(feishu, sent, Address("account", "ou_2")).kind == "never", "he is not in the chat"
    fly.fail_next(code=230023, path="urgent_app")
    assert failure(feishu, sent, TO).kind == "never"
    fly.fail_next(code=99991400, status=429, path="urgent_app")
    assert failure(feishu, sent, TO).kind == "later"
    fly.fail_next(code=99991672, path="urgent_app")
    assert failure(feishu, sent, TO).denied
    assert len(fly.urged) == 2


@pytest.mark.parametrize("fault", [{"drop": True, "done": True}, {"status": 502}, {"delay": 0.5}])
def test_nobody_knows_whether_it_rang_where_the_answer_got_lost(
    feishu: FeishuClient, fly: FeishuApi, fault: dict[str, float]
) -> None:
    sent = feishu.send(TO, CARD, "k").message_id
    fly.fail_next(**fault, path="urgent_app")  # type: ignore[arg-type]
    assert failure(feishu, sent, TO).kind == "unknown"


@pytest.mark.parametrize("professional", [True, False])
def test_at_dingtalk_it_is_a_notice_of_its_own_where_the_edition_has_it(
    tmp_path: Path, ring: Keyring, clock: HandClock, professional: bool
) -> None:
    with DingTalkApi(professional=professional) as ding, without_database(tmp_path, ring, clock) as works:
        ding.add_person("wangmin", "王敏")
        client = client_of(ding.base_url, works, Clock())
        to = Address("account", "wangmin")
        if not professional:
            assert (failure(client, "said:k", to).kind, failure(client, "said:k", to).denied) == ("never", True)
            return
        client.urge("said:k", to, "投诉还有 10 分钟到期")
        assert [(each.kind, each.receivers, each.content) for each in ding.robot.dings] == [
            (1, ["wangmin"], "投诉还有 10 分钟到期")
        ]
        assert failure(client, "said:k", Address("account", "nobody")).kind == "never"
        ding.fail_next(drop=True, done=True, path="/ding/")
        assert failure(client, "said:k", to).kind == "unknown"
        assert not ding.problems


def urgent_complaint(company: Company) -> None:
    works: Works = company.keban.works
    works.settings = works.settings.model_copy(update={"sla": Sla(urgent=True)})
    company.make.customer("王敏", "华星科技有限公司")
    company.supervisor.says("/投诉 华星科技 外壳有裂纹")


@pytest.mark.parametrize("urgent", [True, False])
def test_ten_minutes_before_its_end_a_complaint_is_urgent_where_that_is_set(company: Company, urgent: bool) -> None:
    works: Works = company.keban.works
    works.settings = works.settings.model_copy(update={"sla": Sla(urgent=urgent)})
    company.make.customer("王敏", "华星科技有限公司")
    company.supervisor.says("/投诉 华星科技 外壳有裂纹")
    company.keban.until("2026-11-25 11:49")
    rings = select(User.name).join(Outbox, Outbox.user_id == User.id).where(Outbox.kind == "urgent").order_by(User.id)
    assert stored(company, rings) == []
    company.keban.until("2026-11-25 11:50")
    assert stored(company, rings) == (["王敏", "赵强", "林总"] if urgent else [])
    assert company.manager.last("投诉").buttons, "the message itself comes as ever"
    company.keban.until("2026-11-25 12:00")
    assert len(stored(company, rings)) == (3 if urgent else 0)
    api = company.keban.api
    loud = [message.chat_id for message in api.messages if message.message_id in {each for each, _ in api.urged}]
    people = [who.chat for who in (company.rep, company.supervisor, company.manager)]
    assert sorted(loud) == (sorted(people) if urgent else []) and len(api.urged) == len(loud), "each once"


RINGING = select(Outbox.state, Outbox.error).where(Outbox.kind == "urge").order_by(Outbox.id).limit(1)


@pytest.mark.parametrize(
    ("fault", "rang"),
    [({"code": 99991400, "status": 429}, 3), ({"status": 502}, 2), ({"code": 230023}, 2)],
    ids=["too many calls", "nobody knows", "refused"],
)
def test_ringing_that_was_refused_is_tried_again_while_that_may_help(
    company: Company, fault: dict[str, int], rang: int
) -> None:
    urgent_complaint(company)
    company.keban.api.fail_next(1, path="urgent_app", **fault)
    company.keban.until("2026-11-25 11:50")
    company.keban.forward(seconds=30)
    assert len(company.keban.api.urged) == rang


def test_a_sender_that_died_while_it_rang_leaves_it_at_that(company: Company) -> None:
    works: Works = company.keban.works
    urgent_complaint(company)
    company.keban.api.fail_next(3, path="urgent_app", code=99991400, status=429)
    company.keban.until("2026-11-25 11:50")
    company.keban.clock.forward(seconds=20)
    works.perform(lambda work: delivery.lease(work, "feishu", 1, pace=delivery.pace_of(work, "feishu")))
    works.perform(lambda work: work.connection.execute(update(Outbox).where(Outbox.kind == "urge").values(error=None)))
    company.keban.forward(seconds=delivery.LEASE.total_seconds() + 1)
    assert stored(company, RINGING) == ["dead"] and not company.keban.api.urged


def test_a_sender_that_lost_its_claim_does_not_ring(company: Company) -> None:
    keban, works = company.keban, company.keban.works
    platform, slow = keban.platforms["feishu"], []

    class Slow:
        billed, urge = platform.client.billed, platform.client.urge

        def send(self, to: Address, card: Json, key: str) -> Sent:
            sent = platform.client.send(to, card, key)
            slow.append(key)
            keban.clock.forward(seconds=delivery.LEASE.total_seconds() + 1)
            Sender(works, platform).drain()
            return sent

    me, card = company.make.me("王敏").id, kit.dumps(Card("投诉快到期了", (Text("看"),)))
    works.perform(lambda work: outbox.enqueue(work, Parcel("urgent", card, "q", Lane.ALERT, "feishu", user_id=me)))
    client: Any = Slow()
    Sender(works, replace(platform, client=client)).drain()
    assert len(slow) == len(keban.api.messages) == len(keban.api.urged) == 1
