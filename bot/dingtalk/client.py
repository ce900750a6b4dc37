"""Calls to DingTalk's open API: a card as an instance of a template, or as a message whose buttons are words to say."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from bot.dingtalk.events import BY_KEY, IN_GROUP, NAME, OWN
from bot.platform import Address, Json, Kind, SendError, Sent, Tally
from bot.tokens import Token
from cards import dingtalk as cards
from models import codes, forms, links, reply_doors
from models.codes import Offer
from models.pace import Outcome
from models.settings import DingTalk
from models.work import Work, Works

log = logging.getLogger(__name__)

#: a message that cannot be changed any more is known by its key; a card by the id we give it.
SAID = "said:"
RENEW_BEFORE = 5 * 60  # seconds (protocol §4.1)
#: how long a template that the platform refused is not tried again, in seconds.
WITHOUT_TEMPLATE = 600.0
#: seconds to wait where the platform names none (protocol §4.7)
TOO_FAST, FLOODED, BLOCKED = 1.0, 60.0, 300.0
#: calls that have no key of ours: made twice, they are two messages (§4.2).
ALONE, GROUP, ANSWER = "message", "group message", "answer"
ONCE = {ALONE, GROUP, ANSWER}
#: what breaks off when a call may have been heard already.
BROKEN_OFF = (
    requests.ReadTimeout,
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
#: an answer without an error has one of these (§3.2, §4.1, §4.2); what a gateway says has none.
WORKED = ("accessToken", "processQueryKey", "success")
TOKEN_REFUSED = {"InvalidAuthentication", "40014", "42001", "40001"}
FAST, CROWDED = {"90018", "90002"}, {"send.too.fast", "send.byToken.tooFast"}
BUSY = {"-1", "system.busy", "system.error"}
NO_TEMPLATE = {
    "param.templateNotExist",
    "param.templateUnpublished",
    "Forbidden.AccessDenied.AccessTokenPermissionDenied",
}
GONE = {"param.cardNotExist"}
KNOWN_ALREADY = "param.cardAlreadyExist"
KEY_TAKEN = "param.callbackRouteKeyExist"


class Refused(SendError):
    """The platform answered with an error of its own."""

    def __init__(self, call: str, code: str, status: int) -> None:
        super().__init__(f"dingtalk {call}: {code}", *_means(call, code, status))
        self.code, self.of_token = code, code in TOKEN_REFUSED or status == requests.codes.unauthorized


def _means(call: str, code: str, status: int) -> tuple[Kind, float | None, Outcome | None]:
    """A monthly quota is never worth another try, a busy platform is (protocol §4.7)."""
    if code in GONE and call == "update":
        return "gone", None, None
    if code in CROWDED:
        return "later", TOO_FAST, "crowded"
    if code in FAST or "QpsLimit" in code or "QpmLimit" in code:
        return "later", TOO_FAST, "limited"
    if status == requests.codes.too_many:
        return "later", None, "limited"
    return ("later" if status >= 500 or code in BUSY else "never"), None, None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes: to a person, or into a group."""

    user: str = ""
    group: str = ""

    @property
    def chat(self) -> str:
        """The chat as events name it."""
        return f"{OWN}{self.user}" if self.user else self.group


def place(to: Address) -> Place:
    """The place of an address; a person's own chat is the person."""
    if to.kind == "account":
        return Place(user=to.id)
    return Place(user=to.id.removeprefix(OWN)) if to.id.startswith(OWN) else Place(group=to.id)


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
        if self.templated and not (where.group and _has_form(card)):
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
        if page is None and _has_form(card):
            raise SendError("a form is for one person", "gone")
        data = {"outTrackId": message_id, "cardData": {"cardParamMap": cards.params(card, page)}}
        self._call("update", "PUT", "/v1.0/card/instances", data | {"cardUpdateOptions": BY_KEY})

    def _compare(self, message_id: str, card: Json) -> None:
        with self._works.read() as work:
            title, offered = codes.given(work, NAME, message_id)
        asked = [button["value"] for part in card["parts"] for button in part.get("buttons", ())]
        if not asked and not _has_form(card):
            raise SendError("a message cannot be changed", "fixed")
        if title != card["title"] or any(value not in offered for value in asked):
            raise SendError("a message cannot be changed, and there is something new", "gone")

    # --- a card ---

    def _deliver(self, where: Place, card: Json, key: str) -> Sent:
        track = f"{IN_GROUP}{key}" if where.group else key
        body = {
            "cardTemplateId": self._settings.card_template,
            "outTrackId": track,
            "callbackType": "HTTP",
            "callbackRouteKey": self._settings.card_route_key,
            "cardData": {"cardParamMap": cards.params(card, self._page(where, card, track))},
            "userIdType": 1,
            **self._space(where, card["title"]),
        }
        try:
            told = self._call("deliver", "POST", "/v1.0/card/instances/createAndDeliver", body)
        except Refused as no:
            if no.code != KNOWN_ALREADY:  # it arrived the first time, only its answer got lost
                raise
            return Sent(track, where.chat)
        _delivered(told)
        return Sent(track, where.chat)

    @property
    def _robot(self) -> str:
        return self._settings.robot_code or self._settings.client_id

    def _space(self, where: Place, title: str) -> Json:
        robot = self._robot
        if where.user:
            about = {"supportForward": False, "lastMessageI18n": {"ZH_CN": title}}
            model = {
                "imRobotOpenSpaceModel": about,
                "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": robot},
            }
            return {"openSpaceId": f"dtv1.card//IM_ROBOT.{where.user}", **model}
        group = {"imGroupOpenSpaceModel": {"supportForward": False}, "imGroupOpenDeliverModel": {"robotCode": robot}}
        return {"openSpaceId": f"dtv1.card//IM_GROUP.{where.group}", **group}

    # --- a message ---

    def _say(self, where: Place, worded: tuple[str, Json], key: str) -> Sent:
        """Say something in a chat: as an answer to what was said there lately, which costs no call, or else anew."""
        kind, said = worded
        if self._answer_at_the_door(where, cards.answer(kind, said)):
            return Sent(SAID + key, where.chat)
        body = {"robotCode": self._robot, "msgKey": kind, "msgParam": _compact(said)}
        if where.group:
            at = {"openConversationId": where.group}
            self._call(GROUP, "POST", "/v1.0/robot/groupMessages/send", body | at)
        else:
            told = self._call(ALONE, "POST", "/v1.0/robot/oToMessages/batchSend", body | {"userIds": [where.user]})
            _arrived(told)
        return Sent(SAID + key, where.chat)

    def _answer_at_the_door(self, where: Place, said: Json) -> bool:
        """Whether the address of this chat took it (§1.2); one that refuses is not asked again. Raises SendError."""
        with self._works.read() as work:
            url = reply_doors.standing(work, NAME, where.chat)
        if url is None:
            return False
        try:
            self._ask(ANSWER, "POST", url, said)
        except Refused as no:
            log.warning("%s: the chat is spoken to by the API", no)
            self._works.perform(lambda work: reply_doors.shut(work, NAME, where.chat))
            return False
        return True

    def _worded(self, where: Place, card: Json, key: str) -> tuple[str, Json]:
        """The card as a message; what its buttons say is remembered by the codes in it."""
        given: dict[str, Json] = {}

        def code(label: str, value: Json) -> str:
            made = codes.of(key, len(given))
            given[made] = value
            return made

        if where.group:
            worded = cards.in_group(card, code, "")
        else:
            page = self._page(where, card, SAID + key)
            worded = cards.action_card(card, lambda *of: cards.dtmd(cards.pressed_text(of[0], code(*of))), page)
        if given:
            offer = Offer(NAME, where.chat, SAID + key, card["title"])
            self._works.perform(lambda work: codes.keep(work, offer, given))
        return worded

    def _page(self, where: Place, card: Json, message_id: str) -> str | None:
        """The address of the page where the form of this card is filled in, for whoever it is sent to."""
        form = next((each["form"] for each in card["parts"] if "form" in each), None)
        if form is None or not where.user:
            return None

        def keep(work: Work) -> str:
            return forms.keep(work, NAME, where.user, where.chat, message_id, form["card"])

        nonce = self._works.perform(keep)
        return links.address(self._works.settings.server, f"/form/{links.token(self._works.keys, links.FORM, nonce)}")

    # --- calls ---

    def _call(self, call: str, method: str, path: str, body: Json) -> Json:
        token, url = self._token.get(), self._settings.api_base.rstrip("/") + path
        try:
            return self._ask(call, method, url, body, token)
        except Refused as no:
            if not no.of_token:
                raise
        self._token.drop(token)
        return self._ask(call, method, url, body, self._token.get())

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
            self.billed.add()
        try:
            response = self._session(call).request(
                method,
                url,
                data=_compact(body).encode(),
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            log.warning("dingtalk %s: %s", call, type(error).__name__)
            kind: Kind = "unknown" if call in ONCE and _broke_off(error) else "later"
            raise SendError(f"dingtalk {call}: {type(error).__name__}", kind) from error
        return _answer(call, response)

    def _session(self, call: str) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        if call in ONCE:  # a kept connection that died unnoticed would look as if the message had been under way
            session.close()
        return session

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
        wanted = {"callbackUrl": url, "apiSecret": self._settings.card_secret.get_secret_value()}
        if self._registered(wanted, force=False) == wanted:
            return False
        if self._registered(wanted, force=True).get("callbackUrl") != url:
            raise SendError("dingtalk register: another address stays registered", "never")
        return True

    def _registered(self, wanted: Json, *, force: bool) -> Json:
        """What is registered now; nothing said where another address is. Raises SendError."""
        body = {"callbackRouteKey": self._settings.card_route_key, **wanted, "forceUpdate": force}
        try:
            told: Json = self._call("register", "POST", "/v1.0/card/callbacks/register", body).get("result") or {}
        except Refused as no:
            if no.code != KEY_TAKEN:
                raise
            return {}
        return told


def _broke_off(error: requests.RequestException) -> bool:
    """Whether the call may have been heard; not where no connection came about: the cause then has a `reason`."""
    unheard = isinstance(error, requests.ConnectTimeout) or any(hasattr(why, "reason") for why in error.args)
    return isinstance(error, BROKEN_OFF) and not unheard


def _answer(call: str, response: requests.Response) -> Json:
    """What the platform said. Raises Refused for its own errors, SendError for a gateway's page (protocol §4.7)."""
    body, status = _envelope(response), response.status_code
    code = str(body.get("errcode") or body.get("code") or "")[:64]
    worked = body.get("errcode") in (0, "0") or any(body.get(name) for name in WORKED)
    if code in ("", "0") and status == requests.codes.ok and worked:
        return body
    if code in ("", "0"):
        log.warning("dingtalk %s: no envelope, status %d", call, status)
        flood: tuple[float | None, Outcome] = (BLOCKED, "limited") if "punish" in body else (None, "away")
        raise SendError(f"dingtalk {call}: no envelope, status {status}", "later", *flood)
    log.warning("dingtalk %s: %s, status %d, request %.64s", call, code, status, body.get("requestid"))
    raise Refused(call, code, status)


def _envelope(response: requests.Response) -> Json:
    """The object that was answered, empty where it is none."""
    try:
        body: Any = response.json()
    except requests.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {}


def _delivered(told: Mapping[str, Any]) -> None:
    """A card is there only where each place says so, whatever the status says (protocol §3.2). Raises SendError."""
    results = (told.get("result") or {}).get("deliverResults") or ()
    if not all(each.get("success") for each in results):
        raise SendError("dingtalk deliver: the card was made and not delivered", "never")


def _arrived(told: Mapping[str, Any]) -> None:
    """A person who is only listed did not get the message, whatever the status says (protocol §4.2)."""
    if told.get("flowControlledStaffIdList"):
        raise SendError("dingtalk message: too many to this person", "later", FLOODED, "crowded")
    if told.get("invalidStaffIdList") or told.get("filteredStaffIdList"):
        raise SendError("dingtalk message: no such person", "never")


def _has_form(card: Json) -> bool:
    return any("form" in part for part in card["parts"])


def _compact(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
