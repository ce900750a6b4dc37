"""The stand-ins wait for our answers no longer than their platforms do: Feishu 3 s, DingTalk 2 s and 1.5 s."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from conftest import APP, ON_SQLITE, Company
from standins.caller import Timed, in_time
from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_bot import Bot
from standins.dingtalk_says import DingTalkApp


def feishu() -> Iterator[tuple[Timed, float]]:
    yield APP.message("ou_1", "/帮助"), 3.0
    yield APP.press("ou_1", {}, "om_1", "oc_1"), 3.0


def dingtalk() -> Iterator[tuple[Timed, float]]:
    with DingTalkApi(anybody=True) as api:
        app, bot = DingTalkApp(api), Bot(api)
        bot.register()
        bot.create()
        [message] = api.messages
        yield app.robot_message("u1", "/帮助"), 2.0
        yield app.press("u1", message, "同意"), 2.0
        yield app.check_url(), 1.5
        bot.http.close()


@pytest.mark.parametrize("requests", [feishu, dingtalk])
def test_an_answer_is_waited_for_as_long_as_the_platform_waits(requests: object) -> None:
    for request, seconds in requests():  # type: ignore[operator]
        assert in_time(request, lambda: "ok", iter([10.0, 10.0 + seconds]).__next__) == "ok"
        with pytest.raises(AssertionError, match="the platform waits"):
            in_time(request, lambda: "ok", iter([10.0, 10.01 + seconds]).__next__)


@ON_SQLITE
def test_whoever_says_something_waits_so_long(company: Company) -> None:
    request = company.keban.app.message(company.rep.account, "/帮助")
    with pytest.raises(AssertionError, match="the platform waits"):
        company.keban.post("/feishu/events", replace(request, within=0.0))
