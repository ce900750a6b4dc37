"""What Feishu's payloads mean: who said or pressed what, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.event import Change, Event, Press
from bot.feishu.events import read, respond
from bot.platform import Direct, Forged
from cards.kit import Toast

VECTORS = {
    vector["name"]: vector
    for vector in json.loads((Path(__file__).parent / "data" / "feishu_vectors.json").read_text("utf-8"))["vectors"]
}
SPOKEN = Event(
    platform="feishu",
    key="om_5ce6d572455d361153b7cb51da133945",
    account="ou_84aad35d084aa403a838cf73ee18467",
    chat="oc_5ce6d572455d361153b7cb51da133945",
    private=False,
    text="查询客户 华为 & <A> 张三",
)
PRESSED = Event(
    platform="feishu",
    key="f7984f25108f8137722bb63c00000001",
    account="ou_84aad35d084aa403a838cf73ee18467",
    chat="oc_e4d2605ca917e695f54f11aaf5600001",
    private=None,
    press=Press(
        value={"action": "followup.submit", "opportunity_id": "1001"},
        message_id="om_574d639e4a44e4dd646eaf628e200001",
        form={
            "note": "第一行\n第二行",
            "stage": "negotiation",
            "tags": "vip,renewal",
            "next_at": "2026-01-05 14:30 +0800",
            "owner": "ou_7dede290d6a27698b969a7fd70ca53da",
        },
    ),
)
BOT = {"key": "@_user_1", "id": {"open_id": "ou_bot"}, "mentioned_type": "bot", "name": "客伴"}
LI = {"key": "@_user_10", "id": {"open_id": "ou_li"}, "mentioned_type": "user", "name": "李雷"}
GONE = Ellipsis


def message(content: Any, kind: str = "text", chat_type: str = "p2p", **changes: Any) -> dict[str, Any]:
    body = {"message_id": "om_1", "chat_id": "oc_1", "chat_type": chat_type, "message_type": kind}
    sender = {"sender_id": {"open_id": "ou_1"}, "sender_type": changes.pop("sender_type", "user")}
    return {
        "schema": "2.0",
        "header": {"event_id": "e1", "event_type": "im.message.receive_v1"},
        "event": {"sender": sender, "message": body | {"content": json.dumps(content)} | changes},
    }


def press(**action: Any) -> dict[str, Any]:
    return {
        "schema": "2.0",
        "header": {"event_id": "e1", "event_type": "card.action.trigger"},
        "event": {
            "operator": {"open_id": "ou_1"},
            "action": action,
            "context": {"open_message_id": "om_1", "open_chat_id": "oc_1"},
        },
    }


def told(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    return {"schema": "2.0", "header": {"event_id": "e1", "event_type": kind}, "event": event}


LEFT = told("contact.user.deleted_v3", {"object": {"open_id": "ou_7", "name": "张三"}, "old_object": {}})
REMOVED = told("im.chat.member.bot.deleted_v1", {"chat_id": "oc_7", "external": False, "name": "群名称"})


def said(payload: dict[str, Any]) -> str | None:
    event = read(payload)
    assert event is None or isinstance(event, Event)
    return event.text if event else None


def pressed(**action: Any) -> Press:
    event = read(press(**action))
    assert isinstance(event, Event) and event.press
    return event.press


def changed(payload: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(payload))
    *parents, last = path.split(".")
    node: Any = copy
    for name in parents:
        node = node[name]
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    return copy


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("url_verification_encrypted", Direct({"challenge": "ajls384kdj-0001"})),
        ("url_verification_plain", Direct({"challenge": "ajls384kdj-0001"})),
        ("im_message_receive_v1_group_text_mentions", SPOKEN),
        ("im_message_receive_v1_plain", SPOKEN),
        ("card_action_trigger_form_submit", PRESSED),
        ("bot_menu_v6", None),
    ],
)
def test_a_genuine_payload_is_read(name: str, meaning: Event | Direct | None) -> None:
    assert read(VECTORS[name]["decrypted"]) == meaning


@pytest.mark.parametrize(
    ("content", "mentions", "text"),
    [
        ({"text": "@_user_1 /查 华星"}, [BOT], "/查 华星"),
        ({"text": "/转移 华星 给:@_user_10 @_user_1"}, [BOT, LI], "/转移 华星 给:李雷"),
        ({"text": "@_all @_user_1 /今天"}, [BOT], "/今天"),
        ({"text": "@_user_1 看 @_user_7"}, [BOT], "看 @_user_7"),
        ({"text": "@_user_1 官网 [华星](https://a.cn)\n第二行 "}, [BOT], "官网 [华星](https://a.cn)\n第二行"),
        ({"text": "@_user_1"}, [BOT], ""),
    ],
)
def test_in_a_group_the_bots_own_mention_is_left_out_and_people_go_by_name(
    content: dict[str, str], mentions: list[Any], text: str
) -> None:
    assert said(message(content, chat_type="group", mentions=mentions)) == text


@pytest.mark.parametrize("mentions", [GONE, None, [], [LI]])
def test_in_a_group_what_is_not_said_to_the_bot_is_ignored(mentions: Any) -> None:
    changes = {} if mentions is GONE else {"mentions": mentions}
    assert read(message({"text": "@_user_10 /查 华星"}, chat_type="group", **changes)) is None


def test_in_private_everything_is_said_to_the_bot() -> None:
    assert read(message({"text": "/今天"})) == Event("feishu", "om_1", "ou_1", "oc_1", True, "/今天")


@pytest.mark.parametrize("sender_type", ["bot", "app", "anonymous"])
def test_what_other_bots_say_is_ignored(sender_type: str) -> None:
    assert read(changed(message({"text": "hi"}, sender_type=sender_type), "event.sender.sender_id", None)) is None


def test_a_rich_message_is_read_as_its_words() -> None:
    lines = [
        [{"tag": "at", "user_id": "@_user_1", "user_name": "客伴"}, {"tag": "text", "text": " 已报价 "}],
        [{"tag": "img", "image_key": "img_1"}],
        [{"tag": "a", "text": "方案", "href": "https://a.cn"}, {"tag": "at", "user_id": "ou_x", "user_name": "韩梅"}],
    ]
    content = {"title": "/跟进 华星", "content": lines}
    text = "/跟进 华星\n 已报价 \n\n方案韩梅"
    assert said(message(content, "post", mentions=[BOT])) == text
    assert said(message(content | {"title": ""}, "post", mentions=[BOT])) == "已报价 \n\n方案韩梅"


@pytest.mark.parametrize("kind", ["image", "file", "audio", "sticker", "interactive", "a_new_kind"])
def test_a_message_without_words_is_an_event_without_text(kind: str) -> None:
    assert said(message({"file_key": "file_1"}, kind)) == ""


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ({"value": {"a": 1}, "name": "b"}, {"a": 1}),
        ({"value": '{"a": 1}', "name": "b"}, {"a": 1}),
        ({"value": "no object"}, {}),
        ({"value": "[1]"}, {}),
        ({"value": '{"a": "\\u0000"}'}, {}),
        ({"value": "no object", "name": "b"}, {"name": "b"}),
        ({"value": {}, "name": "b"}, {"name": "b"}),
        ({"value": "", "name": "b"}, {"name": "b"}),
        ({"value": None, "name": "b"}, {"name": "b"}),
        ({"name": "b"}, {"name": "b"}),
        ({}, {}),
    ],
)
def test_a_button_says_what_it_means_by_its_value_or_else_its_name(
    action: dict[str, Any], value: dict[str, Any]
) -> None:
    assert pressed(**action).value == value


@pytest.mark.parametrize(
    ("action", "form"),
    [
        ({"form_value": {"due": "2026-01-05 +0800", "none": None}}, {"due": "2026-01-05 +0800", "none": ""}),
        ({"form_value": {"list": ["a", "b"], "empty": []}}, {"list": "a,b", "empty": ""}),
        ({"form_value": {"yes": True, "n": 3}}, {"yes": "true", "n": "3"}),
        ({"form_value": None}, {}),
        ({"option": "vip"}, {"option": "vip"}),
        ({"input_value": ""}, {"input": ""}),
    ],
)
def test_everything_filled_in_arrives_as_text(action: dict[str, Any], form: dict[str, str]) -> None:
    assert pressed(**action).form == form


DEPARTMENT = {"object": {"name": "旧部门", "open_department_id": "od-7", "status": {"is_deleted": False}}}


@pytest.mark.parametrize(
    ("payload", "meaning"),
    [
        (LEFT, Change("feishu", "e1", "left", ("ou_7",))),
        (told("contact.user.created_v3", LEFT["event"]), Change("feishu", "e1", "member", ("ou_7",))),
        (told("contact.user.updated_v3", LEFT["event"]), Change("feishu", "e1", "member", ("ou_7",))),
        (told("contact.department.created_v3", DEPARTMENT), Change("feishu", "e1", "unit", ("od-7",))),
        (told("contact.department.updated_v3", DEPARTMENT), Change("feishu", "e1", "unit", ("od-7",))),
        (told("contact.department.deleted_v3", DEPARTMENT), Change("feishu", "e1", "unit", ("od-7",))),
        (told("contact.scope.updated_v3", {"added": {}, "removed": {}}), Change("feishu", "e1", "scope", ("",))),
        (REMOVED, Change("feishu", "e1", "closed", ("oc_7",))),
        (told("im.chat.disbanded_v1", REMOVED["event"]), Change("feishu", "e1", "closed", ("oc_7",))),
        (told("im.chat.member.bot.added_v1", REMOVED["event"]), Change("feishu", "e1", "opened", ("oc_7",))),
    ],
)
def test_what_the_platform_tells_of_people_and_chats_is_a_change(payload: dict[str, Any], meaning: Change) -> None:
    assert read(payload) == meaning


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"uuid": "u1", "type": "event_callback", "event": {"type": "message"}},
        {"header": None},
        {"header": {"event_id": "e1"}},
        {"header": {"event_type": ["im.message.receive_v1"]}},
        {"header": {"event_id": "e1", "event_type": "contact.employee_type_enum.updated_v3"}, "event": {}},
        {"header": {"event_id": "e1", "event_type": "im.chat.updated_v1"}, "event": {"chat_id": "oc_1"}},
    ],
)
def test_what_we_do_not_handle_is_nothing(payload: dict[str, Any]) -> None:
    assert read(payload) is None


@pytest.mark.parametrize("value", [GONE, None, "", 1, [], {"a": 1}], ids=repr)
@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (message({"text": "hi"}), "event.message.message_id"),
        (message({"text": "hi"}), "event.message.chat_id"),
        (message({"text": "hi"}), "event.message.chat_type"),
        (message({"text": "hi"}), "event.message.content"),
        (message({"text": "hi"}), "event.sender.sender_id.open_id"),
        (message({"text": "hi"}), "event.sender.sender_id"),
        (message({"text": "hi"}), "event.message"),
        (message({"text": "hi"}), "event"),
        (press(name="b"), "header.event_id"),
        (press(name="b"), "event.operator"),
        (press(name="b"), "event.operator.open_id"),
        (press(name="b"), "event.context.open_message_id"),
        (press(name="b"), "event.context.open_chat_id"),
        (LEFT, "header.event_id"),
        (LEFT, "event.object"),
        (LEFT, "event.object.open_id"),
        (REMOVED, "header.event_id"),
        (REMOVED, "event.chat_id"),
    ],
)
def test_an_event_without_what_it_needs_is_damaged(payload: dict[str, Any], path: str, value: Any) -> None:
    with pytest.raises(Forged) as caught:
        read(changed(payload, path, value))
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "url_verification"},
        {"type": "url_verification", "challenge": 1},
        message({"text": 1}),
        message({"text": "a\0b"}),
        message([]),
        message({"text": "hi"}, mentions=[1]),
        message({"content": [{}]}, "post"),
        message({"content": [[{"tag": "text", "text": 1}]]}, "post"),
        press(value=[1]),
        press(form_value={"a": {"b": "c"}}),
        press(option=["a"]),
    ],
)
def test_a_part_of_a_wrong_type_is_damaged(payload: dict[str, Any]) -> None:
    with pytest.raises(Forged) as caught:
        read(payload)
    assert caught.value.status == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
PLACES = [
    (message({"text": "hi"}), "event.message"),
    (message({"text": "hi"}), "event.message.content"),
    (message({"text": "hi"}), "event.message.mentions"),
    (message({"text": "hi"}), "event.sender"),
    (press(name="b"), "event"),
    (press(name="b"), "event.action"),
    (press(name="b"), "event.action.value"),
    (press(name="b"), "event.action.form_value"),
    (press(name="b"), "header"),
]


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_in_a_payload_is_read_or_refused(place: tuple[dict[str, Any], str], value: Any) -> None:
    try:
        assert isinstance(read(changed(*place, value)), Event | None)
    except Forged as error:
        assert error.status == 400


@pytest.mark.parametrize(
    ("card", "toast", "answer"),
    [
        (None, None, {}),
        (None, Toast("已保存"), {"toast": {"type": "success", "content": "已保存"}}),
        ({"schema": "2.0"}, None, {"card": {"type": "raw", "data": {"schema": "2.0"}}}),
        (
            {"schema": "2.0"},
            Toast("没有权限", "error"),
            {
                "toast": {"type": "error", "content": "没有权限"},
                "card": {"type": "raw", "data": {"schema": "2.0"}},
            },
        ),
    ],
)
def test_the_answer_to_a_press_has_only_what_is_given(
    card: dict[str, Any] | None, toast: Toast | None, answer: dict[str, Any]
) -> None:
    assert respond(card, toast) == answer
