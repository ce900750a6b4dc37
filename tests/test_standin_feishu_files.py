"""The Feishu stand-in is as strict as the platform with files, pictures, urgent notices and looking for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from standins.feishu_api import APP_ID, APP_SECRET, FeishuApi
from standins.feishu_says import p2p_chat

JSON = dict[str, Any]
MB = 1024 * 1024
TOKEN = "/auth/v3/tenant_access_token/internal"
FIND = "/contact/v3/users/batch_get_id?user_id_type=open_id"


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big")


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + width.to_bytes(2, "little") + height.to_bytes(2, "little")


class Calls:
    """Calls the stand-in with a token; an answer is its JSON."""

    def __init__(self, api: FeishuApi) -> None:
        self.api, self.token = api, ""
        self.token = self.call("POST", TOKEN, json={"app_id": APP_ID, "app_secret": APP_SECRET})["tenant_access_token"]

    def call(self, method: str, path: str, **what: Any) -> JSON:
        url, headers = f"{self.api.base_url}/open-apis{path}", {"Authorization": f"Bearer {self.token}"}
        answer: JSON = requests.request(method, url, headers=headers, timeout=5, **what).json()
        return answer

    def code(self, method: str, path: str, **what: Any) -> int:
        return int(self.call(method, path, **what)["code"])

    def image(self, content: bytes, kind: str = "message") -> JSON:
        return self.call("POST", "/im/v1/images", data={"image_type": kind}, files={"image": ("image", content)})

    def file(self, content: bytes, kind: str = "pdf", name: str = "报价.pdf") -> JSON:
        form = {"file_type": kind, "file_name": name}
        return self.call("POST", "/im/v1/files", data=form, files={"file": ("file", content)})

    def send(self, kind: str, content: JSON) -> JSON:
        body = {"receive_id": "ou_1", "msg_type": kind, "content": json.dumps(content)}
        return self.call("POST", "/im/v1/messages?receive_id_type=open_id", json=body)

    def card(self, key: str) -> JSON:
        image = {"tag": "img", "img_key": key, "alt": {"tag": "plain_text", "content": "码"}}
        head = {"title": {"tag": "plain_text", "content": "问卷"}}
        body = {"schema": "2.0", "config": {"update_multi": True}, "header": head, "body": {"elements": [image]}}
        return self.send("interactive", body)


@pytest.fixture
def bot() -> Iterator[Calls]:
    with FeishuApi() as api:
        yield Calls(api)


def test_a_picture_has_a_size_a_format_and_a_purpose(bot: Calls) -> None:
    assert bot.image(png(200, 200))["data"]["image_key"].startswith("img_")
    given = (b"", png(9, 9) + b"0" * 10 * MB, b"%PDF-1.7", png(12001, 9), gif(2001, 9))
    assert [bot.image(each)["code"] for each in given] == [234010, 234006, 234011, 234006, 234006]
    assert bot.image(png(9, 9), "avatar")["code"] == 234001
    assert bot.image(gif(2000, 2000))["code"] == 0


def test_a_card_shows_only_pictures_that_were_uploaded_and_fit(bot: Calls) -> None:
    keys = [bot.image(png(*size))["data"]["image_key"] for size in ((1500, 2666), (1501, 100), (100, 178))]
    assert [bot.card(key)["code"] for key in (*keys, "img_unknown", "draw:x")] == [0, 230099, 230099, 230099, 230099]
    assert "200570" in bot.card("img_unknown")["msg"]


def test_a_file_has_a_size_a_type_and_a_name_and_is_sent_by_its_key(bot: Calls) -> None:
    key = bot.file(b"%PDF-")["data"]["file_key"]
    assert bot.api.files.files[key] == ("报价.pdf", b"%PDF-")
    assert [bot.send("file", {"file_key": each})["code"] for each in (key, "file_unknown")] == [0, 230001]
    wrong = (bot.file(b""), bot.file(b"0" * (30 * MB + 1)), bot.file(b"x", "exe"), bot.file(b"x", name=""))
    assert [each["code"] for each in wrong] == [234010, 234006, 234001, 234001]


def test_a_file_belongs_to_its_message_and_is_asked_for_by_its_type(bot: Calls) -> None:
    message, key = bot.api.files.person_sent("file", b'{"data": 1}', "application/json")
    where = f"/im/v1/messages/{message}/resources/{key}"
    assert bot.call("GET", f"{where}?type=file") == {"data": 1}
    assert bot.code("GET", f"{where}?type=image") == 234001
    assert bot.code("GET", f"/im/v1/messages/om_other/resources/{key}?type=file") == 234003


def test_who_rings_is_in_the_chat_and_not_too_many(bot: Calls) -> None:
    sent = bot.send("text", {"text": "急"})["data"]
    where = f"/im/v1/messages/{sent['message_id']}/urgent_app?user_id_type=open_id"
    assert sent["chat_id"] == p2p_chat("ou_1")
    rings = lambda *who: bot.call("PATCH", where, json={"user_id_list": [*who]})  # noqa: E731
    assert rings("ou_1", "ou_2")["data"]["invalid_user_id_list"] == ["ou_2"]
    assert [rings("ou_2")["code"], rings()["code"], rings(*["ou_1"] * 201)["code"]] == [230001, 99992402, 99992402]
    assert bot.code("PATCH", where.partition("?")[0], json={"user_id_list": ["ou_1"]}) == 99992402
    bot.api.urged += [("om_x", "ou_1")] * 199
    assert rings("ou_1")["code"] == 230023


def test_at_most_fifty_mobiles_are_asked_for_and_strangers_have_no_id(bot: Calls) -> None:
    bot.api.people = {"13800138001": "ou_1"}
    found = bot.call("POST", FIND, json={"mobiles": ["13800138001", "13800138002"]})["data"]["user_list"]
    assert [(each["mobile"], each.get("user_id")) for each in found] == [("13800138001", "ou_1"), ("13800138002", None)]
    for body in ({"mobiles": ["1"] * 51}, {"mobiles": []}, {}, {"mobiles": ["1"], "phones": []}):
        assert bot.code("POST", FIND, json=body) == 99992402
    assert bot.code("POST", FIND.partition("?")[0], json={"mobiles": ["1"]}) == 99992402
