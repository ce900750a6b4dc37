"""The DingTalk test kit signs, seals and presses as the platform and its client do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_bot import GROUP_ID, SECRET, Bot, Clock
from standins.dingtalk_company import Message
from standins.dingtalk_says import (
    AES_KEY,
    TOKEN,
    Audio,
    DingTalkApp,
    File,
    Picture,
    Request,
    Said,
    Video,
    card_sign,
    decrypt,
    encrypt,
    event_signature,
    fill,
    robot_sign,
)
from standins.dingtalk_seen import Field, fields

JSON = dict[str, Any]
OWNER = "dingcrmappkey0001"
CLIENT_SECRET = "crm-bot-app-secret-0001_ABCdef"
DTMD = "dtmd://dingtalkclient/sendMessage?content=%E5%90%8C%E6%84%8F%20D-1%20k7Qz"

#: (plain, random, timestamp, nonce, sealed, signature): vectors made by other programs than this one.
EVENTS = [
    (
        '{"EventType":"check_url"}',
        b"0123456789abcdef",
        "1700000000000",
        "aB3dE5gH",
        "Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5MKCQUOApBcw30k33Phh56Q==",
        "67fc05b44986bb85545e4f91f3f8843e8151a2c7",
    ),
    (
        '{"EventType":"user_add_org","TimeStamp":1700000001000,"UserId":["user1","user2"],"CorpId":"dingcorp0001"}',
        b"fedcba9876543210",
        "1700000001000",
        "nonce0002",
        "DpQeJfnf/MGZ/+GTIspwVFB74V9XaEXyIV6Rfd5ntM3CZAnaS+aqIrYfPiVqBex5JiUrtpf3llBHLf9Z4aMeajt4DWsWJH52SgNj47ueVCu0tB+"
        "/f5iX0rD4gIkghZnRBhNzs2Bgpj7+8zR+SS7L5/VSpI/VKjQh9zOopuKjYtoYp2UbkwQ8jKB8lzIMoWMUGoc6SADeqM9ZsptjzdkYxw==",
        "fa32f513189cfdbd4d5d0d5295cfc211796c3276",
    ),
]
#: published by DingTalk: (aes_key, token, owner, timestamp, nonce, sealed, signature, plain).
KNOWN = [
    (
        "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7",
        "mryue",
        "ding6ccabc44d2c8d38b",
        "1608001896814",
        "WL4PK6yA",
        "0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZeKju4yhELOFchzNuk"
        "R+t8SB/qk4ROMu3",
        "03044561471240d4a14bb09372dfcfd4fd0e40cb",
        '{"EventType":"check_url"}',
    ),
    (
        "1234567890123456789012345678901234567890123",
        "123456",
        "dingsnotzck6pm5veliw",
        "1614767836",
        "A7Co0cJLMzIDtMMI",
        "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA==",
        "9a95a004dd16f5c307e849b994173f76aa26e5eb",
        "success",
    ),
]
REPLY = {
    "msg_signature": "9dcebd810e0c772f4311c179b1c749018b281466",
    "timeStamp": "1700000000",
    "nonce": "replyNonce000000",
    "encrypt": "1411p9hc1GS4gPUZqq4Fe1GupyF1684XsSRjTI7eM/MWOTKR+1/sffzFZwF5giQAg+pu+FFrgZ31TlMetpEq1w==",
}


# --- crypto ---


@pytest.mark.parametrize(("plain", "random", "stamp", "nonce", "sealed", "signed"), EVENTS)
def test_an_event_is_sealed_byte_for_byte(
    plain: str, random: bytes, stamp: str, nonce: str, sealed: str, signed: str
) -> None:
    assert encrypt(plain.encode(), AES_KEY, OWNER, random) == sealed
    assert event_signature(TOKEN, stamp, nonce, sealed) == signed


@pytest.mark.parametrize(("aes_key", "token", "owner", "stamp", "nonce", "sealed", "signed", "plain"), KNOWN)
def test_what_dingtalk_published_is_opened(
    aes_key: str, token: str, owner: str, stamp: str, nonce: str, sealed: str, signed: str, plain: str
) -> None:
    assert decrypt(sealed, aes_key) == (plain.encode(), owner)
    assert event_signature(token, stamp, nonce, sealed) == signed


def test_the_two_signs_are_those_of_the_vectors() -> None:
    assert robot_sign("1700000000000", CLIENT_SECRET) == "aAXobXa8P6iP9M5T3xXmV9zUkp+ZEnp92MEftmdmvyE="
    assert card_sign("1700000300000", SECRET) == "SnWHoOu9C0THm06CIMfJcadAMd1tfkDYYOLInTlZgR0="


@given(st.binary(max_size=200))
def test_what_is_encrypted_comes_back(plain: bytes) -> None:
    assert decrypt(encrypt(plain, AES_KEY, OWNER), AES_KEY) == (plain, OWNER)


@pytest.mark.parametrize("sealed", ["QUJD", "*", EVENTS[0][4][:-24] + "A" * 22 + "=="])
def test_what_is_damaged_is_not_opened(sealed: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decrypt(sealed, AES_KEY)


# --- requests ---


@pytest.fixture
def api() -> Iterator[DingTalkApi]:
    with DingTalkApi(clock=Clock()) as api:
        api.add_person("u1", "张三")
        api.add_person("u2", "李四")
        api.add_person("u3", "王五")
        api.add_group(GROUP_ID, "华东销售群", ["u1", "u2"])
        yield api


@pytest.fixture
def bot(api: DingTalkApi) -> Iterator[Bot]:
    bot = Bot(api)
    bot.register()
    yield bot
    bot.http.close()


@pytest.fixture
def app(api: DingTalkApi) -> DingTalkApp:
    return DingTalkApp(api)


def body(request: Request) -> JSON:
    parsed: JSON = json.loads(request.body)
    return parsed


PRIVATE = """conversationId chatbotCorpId chatbotUserId senderCorpId senderId senderStaffId senderNick isAdmin
    senderPlatform robotCode sessionWebhook conversationType msgId createAt sessionWebhookExpiredTime msgtype text"""


def test_a_private_message_has_the_shape_of_the_vector_and_a_session(
    api: DingTalkApi, bot: Bot, app: DingTalkApp
) -> None:
    request = app.robot_message("u1", "客户 上海云图")
    said = body(request)
    assert set(said) == set(PRIVATE.split())
    assert (said["conversationType"], said["senderStaffId"], said["senderNick"]) == ("1", "u1", "张三")
    assert (said["text"], said["createAt"]) == ({"content": "客户 上海云图"}, 1700000000000)
    assert said["sessionWebhookExpiredTime"] == 1700005400000
    assert request.headers["sign"] == robot_sign("1700000000000", CLIENT_SECRET)
    assert (request.door, request.headers["timestamp"]) == ("robot", "1700000000000")
    path = said["sessionWebhook"].removeprefix(api.base_url)
    assert bot.call("POST", path, {"msgtype": "text", "text": {"content": "好"}})["errcode"] == 0
    assert [each.conversation for each in api.messages] == ["u1"]


def test_a_message_in_a_group_starts_with_a_blank(app: DingTalkApp) -> None:
    said = body(app.robot_message("u1", "新建商机", GROUP_ID, msg_id="msg1"))
    assert set(said) == {*PRIVATE.split(), "conversationTitle", "isInAtList", "atUsers"}
    assert (said["conversationType"], said["conversationId"], said["msgId"]) == ("2", GROUP_ID, "msg1")
    assert (said["text"]["content"], said["atUsers"][0]["dingtalkId"]) == (" 新建商机", said["chatbotUserId"])


def test_an_outsider_has_no_staff_id_and_a_stranger_says_nothing(app: DingTalkApp) -> None:
    assert not {"senderStaffId", "isAdmin", "senderCorpId"} & set(body(app.robot_message("u9", "你好", outsider=True)))
    for user_id, group in (("u9", ""), ("u1", "cidX=="), ("u3", GROUP_ID)):
        with pytest.raises(LookupError):
            app.robot_message(user_id, "你好", group)


@pytest.mark.parametrize(
    ("said", "kind", "shape"),
    [
        (Picture(b"x"), "picture", "downloadCode"),
        (Audio(b"x", "你好"), "audio", "duration downloadCode recognition"),
        (Video(b"x"), "video", "duration downloadCode videoType"),
        (File(b"x", "a.pdf"), "file", "downloadCode fileName"),
    ],
)
def test_what_is_not_text_brings_a_code_that_fetches_it(
    api: DingTalkApi, bot: Bot, app: DingTalkApp, said: Said, kind: str, shape: str
) -> None:
    sent = body(app.robot_message("u1", said))
    assert (sent["msgtype"], set(sent["content"])) == (kind, set(shape.split()))
    code = {"downloadCode": sent["content"]["downloadCode"], "robotCode": api.robot_code}
    assert bot.http.get(bot.act("/robot/messageFiles/download", code)["downloadUrl"], timeout=5).content == b"x"
    if kind == "picture":
        assert body(app.robot_message("u1", said, GROUP_ID))["msgtype"] == "picture"
    else:
        with pytest.raises(ValueError, match="in a group"):
            app.robot_message("u1", said, GROUP_ID)


def test_rich_text_and_a_used_up_quota_look_as_documented(app: DingTalkApp) -> None:
    text, picture = body(app.robot_message("u1", ["名片", Picture(b"x")]))["content"]["richText"]
    assert (text, picture["type"], set(picture)) == ({"text": "名片"}, "picture", {"type", "downloadCode"})
    over = body(app.over_quota("u1"))
    assert (over["errorCode"], "text" in over, "content" in over) == (20001, False, False)


def test_an_event_is_sealed_signed_and_acknowledged(app: DingTalkApp) -> None:
    event = {"EventType": "org_dept_modify", "DeptName": "华东销售一部" * 10}
    request = app.subscription_event(event)
    sealed, query = body(request)["encrypt"], request.query
    plain, owner = decrypt(sealed, AES_KEY)
    assert (json.loads(plain), owner, request.door) == (event, OWNER, "events")
    assert query["signature"] == query["msg_signature"]
    assert query["signature"] == event_signature(TOKEN, query["timestamp"], query["nonce"], sealed)
    assert json.loads(decrypt(body(app.check_url())["encrypt"], AES_KEY)[0]) == {"EventType": "check_url"}
    assert app.acknowledged(json.dumps(REPLY).encode()) == "success"


@pytest.mark.parametrize("changed", [{"nonce": "x"}, {"msg_signature": "x"}, {"extra": "x"}])
def test_a_wrong_acknowledgement_is_a_failure(app: DingTalkApp, changed: JSON) -> None:
    with pytest.raises(ValueError, match="the answer is"):
        app.acknowledged(json.dumps(REPLY | changed).encode())


# --- presses ---


def only(api: DingTalkApi, where: str = "u1") -> Message:
    (message,) = api.conversation(where)
    return message


def pressed(request: Request) -> tuple[list[str], JSON]:
    inner = json.loads(body(request)["content"])["cardPrivateData"]
    return inner["actionIds"], inner["params"]


def test_a_press_brings_what_the_button_held_and_is_signed(api: DingTalkApi, bot: Bot, app: DingTalkApp) -> None:
    bot.create()
    request = app.press("u1", only(api), "同意")
    said = body(request)
    assert (said["type"], said["outTrackId"], said["userId"]) == ("actionCallback", "c-1", "u1")
    assert pressed(request) == (["approve"], {"id": "approve", "deal": "D-1"})
    stamp = request.headers["x-ddpaas-signature-timestamp"]
    assert (request.door, request.headers["x-ddpaas-signature"]) == ("cards", card_sign(stamp, SECRET))


def test_clients_differ_in_how_they_tell_the_button(api: DingTalkApi, bot: Bot, app: DingTalkApp) -> None:
    bot.create()
    message = only(api)
    assert pressed(app.card_press("u1", message, "同意", reported="action")) == (["approve"], {"deal": "D-1"})
    assert pressed(app.card_press("u1", message, "同意", reported="params"))[0] == []
    old = body(app.card_press("u1", message, "同意", old_shape=True))["value"]
    assert old == {"cardPrivateData": {"actionIds": ["approve"]}, "params": {"id": "approve", "deal": "D-1"}}


def test_only_what_stands_there_is_pressed_and_by_those_who_see_it(
    api: DingTalkApi, bot: Bot, app: DingTalkApp
) -> None:
    bot.create()
    spaces, model = f"dtv1.card//IM_GROUP.{GROUP_ID}", {"robotCode": api.robot_code, "recipients": ["u2"]}
    bot.create("c-2", openSpaceId=spaces, imGroupOpenDeliverModel=model)
    mine, ours = only(api), only(api, GROUP_ID)
    assert app.press("u2", ours, "同意").door == "cards"
    for user_id, message, label in (
        ("u1", mine, "退回"),
        ("u2", mine, "同意"),
        ("u1", ours, "同意"),
        ("u3", ours, "同意"),
        ("u1", mine, "打开"),
    ):
        with pytest.raises(LookupError):
            app.press(user_id, message, label)
    bot.update(cardData={"cardParamMap": {"title": "已通过"}})
    with pytest.raises(LookupError, match="nothing to press"):
        app.press("u1", mine, "同意")


def test_nobody_hears_of_a_press_without_a_callback(api: DingTalkApi, bot: Bot, app: DingTalkApp) -> None:
    bot.create(callbackType=None, callbackRouteKey=None)
    with pytest.raises(LookupError, match="callbackType"):
        app.press("u1", only(api), "同意")


def test_the_person_is_told_in_the_kind_of_id_the_card_was_made_with(
    api: DingTalkApi, bot: Bot, app: DingTalkApp
) -> None:
    union = api.company.people["u1"].union_id
    bot.create(userIdType=2, openSpaceId=f"dtv1.card//IM_ROBOT.{union}")
    assert body(app.press("u1", only(api), "同意"))["userId"] == union


def test_a_link_that_speaks_says_its_words_in_a_private_chat(api: DingTalkApi, bot: Bot, app: DingTalkApp) -> None:
    single = {"title": "t", "text": "x", "singleTitle": "同意", "singleURL": DTMD}
    key = bot.send("sampleActionCard", single, "u1")["processQueryKey"]
    bot.send_group("sampleActionCard", single)
    message = only(api)
    assert body(app.press("u1", message, "同意"))["text"] == {"content": "同意 D-1 k7Qz"}
    with pytest.raises(LookupError, match="in a group"):
        app.press("u1", only(api, GROUP_ID), "同意")
    bot.act("/robot/otoMessages/batchRecall", {"robotCode": api.robot_code, "processQueryKeys": [key]})
    with pytest.raises(LookupError, match="nothing to press"):
        app.press("u1", message, "同意")


# --- forms ---


def test_a_form_is_submitted_as_the_vector_has_it(api: DingTalkApi, bot: Bot, app: DingTalkApp) -> None:
    bot.create_form()
    answers = {"客户名": "上海云图", "阶段": "报价", "标签": ["甲", "丙"], "due": date(2024, 6, 13), "VIP": True}
    action_ids, params = pressed(app.card_press("u1", only(api), "保存", answers | {"金额": 12.5}))
    assert action_ids == ["form"]
    assert params["form"] == {
        "deal": "D-1",
        "name": "上海云图",
        "amount": 12.5,
        "stage": {"index": 1, "value": "2"},
        "tags": {"index": [0, 2], "value": ["a", "c"]},
        "due": "2024-06-13",
        "vip": True,
    }


def test_what_is_not_filled_in_is_absent_or_as_it_stood(api: DingTalkApi, bot: Bot, app: DingTalkApp) -> None:
    bot.create_form()
    _, params = pressed(app.card_press("u1", only(api), "保存", {"name": "华星", "标签": []}))
    assert params["form"] == {"deal": "D-1", "name": "华星", "stage": {"index": 0, "value": "1"}}
    _, params = pressed(app.card_press("u1", only(api), "保存", {"name": "华星", "阶段": None}))
    assert "stage" not in params["form"]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"客户名": "x", "电话": "1"}, LookupError),
        ({"客户名": "x", "deal": "D-2"}, LookupError),
        ({"客户名": "x", "阶段": "成交"}, LookupError),
        ({"客户名": "x", "标签": ["丁"]}, LookupError),
        ({}, ValueError),
        ({"客户名": ""}, ValueError),
        ({"客户名": 1}, ValueError),
        ({"客户名": "x", "金额": "一百"}, ValueError),
        ({"客户名": "x", "金额": True}, ValueError),
        ({"客户名": "x", "日期": "6月13日"}, ValueError),
        ({"客户名": "x", "VIP": "是"}, ValueError),
    ],
)
def test_what_the_client_does_not_let_through_is_not_sent(
    api: DingTalkApi, bot: Bot, app: DingTalkApp, answers: JSON, error: type[Exception]
) -> None:
    bot.create_form()
    with pytest.raises(error):
        app.card_press("u1", only(api), "保存", answers)


def test_a_form_goes_with_its_button_and_a_disabled_one_has_none(api: DingTalkApi, bot: Bot, app: DingTalkApp) -> None:
    bot.create()
    bot.create_form()
    buttons, form = api.conversation("u1")
    assert [each.label for each in fields(form)][1:3] == ["客户名", "金额"]
    assert fields(buttons) == []
    for message, label, answers in ((buttons, "同意", {"name": "x"}), (form, "保存", None)):
        with pytest.raises(LookupError, match="submits"):
            app.card_press("u1", message, label, answers)
    bot.update(
        "f-1", cardData={"cardParamMap": {"form_status": "disabled"}}, cardUpdateOptions={"updateCardDataByKey": True}
    )
    with pytest.raises(LookupError, match="nothing to press"):
        app.card_press("u1", form, "保存", {"name": "x"})


def test_groups_of_boxes_answer_with_bare_values() -> None:
    options = (("1", "一"), ("2", "二"))
    one = Field("a", "甲", "CHECKBOX_GROUP", False, False, None, options)
    some = Field("b", "乙", "MULTI_CHECKBOX_GROUP", False, False, None, options)
    assert fill([one, some], {"甲": "二", "乙": ["一", "2"]}) == {"a": "2", "b": ["1", "2"]}
