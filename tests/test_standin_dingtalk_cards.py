"""The DingTalk stand-in's cards are made, delivered, changed and registered for as the platform does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_bot import GROUP_ID, SECRET, Bot
from standins.dingtalk_schema import BUTTON_TEMPLATE
from standins.dingtalk_seen import Button, Page, pressables, texts

JSON = dict[str, Any]
URL = "https://bot.example.com/dingtalk/cards"
BY_KEY = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}


def params(**values: Any) -> JSON:
    return {"cardParamMap": values}


@pytest.fixture
def api() -> Iterator[DingTalkApi]:
    with DingTalkApi(max_value_bytes=2000) as api:
        for user_id in ("u1", "u2"):
            api.add_person(user_id)
        api.add_group(GROUP_ID, "华东销售群", ["u1", "u2"])
        api.add_group("cidWITHOUT==", "没有机器人", ["u1"], bot=False)
        yield api


@pytest.fixture
def bot(api: DingTalkApi) -> Iterator[Bot]:
    bot = Bot(api)
    assert bot.register() == {"success": True, "result": {"callbackUrl": URL, "apiSecret": SECRET}}
    yield bot
    bot.http.close()


def test_a_card_stands_in_the_chat_with_its_buttons(api: DingTalkApi, bot: Bot) -> None:
    result = bot.create()["result"]
    (delivered,) = result["deliverResults"]
    assert (result["outTrackId"], delivered["spaceId"], delivered["success"]) == ("c-1", "u1", True)
    (message,) = api.conversation("u1")
    assert (message.kind, message.key, texts(message)) == ("card", "c-1", "审核\n华星 建档")
    agree, opened = pressables(message)
    assert agree == Button("同意", "approve", {"id": "approve", "deal": "D-1"})
    assert opened == Page("打开", "https://crm.example.com/d/1")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"cardTemplateId": None}, "cardTemplateIdEmpty"),
        ({"outTrackId": ""}, "outTrackIdEmpty"),
        ({"cardData": None}, "cardPublicDataEmpty"),
        ({"openSpaceId": None}, "openSpaceIdEmpty"),
        ({"cardTemplateId": "other.schema"}, "templateNotExist"),
        ({"openSpaceId": "IM_ROBOT.u1"}, "openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//IM_SINGLE.u1"}, "openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//IM_GROUP.cidX=="}, "openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//IM_ROBOT.u9"}, "userIdNotExist"),
        ({"imRobotOpenSpaceModel": None}, "empty"),
        ({"imRobotOpenSpaceModel": {}}, "invalid"),
        ({"imRobotOpenDeliverModel": None}, "openDeliverModelEmpty"),
        ({"imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": "x"}}, "openDeliverModelError"),
        ({"callbackType": "http"}, "invalid"),
        ({"callbackType": "STREAM"}, "invalid"),
        ({"callbackRouteKey": None}, "callbackRouteKeyEmpty"),
        ({"callbackRouteKey": "other"}, "invalid"),
        ({"cardData": params(title=1)}, "invalid"),
        ({"cardData": params(**{"题" * 34: "x"})}, "invalid"),
        ({"cardData": params(colour="red")}, "invalid"),
        ({"cardData": params(markdown="x" * 2001)}, "invalid"),
        ({"cardData": params(sys_full_json_obj="[]")}, "invalid"),
        ({"privateData": {"u9": params(tips="x")}}, "userIdNotExist"),
        ({"privateData": {"u1": params(tips=["x"])}}, "invalid"),
        ({"pullStrategy": "x"}, "invalid"),
    ],
)
def test_a_card_that_breaks_a_rule_is_refused(api: DingTalkApi, bot: Bot, changed: JSON, code: str) -> None:
    assert bot.create("c-1", **changed)["code"] == f"param.{code}"
    assert (bot.status, api.sends, api.cards.instances) == (400, 0, {})
    assert bot.create("c-1")["success"]


def test_an_out_track_id_is_used_once_under_eight_threads(api: DingTalkApi, bot: Bot) -> None:
    api.latency = 0.05

    def create(_: int) -> Any:
        own = Bot(api)
        with own.http:
            return own.create().get("code")

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(create, range(8)))
    assert (codes.count("param.cardAlreadyExist"), codes.count(None), api.sends) == (7, 1, 1)


def test_the_largest_value_is_known(api: DingTalkApi, bot: Bot) -> None:
    assert bot.create(cardData=params(markdown="好" * 600))["success"]
    assert api.cards.largest_value == 1800


def test_each_place_tells_whether_it_got_the_card(api: DingTalkApi, bot: Bot) -> None:
    api.cards.fail_delivery(error="system error")
    spaces = f"dtv1.card//IM_ROBOT.u1;IM_GROUP.{GROUP_ID};IM_GROUP.cidWITHOUT=="
    answer = bot.create(openSpaceId=spaces)
    first, second, third = answer["result"]["deliverResults"]
    assert (answer["success"], bot.status) == (True, 200)
    assert [each["success"] for each in (first, second, third)] == [False, True, False]
    assert (first["errorMsg"], third["errorMsg"]) == ("system error", "the robot is not in the group")
    assert [each.conversation for each in api.messages] == [GROUP_ID]


def test_an_update_by_key_keeps_the_rest_and_one_without_wipes_it(api: DingTalkApi, bot: Bot) -> None:
    bot.create()
    (message,) = api.conversation("u1")
    assert bot.update(cardData=params(markdown="已通过"), cardUpdateOptions=BY_KEY) == {"success": True, "result": True}
    assert (texts(message), len(pressables(message))) == ("审核\n已通过", 2)
    assert bot.update(cardData=params(markdown="已退回"))["success"]
    assert (texts(message), pressables(message)) == ("已退回", [])
    assert message.card and [len(each) for each in message.card.history] == [3, 3, 1]


def test_private_data_is_seen_by_one_person(api: DingTalkApi, bot: Bot) -> None:
    spaces = f"dtv1.card//IM_GROUP.{GROUP_ID}"
    bot.create(openSpaceId=spaces, privateData={"u1": params(tips="只给你", title="你的")})
    (message,) = api.conversation(GROUP_ID)
    assert (texts(message, "u1"), texts(message, "u2")) == ("你的\n华星 建档\n只给你", "审核\n华星 建档")
    bot.update(privateData={"u1": params(tips="好了")}, cardUpdateOptions=BY_KEY)
    assert texts(message, "u1") == "你的\n华星 建档\n好了"
    bot.update(privateData={"u1": params(tips="没了")})
    assert texts(message, "u1") == "审核\n华星 建档\n没了"
    assert bot.update(privateData={"u9": params(tips="x")})["code"] == "param.userIdNotExist"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"outTrackId": "other", "cardData": params(title="x")}, "cardNotExist"),
        ({"outTrackId": ""}, "outTrackIdEmpty"),
        ({"outTrackId": "c-1"}, "empty"),
        ({"outTrackId": "c-1", "cardData": params(title=True)}, "invalid"),
        ({"outTrackId": "c-1", "cardData": params(colour="red")}, "invalid"),
        ({"outTrackId": "c-1", "cardData": params(title="x"), "callbackType": "HTTP"}, "invalid"),
        ({"outTrackId": "c-1", "cardData": params(title="x"), "cardUpdateOptions": {"byKey": True}}, "invalid"),
    ],
)
def test_an_update_that_breaks_a_rule_changes_nothing(api: DingTalkApi, bot: Bot, body: JSON, code: str) -> None:
    bot.create()
    assert (bot.act("/card/instances", body, "PUT")["code"], bot.status) == (f"param.{code}", 400)
    assert len(api.cards.instances["c-1"].history) == 1


def test_a_route_belongs_to_one_address_unless_forced(bot: Bot) -> None:
    again = bot.register(apiSecret="other")
    assert again["result"]["apiSecret"] == SECRET
    assert (bot.register("https://else.example.com/")["code"], bot.status) == ("param.callbackRouteKeyExist", 500)
    moved = bot.register("https://else.example.com/", apiSecret="other", forceUpdate=True)
    assert moved["result"] == {"callbackUrl": "https://else.example.com/", "apiSecret": "other"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"callbackRouteKey": ""}, "callbackRouteKeyEmpty"),
        ({"callbackUrl": ""}, "callbackUrlEmpty"),
        ({"callbackUrl": "bot.example.com"}, "invalid"),
        ({"secret": "x"}, "invalid"),
    ],
)
def test_a_registration_that_breaks_a_rule_is_refused(bot: Bot, changed: JSON, code: str) -> None:
    assert bot.register(**changed)["code"] == f"param.{code}"


def test_an_answer_to_a_press_is_drawn_or_refused(api: DingTalkApi, bot: Bot) -> None:
    bot.create()
    (message,) = api.conversation("u1")
    own = {"cardData": params(markdown="已通过"), "userPrivateData": params(tips="谢谢")}
    api.cards.answered("c-1", "u1", {})
    api.cards.answered("c-1", "u1", own | {"cardUpdateOptions": BY_KEY})
    assert texts(message) == "审核\n已通过\n谢谢"
    for bad in (
        {"cardData": {"title": "x"}},
        {"toast": "x"},
        {"cardData": params(title=1)},
        {"cardData": params(x="")},
    ):
        with pytest.raises(ValueError, match=r"answer|cardParamMap"):
            api.cards.answered("c-1", "u1", bad)


def test_templates_of_ones_own_have_the_variables_they_are_given() -> None:
    with DingTalkApi(templates={"mine.schema": frozenset({"body"})}, anybody=True) as api:
        bot = Bot(api)
        plain: JSON = {"callbackType": None, "callbackRouteKey": None, "cardTemplateId": "mine.schema"}
        assert bot.create(**plain, cardData=params(body="x"))["success"]
        assert bot.create("c-2", **plain, cardData=params(title="x"))["code"] == "param.invalid"
        assert bot.create("c-3", **plain | {"cardTemplateId": BUTTON_TEMPLATE})["code"] == "param.templateNotExist"
        bot.http.close()


def test_a_union_id_finds_the_same_person(api: DingTalkApi, bot: Bot) -> None:
    union = api.company.people["u1"].union_id
    assert bot.create(userIdType=2, openSpaceId=f"dtv1.card//IM_ROBOT.{union}")["success"]
    assert bot.create("c-2", userIdType=2)["code"] == "param.userIdNotExist"
    assert [each.conversation for each in api.messages] == ["u1"]


def test_a_server_that_keeps_nothing_still_takes_updates() -> None:
    with DingTalkApi(keep=False, anybody=True) as api:
        bot = Bot(api)
        bot.register()
        assert bot.create()["success"]
        assert bot.create()["success"]
        assert bot.update("any", cardData=params(title="x"))["success"]
        assert bot.update("any", cardData=params(title=json.loads("1")))["code"] == "param.invalid"
        assert (api.messages, api.sends) == ([], 2)
        bot.http.close()
