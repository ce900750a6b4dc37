"""`python app.py stream` as a process of its own, beside one that sends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from makers import Make
from models import health
from models.tables import FollowUp
from process import STOPS_WITHIN, Outside
from standins.feishu_api import FeishuApi
from standins.feishu_gateway import Ack, FeishuGateway
from test_feishu_stream import FOLLOW_UP, UNSEALED
from test_process_story import blank_url
from world import APP, APP_SECRET, Feishu

__all__ = ["blank_url"]  # a fixture
pytestmark = pytest.mark.slow
STREAM = "stream --platform feishu"


@pytest.fixture
def api() -> Iterator[FeishuApi]:
    with FeishuApi(APP.app_id, APP_SECRET) as started:
        yield started
        assert not started.problems, started.problems


@pytest.fixture
def gateway(api: FeishuApi) -> Iterator[FeishuGateway]:
    with FeishuGateway(api) as started:
        yield started
        assert not started.problems, started.problems


@pytest.fixture
def program(tmp_path: Path, api: FeishuApi, blank_url: str) -> Iterator[Outside]:
    made = Outside(tmp_path / "program", blank_url, Feishu(api), parts=("worker",))
    yield made
    made.close()


def follow_ups(program: Outside) -> int:
    with program.works.read() as work:
        return int(work.connection.execute(select(func.count()).select_from(FollowUp)).scalar_one())


@pytest.mark.parametrize("blank_url", ["sqlite", "postgresql"], indirect=True)
def test_it_receives_what_a_worker_answers_and_ends_when_it_is_told(program: Outside, gateway: FeishuGateway) -> None:
    program.command("db", "upgrade")
    make = Make(program.works)
    make.user("林总", "总公司", "manager")
    rep = program.somebody(make.user("王敏", "销售一部", "sales_rep"))
    make.customer("王敏", "华星科技有限公司")
    receiving = program.join(STREAM)
    program.join("worker")
    program.wait(lambda: bool(gateway.living), "the connection", 60)
    for _ in range(2):
        request = UNSEALED.message(rep.account, FOLLOW_UP, message_id="om_1")
        assert gateway.deliver(request) == Ack(200, {})
    program.settle()
    assert [seen.card["header"]["title"]["content"] for seen in rep.inbox()][-1].startswith("已记录跟进")
    assert follow_ups(program) == 1
    with program.works.read() as work:
        assert set(health.look(work).streams) == {"feishu"}

    (connection,) = gateway.connections
    receiving.send_signal(signal.SIGTERM)
    assert receiving.wait(STOPS_WITHIN) == 0 and connection.goodbye
    program.stop()


@pytest.mark.parametrize("blank_url", ["sqlite"], indirect=True)
def test_without_credentials_it_says_what_to_do(program: Outside) -> None:
    program.upgrade()
    receiving = program.join("stream --platform dingtalk")
    assert receiving.wait(60) == 2
    program.running.remove(receiving)
    assert "[dingtalk] 里还没有填凭证，接不了；步骤见 docs/dingtalk.md。" in program.complaints()
