"""Calls to DingTalk's open API: a card as an instance of a template, or as a message whose buttons are words to say."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal
from urllib.parse import quote

import requests

from bot.dingtalk import callbacks
from bot.dingtalk.answers import KNOWN_ALREADY, NO_TEMPLATE, NOBODY, Refused, answered, arrived, delivered
from bot.dingtalk.events import BY_KEY, IN_GROUP, NAME
from bot.dingtalk.places import Place, is_kept_by_them, place
from bot.dingtalk.wording import SAID, Worded, form_of, offers, page, worded
from bot.event import Enclosed
from bot.files import CHUNK, MB, capped, ending
from bot.platform import Address, Json, Kind, SendError, Sent, Tally
from bot.tokens import Token
from bot.uploads import Uploaded
from cards import dingtalk as cards
from models import codes, reply_doors
from models.settings import DingTalk
from models.work import Works

log = logging.getLogger(__name__)

RENEW_BEFORE = 5 * 60  # seconds (protocol §4.1)
#: how long a template that the platform refused is not tried again, in seconds.
WITHOUT_TEMPLATE = 600.0
#: calls that have no key of ours: made twice, they are two messages (§4.2).
ALONE, GROUP, ANSWER, URGE = "message", "group message", "answer", "urge"
STREAM = "stream"
ONCE = {ALONE, GROUP, ANSWER, URGE}
IN_APP = 1  # neither an SMS nor a call, which are paid for
#: what a file may be that is sent (§4.3), and how large what is uploaded.
SENDABLE = {"xlsx", "pdf", "zip", "rar", "doc", "docx"}
LARGEST = 20 * MB
#: what breaks off when a call may have been heard already.
BROKEN_OFF = (
    requests.ReadTimeout,
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class DingTalkClient:
    """DingTalk's side of `bot.platform.Client`; safe to share between threads.

    `clock` counts seconds; `timeout` is (connect, read) in seconds.
    """

    def __init__(
        self,
        settings: DingTalk,
        works: Works,
        clock: Callable[[], float] = time.monotonic,
        timeout: tuple[float, float] = (3.05, 10),
    ) -> None:
        self._settings, self._works, self._clock, self._timeout = settings, works, clock, timeout
        self._token = Token(self._fetch_token, clock, RENEW_BEFORE)
        self._pictures = Uploaded(lambda content: self.upload("image", "picture.png", content))
        self._local = threading.local()
        self._plain_until = float("-inf")
        self.billed = Tally()

    @property
    def templated(self) -> bool:
        """Whether cards are instances of a template now; one that the platform refused rests for a while."""
        return bool(self._settings.card_template) and self._clock() >= self._plain_until

    def send(self, to: Address, card: Json, key: str) -> Sent:
        """Send a card. As an instance of a template the same `key` is sent once (§3.2). Raises SendError.

        As a message it is sent as often as asked; its error is `unknown` where it may have arrived nevertheless.
        """
        where = place(to)
        if self.templated and not (where.group and form_of(card)):
            try:
                return self._deliver(where, card, key)
            except Refused as no:
                if no.code not in NO_TEMPLATE:
                    raise
                log.warning("%s: cards go out as messages for a while", no)
                self._plain_until = self._clock() + WITHOUT_TEMPLATE
        return self._say(where, self._worded(where, card, key), key)

    def update(self, message_id: str, card: Json, to: Address | None = None) -> None:
        """Replace a sent card in place (§3.3). Raises SendError: a message cannot be changed.

        It is `fixed` where nothing is left to do, and `gone` where it bears another title by now or offers something
        else. Else it stays as it is. A card is `gone` as well where its form could be opened by nobody or by everybody.
        """
        if message_id.startswith(SAID):
            return self._compare(message_id, card)
        where = Place() if to is None or message_id.startswith(IN_GROUP) else place(to)
        page = self._page(where, card, message_id)
        if page is None and form_of(card):
            raise SendError("a form is for one person", "gone")
        data = {"outTrackId": message_id, "cardData": {"cardParamMap": cards.params(card, page)}}
        self._call("update", "PUT", "/v1.0/card/instances", data | {"cardUpdateOptions": BY_KEY})

    def urge(self, message_id: str, to: Address, words: str) -> None:
        """A DING in the app (§4.6), only in some editions; it is a notice of its own. Raises SendError."""
        body = {"robotCode": self._robot, "remindType": IN_APP, "receiverUserIdList": [to.id], "content": words}
        if self._call(URGE, "POST", "/v1.0/robot/ding/send", body).get("failedList"):
            raise SendError("dingtalk urge: no such person", "never")

    def _compare(self, message_id: str, card: Json) -> None:
        with self._works.read() as work:
            title, offered = codes.given(work, NAME, message_id)
        asked = [button["value"] for part in card["parts"] for button in part.get("buttons", ())]
        if not asked and not form_of(card):
            raise SendError("a message cannot be changed", "fixed")
        if title != card["title"] or any(value not in offered for value in asked):
            raise SendError("a message cannot be changed, and there is something new", "gone")

    # --- a card ---

    def _deliver(self, where: Place, card: Json, key: str) -> Sent:
        track = f"{IN_GROUP}{key}" if where.group else key
        body = {
            "cardTemplateId": self._settings.card_template,
            "outTrackId": track,
            **self._callback(),
            "cardData": {"cardParamMap": cards.params(card, self._page(where, card, track))},
            "userIdType": 1,
            **where.space(card["title"], self._robot),
        }
        try:
            told = self._call("deliver", "POST", "/v1.0/card/instances/createAndDeliver", body)
        except Refused as no:
            if no.code != KNOWN_ALREADY:  # it arrived the first time, only its answer got lost
                raise
            return Sent(track, where.chat)
        delivered(told)
        return Sent(track, where.chat)

    def _callback(self) -> Json:
        """Where presses of a card go: to the registered address, or over the long connection where none is (§3.2)."""
        key = self._settings.card_route_key
        return {"callbackType": "HTTP", "callbackRouteKey": key} if key else {"callbackType": "STREAM"}

    @property
    def _robot(self) -> str:
        return self._settings.robot_code or self._settings.client_id

    # --- a message ---

    def _say(self, where: Place, message: Worded, key: str) -> Sent:
        """Say something in a chat: as an answer to what was said there lately, which costs no call, or else anew."""
        kind, said = message
        if self._answer_at_the_door(where, cards.answer(kind, said)):
            return Sent(SAID + key, where.chat)
        self._speak(where, kind, said)
        return Sent(SAID + key, where.chat)

    def _speak(self, where: Place, kind: str, said: Json) -> None:
        """A message by the API, for which there is no key of ours. Raises SendError."""
        body = {"robotCode": self._robot, "msgKey": kind, "msgParam": _compact(said)}
        if where.group:
            at = {"openConversationId": where.group}
            self._call(GROUP, "POST", "/v1.0/robot/groupMessages/send", body | at)
        else:
            arrived(self._call(ALONE, "POST", "/v1.0/robot/oToMessages/batchSend", body | {"userIds": [where.user]}))

    def _answer_at_the_door(self, where: Place, said: Json) -> bool:
        """Whether the address of this chat took it (§1.2); one that refuses is not asked again. Raises SendError."""
        with self._works.read() as work:
            url = reply_doors.standing(work, NAME, where.chat)
        if url is None:
            return False
        try:
            self.answer(url, said)
        except Refused as no:
            log.warning("%s: the chat is spoken to by the API", no)
            self._works.perform(lambda work: reply_doors.shut(work, NAME, where.chat))
            return False
        return True

    def _worded(self, where: Place, card: Json, key: str) -> Worded:
        """The card as a message. What cannot be pressed costs no turn among those who write."""
        card = self._pictured(card)
        if offers(card):
            return self._works.perform(lambda work: worded(work, where, card, key))
        with self._works.read() as work:
            return worded(work, where, card, key)

    def _pictured(self, card: Json) -> Json:
        """The card with its pictures in its texts; one that cannot be uploaded is left out. Raises SendError."""
        return card | {"parts": [part for each in card["parts"] if (part := self._drawn(each))]}

    def _drawn(self, part: Json) -> Json | None:
        if "image" not in part:
            return part
        key = self._pictures.drawn(cards.image(part))
        return cards.shown(part, key) if key else None

    def _page(self, where: Place, card: Json, message_id: str) -> str | None:
        return self._works.perform(lambda work: page(work, where, card, message_id)) if form_of(card) else None

    # --- what comes in over a long connection ---

    def open_stream(self, subscriptions: list[Json]) -> str:
        """An address that takes one connection, soon (protocol §5). Raises SendError."""
        self._session(STREAM).close()  # after hours, a kept connection may have died unnoticed
        secret = self._settings.client_secret.get_secret_value()
        body = {"clientId": self._settings.client_id, "clientSecret": secret, "subscriptions": subscriptions}
        url = self._settings.api_base.rstrip("/") + "/v1.0/gateway/connections/open"
        match self._ask(STREAM, "POST", url, body | {"ua": "keban"}):
            case {"endpoint": str(endpoint), "ticket": str(ticket)}:
                return f"{endpoint}?ticket={quote(ticket, safe='')}"
        raise SendError("dingtalk stream: an answer without a ticket")

    def answer(self, url: str, said: Json) -> None:
        """Say something at an address that came with a message (§1.2). Raises SendError."""
        self._ask(ANSWER, "POST", url, said)

    # --- calls ---

    def _call(self, call: str, method: str, path: str, body: Json) -> Json:
        url = self._settings.api_base.rstrip("/") + path
        return self._with_token(lambda token: self._ask(call, method, url, body, token))

    def old(self, call: str, path: str, body: Json, method: str = "POST") -> Json:
        """A call of the old API, whose token stands in the address. Raises SendError."""
        url = self._settings.oapi_base.rstrip("/") + path
        return self._with_token(lambda token: self._ask(call, method, f"{url}?access_token={quote(token)}", body))

    def _with_token(self, ask: Callable[[str], Json]) -> Json:
        """Once more with a new token where the platform refuses the one we have."""
        token = self._token.get()
        try:
            return ask(token)
        except Refused as no:
            if not no.of_token:
                raise
        self._token.drop(token)
        return ask(self._token.get())

    def _fetch_token(self) -> tuple[str, float]:
        secret = self._settings.client_secret.get_secret_value()
        body = {"appKey": self._settings.client_id, "appSecret": secret}
        match self._ask("token", "POST", f"{self._settings.api_base.rstrip('/')}/v1.0/oauth2/accessToken", body):
            case {"accessToken": str(token), "expireIn": int(lifetime)}:
                return token, lifetime
        raise SendError("dingtalk token: an answer without a token")

    def _ask(self, call: str, method: str, url: str, body: Json, token: str = "") -> Json:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if token:
            headers["x-acs-dingtalk-access-token"] = token
        if token:
            self.billed.add()
        response = self._request(call, method, url, data=_compact(body).encode(), headers=headers)
        return answered(call, response.status_code, response.content)

    def _request(self, call: str, method: str, url: str, **what: Any) -> requests.Response:
        """Raises SendError where nothing was answered."""
        try:
            return self._session(call).request(method, url, timeout=self._timeout, allow_redirects=False, **what)
        except requests.RequestException as error:
            log.warning("dingtalk %s: %s", call, type(error).__name__)
            kind: Kind = "unknown" if call in ONCE and _broke_off(error) else "later"
            raise SendError(f"dingtalk {call}: {type(error).__name__}", kind) from error

    def _session(self, call: str) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        if call in ONCE:  # a kept connection that died unnoticed would look as if the message had been under way
            session.close()
        return session

    # --- files ---

    def download(self, enclosed: Enclosed, most: int) -> bytes:
        """What came with a message, at most `most` bytes (§4.4). Raises SendError, Refused (too large)."""
        asked = {"downloadCode": enclosed.key, "robotCode": self._robot}
        url = self._call("download", "POST", "/v1.0/robot/messageFiles/download", asked).get("downloadUrl")
        if not (isinstance(url, str) and is_kept_by_them(url, self._settings.api_base)):
            raise SendError("dingtalk download: an address of somebody else", "never")
        with self._request("download", "GET", url, stream=True) as response:
            if response.status_code != requests.codes.ok:
                raise SendError(f"dingtalk download: status {response.status_code}", "never")
            try:
                return capped(response.iter_content(CHUNK), most)
            except requests.RequestException as error:
                raise SendError(f"dingtalk download: {type(error).__name__}") from error

    def upload(self, kind: Literal["image", "file"], name: str, content: bytes) -> str:
        """The media id of a picture or file, up to 20 MB (§4.4). Raises SendError."""
        if not 0 < len(content) <= LARGEST:
            raise SendError(f"dingtalk upload: {len(content)} bytes", "never")
        url = f"{self._settings.oapi_base.rstrip('/')}/media/upload"
        files = {"media": (f"{kind}.{ending(name)}", content)}  # its real name is said when it is sent

        def ask(token: str) -> Json:
            asked = {"access_token": token, "type": kind}
            response = self._request("upload", "POST", url, params=asked, data={"type": kind}, files=files)
            return answered("upload", response.status_code, response.content)

        if key := self._with_token(ask).get("media_id"):
            return str(key)
        raise SendError("dingtalk upload: an answer without a key")

    def send_file(self, to: Address, key: str, name: str, token: str) -> Sent:
        """Send what was uploaded; only some kinds of files can be (§4.3). Sent twice it comes twice. Raises SendError.

        Its message is known by `token`.
        """
        where, kind = place(to), ending(name)
        if kind not in SENDABLE:
            raise SendError("dingtalk file: a kind that cannot be sent", "never")
        self._speak(where, "sampleFile", {"mediaId": key, "fileName": name, "fileType": kind})
        return Sent(SAID + token, where.chat)

    # --- people ---

    def find(self, mobiles: Sequence[str]) -> Iterator[tuple[str, str]]:
        """(mobile, userId) of those who are in the company, a call each (§4.5). Raises SendError."""
        for mobile in mobiles:
            try:
                told = self.old("find", "/topapi/v2/user/getbymobile", {"mobile": mobile})
            except Refused as no:
                if no.code not in NOBODY:
                    raise
                continue
            match told.get("result"):
                case {"userid": str(account)} if account:
                    yield mobile, account

    # --- for the operator ---

    def check(self) -> str:
        """Whether the platform gives us a token; what its `Date` header says, empty without one. Raises SendError."""
        dates, hooks = list[str](), self._session("check").hooks["response"]
        hooks.append(lambda response, **_: dates.append(response.headers.get("Date", "")))
        try:
            self._fetch_token()
        finally:
            hooks.clear()
        return dates[-1]

    def register(self, url: str) -> bool:
        """Let presses of our cards come to `url`, signed with our secret (protocol §3.4). Raises SendError.

        True where another address or secret had been registered under our key: it is replaced.
        """
        return callbacks.register(
            lambda body: self._call("register", "POST", callbacks.PATH, body), self._settings, url
        )


def _broke_off(error: requests.RequestException) -> bool:
    """Whether the call may have been heard; not where no connection came about: the cause then has a `reason`."""
    unheard = isinstance(error, requests.ConnectTimeout) or any(hasattr(why, "reason") for why in error.args)
    return isinstance(error, BROKEN_OFF) and not unheard


def _compact(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
