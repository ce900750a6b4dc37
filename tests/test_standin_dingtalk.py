"""The DingTalk API stand-in keeps the rules of the platform it stands for: tokens, robot, files, people, limits."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from standins.dingtalk_api import QPS, QUOTA, DingTalkApi, Limits
from standins.dingtalk_bot import GROUP_ID, Bot, Clock
from standins.dingtalk_seen import Page, Words, describe, pressables, texts

JSON = dict[str, Any]
DTMD = "dtmd://dingtalkclient/sendMessage?content=%E5%90%8C%E6%84%8F%20D-1"
PAGE = "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fcrm.example.com%2Fd%2F1&pc_slide=true"
TEXT = {"content": "你好"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(clock: Clock) -> Iterator[DingTalkApi]:
    with DingTalkApi(clock=clock) as api:
        peopled(api)
        yield api


def peopled(api: DingTalkApi) -> None:
    api.add_person("u1", "张三", "13800138001")
    api.add_person("u2", "李四")
    api.add_group(GROUP_ID, "华东销售群", ["u1", "u2"])
    api.add_group("cidWITHOUT==", "没有机器人", ["u1"], bot=False)


@pytest.fixture
def bot(api: DingTalkApi) -> Iterator[Bot]:
    bot = Bot(api)
    yield bot
    bot.http.close()


# --- tokens ---


def test_a_token_stays_the_same_while_it_is_valid_and_is_extended(bot: Bot, clock: Clock) -> None:
    clock.now += 7199
    assert bot.login() == {"accessToken": bot.token, "expireIn": 7200}
    clock.now += 7199
    assert bot.send("sampleText", TEXT, "u1")["invalidStaffIdList"] == []
    clock.now += 1
    assert bot.send("sampleText", TEXT, "u1")["code"] == "InvalidAuthentication"
    assert bot.login()["accessToken"] != bot.token


def test_a_wrong_secret_gets_no_token(bot: Bot) -> None:
    assert (bot.login("wrong")["code"], bot.status) == ("invalidClientIdOrSecret", 400)


def test_an_expired_token_is_refused_by_both_apis(api: DingTalkApi, bot: Bot) -> None:
    assert bot.old("/topapi/v2/user/get", {"userid": "u1"})["errcode"] == 0
    api.expire_tokens()
    assert (bot.send("sampleText", TEXT, "u1")["code"], bot.status) == ("InvalidAuthentication", 400)
    assert (bot.old("/topapi/v2/user/get", {"userid": "u1"})["errcode"], bot.status) == (40014, 200)
    assert api.sends == 0


# --- messages by the API ---


def test_a_message_reaches_those_it_can_and_names_the_others(api: DingTalkApi, bot: Bot) -> None:
    answer = bot.send("sampleMarkdown", {"title": "t", "text": "**好**"}, "u1", "stranger", "u2")
    assert (answer["invalidStaffIdList"], answer["flowControlledStaffIdList"]) == (["stranger"], [])
    (message,) = api.conversation("u1")
    assert (message.kind, message.via, message.key) == ("markdown", "robot", answer["processQueryKey"])
    assert (texts(message), len(api.conversation("u2"))) == ("t\n好", 1)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"userIds": [f"u{n}" for n in range(21)]}, "userIds.overMax"),
        ({"userIds": []}, "userIds.empty"),
        ({"robotCode": "dingother"}, "robotCode.auth"),
        ({"msgKey": "sampleCard"}, "msgKey.invalid"),
        ({"msgParam": "{"}, "msgParam.invalid"),
        ({"msgParam": {"content": "x"}}, "param.invalid"),
        ({"msgParam": json.dumps({"text": "x"})}, "msgParam.invalid"),
        ({"msgParam": json.dumps({"content": "x" * 15_000})}, "msgParam.tooLong"),
        ({"atUserIds": ["u1"]}, "param.invalid"),
    ],
)
def test_a_message_that_breaks_a_rule_is_refused(api: DingTalkApi, bot: Bot, changed: JSON, code: str) -> None:
    assert bot.send("sampleText", TEXT, "u1", **changed)["code"] == f"invalidParameter.{code}"
    assert (bot.status, api.sends) == (400, 0)


def test_a_group_hears_the_robot_only_if_it_is_inside(api: DingTalkApi, bot: Bot) -> None:
    key = bot.send_group("sampleText", TEXT)["processQueryKey"]
    assert [each.key for each in api.conversation(GROUP_ID)] == [key]
    assert bot.send_group("sampleText", TEXT, "cidWITHOUT==")["code"] == "invalidParameter.robotCode.notExsit"
    assert bot.send_group("sampleText", TEXT, "cidX==")["code"] == "invalidParameter.openConversationId.invalid"
    long = bot.send_group("sampleText", {"content": "x" * 14_986})
    assert long["code"] == "invalidParameter.msgParam.tooLong"
    assert "processQueryKey" in bot.send_group("sampleText", {"content": "x" * 14_985})


def test_the_buttons_of_every_action_card_are_told_apart(api: DingTalkApi, bot: Bot) -> None:
    said = {"title": "t", "text": f"[再说]({DTMD})"}
    two = {"actionTitle1": "同意", "actionURL1": DTMD, "actionTitle2": "打开", "actionURL2": PAGE}
    six = {"buttonTitle1": "同意", "buttonUrl1": DTMD, "buttonTitle2": "打开", "buttonUrl2": PAGE}
    bot.send("sampleActionCard2", said | two, "u1")
    bot.send("sampleActionCard6", said | six, "u1")
    bot.send("sampleActionCard", said | {"singleTitle": "打开", "singleURL": PAGE}, "u1")
    first, second, third = (pressables(each) for each in api.conversation("u1"))
    again, agree, opened = (
        Words("再说", "同意 D-1"),
        Words("同意", "同意 D-1"),
        Page("打开", "https://crm.example.com/d/1"),
    )
    assert (first, second, third) == ([again, agree, opened], [again, agree, opened], [again, opened])
    assert bot.send("sampleActionCard6", said | two, "u1")["code"] == "invalidParameter.msgParam.invalid"


def test_a_recalled_message_is_gone(api: DingTalkApi, bot: Bot) -> None:
    mine, ours = (
        answer["processQueryKey"] for answer in (bot.send("sampleText", TEXT, "u1"), bot.send_group("sampleText", TEXT))
    )
    robot = {"robotCode": api.robot_code, "processQueryKeys": [mine, "other"]}
    answer = bot.act("/robot/otoMessages/batchRecall", robot)
    assert (answer["successResult"], list(answer["failedResult"])) == ([mine], ["other"])
    group = {**robot, "openConversationId": GROUP_ID, "processQueryKeys": [ours]}
    elsewhere = bot.act("/robot/groupMessages/recall", group | {"openConversationId": "cidX=="})
    assert (list(elsewhere["failedResult"]), len(api.messages)) == ([ours], 1)
    assert bot.act("/robot/groupMessages/recall", group)["successResult"] == [ours]
    assert api.messages == []


# --- messages by session ---


def by_session(bot: Bot, url: str, body: Any, **more: Any) -> JSON:
    return bot.call("POST", url.removeprefix(bot.api.base_url), body, **more)


def test_a_session_answers_one_conversation_until_it_ends(api: DingTalkApi, bot: Bot, clock: Clock) -> None:
    session = api.robot.open_session(GROUP_ID)
    assert session.expires == 1700005400000
    said = {"msgtype": "text", "text": {"content": "@u1 好"}, "at": {"atUserIds": ["u1"]}}
    assert by_session(bot, session.url, said)["errcode"] == 0
    assert texts(api.conversation(GROUP_ID)[0]) == "@u1 好"
    clock.now += 5400
    assert (by_session(bot, session.url, said)["errcode"], bot.status) == (300001, 200)
    assert (by_session(bot, "/robot/sendBySession?session=forged", said)["errcode"], api.sends) == (300001, 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "interactiveCard", "card": {}}, 400402),
        ({"msgtype": "image", "image": {}}, 400402),
        ({"msgtype": "markdown", "markdown": {"text": "x"}}, 400402),
        ({"msgtype": "text", "text": {"content": "x"}, "at": {"atUserIds": ["u1"]}}, 400402),
        ([], 400402),
    ],
)
def test_a_session_takes_no_other_message(api: DingTalkApi, bot: Bot, body: Any, code: int) -> None:
    assert by_session(bot, api.robot.open_session("u1").url, body)["errcode"] == code
    assert (bot.status, api.sends, len(api.problems)) == (200, 0, 1)


def test_a_session_wants_json_and_says_so(api: DingTalkApi, bot: Bot) -> None:
    url = api.robot.open_session("u1").url
    headers = {"Content-Type": "application/json"}
    assert by_session(bot, url, None, data="{", headers=headers)["errcode"] == 40035
    assert by_session(bot, url, None, data="{}", headers={"Content-Type": "text/plain"})["errcode"] == 43004


def test_an_answer_in_the_http_response_is_shown(api: DingTalkApi) -> None:
    for silent in ({}, {"msgtype": "empty"}):
        api.robot.answered("u1", silent)
    api.robot.answered("u1", {"msgtype": "markdown", "markdown": {"title": "t", "text": "x"}})
    assert [each.via for each in api.conversation("u1")] == ["answer"]
    with pytest.raises(ValueError, match="msgtype 'card'"):
        api.robot.answered("u1", {"msgtype": "card"})


# --- files, people, DING ---


def upload(bot: Bot, kind: str, content: bytes, name: str | None = "a.png", query: str = "") -> int:
    files: Any = {"media": (name, content), "type": (None, kind)}
    return int(bot.old("/media/upload", files=files, params={"type": query} if query else None)["errcode"])


def test_an_upload_has_a_type_a_name_and_a_size(api: DingTalkApi, bot: Bot) -> None:
    image = bytes(range(256)) + b"\r\n\n\r--\r\n"
    assert upload(bot, "image", image) == 0
    ((media_id, content),) = api.robot.media.items()
    assert content == image
    assert "processQueryKey" in bot.send("sampleImageMsg", {"photoURL": media_id}, "u1")
    assert bot.send("sampleImageMsg", {"photoURL": "@other"}, "u1")["code"] == "invalidParameter.msgParam.invalid"
    assert upload(bot, "picture", b"x") == 40004
    assert upload(bot, "voice", b"x" * (2 * 1024 * 1024 + 1)) == 40006
    assert upload(bot, "image", b"x", name=None) == 40035
    api.robot.type_in_query = True
    assert (upload(bot, "image", b"x"), upload(bot, "image", b"x", query="image")) == (40004, 0)


def test_what_a_person_sent_is_fetched_while_its_code_is_good(api: DingTalkApi, bot: Bot, clock: Clock) -> None:
    code = {"downloadCode": api.robot.add_file(b"pdf"), "robotCode": api.robot_code}
    url = bot.act("/robot/messageFiles/download", code)["downloadUrl"]
    assert url.endswith(".file")
    assert bot.http.get(url, timeout=5).content == b"pdf"
    assert bot.act("/robot/messageFiles/download", code | {"robotCode": "x"})["code"].endswith("robotCode.auth")
    clock.now += 3600
    assert bot.http.get(url, timeout=5).status_code == 403
    assert bot.act("/robot/messageFiles/download", code)["code"] == "resource.not.found"


def test_people_are_found_by_id_and_by_mobile(bot: Bot) -> None:
    known = bot.old("/topapi/v2/user/get", {"userid": "u1"})["result"]
    assert (known["name"], known["mobile"], known["active"]) == ("张三", "13800138001", True)
    assert bot.old("/topapi/v2/user/get", {"userid": "u9"})["errcode"] == 60121
    assert bot.old("/topapi/v2/user/getbymobile", {"mobile": "13800138001"})["result"] == {"userid": "u1"}
    assert bot.old("/topapi/v2/user/getbymobile", {"mobile": "13900000000"})["errcode"] == 60121
    assert bot.old("/topapi/v2/user/getbymobile", {"mobile": "138"})["errcode"] == 40104
    assert bot.old("/topapi/v2/user/get", {"user": "u1"})["errcode"] == 40035


def test_ding_is_for_the_professional_edition(api: DingTalkApi, bot: Bot) -> None:
    refused = bot.ding("u1")
    assert (refused["code"], bot.status) == ("Forbidden.AccessDenied.AccessTokenPermissionDenied", 403)
    api.robot.professional = True
    made = bot.ding("u1", "u9")
    assert made["failedList"] == {"miss.staffId": ["u9"]}
    assert [(each.receivers, each.content) for each in api.robot.dings] == [(["u1"], "投诉超时")]
    assert bot.ding("u9")["code"] == "miss.staffId"
    assert bot.ding("u1", kind=2)["code"] == "ding.serverquota.insufficient"
    assert bot.ding(*["u1"] * 201)["code"] == "ding.receivercount.limit"
    back = {"robotCode": api.robot_code, "openDingId": made["openDingId"]}
    assert bot.act("/robot/ding/recall", back) == {"openDingId": made["openDingId"]}
    assert bot.act("/robot/ding/recall", back | {"openDingId": "x"})["code"] == "invalidParameter.param.invalid"
    assert api.robot.dings[0].recalled


# --- limits ---


def limited(clock: Clock, **limits: Any) -> DingTalkApi:
    api = DingTalkApi(clock=clock, limits=Limits(**limits))
    peopled(api)
    return api


def test_twenty_calls_a_second_of_one_api_are_let_through(clock: Clock) -> None:
    with limited(clock, speed=2) as api:
        bot = Bot(api)
        codes = [bot.send("sampleText", TEXT, "u1").get("code") for _ in range(21)]
        assert (codes, bot.status) == ([None] * 20 + [QPS], 403)
        assert "processQueryKey" in bot.send_group("sampleText", TEXT)
        users = [bot.old("/topapi/v2/user/get", {"userid": "u1"})["errcode"] for _ in range(21)]
        assert users == [0] * 20 + [90018]
        clock.now += 0.5
        assert "processQueryKey" in bot.send("sampleText", TEXT, "u1")
        assert (api.rejected[QPS], api.billed) == (2, 22)
        bot.http.close()


def test_without_limits_everything_is_let_through_and_counted(api: DingTalkApi, bot: Bot) -> None:
    assert all("processQueryKey" in bot.send("sampleText", TEXT, "u1") for _ in range(30))
    assert (api.rejected.total(), api.billed) == (0, 30)


def test_the_quota_of_the_month_does_not_count_tokens_people_and_sessions(clock: Clock) -> None:
    with limited(clock, monthly=2) as api:
        bot = Bot(api)
        bot.old("/topapi/v2/user/get", {"userid": "u1"})
        by_session(bot, api.robot.open_session("u1").url, {"msgtype": "text", "text": TEXT})
        assert [bot.send("sampleText", TEXT, "u1").get("code") for _ in range(3)] == [None, None, QUOTA]
        assert upload(bot, "image", b"x") == 90020
        assert api.rejected == {QUOTA: 2}
        api.new_month()
        assert upload(bot, "image", b"x") == 0
        bot.http.close()


def test_too_many_messages_a_minute_to_one_person_are_held_back(clock: Clock) -> None:
    with limited(clock, per_minute=1, speed=6) as api:
        bot = Bot(api)
        bot.send("sampleText", TEXT, "u1")
        assert bot.send("sampleText", TEXT, "u1", "u2")["flowControlledStaffIdList"] == ["u1"]
        clock.now += 10
        assert bot.send("sampleText", TEXT, "u1")["flowControlledStaffIdList"] == []
        assert ([len(api.conversation(each)) for each in ("u1", "u2")], api.rejected.total()) == ([2, 1], 1)
        bot.http.close()


# --- faults, and the rest ---


def test_a_fault_has_the_envelope_and_the_status_of_its_api(api: DingTalkApi, bot: Bot) -> None:
    api.fail_next(code=QPS)
    api.fail_next(code="system.busy")
    api.fail_next(code="send.too.fast")
    seen = [(bot.send("sampleText", TEXT, "u1")["code"], bot.status) for _ in range(3)]
    assert seen == [(QPS, 403), ("system.busy", 500), ("send.too.fast", 400)]
    api.fail_next(code=90018, path="/topapi/")
    assert (bot.old("/topapi/v2/user/get", {"userid": "u1"})["errcode"], bot.status) == (90018, 200)
    api.fail_next(drop=True, done=True)
    with pytest.raises(requests.exceptions.ConnectionError):
        bot.send("sampleText", TEXT, "u1")
    assert (api.sends, bot.send("sampleText", TEXT, "u1")["invalidStaffIdList"]) == (1, [])


def test_waiting_ends_with_the_message_or_with_an_error(api: DingTalkApi, bot: Bot) -> None:
    later = threading.Timer(0.05, bot.send, ("sampleText", TEXT, "u2"))
    later.start()
    assert api.wait_for(lambda message: message.conversation == "u2").kind == "text"
    later.join()
    with pytest.raises(TimeoutError):
        api.wait_for(lambda message: message.conversation == "u9", timeout=0.01)


def test_an_unknown_path_is_not_found(bot: Bot) -> None:
    assert (bot.act("/robot/nothing", {})["code"], bot.status) == ("InvalidAction.NotFound", 404)
    path, headers = "/v1.0/robot/ding/send", {"x-acs-dingtalk-access-token": bot.token}
    assert (bot.call("POST", path, [], headers=headers)["code"], bot.status) == ("InvalidParameter", 400)


def test_anybody_is_known_by_hand_and_the_terminal_reads_it() -> None:
    seen: list[str] = []
    with DingTalkApi(anybody=True, keep=False, on_message=lambda message: seen.append(describe(message))) as api:
        bot = Bot(api)
        bot.send("sampleActionCard", {"title": "t", "text": "x", "singleTitle": "同意", "singleURL": DTMD}, "who")
        bot.send_group("sampleText", TEXT, "cidANY==")
        assert (api.messages, api.sends) == ([], 2)
        bot.http.close()
    assert "→ who (actionCard by robot, new)\n   t\n   x\n   [同意] says 同意 D-1" in seen[0]
    assert "你好" in seen[1]
