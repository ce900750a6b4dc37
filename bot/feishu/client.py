"""Calls to Feishu's open API: sending a card and replacing it."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import requests

from bot.platform import Address, Json, Kind, SendError, Sent, Tally
from bot.tokens import Token
from models.pace import Outcome
from models.settings import Feishu

log = logging.getLogger(__name__)

MESSAGES = "/open-apis/im/v1/messages"
RENEW_BEFORE = 30 * 60  # seconds; asked earlier, the platform returns the same token (protocol §4.1)
TOKEN_REFUSED = {99991661, 99991663, 99991671}
#: too many calls of ours, and too many to one chat or person; another message may be sent meanwhile.
LIMITED, CROWDED = {99991400, 11232, 11247}, {230020, 230049, 11233}
GONE = {230011, 230031, 230110}
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
        return SendError(reason, *self._means(call, after))

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
        self._local = threading.local()
        self.billed = Tally()

    def send(self, to: Address, card: Json, key: str) -> Sent:
        """Send a card. The same `key` (at most 50 characters) sends once within an hour. Raises SendError (§4.4)."""
        kind = "open_id" if to.kind == "account" else "chat_id"
        body = {"receive_id": to.id, "msg_type": "interactive", "content": _compact(card), "uuid": key}
        data = self._call("send", "POST", f"{MESSAGES}?receive_id_type={kind}", body).get("data")
        match data:
            case {"message_id": str(message_id), "chat_id": str(chat)}:
                return Sent(message_id, chat)
        raise SendError("feishu send: an answer without ids")

    def update(self, message_id: str, card: Json, to: Address | None = None) -> None:
        """Replace a sent card in place, up to 14 days old. Raises SendError (§4.4)."""
        self._call("update", "PATCH", f"{MESSAGES}/{quote(message_id, safe='')}", {"content": _compact(card)})

    def check(self) -> str:
        """Whether the platform gives us a token; what its `Date` header says, empty without one. Raises SendError."""
        return self._granted().headers.get("Date", "")

    def _call(self, call: str, method: str, path: str, body: Json) -> Json:
        token = self._token.get()
        answer = self._ask(call, method, path, body, token)
        if answer.code in TOKEN_REFUSED:
            # Once only: the same code may mean that this call takes no tenant token at all.
            self._token.drop(token)
            answer = self._ask(call, method, path, body, self._token.get())
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
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
            self.billed.add()
        url = self._settings.api_base.rstrip("/") + path
        try:
            response = self._session().request(
                method,
                url,
                data=_compact(body).encode(),  # unescaped: the platform's 30 KB count bytes
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            log.warning("feishu %s: %s", call, type(error).__name__)
            raise SendError(f"feishu {call}: {type(error).__name__}") from error
        return _answer(call, response)

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
    raise SendError(reason)


def _compact(card: Json) -> str:
    return json.dumps(card, ensure_ascii=False, separators=(",", ":"))
