"""What DingTalk's payloads mean: who said or pressed what, who left, and where an answer may go."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.dingtalk.events import ReplyDoor, changed, heard, pressed, reply_door, said
from bot.event import Enclosed, Event, Press
from bot.platform import Direct, Forged
from dingtalk_made import ACCOUNT, GONE, body, message, press

OWN = f"user:{ACCOUNT}"
CHAT = "cidAAAAAAAAAAAAAAAAAAAAAA=="
DOOR = "https://oapi.dingtalk.com/robot/sendBySession?session=00000000000000000000000000000001"
SENT = Enclosed("image", "mIofN681YE3fDOWNLOADCODE==", "msgAAAA0003==")
UNTIL = datetime(2023, 11, 14, 23, 38, 20, tzinfo=UTC)


def words(payload: dict[str, Any]) -> str | None:
    event = said(payload)
    return event.text if event else None


def pressing(payload: dict[str, Any]) -> Press:
    event = pressed(payload)
    assert event.press
    return event.press


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("1:1 text", Event("dingtalk", "msgAAAA0001==", ACCOUNT, OWN, True, "客户 上海云图")),
        ("group text", Event("dingtalk", "msgAAAA0002==", ACCOUNT, CHAT, False, "新建商机 100万")),
        ("1:1 richText", Event("dingtalk", "msgAAAA0003==", ACCOUNT, OWN, True, "名片", files=(SENT,))),
    ],
)
def test_a_genuine_message_is_read(name: str, meaning: Event) -> None:
    assert said(body("messages", name)) == meaning
    door = reply_door(body("messages", name))
    assert door is not None and door.url == DOOR


@pytest.mark.parametrize(
    ("kind", "members", "text"),
    [
        ("text", {"text": {"content": " \u2005\u00a0/今天\u00a0\u2005\n"}}, "/今天"),
        ("text", {"text": {"content": "第一行\n 第二行\u2005"}}, "第一行\n 第二行"),
        ("text", {"text": {"content": ""}}, ""),
        ("text", {"content": " /今天"}, "/今天"),
        ("text", {"text": {"content": "/今天"}, "content": "/明天"}, "/今天"),
        ("text", {"text": None, "content": "/今天"}, "/今天"),
        (
            "richText",
            {"content": {"richText": [{"text": "/查 "}, {"type": "picture"}, {"text": "华星\n"}]}},
            "/查 华星",
        ),
        ("richText", {"content": {"richText": [{"text": None}, {"pictureDownloadCode": "m"}]}}, ""),
        ("richText", {"content": {"richText": []}}, ""),
        ("audio", {"content": {"duration": 4000, "downloadCode": "m", "recognition": "跟进华星。 "}}, "跟进华星。"),
        ("audio", {"content": {"duration": "4000", "downloadCode": "m"}}, ""),
        ("audio", {"content": {"recognition": None}}, ""),
        ("picture", {"content": {"downloadCode": "m"}}, ""),
        ("video", {"content": {"duration": 4000, "downloadCode": "m", "videoType": "mp4"}}, ""),
        ("file", {"content": {"downloadCode": "m", "fileName": "a.pdf"}}, ""),
        ("a_new_kind", {}, ""),
    ],
)
def test_a_message_is_read_as_its_words(kind: str, members: dict[str, Any], text: str) -> None:
    assert words(message(kind, **members)) == text


@pytest.mark.parametrize(
    ("in_list", "addressed"),
    [(True, True), (GONE, True), (None, True), ("true", True), (False, False), ("false", False), ("False", False)],
)
def test_in_a_group_what_is_not_said_to_the_robot_is_ignored(in_list: Any, addressed: bool) -> None:
    spoken = {"text": {"content": "/今天"}, "isInAtList": in_list}
    assert (words(message(**spoken, conversationType="2")) == "/今天") is addressed
    assert words(message(**spoken, conversationType="1")) == "/今天"


@pytest.mark.parametrize("account", [GONE, None, ""])
def test_somebody_outside_the_organisation_speaks_without_an_account(account: Any) -> None:
    event = said(message(text={"content": "/今天"}, senderStaffId=account))
    assert event == Event("dingtalk", "msgAAAA0001==", "", "user:", True, "/今天")
    told = heard(message(text={"content": "/今天"}, senderStaffId=account))
    assert isinstance(told, Direct) and "没有告诉我你是谁" in told.body["text"]["content"]
    assert isinstance(heard(message(text={"content": "/今天"})), Event)


def test_numbers_may_come_as_text_and_text_as_numbers() -> None:
    numbers: dict[str, Any] = {
        "conversationType": 1,
        "senderStaffId": 4220,
        "msgId": 7,
        "conversationId": 8,
        "createAt": "1",
    }
    event = said(message(text={"content": "/今天"}, **numbers))
    assert event == Event("dingtalk", "7", "4220", "user:4220", True, "/今天")


@pytest.mark.parametrize(
    "notice", [{"errorCode": 20001}, {"errorCode": "20001", "errorMessage": "quota"}, {"errCode": 20001, "text": None}]
)
def test_a_message_withheld_for_the_quota_is_no_event_and_warns_once(
    notice: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert said(message(GONE, **notice)) is None
        assert [("error 20001" in each.message, each.levelname) for each in caplog.records] == [(True, "WARNING")]
        assert words(message(**notice | {"text": {"content": "/今天"}})) == "/今天"
        assert len(caplog.records) == 1


@pytest.mark.parametrize("value", [GONE, None, "", [], {"a": 1}, True, 1.5, "x" * 129], ids=repr)
@pytest.mark.parametrize("member", ["msgId", "conversationId", "conversationType", "msgtype"])
def test_a_message_without_what_it_needs_is_damaged(member: str, value: Any) -> None:
    whole: dict[str, Any] = {"text": {"content": "/今天"}}
    assert words(message(**whole)) == "/今天"
    with pytest.raises(Forged) as caught:
        said(message(**whole, **{member: value}))
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "payload",
    [
        {},
        message(),
        message(text="hi"),
        message(text={}),
        message(text={"content": 1}),
        message(text=[], content="hi"),
        message(content={"content": "hi"}),
        message("richText"),
        message("richText", content={"richText": "hi"}),
        message("richText", content={"richText": ["hi"]}),
        message("richText", content={"richText": [{"text": 1}]}),
        message("audio"),
        message("audio", content={"recognition": ["hi"]}),
        message(text={"content": "hi"}, senderStaffId=["u1"]),
        message(text={"content": "hi"}, senderStaffId="u" * 129),
    ],
)
def test_a_message_with_a_part_of_a_wrong_type_is_damaged(payload: dict[str, Any]) -> None:
    with pytest.raises(Forged) as caught:
        said(payload)
    assert caught.value.status == 400


@pytest.mark.parametrize("ends", [1700005400000, "1700005400000"])
def test_a_message_may_be_answered_at_its_own_address_until_shortly_before_that_ends(ends: Any) -> None:
    assert reply_door(message(sessionWebhookExpiredTime=ends)) == ReplyDoor(DOOR, UNTIL)


@pytest.mark.parametrize("ends", [GONE, None, "", "soon", -1, 1.7e12, True, [1], 10**18, "１７"], ids=repr)
def test_an_address_that_does_not_say_when_it_ends_is_not_used(ends: Any) -> None:
    assert reply_door(message(sessionWebhookExpiredTime=ends)) is None


@pytest.mark.parametrize(
    ("url", "base", "taken"),
    [
        (DOOR, "https://oapi.dingtalk.com", True),
        (DOOR, "https://oapi.dingtalk.com/", True),
        (DOOR, "http://127.0.0.1:8080", False),
        ("http://127.0.0.1:8080/robot/sendBySession?session=1", "http://127.0.0.1:8080", True),
        ("http://127.0.0.1:8081/robot/sendBySession?session=1", "http://127.0.0.1:8080", False),
        ("http://127.0.0.1:80801/robot/sendBySession?session=1", "http://127.0.0.1:8080", False),
        ("https://127.0.0.1:8080/robot/sendBySession?session=1", "http://127.0.0.1:8080", False),
        ("http://127.0.0.1:8080@evil.cn/robot/sendBySession?session=1", "http://127.0.0.1:8080", False),
    ],
)
def test_the_address_is_on_the_host_that_is_configured(url: str, base: str, taken: bool) -> None:
    assert (reply_door(message(sessionWebhook=url), base) is not None) is taken


@pytest.mark.parametrize(
    "url",
    [
        GONE,
        None,
        "",
        1,
        [DOOR],
        DOOR.replace("https", "http"),
        DOOR.replace("oapi.", "evil."),
        DOOR.replace(".com", ".com.evil.cn"),
        DOOR.replace(".com", ".com."),
        DOOR.replace(".com", ".com:443"),
        DOOR.replace(".com", ".com:8443"),
        DOOR.replace("oapi", "user:word@oapi"),
        DOOR.replace("//", "//evil.cn\\@"),
        DOOR.replace(".com", ".com@evil.cn"),
        DOOR.replace(".com", ".com\\@evil.cn"),
        DOOR.replace("https:", ""),
        DOOR.replace("robot", "topapi"),
        DOOR.replace("/robot", "//evil.cn/robot"),
        DOOR.replace("robot/", "robot/../"),
        DOOR.replace("sendBySession", "sendBySession/../send"),
        DOOR.replace("sendBySession", "sendBySessionEvil"),
        DOOR + "#fragment",
        DOOR + "\r\nHost: evil.cn",
        DOOR + " ",
        " " + DOOR,
        DOOR + "é",
        DOOR + "1" * 2048,
    ],
    ids=str,
)
def test_no_other_address_is_believed(url: Any) -> None:
    assert reply_door(message(sessionWebhook=url)) is None


BUTTON = Press(value={"action": "accept", "dealId": "D-1"}, message_id="crm-card-0001")
SUBMITTED = Press(
    value={"name": "form"},
    message_id="crm-card-0002",
    form={"name": "上海云图", "stage": "2", "tags": "a,c", "date": "2024-06-13", "vip": "true"},
)


@pytest.mark.parametrize(("name", "meaning"), [("button", BUTTON), ("form submit", SUBMITTED)])
def test_a_genuine_press_is_read(name: str, meaning: Press) -> None:
    event = pressed(body("cards", name))
    assert event == Event("dingtalk", event.key, ACCOUNT, OWN, True, press=meaning)
    assert len(event.key) == 64 and set(event.key) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("params", "ids", "value"),
    [
        ({"a": "1"}, ["b"], {"a": "1"}),
        ({"value": '{"do": "x", "n": 1}', "id": "b"}, ["b"], {"do": "x", "n": 1}),
        ({"value": {"do": "x"}, "id": "b"}, ["b"], {"do": "x"}),
        ({"value": "no object"}, ["b"], {"value": "no object"}),
        ({"value": "[1]"}, ["b"], {"value": "[1]"}),
        ({"value": '{"a": "\\u0000"}'}, ["b"], {"value": '{"a": "\\u0000"}'}),
        ({"value": "{}"}, ["b"], {"name": "b"}),
        ({"form": {"x": "1"}, "current_form": {"fields": []}, "do": "x"}, ["form"], {"do": "x"}),
        ({"form": {"x": "1"}, "current_form": "{}"}, ["form"], {"name": "form"}),
        ({}, ["b", "c"], {"name": "b"}),
        ({}, [7], {"name": "7"}),
        (None, ["b"], {"name": "b"}),
        (GONE, ["b"], {"name": "b"}),
        ({}, [], {}),
        ({}, None, {}),
        (GONE, GONE, {}),
    ],
)
def test_a_button_says_what_it_means_by_its_parameters_or_else_its_name(
    params: Any, ids: Any, value: dict[str, Any]
) -> None:
    assert pressing(press(params, ids)).value == value


INNER = {"actionIds": ["b"], "params": {"a": "1"}}


@pytest.mark.parametrize(
    "content",
    [
        {"cardPrivateData": INNER},
        {"cardPrivateData": {"actionIds": ["b"]}, "params": {"a": "1"}},
        {"cardPrivateData": {"params": {"a": "1"}}, "actionIds": ["b"]},
        {"cardPrivateData": None} | INNER,
        INNER,
    ],
)
def test_the_content_of_a_press_is_found_wherever_it_stands(content: dict[str, Any]) -> None:
    for written in (content, json.dumps(content)):
        assert pressing(press(content=written)).value == {"a": "1"}
        for nothing in (GONE, None, ""):
            assert pressing(press(content=nothing, value=written)).value == {"a": "1"}


@pytest.mark.parametrize(
    ("filled", "form"),
    [
        ({"stage": {"index": 1, "value": "2"}}, {"stage": "2"}),
        ({"tags": {"index": [0, 2], "value": ["a", "c"]}}, {"tags": "a,c"}),
        ({"tags": {"index": [], "value": []}}, {"tags": ""}),
        ({"lines": ["a", None, 3]}, {"lines": "a,3"}),
        ({"yes": True, "no": False, "n": 3, "x": 1.5}, {"yes": "true", "no": "false", "n": "3", "x": "1.5"}),
        ({"flag": {"value": True}}, {"flag": "true"}),
        ({"none": None, "unchosen": {"index": -1}, "empty": ""}, {"empty": ""}),
        ({}, {}),
        (None, {}),
        ('{"name": "上海云图"}', {"name": "上海云图"}),
    ],
)
def test_everything_filled_in_arrives_as_text(filled: Any, form: dict[str, str]) -> None:
    assert pressing(press({"form": filled}, ["form"])).form == form


def test_a_press_without_a_form_fills_nothing_in() -> None:
    assert pressing(press({"a": "1"}, ["b"])).form == {}


def test_the_same_press_has_the_same_key_however_it_is_written_and_another_press_another() -> None:
    content = {"cardPrivateData": {"actionIds": ["b"], "params": {"a": "1", "b": "张三"}}}
    turned = {"cardPrivateData": {"params": {"b": "张三", "a": "1"}, "actionIds": ["b"]}}
    written = [json.dumps(content), json.dumps(turned, ensure_ascii=False, indent=1), content, content | {"spaceId": 1}]
    same = [press(content=each) for each in written] + [press(content=content, spaceId="s", type="actionCallback")]
    same += [press(content=GONE, value=content)]
    assert len({pressed(each).key for each in same}) == 1
    others = [
        press(content=content, userId="u2"),
        press(content=content, outTrackId="card-2"),
        press(content=content, outTrackId="card-1m", userId="anager4220"),
        press({"a": "1", "b": "李四"}, ["b"]),
        press({"a": "1", "b": "张三"}, ["c"]),
        press({"a": 1, "b": "张三"}, ["b"]),
    ]
    assert len({pressed(each).key for each in [same[0], *others]}) == 1 + len(others)


@pytest.mark.parametrize(
    ("members", "chat", "private"),
    [
        ({}, "user:u1", True),
        ({"spaceId": "dtv1.card//IM_ROBOT.u1"}, "user:u1", True),
        ({"spaceId": "dtv1.card//IM_GROUP.cid1"}, "cid1", False),
        ({"outTrackId": "group:k"}, "", False),
        ({"outTrackId": "group:k", "spaceId": "dtv1.card//IM_ROBOT.u1"}, "", False),
    ],
)
def test_a_press_is_private_only_where_nothing_speaks_of_a_group(
    members: dict[str, Any], chat: str, private: bool
) -> None:
    event = pressed(press({"a": "1"}, userId="u1", **members))
    assert (event.chat, event.private) == (chat, private)


NOTHING: list[Any] = [GONE, None, "", [], "x" * 129]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        *(press({}, **{name: value}) for name in ("outTrackId", "userId") for value in NOTHING),
        *(press(content=value) for value in [*NOTHING, "no json", "[1]", '{"a": NaN}', 1]),
        press({}, spaceId=[1]),
        press(content={"cardPrivateData": "text"}),
        press([1]),
        press("text"),
        press({}, "b"),
        press({}, [["b"]]),
        press({"form": "no object"}),
        press({"form": ["a"]}),
        press({"form": {"a": {"value": {"b": "c"}}}}),
        press({"form": {"a": [["b"]]}}),
    ],
    ids=lambda payload: json.dumps(payload)[:60],
)
def test_a_press_with_a_part_missing_or_of_a_wrong_type_is_damaged(payload: dict[str, Any]) -> None:
    assert pressing(press({"a": "1"})).value == {"a": "1"}
    with pytest.raises(Forged) as caught:
        pressed(payload)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("payload", "meaning"),
    [
        ({"EventType": "user_leave_org", "UserId": ["u1", "u2"], "CorpId": "c"}, ("left", ("u1", "u2"))),
        ({"EventType": "user_leave_org", "userId": ["015227"], "timeStamp": "1"}, ("left", ("015227",))),
        ({"EventType": "user_leave_org", "userId": [15227]}, ("left", ("15227",))),
        ({"EventType": "user_leave_org", "UserId": []}, ("left", ())),
        ({"EventType": "user_modify_org", "userId": ["u1"], "diffInfo": {"prev": {}}}, ("member", ("u1",))),
        ({"EventType": "org_dept_create", "deptId": [432825033]}, ("unit", ("432825033",))),
        ({"EventType": "org_dept_modify", "DeptId": [7, 8]}, ("unit", ("7", "8"))),
        (body("events", "user_add_org"), ("member", ("user1", "user2"))),
        ({"EventType": "org_change"}, None),
        (body("events", "check_url"), None),
        ({"EventType": "check_create_suite_url", "Random": "r", "TestSuiteKey": "s"}, None),
        ({"EventType": ["user_leave_org"], "UserId": ["u1"]}, None),
        ({}, None),
    ],
)
def test_what_happens_to_people_and_departments_is_a_change(
    payload: dict[str, Any], meaning: tuple[str, tuple[str, ...]] | None
) -> None:
    change = changed(payload)
    assert (change and (change.kind, change.names)) == meaning


@pytest.mark.parametrize("users", [GONE, None, "u1", [None], [""], [["u1"]], {"a": 1}, ["u" * 129]], ids=repr)
def test_a_leave_that_does_not_say_whose_is_damaged(users: Any) -> None:
    with pytest.raises(Forged) as caught:
        changed({"EventType": "user_leave_org"} | ({} if users is GONE else {"UserId": users}))
    assert caught.value.status == 400
