"""A stand-in of the DingTalk open API: a real HTTP server that keeps the platform's rules and remembers what it got.

In a test `with DingTalkApi() as api: api.base_url`, which is both hosts, the new API's and the old one's; by hand
`python tests/standins/dingtalk_api.py --port 9001`.
"""

from __future__ import annotations

import argparse
import json
import re
import secrets
import sys
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # run by hand, Python looks beside this file and not in tests/
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from standins import dingtalk_schema as schema
from standins.dingtalk_cards import Cards
from standins.dingtalk_company import Company, Group, Message, Person, Refusal, union_id
from standins.dingtalk_contacts import SCOPES, DingTalkContacts
from standins.dingtalk_robot import Robot
from standins.dingtalk_seen import describe
from standins.directory import Directory
from standins.served import Answer, Call, Served

JSON = dict[str, Any]

CLIENT_ID = "dingcrmappkey0001"
CLIENT_SECRET = "crm-bot-app-secret-0001_ABCdef"
TOKEN_SECONDS = 7200
FREE = ("/v1.0/oauth2/", "/topapi/", "/auth/", "/robot/sendBySession")  # outside the monthly quota (section 4.5)


@dataclass(frozen=True, slots=True)
class Limits:
    """What DingTalk lets through (section 4.7): calls a second of one API, calls a month, messages a minute to one.

    `speed` makes the stand-in's seconds and minutes that many times shorter than ours.
    """

    qps: int = 20
    monthly: int | None = None
    per_minute: int | None = None
    speed: float = 1.0


class DingTalkApi(Served):
    """The open API of one app with its robot (protocol sections 1.3, 3 and 4). Thread safe; `port=0` takes a free one.

    `templates` are the card templates that exist; a mapping says which variables each has. `limits` are off where None
    is given. `anybody` takes every userId for a person and every id for a group with the robot in it. `keep=False`
    remembers no message and no card, for long load runs. `latency` is seconds before each answer, `clock` gives
    seconds since 1970, `on_message` sees every new and changed message. `fail_next` without a path spoils the robot's
    calls, those of cards need `path="/card/"`.
    """

    spoilt_path = "/robot/"

    def __init__(
        self,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        robot_code: str = CLIENT_ID,
        *,
        templates: Collection[str] = tuple(schema.TEMPLATES),
        max_value_bytes: int | None = None,
        professional: bool = False,
        limits: Limits | None = None,
        anybody: bool = False,
        port: int = 0,
        keep: bool = True,
        latency: float = 0.0,
        token_seconds: float = TOKEN_SECONDS,
        clock: Callable[[], float] = time.time,
        on_message: Callable[[Message], None] | None = None,
    ) -> None:
        super().__init__(port, latency)
        self.client_id, self.client_secret, self.robot_code = client_id, client_secret, robot_code
        self.clock, self.token_seconds = clock, token_seconds
        self.company = Company(clock, anybody, keep, on_message)
        self.cards = Cards(self.company, robot_code, templates, max_value_bytes)
        self.robot = Robot(self.company, robot_code, self.base_url, professional)
        self.billed = 0  # calls that count against the monthly quota
        self.limits = limits
        if limits:
            self.robot.per_minute, self.robot.minute = limits.per_minute, 60 / limits.speed
        self._lately: defaultdict[str, deque[float]] = defaultdict(deque)
        self._tokens: dict[str, float] = {}  # token → when it expires
        self.contacts = DingTalkContacts(Directory())
        self._new, self._old = self._routes()
        self.gateway: Callable[[JSON], JSON] | None = None  # who gives out tickets for long connections

    def _routes(self) -> tuple[dict[tuple[str, str], Callable[[JSON], JSON]], dict[str, Callable[[Call], JSON]]]:
        cards, robot = self.cards, self.robot
        new: dict[tuple[str, str], Callable[[JSON], JSON]] = {
            ("POST", "/v1.0/card/instances/createAndDeliver"): cards.create,
            ("PUT", "/v1.0/card/instances"): cards.update,
            ("POST", "/v1.0/card/callbacks/register"): cards.register,
            ("POST", "/v1.0/robot/oToMessages/batchSend"): robot.to_people,
            ("POST", "/v1.0/robot/otoMessages/batchRecall"): robot.recall_people,
            ("POST", "/v1.0/robot/groupMessages/send"): robot.to_group,
            ("POST", "/v1.0/robot/groupMessages/recall"): robot.recall_group,
            ("POST", "/v1.0/robot/messageFiles/download"): robot.download,
            ("POST", "/v1.0/robot/ding/send"): robot.ding,
            ("POST", "/v1.0/robot/ding/recall"): robot.recall_ding,
        }
        old: dict[str, Callable[[Call], JSON]] = {
            "/media/upload": robot.upload,
            "/topapi/v2/user/get": self._user,
            "/topapi/v2/user/getbymobile": self._by_mobile,
            **{path: self._asked(answer) for path, answer in self.contacts.routes.items()},
        }
        return new, old

    # --- for tests ---

    def add_person(self, user_id: str, name: str = "", mobile: str = "") -> Person:
        """Let somebody be of the company."""
        new = Person(user_id, name or user_id, mobile, union_id(user_id))
        with self.company.changed:
            self.company.people[user_id] = new
        return new

    def add_group(self, conversation_id: str, title: str, members: Iterable[str], bot: bool = True) -> Group:
        """Let there be a group, with the robot in it or not."""
        new = Group(conversation_id, title, set(members), bot)
        with self.company.changed:
            self.company.groups[conversation_id] = new
        return new

    @property
    def messages(self) -> list[Message]:
        """What the robot sent anywhere and did not take back, oldest first."""
        with self.company.changed:
            return [each for each in self.company.messages if not each.recalled]

    @property
    def problems(self) -> list[str]:
        """Everything that was refused for its form, in words."""
        return self.company.problems

    @property
    def rejected(self) -> Counter[str]:
        """How often a limit said no, by the new API's code or by the member of the answer that says so."""
        return self.company.rejected

    @property
    def sends(self) -> int:
        """How many messages were made, one for each conversation."""
        return self.company.sends

    def conversation(self, where: str) -> list[Message]:
        """What stands in the chat with a person (his userId) or in a group (its id), oldest first."""
        return [each for each in self.messages if each.conversation == where]

    def wait_for(self, wanted: Callable[[Message], bool], timeout: float = 5.0) -> Message:
        """The first message that is as wanted, now or within `timeout` seconds. Raises TimeoutError."""
        with self.company.changed:
            found = self.company.changed.wait_for(lambda: next(filter(wanted, self.messages), None), timeout)
            if found is None:
                raise TimeoutError(f"not among {len(self.messages)} messages: {self.messages}")
            return found

    def expire_tokens(self) -> None:
        """Let every token given out be invalid from now on."""
        with self._changed:
            self._tokens.clear()

    # --- one call ---

    def worked(self, call: Call) -> Answer:
        try:
            return self._routed(call)
        except Refusal as refusal:
            return _refused(refusal)

    def refused(self, code: Any, status: int) -> Answer:
        usual = Refusal(code).status
        return _refused(Refusal(code, "injected", usual if status == 400 else status))

    def _routed(self, call: Call) -> Answer:
        if call.method == "GET" and call.path.startswith("/files/"):
            return self.robot.fetched(call.path)
        if (call.method, call.path) == ("POST", "/robot/sendBySession"):
            return _old(self.robot.by_session(call))
        if (call.method, call.path) == ("POST", "/v1.0/oauth2/accessToken"):
            return _json(self._token(_body(call)))
        if (call.method, call.path) == ("POST", "/v1.0/gateway/connections/open") and self.gateway:
            return _json(self.gateway(_body(call)))
        if (call.method, call.path == SCOPES) in (("POST", False), ("GET", True)) and call.path in self._old:
            if not self._known(call.query.get("access_token", "")):
                raise Refusal(40014, "不合法的access_token")
            self._within_limits(call, 90018, 90020)
            return _old(self._old[call.path](call))
        if (call.method, call.path) in self._new:
            if not self._known(call.headers.get("x-acs-dingtalk-access-token", "")):
                raise Refusal("InvalidAuthentication", "不合法的access_token")
            self._within_limits(call, QPS, QUOTA)
            return _json(self._new[call.method, call.path](_body(call)))
        raise Refusal("InvalidAction.NotFound", f"{call.method} {call.path}", 404)

    # --- section 4.1 ---

    def _token(self, body: JSON) -> JSON:
        if (body.get("appKey"), body.get("appSecret")) != (self.client_id, self.client_secret):
            raise Refusal("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        with self._changed:
            now = self.clock()
            valid = (each for each, end in self._tokens.items() if end > now)
            token = next(valid, None) or secrets.token_hex(16)
            self._tokens[token] = now + self.token_seconds
        return {"accessToken": token, "expireIn": int(self.token_seconds)}

    def _known(self, token: str) -> bool:
        with self._changed:
            return self._tokens.get(token, 0.0) > self.clock()

    # --- section 4.7 ---

    def _within_limits(self, call: Call, too_fast: str | int, used_up: str | int) -> None:
        """Refuse what is over a limit; calls refused for their rate are not billed."""
        limits, api, billed = self.limits, f"{call.method} {call.path}", not call.path.startswith(FREE)
        with self._changed:
            now, lately = self.clock(), self._lately[api]
            while lately and lately[0] <= now - 1 / (limits.speed if limits else 1):
                lately.popleft()
            if limits and len(lately) >= limits.qps:
                self.rejected[QPS] += 1
                raise Refusal(too_fast, "qps limit")
            if limits and billed and limits.monthly is not None and self.billed >= limits.monthly:
                self.rejected[QUOTA] += 1
                raise Refusal(used_up, "monthly quota")
            lately.append(now)
            self.billed += billed

    def new_month(self) -> None:
        """Let the monthly quota begin anew."""
        with self._changed:
            self.billed = 0

    # --- section 4.5 ---

    def _asked(self, answer: Callable[[JSON], JSON]) -> Callable[[Call], JSON]:
        return lambda call: answer({} if call.method == "GET" else _body(call, old=True))

    def _user(self, call: Call) -> JSON:
        body = _body(call, old=True)
        self.company.checked(list(schema.USER(body, "user")), 40035)
        if self.contacts.directory.staff:
            return self.contacts.person(body["userid"])
        person = self.company.person(body["userid"])
        if person is None:
            raise Refusal(60121, "找不到该用户")
        names = {"userid": person.user_id, "unionid": person.union_id, "name": person.name, "mobile": person.mobile}
        return {"result": {**names, "active": True, "admin": False, "dept_id_list": [1]}}

    def _by_mobile(self, call: Call) -> JSON:
        body = _body(call, old=True)
        self.company.checked(list(schema.BY_MOBILE(body, "user")), 40035)
        if not re.fullmatch(r"1\d{10}", body["mobile"]):
            raise Refusal(40104, "无效的手机号码")
        with self.company.changed:
            found = next((each for each in self.company.people.values() if each.mobile == body["mobile"]), None)
        if found is None:
            raise Refusal(60121, "找不到该用户")
        return {"result": {"userid": found.user_id}}


QPS = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
QUOTA = "Forbidden.AccessDenied.ApiCountLimitForOrg"


def _body(call: Call, old: bool = False) -> JSON:
    try:
        body = json.loads(call.raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(40035 if old else "InvalidParameter", "the body is no object of JSON")
    return body


def _json(body: JSON, status: int = 200) -> Answer:
    headers = {"Content-Type": "application/json; charset=utf-8", "x-acs-request-id": secrets.token_hex(16)}
    return Answer(json.dumps(body, ensure_ascii=False).encode(), status, headers)


def _old(body: JSON) -> Answer:
    return _json({"errcode": 0, "errmsg": "ok", **body, "request_id": secrets.token_hex(8)})


def _refused(refusal: Refusal) -> Answer:
    """The two envelopes of section 4.7."""
    if isinstance(refusal.code, int):
        body = {"errcode": refusal.code, "errmsg": refusal.msg, "request_id": secrets.token_hex(8)}
        return _json(body, refusal.status)
    return _json({"code": refusal.code, "message": refusal.msg, "requestid": secrets.token_hex(16)}, refusal.status)


# --- by hand ---


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in of the DingTalk open API that prints what it gets.")
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument("--client-id", default=CLIENT_ID)
    parser.add_argument("--client-secret", default=CLIENT_SECRET)
    parser.add_argument("--robot-code", default=CLIENT_ID)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    asked = parser.parse_args()

    def show(message: Message) -> None:
        print(describe(message), flush=True)

    keys = (asked.client_id, asked.client_secret, asked.robot_code)
    with DingTalkApi(*keys, anybody=True, port=asked.port, latency=asked.latency, on_message=show) as api:
        print(f"api_base = oapi_base = {api.base_url}", flush=True)
        print(f"client_id = {asked.client_id}  client_secret = {asked.client_secret}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("bye")


if __name__ == "__main__":
    main()
