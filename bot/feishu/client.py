"""Calls to Feishu's open API: sending a card and replacing it."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import requests

from bot.event import Enclosed
from bot.files import CHUNK, MB, capped, ending
from bot.platform import Address, Json, Kind, SendError, Sent, Tally
from bot.tokens import Token
from bot.uploads import Uploaded
from cards import feishu as cards
from models.pace import Outcome
from models.settings import Feishu

log = logging.getLogger(__name__)

MESSAGES = "/open-apis/im/v1/messages"
FIND = "/open-apis/contact/v3/users/batch_get_id?user_id_type=open_id"
MOST_MOBILES = 50
UPLOAD = {"image": "/open-apis/im/v1/images", "file": "/open-apis/im/v1/files"}
LARGEST = {"image": 10 * MB, "file": 30 * MB}
#: what the platform can show of a file, by how its name ends; all else is `stream` (§4.5)
FILE_TYPES = {"pdf": "pdf", "doc": "doc", "docx": "doc", "xls": "xls", "xlsx": "xls", "ppt": "ppt", "pptx": "ppt"}
ENDPOINT = "/callback/ws/endpoint"
RENEW_BEFORE = 30 * 60  # seconds; asked earlier, the platform returns the same token (protocol §4.1)
#: rings again when it is done again (§4.4)
URGE = "urge"
TOKEN_REFUSED = {99991661, 99991663, 99991671}
#: too many calls of ours, and too many to one chat or person; another message may be sent meanwhile.
LIMITED, CROWDED = {99991400, 11232, 11247}, {230020, 230049, 11233}
GONE = {230011, 230031, 230110}
#: the bot is not in the group, the chat is gone; he is out of our reach, has resigned, or wants nothing of us (§4.2)
CLOSED = {230002, 232009, 230013, 230029, 230053}
DENIED = 99991672
CARD_FAULT = re.compile(r"ErrCode\W+(\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform said: `code` decides, the HTTP status only counts where no code is known (protocol §4.2)."""

    code: int
    status: int
    body: Json
    headers: requests.structures.CaseInsensitiveDict[str]

    def fault(self, call: str) -> SendError:
        """The failure as our own error, logged with what the platform's support asks for, and no content."""
        detail = CARD_FAULT.search(str(self.body.get("msg")))
        reason = f"feishu {call}: code {self.code}" + (f", ErrCode {detail[1]}" if detail else "")
        log.warning("%s, status %d, log id %r", reason, self.status, self.headers.get("X-Tt-Logid"))
        reset = self.headers.get("x-ogw-ratelimit-reset", "")
        after = float(reset) if re.fullmatch(r"[0-9]{1,6}", reset) else None
        closed, denied = self.code in CLOSED, self.code == DENIED
        return SendError(reason, *self._means(call, after), closed=closed, denied=denied, code=str(self.code))

    def _means(self, call: str, after: float | None) -> tuple[Kind, float | None, Outcome]:
        if self.code in CROWDED:
            return "later", after, "crowded"
        if self.code in LIMITED or self.status == requests.codes.too_many:
            return "later", after, "limited"
        if self.code in GONE and call == "update":
            return "gone", None, "refused"
        return ("later", after, "away") if self.status >= 500 else ("never", None, "refused")


class FeishuClient:
    """Feishu's side of `bot.platform.Client`; safe to share between threads.

    `clock` counts seconds; `timeout` is (connect, read) in seconds.
    """

    def __init__(
        self,
        settings: Feishu,
        clock: Callable[[], float] = time.monotonic,
        timeout: tuple[float, float] = (3.05, 10),
    ) -> None:
        self._settings, self._timeout = settings, timeout
        self._token = Token(self._fetch_token, clock, RENEW_BEFORE)
        self._pictures = Uploaded(lambda content: self.upload("image", "picture.png", content))
        self._local = threading.local()
        self.billed = Tally()

    def send(self, to: Address, card: Json, key: str) -> Sent:
        """Send a card. The same `key` (at most 50 characters) sends once within an hour. Raises SendError (§4.4)."""
        return self._send(to, "interactive", cards.pictured(card, self._pictures.drawn), key)

    def _send(self, to: Address, what: str, content: Json, key: str) -> Sent:
        kind = "open_id" if to.kind == "account" else "chat_id"
        body = {"receive_id": to.id, "msg_type": what, "content": _compact(content), "uuid": key}
        data = self._call("send", "POST", f"{MESSAGES}?receive_id_type={kind}", body).get("data")
        match data:
            case {"message_id": str(message_id), "chat_id": str(chat)}:
                return Sent(message_id, chat)
        raise SendError("feishu send: an answer without ids")

    def update(self, message_id: str, card: Json, to: Address | None = None) -> None:
        """Replace a sent card in place, up to 14 days old. Raises SendError (§4.4)."""
        content = _compact(cards.pictured(card, self._pictures.drawn))
        self._call("update", "PATCH", f"{MESSAGES}/{quote(message_id, safe='')}", {"content": content})

    def urge(self, message_id: str, to: Address, words: str) -> None:
        """加急 in the app, of our own message to somebody in its chat (§4.4). Raises SendError."""
        path = f"{MESSAGES}/{quote(message_id, safe='')}/urgent_app?user_id_type=open_id"
        told = self._call(URGE, "PATCH", path, {"user_id_list": [to.id]}).get("data") or {}
        if told.get("invalid_user_id_list"):
            raise SendError("feishu urge: no such person", "never")

    def find(self, mobiles: Sequence[str]) -> Iterator[tuple[str, str]]:
        """(mobile, open_id) of those who are in the company, 50 a call (§4.6). Raises SendError.

        Whom the platform does not know stands in its answer without an id.
        """
        for first in range(0, len(mobiles), MOST_MOBILES):
            asked = {"mobiles": mobiles[first : first + MOST_MOBILES], "include_resigned": False}
            for person in self._call("find", "POST", FIND, asked).get("data", {}).get("user_list") or ():
                match person:
                    case {"mobile": str(mobile), "user_id": str(account)} if account:
                        yield mobile.removeprefix("+86"), account

    def get(self, call: str, path: str) -> Json:
        """What stands at an address of the platform. Raises SendError."""
        asked = self._with_token(call, lambda token: _answer(call, self._request(call, "GET", path, token)))
        data = asked.get("data")
        return data if isinstance(data, dict) else {}

    def download(self, enclosed: Enclosed, most: int) -> bytes:
        """What came with a message, at most `most` bytes (§4.5). Raises SendError, Refused (too large)."""
        message, key = quote(enclosed.message, safe=""), quote(enclosed.key, safe="")
        path = f"{MESSAGES}/{message}/resources/{key}?type={enclosed.kind}"

        def ask(token: str) -> Answer:
            with self._request("download", "GET", path, token, stream=True) as response:
                if response.status_code != requests.codes.ok:
                    return _answer("download", response)
                try:
                    content = capped(response.iter_content(CHUNK), most)
                except requests.RequestException as error:
                    raise SendError(f"feishu download: {type(error).__name__}") from error
                return Answer(0, response.status_code, {"content": content}, response.headers)

        return bytes(self._with_token("download", ask)["content"])

    def upload(self, kind: Literal["image", "file"], name: str, content: bytes) -> str:
        """The key of a picture up to 10 MB or a file up to 30 MB (§4.5). Raises SendError."""
        if not 0 < len(content) <= LARGEST[kind]:
            raise SendError(f"feishu upload: {len(content)} bytes", "never")
        form = {"image_type": "message"}
        if kind == "file":
            form = {"file_type": FILE_TYPES.get(ending(name), "stream"), "file_name": name}

        def ask(token: str) -> Answer:
            # the name of the part is nobody's, that of the file stands in the form
            part = {kind: (kind, content)}
            return _answer("upload", self._request("upload", "POST", UPLOAD[kind], token, data=form, files=part))

        match self._with_token("upload", ask).get("data"):
            case {"image_key": str(key)} | {"file_key": str(key)}:
                return key
        raise SendError("feishu upload: an answer without a key")

    def send_file(self, to: Address, key: str, name: str, token: str) -> Sent:
        """Send what was uploaded under its `name`. The same `token` sends once within an hour. Raises SendError."""
        return self._send(to, "file", {"file_key": key}, token)

    def check(self) -> str:
        """Whether the platform gives us a token; what its `Date` header says, empty without one. Raises SendError."""
        return self._granted().headers.get("Date", "")

    def open_stream(self) -> tuple[str, Json]:
        """An address that takes one long connection, and how the platform wants it kept (§5). Raises SendError."""
        self._session().close()  # after hours, a kept connection may have died unnoticed
        secret = self._settings.app_secret.get_secret_value()
        answer = self._ask("stream", "POST", ENDPOINT, {"AppID": self._settings.app_id, "AppSecret": secret})
        if answer.code != 0:
            raise answer.fault("stream")
        match answer.body.get("data"):
            case {"URL": str(url), **more}:
                config = more.get("ClientConfig")
                return url, config if isinstance(config, dict) else {}
        raise SendError("feishu stream: an answer without an address")

    def _call(self, call: str, method: str, path: str, body: Json) -> Json:
        return self._with_token(call, lambda token: self._ask(call, method, path, body, token))

    def _with_token(self, call: str, ask: Callable[[str], Answer]) -> Json:
        token = self._token.get()
        answer = ask(token)
        if answer.code in TOKEN_REFUSED:
            # Once only: the same code may mean that this call takes no tenant token at all.
            self._token.drop(token)
            answer = ask(self._token.get())
        if answer.code != 0:
            raise answer.fault(call)
        return answer.body

    def _fetch_token(self) -> tuple[str, float]:
        match self._granted().body:
            case {"tenant_access_token": str(token), "expire": int(lifetime)}:
                return token, lifetime
        raise SendError("feishu token: an answer without a token")

    def _granted(self) -> Answer:
        secret = self._settings.app_secret.get_secret_value()
        body = {"app_id": self._settings.app_id, "app_secret": secret}
        answer = self._ask("token", "POST", "/open-apis/auth/v3/tenant_access_token/internal", body)
        if answer.code != 0:
            raise answer.fault("token")
        return answer

    def _ask(self, call: str, method: str, path: str, body: Json, token: str = "") -> Answer:
        said = _compact(body).encode()  # unescaped: the platform's 30 KB count bytes
        kind = {"Content-Type": "application/json; charset=utf-8"}
        return _answer(call, self._request(call, method, path, token, kind, data=said))

    def _request(
        self, call: str, method: str, path: str, token: str, kind: Mapping[str, str] | None = None, **what: Any
    ) -> requests.Response:
        """Raises SendError where nothing was answered."""
        headers, url = {**(kind or {})}, self._settings.api_base.rstrip("/") + path
        if token:
            headers["Authorization"] = f"Bearer {token}"
            self.billed.add()
        try:
            return self._session().request(
                method, url, headers=headers, timeout=self._timeout, allow_redirects=False, **what
            )
        except requests.RequestException as error:
            log.warning("feishu %s: %s", call, type(error).__name__)
            raise _lost(call, f"feishu {call}: {type(error).__name__}") from error

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session


def _answer(call: str, response: requests.Response) -> Answer:
    """The envelope of an answer; a gateway's page or a redirect is an outage. Raises SendError."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    match body:
        case {"code": int(code)}:
            return Answer(code, response.status_code, body, response.headers)
    reason = f"feishu {call}: no envelope, status {response.status_code}"
    log.warning("%s, log id %r", reason, response.headers.get("X-Tt-Logid"))
    raise _lost(call, reason)


def _lost(call: str, reason: str) -> SendError:
    """Nobody said what became of a call: harmless to repeat, but for one that rings."""
    return SendError(reason, "unknown" if call == URGE else "later")


def _compact(card: Json) -> str:
    return json.dumps(card, ensure_ascii=False, separators=(",", ":"))
