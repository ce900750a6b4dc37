"""The Feishu API stand-in keeps the rules of the platform it stands for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from standins.feishu_api import FeishuApi, describe
from standins.feishu_says import BOT_OPEN_ID, p2p_chat

JSON = dict[str, Any]
EXAMPLES = Path(__file__).parent / "data" / "feishu_examples.json"
CARD: JSON = json.loads(EXAMPLES.read_text("utf-8"))["approval"]
DONE: JSON = {"schema": "2.0", "config": {"update_multi": True}, "body": {"elements": [{"tag": "hr"}]}}


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1767225600.0

    def __call__(self) -> float:
        return self.now


class Bot:
    """The least of a client: one session, one token."""

    def __init__(self, api: FeishuApi) -> None:
        self.api = api
        self.http = requests.Session()
        self.token = self.login()["tenant_access_token"]

    def login(self, secret: str | None = None) -> JSON:
        body = {"app_id": self.api.app_id, "app_secret": secret or self.api.app_secret}
        return self.call("POST", "auth/v3/tenant_access_token/internal", body)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> JSON:
        response = self.http.request(
            method, f"{self.api.base_url}/open-apis/{path}", json=body, headers=headers, timeout=5
        )
        answer: JSON = response.json()
        assert (response.status_code == 200) == (answer["code"] == 0)
        return answer

    def act(self, method: str, path: str, body: Any = None) -> JSON:
        return self.call(method, path, body, Authorization=f"Bearer {self.token}")

    def send(self, card: JSON, receiver: str = "ou_1", kind: str = "open_id", **more: Any) -> JSON:
        body = {"receive_id": receiver, "msg_type": "interactive", "content": json.dumps(card), **more}
        return self.act("POST", f"im/v1/messages?receive_id_type={kind}", body)

    def patch(self, message_id: str, card: JSON) -> JSON:
        return self.act("PATCH", f"im/v1/messages/{message_id}", {"content": json.dumps(card)})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(clock: Clock) -> Iterator[FeishuApi]:
    with FeishuApi(clock=clock) as api:
        yield api


@pytest.fixture
def bot(api: FeishuApi) -> Iterator[Bot]:
    bot = Bot(api)
    yield bot
    bot.http.close()


def test_a_token_stays_the_same_until_less_than_half_an_hour_is_left(bot: Bot, clock: Clock) -> None:
    clock.now += 5400
    assert bot.login() == {"code": 0, "msg": "ok", "tenant_access_token": bot.token, "expire": 1800}
    clock.now += 1
    newer = bot.login()
    assert (newer["tenant_access_token"] != bot.token, newer["expire"]) == (True, 7200)
    assert bot.act("GET", "bot/v3/info")["bot"]["open_id"] == BOT_OPEN_ID
    clock.now += 1799
    assert bot.act("GET", "bot/v3/info")["code"] == 99991663


def test_a_wrong_secret_gets_no_token(bot: Bot) -> None:
    assert bot.login("wrong")["code"] == 10015


@pytest.mark.parametrize(
    ("authorization", "code"), [("", 99991661), ("Bearer abc", 99991671), ("Bearer t-forged", 99991663)]
)
def test_without_a_valid_token_nothing_is_done(bot: Bot, authorization: str, code: int) -> None:
    assert bot.call("GET", "bot/v3/info", Authorization=authorization)["code"] == code


def test_a_revoked_token_is_invalid(api: FeishuApi, bot: Bot) -> None:
    api.revoke_tokens()
    assert bot.send(CARD)["code"] == 99991663
    assert api.sends == 0


def test_a_card_reaches_the_private_chat_of_a_person(api: FeishuApi, bot: Bot, clock: Clock) -> None:
    data = bot.send(CARD, uuid="u1")["data"]
    (message,) = api.messages
    assert (message.message_id, message.chat_id, message.at) == (data["message_id"], data["chat_id"], clock.now)
    assert (message.receive_id, message.receive_id_type, message.uuid) == ("ou_1", "open_id", "u1")
    assert (message.card, message.history, message.chat_id) == (CARD, [CARD], p2p_chat("ou_1"))
    assert (data["create_time"], data["msg_type"]) == ("1767225600000", "interactive")
    assert bot.send(CARD, "oc_7", "chat_id")["data"]["chat_id"] == "oc_7"
    assert (api.sends, api.calls, api.problems) == (2, 3, [])


@pytest.mark.parametrize(
    ("changed", "kind", "code"),
    [
        ({}, "phone", 99992402),
        ({"receive_id": "oc_1"}, "open_id", 99992351),
        ({"receive_id": "ou_1"}, "chat_id", 230034),
        ({"uuid": "u" * 51}, "open_id", 99992402),
        ({"content": CARD}, "open_id", 9499),
        ({"content": "{"}, "open_id", 230001),
        ({"msg_type": "card"}, "open_id", 230001),
        ({"msg_type": "text"}, "open_id", 230001),
        ({"content": json.dumps({"elements": []})}, "open_id", 230099),
        ({"content": json.dumps({"pad": "x" * 31_000})}, "open_id", 230025),
    ],
)
def test_a_message_that_breaks_a_rule_is_refused(api: FeishuApi, bot: Bot, changed: JSON, kind: str, code: int) -> None:
    body = {"receive_id": "ou_1", "msg_type": "interactive", "content": json.dumps(CARD)} | changed
    assert bot.act("POST", f"im/v1/messages?receive_id_type={kind}", body)["code"] == code
    assert (api.messages, api.sends) == ([], 0)


def test_a_bad_card_is_explained_and_remembered(api: FeishuApi, bot: Bot) -> None:
    answer = bot.send({**CARD, "header": {**CARD["header"], "template": "pink"}})
    assert "header.template: 'pink'" in answer["msg"]
    assert "header.template: 'pink'" in api.problems[0]


def test_the_same_uuid_makes_one_message_under_eight_threads(api: FeishuApi, bot: Bot) -> None:
    api.latency = 0.05
    together = threading.Barrier(8)

    def send(_: int) -> str:
        together.wait()
        own = Bot.__new__(Bot)
        own.api, own.http, own.token = api, requests.Session(), bot.token
        with own.http:
            return str(own.send(CARD, uuid="same")["data"]["message_id"])

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(send, range(8)))
    assert ids == {api.messages[0].message_id}
    assert (len(api.messages), api.sends, api.calls) == (1, 1, 9)


def test_a_uuid_protects_for_an_hour(api: FeishuApi, bot: Bot, clock: Clock) -> None:
    first = bot.send(CARD, uuid="u")["data"]["message_id"]
    clock.now += 3599
    assert bot.send(CARD, uuid="u")["data"]["message_id"] == first
    clock.now += 1
    assert bot.send(CARD, uuid="u")["data"]["message_id"] != first
    assert api.sends == 2


def test_a_failed_send_does_not_use_up_its_uuid(api: FeishuApi, bot: Bot) -> None:
    assert bot.send({}, uuid="u")["code"] == 230099
    assert bot.send(CARD, uuid="u")["code"] == 0


def test_a_reply_goes_to_the_chat_it_answers(api: FeishuApi, bot: Bot) -> None:
    api.person_wrote("om_person", "oc_9")
    body = {"msg_type": "text", "content": json.dumps({"text": "好"})}
    assert bot.act("POST", "im/v1/messages/om_person/reply", body)["data"]["parent_id"] == "om_person"
    assert (api.messages[0].chat_id, api.messages[0].msg_type) == ("oc_9", "text")
    assert bot.act("POST", "im/v1/messages/om_unknown/reply", body)["code"] == 230001


def test_a_patch_keeps_what_was_there_before(api: FeishuApi, bot: Bot) -> None:
    message_id = bot.send(CARD)["data"]["message_id"]
    assert bot.patch(message_id, DONE) == {"code": 0, "msg": "success", "data": {}}
    assert (api.messages[0].card, api.messages[0].history) == (DONE, [CARD, DONE])


def old(bot: Bot, clock: Clock) -> str:
    message_id = str(bot.send(CARD)["data"]["message_id"])
    clock.now += 14 * 86400 + 1
    bot.token = bot.login()["tenant_access_token"]
    return message_id


def written_by_a_person(bot: Bot, _: Clock) -> str:
    bot.api.person_wrote("om_person", "oc_9")
    return "om_person"


def a_text(bot: Bot, _: Clock) -> str:
    return str(bot.send(CARD, msg_type="text", content='{"text":"x"}')["data"]["message_id"])


def unshared(bot: Bot, _: Clock) -> str:
    return str(bot.send({**CARD, "config": {}})["data"]["message_id"])


def unknown(_: Bot, __: Clock) -> str:
    return "om_unknown"


@pytest.mark.parametrize(
    ("made", "code"),
    [(old, 230031), (written_by_a_person, 230012), (a_text, 230001), (unshared, 230001), (unknown, 230001)],
)
def test_only_an_own_shared_card_of_the_last_fortnight_is_patched(
    bot: Bot, clock: Clock, made: Callable[[Bot, Clock], str], code: int
) -> None:
    assert bot.patch(made(bot, clock), DONE)["code"] == code


def test_a_patch_must_stay_shared_and_valid(api: FeishuApi, bot: Bot) -> None:
    message_id = bot.send(CARD)["data"]["message_id"]
    assert bot.patch(message_id, {**DONE, "config": {}})["code"] == 230001
    assert bot.patch(message_id, {**DONE, "body": {"elements": [{"tag": "note"}]}})["code"] == 230099
    assert api.messages[0].history == [CARD]


def test_a_fault_spoils_so_many_calls_and_no_more(api: FeishuApi, bot: Bot) -> None:
    api.fail_next(2, code=230020)
    api.fail_next(code=99991400, status=429)
    assert [bot.send(CARD)["code"] for _ in range(4)] == [230020, 230020, 99991400, 0]
    assert api.sends == 1


def test_a_gateway_error_is_no_json(api: FeishuApi, bot: Bot) -> None:
    api.fail_next(status=502)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        bot.send(CARD)


def test_a_dropped_answer_hides_whether_the_message_was_made(api: FeishuApi, bot: Bot) -> None:
    api.fail_next(drop=True)
    api.fail_next(drop=True, done=True)
    for made in (0, 1):
        with pytest.raises(requests.exceptions.ConnectionError):
            bot.send(CARD, uuid="u")
        assert api.sends == made
    assert bot.send(CARD, uuid="u")["data"]["message_id"] == api.messages[0].message_id


def test_a_delay_outlasts_an_impatient_client(api: FeishuApi, bot: Bot) -> None:
    api.fail_next(delay=5, path="/bot/v3/info")
    with pytest.raises(requests.exceptions.ReadTimeout):
        bot.http.get(f"{api.base_url}/open-apis/bot/v3/info", timeout=0.05)


def test_waiting_ends_with_the_message_or_with_an_error(api: FeishuApi, bot: Bot) -> None:
    message_id = bot.send(CARD)["data"]["message_id"]
    later = threading.Timer(0.05, bot.patch, (message_id, DONE))
    later.start()
    assert api.wait_for(lambda message: message.card == DONE).message_id == message_id
    later.join()
    with pytest.raises(TimeoutError):
        api.wait_for(lambda message: message.receive_id == "ou_nobody", timeout=0.01)


def test_a_server_that_keeps_nothing_still_counts_and_answers() -> None:
    with FeishuApi(keep=False) as api:
        bot = Bot(api)
        message_id = bot.send(CARD, uuid="u")["data"]["message_id"]
        assert bot.patch(message_id, DONE)["code"] == 0
        assert bot.send({})["code"] == 230099
        assert (api.messages, api.sends) == ([], 1)
        bot.http.close()


def test_an_unknown_path_is_not_found(bot: Bot) -> None:
    assert bot.act("GET", "im/v1/nothing")["code"] == 404


def test_a_person_at_the_terminal_reads_words_and_buttons() -> None:
    seen: list[str] = []
    with FeishuApi(on_message=lambda message: seen.append(describe(message))) as api:
        bot = Bot(api)
        bot.patch(bot.send(CARD)["data"]["message_id"], DONE)
        bot.http.close()
    assert "折扣审批" in seen[0]
    assert '[同意] {"action": "approval.approve", "id": "1001", "v": "1"}' in seen[0]
    assert "revision 2" in seen[1]
