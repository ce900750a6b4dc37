"""The Feishu test kit writes, signs and reads as the platform and its client do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standins.feishu_says import (
    BOT_OPEN_ID,
    Button,
    FeishuApp,
    button,
    buttons,
    decrypt,
    encrypt,
    fields,
    fill,
    p2p_chat,
    signature,
    texts,
)

JSON = dict[str, Any]
DATA = Path(__file__).parent / "data"
VECTORS = json.loads((DATA / "feishu_vectors.json").read_text("utf-8"))
EXAMPLES: dict[str, JSON] = json.loads((DATA / "feishu_examples.json").read_text("utf-8"))
SEALED = [vector for vector in VECTORS["vectors"] if vector["keys"]["encrypt_key"]]
APPROVAL, FORM, CHART = (EXAMPLES[name] for name in ("approval", "form", "chart_and_table"))
T = {"tag": "plain_text", "content": "x"}


def by_name(vector: JSON) -> str:
    return str(vector["name"])


def test_the_known_answer_of_the_platform_is_decrypted() -> None:
    known = VECTORS["doc_vector"]
    assert decrypt(known["encrypt"], known["encrypt_key"]).decode() == known["plain"]


@pytest.mark.parametrize("vector", SEALED, ids=by_name)
def test_a_vector_is_sealed_byte_for_byte_as_the_platform_does(vector: JSON) -> None:
    key, headers, body = vector["keys"]["encrypt_key"], vector["request"]["headers"], vector["request"]["body"]
    sealed = json.loads(body)["encrypt"]
    assert decrypt(sealed, key).decode() == vector["decrypted_text"]
    assert encrypt(vector["decrypted_text"].encode(), key, bytes.fromhex(vector["crypto"]["iv_hex"])) == sealed
    stamp, nonce = headers["X-Lark-Request-Timestamp"], headers["X-Lark-Request-Nonce"]
    assert signature(stamp, nonce, key, body.encode()) == headers["X-Lark-Signature"]


@pytest.mark.parametrize("vector", VECTORS["negatives"], ids=by_name)
def test_a_spoilt_vector_fails_in_the_signature_the_cipher_or_the_token(vector: JSON) -> None:
    key, headers, body = vector["keys"]["encrypt_key"], vector["request"]["headers"], vector["request"]["body"]
    stamp, nonce = headers["X-Lark-Request-Timestamp"], headers["X-Lark-Request-Nonce"]
    signed = signature(stamp, nonce, key, body.encode()) == headers.get("X-Lark-Signature")
    try:
        token = json.loads(decrypt(json.loads(body)["encrypt"], key))["header"]["token"]
    except ValueError:
        token = ""
    assert not signed or token != vector["keys"]["verification_token"]


@given(st.binary(max_size=200), st.text(min_size=1, max_size=30))
def test_what_is_encrypted_comes_back(plain: bytes, key: str) -> None:
    assert decrypt(encrypt(plain, key), key) == plain


@pytest.fixture
def app() -> FeishuApp:
    return FeishuApp("cli_x", "key", "token", "tenant", clock=lambda: 1767225600.5)


def opened(app: FeishuApp, body: bytes) -> JSON:
    payload: JSON = json.loads(decrypt(json.loads(body)["encrypt"], app.encrypt_key))
    return payload


def test_a_request_is_signed_over_its_own_bytes(app: FeishuApp) -> None:
    request = app.message("ou_1", "你好")
    stamp, nonce = request.headers["X-Lark-Request-Timestamp"], request.headers["X-Lark-Request-Nonce"]
    assert stamp == "1767225600"
    assert request.headers["X-Lark-Signature"] == signature(stamp, nonce, "key", request.body)
    assert app.message("ou_1", "你好").body != request.body


def test_a_private_message_has_the_shape_of_the_vector(app: FeishuApp) -> None:
    payload = opened(app, app.message("ou_1", "你好", message_id="om_1", event_id="e1").body)
    header, message = payload["header"], payload["event"]["message"]
    assert set(header) == {"event_id", "event_type", "create_time", "token", "app_id", "tenant_key"}
    assert (header["event_id"], header["create_time"], header["token"]) == ("e1", "1767225600500", "token")
    assert json.loads(message["content"]) == {"text": "你好"}
    assert (message["message_id"], message["chat_type"], message["chat_id"]) == ("om_1", "p2p", p2p_chat("ou_1"))
    assert "mentions" not in message


def test_a_message_in_a_group_names_the_bot_unless_told_not_to(app: FeishuApp) -> None:
    named, silent = (
        opened(app, app.message("ou_1", "你好", "oc_9", True, mention).body)["event"]["message"]
        for mention in (True, False)
    )
    model = SEALED[1]["decrypted"]["event"]["message"]
    assert set(named) == set(model)
    assert set(named["mentions"][0]) == set(model["mentions"][0])
    assert named["mentions"][0]["id"]["open_id"] == BOT_OPEN_ID
    assert json.loads(named["content"])["text"] == "@_user_1 你好"
    assert json.loads(silent["content"])["text"] == "你好"
    assert "mentions" not in silent


def test_a_press_has_the_shape_of_the_vector(app: FeishuApp) -> None:
    payload = opened(app, app.press("ou_1", {"do": "x"}, "om_1", "oc_1", form={"a": "1"}, name="submit").body)
    model = SEALED[2]["decrypted"]
    assert set(payload["event"]) == set(model["event"])
    assert set(payload["event"]["action"]) == set(model["event"]["action"])
    assert set(payload["event"]["operator"]) == set(model["event"]["operator"])
    assert payload["header"]["create_time"] == "1767225600500000"
    assert payload["event"]["context"] == {"open_message_id": "om_1", "open_chat_id": "oc_1"}
    outside = opened(app, app.press("ou_1", {"do": "x"}, "om_1", "oc_1").body)["event"]["action"]
    assert not {"form_value", "name"} & set(outside)


def test_a_challenge_has_neither_schema_nor_header(app: FeishuApp) -> None:
    assert opened(app, app.challenge("c").body) == {"challenge": "c", "token": "token", "type": "url_verification"}


def test_an_app_without_a_key_sends_plain_and_unsigned() -> None:
    request = FeishuApp("cli_x", "", "token", "").challenge("c")
    assert json.loads(request.body)["challenge"] == "c"
    assert "X-Lark-Signature" not in request.headers


# --- reading and filling a card ---


def test_texts_are_what_a_person_reads() -> None:
    words = texts(APPROVAL)
    assert words.startswith(
        "折扣审批\n商机 #1001 · 华为云项目\n待处理\n申请人\n张三\n金额\n¥1,200,000\n申请折扣 8.5 折"
    )
    assert words.endswith("同意\n驳回\n14 天内有效")
    assert "张三 1800000 A" in texts(CHART).splitlines()


def test_entities_are_decoded_in_markdown_and_literal_in_plain_text() -> None:
    content = "&#60;at id=all&#62; <font color='red'>红</font><br><at id=ou_1></at>"
    elements = [{"tag": "markdown", "content": content}, {"tag": "div", "text": {**T, "content": "&#60;"}}]
    assert texts({"body": {"elements": elements}}) == "<at id=all> 红\n@ou_1\n&#60;"


def test_buttons_are_found_at_any_depth() -> None:
    assert [each.label for each in buttons(APPROVAL)] == ["同意", "驳回"]
    value = {"action": "followup.submit", "opportunity_id": "1001"}
    assert button(FORM, "提交") == Button("提交", value, "btn_submit", submit=True)
    assert button(FORM, "清空") == Button("清空", {}, "btn_reset", submit=False)
    with pytest.raises(LookupError, match="同意"):
        button(APPROVAL, "删除")


def form_of(*elements: JSON) -> JSON:
    return {"body": {"elements": [{"tag": "form", "name": "f", "elements": list(elements)}]}}


OPTIONS = [{"text": {**T, "content": text}, "value": value} for text, value in (("甲", "a"), ("乙", "b"))]
PEOPLE = form_of(
    {"tag": "markdown", "content": "**标签**："},
    {"tag": "multi_select_static", "name": "tags", "options": OPTIONS, "selected_values": ["a"]},
    {"tag": "div", "text": {**T, "content": "负责人 *"}},
    {"tag": "select_person", "name": "owner", "options": []},
    {"tag": "date_picker", "name": "day", "initial_date": "2026-01-05", "placeholder": {**T, "content": "哪天"}},
    {"tag": "picker_time", "name": "at", "placeholder": {**T, "content": "几点"}},
    {"tag": "checker", "name": "sorry", "text": {**T, "content": "已致歉"}},
)


def test_fields_carry_the_label_people_see() -> None:
    assert [each.label for each in fields(FORM)] == ["跟进内容", "商机阶段", "下次跟进时间"]
    assert [each.label for each in fields(PEOPLE)] == ["标签", "负责人", "哪天", "几点", "已致歉"]
    assert fields(FORM)[1].options == (("qualify", "初步接洽"), ("negotiation", "商务谈判"))


def test_an_untouched_form_sends_its_defaults() -> None:
    assert fill(FORM, {}) == {"note": "", "stage": "qualify", "next_at": ""}
    assert fill(PEOPLE, {}) == {"tags": ["a"], "owner": "", "day": "2026-01-05 +0800", "at": "", "sorry": False}


def test_answers_are_sent_as_the_client_writes_them() -> None:
    answers = {"跟进内容": "已报价", "商机阶段": "商务谈判", "下次跟进时间": "2026-01-05 14:30"}
    sent = {"note": "已报价", "stage": "negotiation", "next_at": "2026-01-05 14:30 +0800"}
    assert fill(FORM, answers) == sent
    more = {"标签": ["甲", "b"], "owner": "ou_1", "哪天": "2026-02-01", "几点": "09:00", "已致歉": True}
    assert list(fill(PEOPLE, more).values()) == [["a", "b"], "ou_1", "2026-02-01 +0800", "09:00 +0800", True]
    aware = datetime(2026, 1, 5, 6, 30, tzinfo=UTC)
    assert fill(FORM, {"next_at": aware})["next_at"] == "2026-01-05 14:30 +0800"


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"金额": "1"}, LookupError),
        ({"商机阶段": "赢单"}, LookupError),
        ({"跟进内容": "长" * 1001}, ValueError),
        ({"下次跟进时间": "明天"}, ValueError),
    ],
)
def test_what_the_client_does_not_offer_cannot_be_sent(answers: JSON, error: type[Exception]) -> None:
    with pytest.raises(error):
        fill(FORM, answers)


def test_of_several_forms_one_must_be_named() -> None:
    entry = {"tag": "input", "name": "a"}
    both = [{"tag": "form", "name": name, "elements": [{**entry, "name": name + "1"}]} for name in ("f", "g")]
    card = {"body": {"elements": both}}
    assert fill(card, {}, form="g") == {"g1": ""}
    with pytest.raises(LookupError, match="which form"):
        fill(card, {})
