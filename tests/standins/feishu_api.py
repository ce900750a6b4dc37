"""A stand-in of the Feishu open API: a real HTTP server that keeps the platform's rules and remembers what it got.

In a test `with FeishuApi() as api: api.base_url`; by hand `python tests/standins/feishu_api.py --port 9000`.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

if __name__ == "__main__":  # run by hand, Python looks beside this file and not in tests/
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from standins import feishu_company, feishu_limits, feishu_schema
from standins.directory import Directory
from standins.feishu_company import Refusal
from standins.feishu_company import body as body_of
from standins.feishu_contacts import FeishuContacts
from standins.feishu_files import Files
from standins.feishu_limits import FeishuLimits
from standins.feishu_says import BOT_NAME, BOT_OPEN_ID, buttons, p2p_chat, texts
from standins.served import Answer, Call, Served

JSON = dict[str, Any]

APP_ID = "cli_a1b2c3d4e5f60001"
APP_SECRET = "stand-in-secret"
TOKEN_SECONDS = 7200
TOKEN_KEPT_SECONDS = 1800
UUID_SECONDS = 3600
PATCH_SECONDS = 14 * 86400
TEXT_BYTES = 150 * 1024
MSG_TYPES = {"text", "post", "image", "file", "audio", "media", "sticker", "interactive", "share_chat", "share_user"}
RECEIVERS = {  # receive_id_type → form of the id, code of a wrong one (protocol section 4.2)
    "open_id": (r"ou_\w+", 99992351),
    "union_id": (r"on_\w+", 230034),
    "user_id": (r"\w+", 230034),
    "email": (r"[^@\s]+@[^@\s]+", 230034),
    "chat_id": (r"oc_\w+", 230034),
}


@dataclass
class Message:
    """A message of the bot. `card` is the latest content, `history` every content it had; `at` seconds since 1970."""

    message_id: str
    receive_id: str
    receive_id_type: str
    chat_id: str
    card: JSON
    history: list[JSON]
    uuid: str
    at: float
    msg_type: str = "interactive"
    parent_id: str = ""


class FeishuApi(Served):
    """The open API of one app (protocol sections 4.1 to 4.4). Thread safe; `port=0` takes a free one.

    `keep=False` remembers no message, card or uuid, for long load runs: then every `om_…` can be patched. `latency`
    is seconds before each answer, `clock` gives seconds since 1970, `on_message` sees every new and patched message.
    `limits` are off where None.
    """

    spoilt_path = "/im/v1/messages"

    def __init__(
        self,
        app_id: str = APP_ID,
        app_secret: str = APP_SECRET,
        *,
        port: int = 0,
        keep: bool = True,
        latency: float = 0.0,
        clock: Callable[[], float] = time.time,
        on_message: Callable[[Message], None] | None = None,
        limits: FeishuLimits | None = None,
    ) -> None:
        super().__init__(port, latency)
        self.app_id, self.app_secret = app_id, app_secret
        self.keep, self.clock, self.limits = keep, clock, limits
        self.sends = 0  # messages made
        self.asked = Counter[str]()  # uuid → how often a message with it was asked for
        self.problems: list[str] = []
        self.files = Files()
        self.people: dict[str, str] = {}  # mobile → open_id
        self.contacts = FeishuContacts(Directory())
        self.urged: list[tuple[str, str]] = []  # message, open_id: as often as it rang
        self.gateway: Callable[[JSON], JSON] | None = None  # who lets long connections in
        self._on_message = on_message
        self._messages: dict[str, Message] = {}
        self._others: dict[str, str] = {}  # messages people wrote → chat
        self._by_uuid: dict[str, Message] = {}
        self._tokens: dict[str, float] = {}  # token → when it expires

    # --- for tests ---

    @property
    def messages(self) -> list[Message]:
        """What the bot sent, oldest first."""
        with self._changed:
            return list(self._messages.values())

    def wait_for(self, wanted: Callable[[Message], bool], timeout: float = 5.0) -> Message:
        """The first message that is as wanted, now or within `timeout` seconds. Raises TimeoutError."""
        with self._changed:
            found = self._changed.wait_for(lambda: next(filter(wanted, self._messages.values()), None), timeout)
            if found is None:
                raise TimeoutError(f"not among {len(self._messages)} messages: {list(self._messages.values())}")
            return found

    def person_wrote(self, message_id: str, chat_id: str) -> None:
        """Make a person's message known, so that the bot can reply to it."""
        with self._changed:
            self._others[message_id] = chat_id

    def revoke_tokens(self) -> None:
        """Let every token given out be invalid from now on."""
        with self._changed:
            self._tokens.clear()

    # --- one call ---

    def worked(self, call: Call) -> Answer:
        try:
            routed = self._routed(call)
            return routed if isinstance(routed, Answer) else _json(routed)
        except Refusal as refusal:
            return _refused(refusal)

    def refused(self, code: Any, status: int) -> Answer:
        return _refused(Refusal(code, "injected", status))

    def _routed(self, call: Call) -> JSON | Answer:
        if (call.method, call.path) == ("POST", "/open-apis/auth/v3/tenant_access_token/internal"):
            return self._token(body_of(call))
        if (call.method, call.path) == ("POST", "/callback/ws/endpoint") and self.gateway:
            return self.gateway(body_of(call))
        self._authorise(call.headers.get("authorization", ""))
        match call.method, call.path.removeprefix("/open-apis").split("/")[1:]:
            case "GET", ["bot", "v3", "info"]:
                return {"bot": {"activate_status": 2, "app_name": BOT_NAME, "open_id": BOT_OPEN_ID}}
            case "POST", ["contact", "v3", "users", "batch_get_id"]:
                return feishu_company.found(call, self.people)
            case "GET", ["contact", "v3", *rest]:
                return self.contacts.answered(call, [unquote(each) for each in rest])
            case "POST", ["im", "v1", "images"]:
                return self.files.upload_image(call)
            case "POST", ["im", "v1", "files"]:
                return self.files.upload_file(call)
            case "GET", ["im", "v1", "messages", message_id, "resources", key]:
                return self.files.fetched(call, unquote(message_id), unquote(key))
            case "POST", ["im", "v1", "messages"]:
                return self._send(call)
            case "POST", ["im", "v1", "messages", message_id, "reply"]:
                return self._reply(call, unquote(message_id))
            case "PATCH", ["im", "v1", "messages", message_id]:
                return self._patch(call, unquote(message_id))
            case "PATCH", ["im", "v1", "messages", message_id, "urgent_app"]:
                return self._urge(call, unquote(message_id))
        raise Refusal(404, f"page not found: {call.method} {call.path}", 404)

    # --- tokens: section 4.1 ---

    def _token(self, body: JSON) -> JSON:
        if (body.get("app_id"), body.get("app_secret")) != (self.app_id, self.app_secret):
            raise Refusal(10015, "app id or app secret is wrong")
        with self._changed:
            now = self.clock()
            fresh = (each for each, end in self._tokens.items() if end - now >= TOKEN_KEPT_SECONDS)
            token = next(fresh, None) or "t-" + secrets.token_hex(16)
            end = self._tokens.setdefault(token, now + TOKEN_SECONDS)
        return {"msg": "ok", "tenant_access_token": token, "expire": int(end - now)}

    def _authorise(self, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer" or not token:
            raise Refusal(99991661, "Missing access token for authorization")
        if not token.startswith(("t-", "u-")):
            raise Refusal(99991671, "Invalid access token: it must start with t- or u-")
        with self._changed:
            if self._tokens.get(token, 0.0) <= self.clock():
                raise Refusal(99991663, "Invalid access token for authorization")

    # --- messages: section 4.4 ---

    def _send(self, call: Call) -> JSON:
        kind, receiver = call.query.get("receive_id_type", ""), body_of(call).get("receive_id")
        if kind not in RECEIVERS:
            raise Refusal(99992402, f"field validation failed: receive_id_type {kind!r}")
        form, code = RECEIVERS[kind]
        if not isinstance(receiver, str) or not re.fullmatch(form, receiver):
            raise Refusal(code, f"invalid receive_id {receiver!r} for {kind}")
        return self._made(call, receiver, kind, receiver if kind == "chat_id" else p2p_chat(receiver))

    def _reply(self, call: Call, message_id: str) -> JSON:
        with self._changed:
            own = self._messages.get(message_id)
            chat_id = own.chat_id if own else self._others.get(message_id)
        if chat_id is None and (self.keep or not message_id.startswith("om_")):
            raise Refusal(230001, f"invalid message_id {message_id!r}")
        return self._made(call, chat_id or "", "chat_id", chat_id or "", message_id)

    def _within_limits(self, api: str, to: str) -> None:
        code, wait = self.limits.refusal(api, to, self.clock()) if self.limits else (0, 0.0)
        if code:
            raise Refusal(code, "frequency limit", 429 if code == feishu_limits.APP_LIMIT else 400, wait)

    def _made(self, call: Call, receiver: str, kind: str, chat_id: str, parent_id: str = "") -> JSON:
        body = body_of(call)
        self._within_limits("reply" if parent_id else "send", chat_id)
        uuid, msg_type = body.get("uuid") or "", body.get("msg_type")
        if not isinstance(uuid, str) or len(uuid) > 50:
            raise Refusal(99992402, "field validation failed: uuid has at most 50 characters")
        content = self._content(call, msg_type)
        with self._changed:  # held from the look-up to the entry: a second call with the same uuid waits for the first
            self.asked.update([uuid] if uuid and self.keep else [])
            known, now = self._by_uuid.get(uuid), self.clock()
            if known and now - known.at < UUID_SECONDS:
                return self._described(known)
            new = Message("om_" + secrets.token_hex(16), receiver, kind, chat_id, content, [content], uuid, now)
            new.msg_type, new.parent_id = str(msg_type), parent_id
            self.sends += 1
            if self.keep:
                self._messages[new.message_id] = new
                self._by_uuid |= {uuid: new} if uuid else {}
            self._changed.notify_all()
        self._tell(new)
        return self._described(new)

    def _patch(self, call: Call, message_id: str) -> JSON:
        self._within_limits("patch", message_id)
        card = self._content(call, "interactive")
        with self._changed:
            message = self._messages.get(message_id)
            self._may_patch(message_id, message)
            if not _shared(card) or (message and not _shared(message.card)):
                raise Refusal(230001, "update_multi must be true in the card before and after")
            if message:
                message.card = card
                message.history.append(card)
            self._changed.notify_all()
        if message:
            self._tell(message)
        return {"data": {}}

    def _urge(self, call: Call, message_id: str) -> JSON:
        with self._changed:
            message = self._messages.get(message_id)
            if message is None:
                raise Refusal(230012 if message_id in self._others else 230001, "not a message of the bot's own")
            here, strangers = feishu_company.urged(call, message.chat_id, [who for _, who in self.urged])
            self.urged += [(message_id, each) for each in here]
        return {"data": {"invalid_user_id_list": strangers}}

    def _may_patch(self, message_id: str, message: Message | None) -> None:
        if message_id in self._others:
            raise Refusal(230012, "the message is not the bot's own")
        if message is None and (self.keep or not message_id.startswith("om_")):
            raise Refusal(230001, f"invalid message_id {message_id!r}")
        if message and message.msg_type != "interactive":
            raise Refusal(230001, "only a card can be patched")
        if message and self.clock() - message.at > PATCH_SECONDS:
            raise Refusal(230031, "the message is older than 14 days")

    def _content(self, call: Call, msg_type: Any) -> JSON:
        """The parsed content of a message. Raises Refusal; a bad card is also remembered in `problems`."""
        text = body_of(call).get("content")
        if msg_type not in MSG_TYPES:
            raise Refusal(230001, f"invalid msg_type {msg_type!r}")
        if not isinstance(text, str):
            raise Refusal(9499, "Bad Request: content must be a string of JSON")
        if len(call.raw) > (feishu_schema.MAX_BYTES if msg_type in ("interactive", "post") else TEXT_BYTES):
            self._problem(f"{len(call.raw)} bytes of request body")
            raise Refusal(230025, f"the message is too long: {len(call.raw)} bytes")
        try:
            content = json.loads(text)
        except ValueError:
            raise Refusal(230001, "content is no JSON") from None
        if not isinstance(content, dict) or (msg_type == "text" and not isinstance(content.get("text"), str)):
            raise Refusal(230001, f"content does not suit {msg_type}")
        if msg_type == "file" and content.get("file_key") not in self.files.files:
            raise Refusal(230001, "no such file_key")
        if msg_type == "interactive" and (problems := [*feishu_schema.check(content), *self.files.strangers(content)]):
            self._problem(*problems)
            raise Refusal(230099, "Failed to create card content: " + "; ".join(problems[:3]))
        return content

    def _problem(self, *problems: str) -> None:
        with self._changed:
            self.problems += problems

    def _tell(self, message: Message) -> None:
        if self._on_message:
            self._on_message(message)

    def _described(self, message: Message) -> JSON:
        sent = str(int(message.at * 1000))
        data = {
            "message_id": message.message_id,
            "msg_type": message.msg_type,
            "create_time": sent,
            "update_time": sent,
            "deleted": False,
            "updated": len(message.history) > 1,
            "chat_id": message.chat_id,
            "sender": {"id": self.app_id, "id_type": "app_id", "sender_type": "app", "tenant_key": "736588c9260f175d"},
            "body": {"content": json.dumps(message.card, ensure_ascii=False)},
        }
        if message.parent_id:
            data |= {"root_id": message.parent_id, "parent_id": message.parent_id}
        return {"data": data}


def _shared(card: JSON) -> bool:
    return card.get("config", {}).get("update_multi") is True


def _json(body: JSON, status: int = 200) -> Answer:
    whole = {"code": 0, "msg": "success"} | body
    headers = {"Content-Type": "application/json; charset=utf-8", "X-Tt-Logid": secrets.token_hex(16)}
    return Answer(json.dumps(whole, ensure_ascii=False).encode(), status, headers)


def _refused(refusal: Refusal) -> Answer:
    answer = _json({"code": refusal.code, "msg": refusal.msg, "error": {"troubleshooter": "stand-in"}}, refusal.status)
    if refusal.code == 99991400:
        reset = str(math.ceil(refusal.reset))
        answer.headers.update({"x-ogw-ratelimit-limit": "50", "x-ogw-ratelimit-reset": reset})
    return answer


# --- by hand ---


def describe(message: Message) -> str:
    """A message for reading on a terminal: to whom, its words, and what each button brings back."""
    new = "new" if len(message.history) == 1 else f"revision {len(message.history)}"
    lines = [f"── {message.message_id} → {message.receive_id} in {message.chat_id} ({message.msg_type}, {new})"]
    if message.msg_type == "interactive":
        lines += [f"   {line}" for line in texts(message.card).splitlines()]
        lines += [f"   [{each.label}] {json.dumps(each.value, ensure_ascii=False)}" for each in buttons(message.card)]
    else:
        lines.append(f"   {json.dumps(message.card, ensure_ascii=False)}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in of the Feishu open API that prints what it gets.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--app-id", default=APP_ID)
    parser.add_argument("--app-secret", default=APP_SECRET)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    asked = parser.parse_args()

    def show(message: Message) -> None:
        print(describe(message), flush=True)

    options = {"port": asked.port, "latency": asked.latency}
    with FeishuApi(asked.app_id, asked.app_secret, on_message=show, **options) as api:
        print(f"api_base = {api.base_url}  app_id = {api.app_id}  app_secret = {api.app_secret}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("bye")


if __name__ == "__main__":
    main()
