"""Figures for a monitoring system: what they say, and who may read them (O5)."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr

from conftest import Company
from models import health
from models.settings import Server


def figures(company: Company) -> dict[str, float]:
    got = company.keban.client.get("/metrics")
    assert got.status_code == 200 and got.content_type.startswith("text/plain")
    lines = [line for line in got.get_data(as_text=True).splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_messages_are_counted_by_what_became_of_them(company: Company) -> None:
    keban = company.keban
    company.rep.says("/帮助")
    company.keban.api.fail_next(1, code=230025)
    company.rep.says("/待审", quiet=True)
    company.keban.api.fail_next(1, status=502)
    company.rep.says("/今天", quiet=True)
    found = figures(company)
    assert found["keban_outbox_dead"] == 1 and found['keban_outbox_waiting{platform="feishu"}'] == 0
    for outcome in ("sent", "refused", "away"):
        assert found[f'keban_platform_calls_total{{outcome="{outcome}",platform="feishu"}}'] == 1
    assert found['keban_platform_month_calls{platform="feishu"}'] == 3
    keban.clock.forward(seconds=400)
    found = figures(company)
    assert found['keban_outbox_waiting{platform="feishu"}'] == 1 and found["keban_outbox_age_seconds"] > 390
    assert str(found["keban_scheduler_age_seconds"]) == "nan", "it never ticked"
    keban.tick()
    assert figures(company)["keban_scheduler_age_seconds"] == 0


def test_a_long_connection_has_an_age(company: Company) -> None:
    stood = 'keban_stream_age_seconds{platform="dingtalk"}'
    assert stood not in figures(company)
    company.keban.works.perform(lambda work: health.beat(work, f"{health.STREAM}dingtalk"))
    company.keban.clock.forward(seconds=90)
    assert figures(company)[stood] == 90


def test_they_name_nobody(company: Company) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    company.rep.says("/客户 华星科技")
    text = company.keban.client.get("/metrics").get_data(as_text=True)
    assert not re.search(r"[\u4e00-\u9fff]|ou_|oc_|139", text)


@pytest.mark.parametrize(
    ("key", "asked", "status"),
    [
        ("", {}, 200),
        ("", {"headers": {"X-Forwarded-For": "203.0.113.7"}}, 403),
        ("", {"headers": {"Host": "crm.example.com"}}, 403),
        ("", {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}, 403),
        ("k1", {}, 403),
        ("k1", {"headers": {"Authorization": "Bearer k2"}}, 403),
        ("k1", {"headers": {"Authorization": "Bearer k1", "X-Forwarded-For": "203.0.113.7"}}, 200),
    ],
)
def test_only_this_machine_or_who_has_the_key_reads_them(
    company: Company, key: str, asked: dict[str, dict[str, str]], status: int
) -> None:
    works = company.keban.works
    server = Server(metrics_key=SecretStr(key))
    works.settings = works.settings.model_copy(update={"server": server})
    assert company.keban.client.get("/metrics", **asked).status_code == status
