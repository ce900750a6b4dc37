"""Files both ways: what comes in is fetched within limits and known by its content, what goes out is uploaded once."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import responses
from pydantic import SecretStr

from bot import files
from bot.dingtalk import events as ding_events
from bot.dingtalk.places import is_kept_by_them
from bot.event import Enclosed, Event
from bot.feishu import events as feishu_events
from bot.feishu.client import FeishuClient
from bot.files import MB, kind_of
from bot.platform import Address, SendError
from cards import dingtalk, feishu, pictures
from cards.kit import Card, Image, Text
from conftest import Company
from ding_company import Company as DingCompany
from ding_company import InsideDingTalk
from dingtalk_made import message as ding_message
from models.errors import Refused
from models.settings import Feishu, Files
from models.work import Works
from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_says import DingTalkApp, File, Picture
from standins.feishu_api import APP_ID, APP_SECRET, FeishuApi
from test_dingtalk_client import Clock, client_of, idle, seconds
from test_feishu_events import message as feishu_message
from test_story import ENTRY
from world import HandClock

__all__ = ["idle", "seconds"]
PNG, PDF = b"\x89PNG\r\n\x1a\n" + b"0" * 40, b"%PDF-1.7 ..."
LIMITS = Files(largest_mb=1)
CODE = Image("https://crm.example.com/survey/abc", "二维码")
CARD = Card("问卷", (Text("请扫码"), CODE))


def archive(*names: str) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return raw.getvalue()


# --- what is enclosed in a message ---


@pytest.mark.parametrize(
    ("content", "kind", "text", "enclosed"),
    [
        ({"image_key": "img_1"}, "image", "", [("image", "img_1", "")]),
        ({"file_key": "file_1", "file_name": "报价.pdf"}, "file", "", [("file", "file_1", "报价.pdf")]),
        ({"file_key": "file_1", "file_name": "长" * 300}, "file", "", [("file", "file_1", "长" * 200)]),
        ({"image_key": ""}, "image", "", []),
        ({"file_key": "file_1", "duration": 2000}, "audio", "", []),
        (
            {"content": [[{"tag": "text", "text": "名片"}], [{"tag": "img", "image_key": "img_1"}], [{"tag": "img"}]]},
            "post",
            "名片",
            [("image", "img_1", "")],
        ),
        ({"content": [[{"tag": "img", "image_key": f"img_{n}"} for n in range(30)]]}, "post", "", range(20)),
        ({"text": "/今天"}, "text", "/今天", []),
    ],
)
def test_what_comes_with_a_message_at_feishu(content: Any, kind: str, text: str, enclosed: Any) -> None:
    event = feishu_events.read(feishu_message(content, kind))
    assert isinstance(event, Event) and event.text == text
    if isinstance(enclosed, range):
        assert len(event.files) == len(enclosed)
    else:
        assert [(each.kind, each.key, each.name) for each in event.files] == enclosed
    assert {each.message for each in event.files} <= {event.key}


@pytest.mark.parametrize(
    ("kind", "content", "enclosed"),
    [
        ("picture", {"downloadCode": "m"}, [("image", "m", "")]),
        ("file", {"downloadCode": "m", "fileName": "报价.pdf"}, [("file", "m", "报价.pdf")]),
        ("file", {"downloadCode": "m" * 3000, "fileName": "报价.pdf"}, []),
        ("file", {"fileName": "报价.pdf"}, []),
        ("picture", None, []),
        ("richText", {"richText": [{"text": "看"}, {"type": "picture", "downloadCode": "m"}]}, [("image", "m", "")]),
        ("richText", {"richText": [{"type": "picture", "pictureDownloadCode": "m"}]}, [("image", "m", "")]),
        ("audio", {"duration": 4000, "downloadCode": "m", "recognition": "你好"}, []),
        ("video", {"duration": 4000, "downloadCode": "m", "videoType": "mp4"}, []),
    ],
)
def test_what_comes_with_a_message_at_dingtalk(kind: str, content: Any, enclosed: list[tuple[str, str, str]]) -> None:
    event = ding_events.said(ding_message(kind, content=content))
    assert event and [(each.kind, each.key, each.name) for each in event.files] == enclosed


# --- what a file is ---


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0JFIF", "jpg"),
        (b"GIF89a...", "gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
        (b"RIFF\x10\0\0\0WAVEfmt ", ""),
        (PDF, "pdf"),
        (archive("[Content_Types].xml", "word/document.xml"), "docx"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (archive("ppt/presentation.xml"), "pptx"),
        (archive("a.exe"), "zip"),
        (b"PK\x03\x04 broken", ""),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "office"),
        ("客户,电话\r\n华星,1".encode(), "text"),
        ("客户,电话".encode("gb18030"), "text"),
        (b"MZ\x90\0\x03", ""),
        (b"#!/bin/sh\x07", ""),
        (b"\x7fELF", ""),
        (b"", ""),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind


# --- both platforms, in and out ---


@dataclass
class Side:
    """One platform's client and what its stand-in got."""

    api: Any
    client: Any
    place: Address

    def sent(self, content: bytes, name: str = "报价.pdf") -> Enclosed:
        """A person sends a file."""
        if isinstance(self.api, FeishuApi):
            message, key = self.api.files.person_sent("file", content, "application/json")
            return Enclosed("file", key, message, name)
        return Enclosed("file", self.api.robot.add_file(content), "msg1", name)

    @property
    def uploaded(self) -> list[bytes]:
        if isinstance(self.api, FeishuApi):
            return [*self.api.files.images.values()]
        return [*self.api.robot.media.values()]

    def sends(self, card: Card, key: str = "k1") -> str:
        render = feishu.render if isinstance(self.api, FeishuApi) else dingtalk.render
        message: str = self.client.send(self.place, render(card), key).message_id
        return message


@pytest.fixture
def fly() -> Iterator[Side]:
    with FeishuApi() as api:
        settings = Feishu(app_id=APP_ID, app_secret=SecretStr(APP_SECRET), api_base=api.base_url)
        yield Side(api, FeishuClient(settings, timeout=(1, 2)), Address("account", "ou_1"))
        assert not api.problems, api.problems


@pytest.fixture
def ding(idle: Works) -> Iterator[Side]:
    with DingTalkApi(anybody=True) as api:
        yield Side(api, client_of(api.base_url, idle, Clock()), Address("account", "wangmin"))
        assert not api.problems, api.problems


@pytest.fixture
def ding_company(works: Works, clock: HandClock) -> Iterator[DingCompany]:
    with DingTalkApi(clock=lambda: clock().timestamp()) as api:
        yield DingCompany(InsideDingTalk(works, api, clock, ""))


@pytest.fixture(params=["fly", "ding"])
def side(request: pytest.FixtureRequest) -> Side:
    found: Side = request.getfixturevalue(request.param)
    return found


def test_a_file_is_fetched_and_known_by_its_content(side: Side) -> None:
    got = files.received(side.client, side.sent(PDF), LIMITS)
    assert (got.kind, got.content, got.name) == ("pdf", PDF, "报价.pdf")
    with pytest.raises(Refused, match="只收图片"):
        files.received(side.client, side.sent(b"MZ\x90\0", "报价.pdf"), LIMITS)
    assert files.received(side.client, side.sent(PNG + b"0" * (MB - len(PNG))), LIMITS).kind == "png"
    with pytest.raises(Refused, match="最多 1 MB"):
        files.received(side.client, side.sent(PNG + b"0" * MB), LIMITS)


def test_what_is_not_there_any_more_is_an_error_and_a_new_token_is_asked_for(side: Side) -> None:
    sent = side.sent(PDF)
    with pytest.raises(SendError) as caught:
        files.received(side.client, Enclosed("file", "unknown", sent.message), LIMITS)
    assert caught.value.kind == "never"
    side.api.revoke_tokens() if isinstance(side.api, FeishuApi) else side.api.expire_tokens()
    assert files.received(side.client, sent, LIMITS).content == PDF
    side.api.fail_next(drop=True, path="/resources/" if isinstance(side.api, FeishuApi) else "/files/")
    with pytest.raises(SendError) as caught:
        files.received(side.client, sent, LIMITS)
    assert caught.value.kind == "later"


@pytest.mark.parametrize("content", [b'{"code": 0}', b'{"a": 1}'])
def test_a_file_of_json_is_no_answer(fly: Side, content: bytes) -> None:
    assert files.received(fly.client, fly.sent(content), LIMITS).content == content


def test_a_file_is_uploaded_and_sent_under_its_name(side: Side) -> None:
    key = side.client.upload("file", "报价 1.pdf", PDF)
    side.client.send_file(side.place, key, "报价 1.pdf", "k1")
    if isinstance(side.api, FeishuApi):
        assert side.api.files.files[key] == ("报价 1.pdf", PDF)
        assert [(each.msg_type, each.card) for each in side.api.messages] == [("file", {"file_key": key})]
        side.client.send_file(side.place, key, "报价 1.pdf", "k1")
        assert len(side.api.messages) == 1, "once within an hour"
        return
    [message] = side.api.messages
    assert message.content == {"mediaId": key, "fileName": "报价 1.pdf", "fileType": "pdf"}
    with pytest.raises(SendError) as caught:
        side.client.send_file(side.place, key, "报价.pptx", "k2")
    assert caught.value.kind == "never"


@pytest.mark.parametrize("content", [b"", b"0" * (30 * MB + 1)], ids=["empty", "too large"])
def test_what_is_empty_or_too_large_is_not_even_uploaded(side: Side, content: bytes) -> None:
    before = side.api.calls
    with pytest.raises(SendError) as caught:
        side.client.upload("file", "a.bin", content)
    assert (caught.value.kind, side.api.calls) == ("never", before)


# --- pictures in cards ---


def test_the_picture_of_a_card_is_uploaded_once_and_shown(side: Side) -> None:
    message = side.sends(CARD)
    side.sends(CARD, "k2")
    assert side.uploaded == [pictures.png(CODE)] and pictures.png(CODE).startswith(b"\x89PNG")
    if isinstance(side.api, FeishuApi):
        [key] = side.api.files.images
        side.client.update(message, feishu.render(CARD))
        shown = [each.card["body"]["elements"][1] for each in side.api.messages]
        assert [(each["tag"], each["img_key"], each["alt"]["content"]) for each in shown] == [
            ("img", key, "二维码")
        ] * 2
        assert len(side.uploaded) == 1
    else:
        [media] = side.api.robot.media
        assert all(f"![二维码]({media})" in each.content["text"] for each in side.api.messages)


def test_a_card_goes_without_a_picture_that_cannot_be_uploaded(side: Side) -> None:
    path, code = ("/images", 99991672) if isinstance(side.api, FeishuApi) else ("/media/upload", 60011)
    for number, fault in enumerate(({"code": code}, {"status": 502}, {"drop": True}), 1):
        side.api.fail_next(path=path, **fault)
        side.sends(CARD, f"k{number}")
        assert side.uploaded == [] and len(side.api.messages) == number, fault
    side.sends(CARD, "k9")
    assert len(side.uploaded) == 1


def test_a_card_waits_for_its_picture_where_the_platform_asks_to_wait(side: Side) -> None:
    path, code = ("/images", 99991400) if isinstance(side.api, FeishuApi) else ("/media/upload", 90018)
    side.api.fail_next(code=code, path=path)
    with pytest.raises(SendError) as caught:
        side.sends(CARD)
    assert (caught.value.kind, caught.value.outcome, side.api.messages) == ("later", "limited", [])
    side.sends(CARD)
    assert len(side.uploaded) == len(side.api.messages) == 1


# --- where DingTalk says a file stands ---


@pytest.mark.parametrize(
    ("url", "theirs"),
    [
        ("http://down-cdn.dingtalk.com/a.file?x=1", True),
        ("https://bucket.oss-cn-hangzhou.aliyuncs.com/a.file", True),
        ("http://127.0.0.1:9001/files/a", True),  # where its API is configured
        ("http://127.0.0.1:9002/files/a", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://localhost/a", False),
        ("http://[::1]/a", False),
        ("http://evildingtalk.com/a", False),
        ("http://a.dingtalk.com.evil.cn/a", False),
        ("http://a.dingtalk.com:8080/a", False),
        ("http://a.dingtalk.com@evil.cn/a", False),
        ("http://user@a.dingtalk.com/a", False),
        ("http://bucket.oss-cn-hangzhou-internal.aliyuncs.com/a", False),
        ("file:///etc/passwd", False),
        ("//a.dingtalk.com/a", False),
        ("http://[a.dingtalk.com/a", False),
        ("", False),
    ],
)
def test_only_where_dingtalk_keeps_files_is_anything_fetched(url: str, theirs: bool) -> None:
    assert is_kept_by_them(url, "http://127.0.0.1:9001/") is theirs


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", 7, ["http://a.dingtalk.com/a"]])
def test_another_address_is_not_called_at_all(idle: Works, url: object) -> None:
    base = "http://stand-in.test:8081"
    with responses.RequestsMock(assert_all_requests_are_fired=True) as platform:
        platform.post(f"{base}/v1.0/oauth2/accessToken", json={"accessToken": "t", "expireIn": 7200})
        told = {"downloadUrl": url}
        platform.post(f"{base}/v1.0/robot/messageFiles/download", json=told)
        with pytest.raises(SendError) as caught:
            client_of(base, idle, Clock()).download(Enclosed("file", "code", "m"), MB)
        assert caught.value.kind == "never" and len(platform.calls) == 2


@pytest.mark.parametrize("status", [301, 302, 307])
def test_their_address_leads_to_no_other_one(idle: Works, status: int) -> None:
    base, theirs = "http://stand-in.test:8081", "https://bucket.oss-cn-hangzhou.aliyuncs.com/a"
    with responses.RequestsMock() as platform:
        platform.post(f"{base}/v1.0/oauth2/accessToken", json={"accessToken": "t", "expireIn": 7200})
        platform.post(f"{base}/v1.0/robot/messageFiles/download", json={"downloadUrl": theirs})
        platform.get(theirs, status=status, headers={"Location": "http://169.254.169.254/latest"})
        with pytest.raises(SendError) as caught:
            client_of(base, idle, Clock()).download(Enclosed("file", "code", "m"), MB)
        assert caught.value.kind == "never" and len(platform.calls) == 3


# --- from a person's hand to our bytes ---


def test_what_a_person_sends_to_the_robot_can_be_fetched(ding: Side) -> None:
    app = DingTalkApp(ding.api)
    for said in (Picture(PNG), File(PDF, "报价.pdf"), ["看这个", Picture(PNG)]):
        request = app.robot_message("wangmin", said)
        event = ding_events.said(json.loads(request.body))
        assert event
        [enclosed] = event.files
        assert files.received(ding.client, enclosed, LIMITS).kind in ("png", "pdf")


def test_a_picture_without_words_is_answered_politely_as_long_as_no_conversation_takes_it(
    company: Company, ding_company: DingCompany
) -> None:
    sent = json.dumps({"image_key": "img_1"})
    about = {"message_id": "om_1", "chat_id": company.rep.chat, "chat_type": "p2p", "message_type": "image"}
    sender = {"sender_id": {"open_id": company.rep.account}, "sender_type": "user"}
    event = company.keban.app.event("im.message.receive_v1", {"sender": sender, "message": about | {"content": sent}})
    assert company.keban.post("/feishu/events", event)[0] == 200
    company.keban.settle()
    assert company.rep.last().title == "你好，我是客伴"
    keban = ding_company.keban
    request = keban.app.robot_message("wangmin", Picture(PNG))
    status, said = keban.post(request.path, request)
    assert status == 200 and "你好，我是客伴" in str(said)


LINK = re.compile(r"https?://\S+/survey/[\w-]+")


def test_the_code_of_a_survey_stands_in_its_card(company: Company) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    card = company.rep.says("/问卷 华星科技")
    found = LINK.search(card.text)
    [image] = [each for each in card.card["body"]["elements"] if each["tag"] == "img"]
    assert found and company.keban.api.files.images[image["img_key"]] == pictures.png(Image(found[0], ""))


def test_a_card_with_a_picture_is_no_answer_to_a_press_but_follows_it(company: Company) -> None:
    for name in ("华星科技有限公司", "华星电子有限公司"):
        company.make.customer("王敏", name)
    company.rep.says("/问卷 华星")
    answer = company.rep.presses("选这个")
    assert answer.status == 200 and answer.card is None and answer.toast == "问卷已生成"
    assert "满意度问卷" in company.rep.last("满意度问卷").title
    assert [each["tag"] for each in company.rep.last("满意度问卷").card["body"]["elements"]].count("img") == 1


def test_a_survey_at_dingtalk_shows_its_code_in_the_message(ding_company: DingCompany) -> None:
    rep, ding = ding_company.rep, ding_company.keban.ding
    rep.says(f"/新客户 {' '.join(f'{label}:{value}' for label, value in ENTRY.items())}")
    ding_company.supervisor.presses("通过")
    said = html.unescape(rep.says("/问卷 华星科技").message.content["text"])
    [(media, content)] = ding.robot.media.items()
    found = LINK.search(said)
    assert found and f"![满意度问卷的二维码]({media})" in said
    assert content == pictures.png(Image(found[0], ""))
