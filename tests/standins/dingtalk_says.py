"""The DingTalk platform seen from the bot: requests signed and sealed as it does, made from what the stand-in got."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import urlencode

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad, unpad

from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_company import Message, chat_of, digest
from standins.dingtalk_seen import Button, Field, Pressable, Words, fields, pressable

JSON = dict[str, Any]

CORP_ID = "dingcorp0001"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TOKEN = "crmBotToken2024"
BOT_ID = "$:LWCP_v1:$botbotbot"


# --- crypto: protocol sections 1.1, 2.2 and 3.5 ---


def encrypt(plain: bytes, aes_key: str, owner_key: str, random: bytes | None = None) -> str:
    """The frame random(16) + length + plain + owner, in AES-256-CBC padded to 32 bytes, as base64 (section 2.2)."""
    frame = (random or secrets.token_bytes(16)) + len(plain).to_bytes(4, "big") + plain + owner_key.encode()
    return base64.b64encode(_cipher(aes_key).encrypt(pad(frame, 32))).decode()


def decrypt(sealed: str, aes_key: str) -> tuple[bytes, str]:
    """(plain, owner) of what `encrypt` made. Raises ValueError for what is damaged (section 2.2)."""
    frame = unpad(_cipher(aes_key).decrypt(base64.b64decode(sealed, validate=True)), 32)
    end = 20 + int.from_bytes(frame[16:20], "big")
    if not 20 <= end <= len(frame):
        raise ValueError("the length is out of bounds")
    return frame[20:end], frame[end:].decode()


def _cipher(aes_key: str) -> Any:
    key = base64.b64decode(aes_key + "=")
    return AES.new(key, AES.MODE_CBC, key[:16])


def event_signature(token: str, timestamp: str, nonce: str, sealed: str) -> str:
    """The signature of an event and of the answer to it (section 2.2)."""
    return hashlib.sha1("".join(sorted((token, timestamp, nonce, sealed))).encode()).hexdigest()  # noqa: S324


def robot_sign(timestamp: str, client_secret: str) -> str:
    """The `sign` header of a message to the robot; it does not cover the body (section 1.1)."""
    return _hmac(client_secret, f"{timestamp}\n{client_secret}")


def card_sign(timestamp: str, api_secret: str) -> str:
    """The `x-ddpaas-signature` of a press; it covers the timestamp alone (section 3.5)."""
    return _hmac(api_secret, timestamp)


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha256")).decode()


# --- what people send ---


@dataclass(frozen=True, slots=True)
class Picture:
    content: bytes


@dataclass(frozen=True, slots=True)
class Audio:
    """A voice message with the words DingTalk heard."""

    content: bytes
    recognition: str
    milliseconds: int = 4000


@dataclass(frozen=True, slots=True)
class Video:
    content: bytes
    milliseconds: int = 4000


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    name: str


Said = str | Picture | Audio | Video | File | list[str | Picture]


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the bot: the exact bytes, the headers, the query, and which of its three doors they go to.

    `within` is for how many seconds an answer is waited for.
    """

    door: Literal["robot", "events", "cards"]
    body: bytes
    headers: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    within: float = 2.0  # presses (section 3.5); nothing is documented for the robot, which is taken for the same

    @property
    def path(self) -> str:
        """Where it goes, on the bot's host."""
        return f"/dingtalk/{self.door}" + (f"?{urlencode(self.query)}" if self.query else "")


@dataclass(frozen=True)
class DingTalkApp:
    """One app of one company as the platform knows it; makes the requests it would send."""

    api: DingTalkApi
    corp_id: str = CORP_ID
    aes_key: str = AES_KEY
    token: str = TOKEN

    # --- section 1.1 ---

    def robot_message(
        self,
        user_id: str,
        said: Said,
        group: str = "",
        *,
        msg_id: str | None = None,
        outsider: bool = False,
        session_seconds: float = 5400,
    ) -> Request:
        """A person writes to the robot, or names it in a group; an outsider has no senderStaffId."""
        return self._to_robot(
            self._message(user_id, group, msg_id, outsider, session_seconds) | self._said(said, group)
        )

    def over_quota(self, user_id: str) -> Request:
        """What comes instead of a message once the company's quota is used up."""
        error = {"msgtype": "text", "errorCode": 20001, "errorMessage": "quota exceeded"}
        return self._to_robot(self._message(user_id, "", None, False, 5400) | error)

    def _message(self, user_id: str, group: str, msg_id: str | None, outsider: bool, seconds: float) -> JSON:
        person, chat = self.api.company.person(user_id), self.api.company.group(group) if group else None
        if (person is None and not outsider) or (group and (chat is None or not chat.bot)):
            raise LookupError(f"no person {user_id!r} or no group {group!r} with the robot")
        if chat and chat.members and user_id not in chat.members:
            raise LookupError(f"{user_id!r} is not in {group!r}")
        session, now = self.api.robot.open_session(group or user_id, seconds), int(self.api.clock() * 1000)
        message: JSON = {
            "conversationId": group or chat_of(user_id),
            "chatbotCorpId": self.corp_id,
            "chatbotUserId": BOT_ID,
            "senderId": sender_id(user_id),
            "senderNick": person.name if person else user_id,
            "senderPlatform": "Win",
            "robotCode": self.api.robot_code,
            "sessionWebhook": session.url,
            "sessionWebhookExpiredTime": session.expires,
            "conversationType": "2" if group else "1",
            "msgId": msg_id or "msg" + secrets.token_urlsafe(16) + "==",
            "createAt": now,
        }
        if person and not outsider:
            message |= {"senderStaffId": user_id, "isAdmin": False, "senderCorpId": self.corp_id}
        if chat:
            at = [{"dingtalkId": BOT_ID}]
            message |= {"conversationTitle": chat.title, "isInAtList": True, "atUsers": at}
        return message

    def _said(self, said: Said, group: str) -> JSON:
        if group and isinstance(said, Audio | Video | File):
            raise ValueError("in a group nobody can send that to a robot")
        kept = self.api.robot.add_file
        match said:
            case str():
                return {"msgtype": "text", "text": {"content": f" {said}" if group else said}}
            case Picture():
                return {"msgtype": "picture", "content": {"downloadCode": kept(said.content)}}
            case Audio():
                code = {"duration": said.milliseconds, "downloadCode": kept(said.content)}
                return {"msgtype": "audio", "content": {**code, "recognition": said.recognition}}
            case Video():
                code = {"duration": said.milliseconds, "downloadCode": kept(said.content)}
                return {"msgtype": "video", "content": {**code, "videoType": "mp4"}}
            case File():
                return {"msgtype": "file", "content": {"downloadCode": kept(said.content), "fileName": said.name}}
        rich = [
            {"text": each} if isinstance(each, str) else {"type": "picture", "downloadCode": kept(each.content)}
            for each in said
        ]
        return {"msgtype": "richText", "content": {"richText": rich}}

    def _to_robot(self, message: JSON) -> Request:
        stamp = str(int(self.api.clock() * 1000))
        headers = {"timestamp": stamp, "sign": robot_sign(stamp, self.api.client_secret)}
        return Request("robot", _bytes(message), {"Content-Type": "application/json; charset=utf-8", **headers})

    # --- section 2 ---

    def subscription_event(self, event: JSON) -> Request:
        """An event of the subscription, sealed, its signature under both names it goes by."""
        stamp, nonce = str(int(self.api.clock() * 1000)), secrets.token_urlsafe(6)
        sealed = encrypt(_bytes(event), self.aes_key, self.api.client_id)
        signed = event_signature(self.token, stamp, nonce, sealed)
        query = {"signature": signed, "msg_signature": signed, "timestamp": stamp, "nonce": nonce}
        return Request("events", _bytes({"encrypt": sealed}), {"Content-Type": "application/json"}, query, within=1.5)

    def check_url(self) -> Request:
        """What comes when the address is saved in the console (section 2.4)."""
        return self.subscription_event({"EventType": "check_url"})

    def acknowledged(self, body: bytes) -> str:
        """The word inside the bot's answer to an event. Raises ValueError for one DingTalk takes for a failure."""
        answer = json.loads(body)
        if not isinstance(answer, dict) or set(answer) != {"msg_signature", "timeStamp", "nonce", "encrypt"}:
            raise ValueError("the answer is no object of the four keys")
        signed = event_signature(self.token, answer["timeStamp"], answer["nonce"], answer["encrypt"])
        plain, owner = decrypt(answer["encrypt"], self.aes_key)
        if answer["msg_signature"] != signed or owner != self.api.client_id:
            raise ValueError("the answer is signed or owned wrongly")
        return plain.decode()

    # --- sections 3.5 and 3.8 ---

    def press(self, user_id: str, message: Message, label: str) -> Request:
        """A person presses what he sees: a button of a card, or a link that speaks for him."""
        found = self._seen(user_id, message, label)
        if isinstance(found, Words):
            if message.conversation != user_id:
                raise LookupError("whether such a link reaches the robot in a group is not known (section 3.8)")
            return self.robot_message(user_id, found.text)
        return self.card_press(user_id, message, label)

    def card_press(
        self,
        user_id: str,
        message: Message,
        label: str,
        form: Mapping[str, Any] | None = None,
        *,
        reported: Literal["both", "action", "params"] = "both",
        old_shape: bool = False,
    ) -> Request:
        """A person presses a button of the card as it stands, with answers to its form by label or name.

        Clients differ in telling the button: by `actionIds`, by `params.id` or both, see `reported`. `old_shape` has
        `value` for `content`, an object, with the params outside (section 3.5).
        """
        found = self._seen(user_id, message, label)
        if not isinstance(found, Button) or message.card is None:
            raise LookupError(f"{label!r} calls nobody back")
        if (form is not None) != found.submit:
            raise LookupError(f"{label!r} submits {'a form' if found.submit else 'nothing'}")
        params = {"form": fill(fields(message, user_id), form)} if form is not None else dict(found.params)
        if reported == "action":
            params.pop("id", None)
        action_ids = [] if reported == "params" else [found.action_id]
        if old_shape:
            content: JSON = {"value": {"cardPrivateData": {"actionIds": action_ids}, "params": params}}
        else:
            content = {"content": _text({"cardPrivateData": {"actionIds": action_ids, "params": params}})}
        return self._to_cards(user_id, message, content)

    def _to_cards(self, user_id: str, message: Message, content: JSON) -> Request:
        card = message.card
        if card is None or not card.callback_type:
            raise LookupError("the card was made without a callbackType: nobody hears of the press")
        person = self.api.company.person(user_id)
        who = person.union_id if person and card.user_id_type == 2 else user_id
        body = {"type": "actionCallback", "outTrackId": card.out_track_id, "corpId": self.corp_id, "userId": who}
        headers = {"Content-Type": "application/json"}
        if card.callback_type == "HTTP" and (secret := self.api.cards.routes[card.route_key].secret):
            stamp = str(int(self.api.clock() * 1000))
            headers |= {"x-ddpaas-signature-timestamp": stamp, "x-ddpaas-signature": card_sign(stamp, secret)}
        return Request("cards", _bytes(body | content), headers)

    def _seen(self, user_id: str, message: Message, label: str) -> Pressable:
        if not self.api.company.sees(user_id, message):
            raise LookupError(f"{user_id!r} does not see what stands in {message.conversation!r}")
        return pressable(message, label, user_id)


def sender_id(user_id: str) -> str:
    """The sealed id that is no userId."""
    return "$:LWCP_v1:$" + digest("sender" + user_id)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _bytes(value: Any) -> bytes:
    return _text(value).encode()


# --- filling in a form as the client does: section 3.6 ---

FORMATS = {"DATE": "%Y-%m-%d", "TIME": "%H:%M", "DATETIME": "%Y-%m-%d %H:%M"}


def fill(asked: list[Field], answers: Mapping[str, Any]) -> JSON:
    """`params.form`: what stands in every field, those in `answers` (by label or name) changed; empty ones are absent.

    Raises LookupError for a field or option that is not there, ValueError for what the client does not let through.
    """
    open_fields = [each for each in asked if not each.locked]
    if strangers := set(answers) - {key for each in open_fields for key in (each.name, each.label)}:
        raise LookupError(f"no field {sorted(strangers)}, only {[each.label for each in open_fields]}")
    given = {each.name: _given(each, answers) for each in asked}
    if missing := [each.label for each in open_fields if each.required and given[each.name] in (None, "", [])]:
        raise ValueError(f"to be filled in: {missing}")
    return {name: value for name, value in given.items() if value not in (None, "", [])}


def _given(asked: Field, answers: Mapping[str, Any]) -> Any:
    if asked.locked or not {asked.name, asked.label} & set(answers):
        return asked.value
    value = answers.get(asked.label, answers.get(asked.name))
    if value is None:
        return None
    match asked.kind:
        case "SELECT":
            return _choice(asked, value)
        case "MULTI_SELECT":
            chosen = [_choice(asked, each) for each in value]
            return {key: [each[key] for each in chosen] for key in ("index", "value")} if chosen else None
        case "CHECKBOX_GROUP":
            return _choice(asked, value)["value"]
        case "MULTI_CHECKBOX_GROUP":
            return [_choice(asked, each)["value"] for each in value]
        case "DATE" | "TIME" | "DATETIME":
            return _moment(asked.kind, value)
    return _scalar(asked, value)


def _choice(asked: Field, given: str) -> JSON:
    for index, (value, text) in enumerate(asked.options):
        if given in (text, value):
            return {"index": index, "value": value}
    raise LookupError(f"{asked.label}: no option {given!r}, only {[text for _, text in asked.options]}")


def _moment(kind: str, value: str | date) -> str:
    if not isinstance(value, str):
        return value.strftime(FORMATS[kind])
    datetime.strptime(value, FORMATS[kind])  # noqa: DTZ007 - only to see that it can be read
    return value


def _scalar(asked: Field, value: Any) -> Any:
    kinds: dict[str, set[type]] = {"NUMBER": {int, float}, "SWITCH": {bool}, "CHECKBOX": {bool}, "TEXT_ARRAY": {list}}
    if type(value) not in kinds.get(asked.kind, {str}):
        raise ValueError(f"{asked.label}: {value!r} cannot be given to {asked.kind}")
    return value
