"""Calls to DingTalk: what is sent in each way, how often a token is asked for, and what a message can still become."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.dingtalk.client import WITHOUT_TEMPLATE, DingTalkClient
from bot.platform import Address, SendError, Sent
from cards import dingtalk as cards
from cards.kit import Action, Button, Buttons, Card, Form, Input, Link, Text, dumps
from models import codes, forms, links
from models.crm import departments, people
from models.crm.people import Hire
from models.engine import connect
from models.settings import DingTalk, Settings
from models.tables import Base, Role
from models.tables.sealed import Keyring
from models.work import Works
from standins.dingtalk_api import CLIENT_ID, CLIENT_SECRET, DingTalkApi
from standins.dingtalk_company import Message
from standins.dingtalk_schema import BUTTON_TEMPLATE
from standins.dingtalk_seen import Page, Words, pressables, texts
from standins.served import Answer, Call
from test_feishu_client import Clock
from world import HandClock

GROUP = "cidGroup=="
TO, CHAT, TO_GROUP = Address("account", "wangmin"), Address("chat", "user:wangmin"), Address("chat", GROUP)
KEY = "0123456789abcdef"
DENIED = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
QPS, QUOTA = (f"Forbidden.AccessDenied.{name}" for name in ("QpsLimitForAppkeyAndApi", "ApiCountLimitForOrg"))


class Choose(Action, name="test.choose_at_dingtalk"):
    number: int


def offer(title: str = "华星科技", *numbers: int) -> Card:
    buttons = (Button(f"选{number}", Choose(number)) for number in numbers)
    return Card(title, (Text("已报价，等回复"), Buttons(tuple(buttons))))


FORM = Card("录入新客户", (Form((Input("name", "客户全称"),), Button("提交", Choose(9))),), personal=True)
PLAIN = offer()


class Robot(DingTalkApi):
    """The stand-in, which also remembers every call: its path, its token and its body."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock, anybody=True)
        self.asked: list[tuple[str, str, Any]] = []

    def answer(self, call: Call) -> Answer | None:
        token = call.headers.get("x-acs-dingtalk-access-token", "")
        self.asked.append((call.path.rpartition("/")[2], token, json.loads(call.raw)))
        return super().answer(call)

    def paths(self) -> list[str]:
        return [path for path, *_ in self.asked]


@contextmanager
def standing_in(seconds: Clock) -> Iterator[Robot]:
    """A stand-in with the route of our presses; in the end it has to have liked the form of everything."""
    with Robot(seconds) as api:
        api.cards.register({"callbackRouteKey": "keban", "callbackUrl": "https://keban.example/dingtalk/cards"})
        yield api
        assert not api.problems, api.problems


@contextmanager
def without_database(tmp_path: Path, ring: Keyring, clock: HandClock) -> Iterator[Works]:
    """For cards that keep nothing in the database: there is nothing in it but the doors for answers, all shut."""
    engine = connect(f"sqlite:///{tmp_path}/doors.db", ring)
    Base.metadata.create_all(engine, tables=[Base.metadata.tables["reply_doors"]])
    yield Works(engine, clock, Settings())
    engine.dispose()


def client_of(base: str, works: Works, seconds: Clock, template: str = "", robot: str = CLIENT_ID) -> DingTalkClient:
    """A client with its credentials; it waits 0.3 s for an answer."""
    settings = DingTalk(
        client_id=CLIENT_ID,
        client_secret=SecretStr(CLIENT_SECRET),
        robot_code=robot,
        card_template=template,
        card_route_key="keban",
        api_base=f"{base}/",
        oapi_base=base,
    )
    return DingTalkClient(settings, works, seconds, timeout=(1, 0.3))


@pytest.fixture
def seconds() -> Clock:
    return Clock()


@pytest.fixture
def ding(seconds: Clock) -> Iterator[Robot]:
    with standing_in(seconds) as api:
        yield api


@pytest.fixture
def idle(tmp_path: Path, ring: Keyring, clock: HandClock) -> Iterator[Works]:
    with without_database(tmp_path, ring, clock) as works:
        yield works


@pytest.fixture
def words(ding: Robot, idle: Works, seconds: Clock) -> DingTalkClient:
    """Without a template."""
    return client_of(ding.base_url, idle, seconds)


@pytest.fixture
def boxed(ding: Robot, idle: Works, seconds: Clock) -> DingTalkClient:
    """With a template."""
    return client_of(ding.base_url, idle, seconds, BUTTON_TEMPLATE)


def failure(client: DingTalkClient, to: Address = TO, card: Card = PLAIN) -> SendError:
    with pytest.raises(SendError) as caught:
        client.send(to, cards.render(card), KEY)
    return caught.value


def wrong(client: DingTalkClient, message: str, card: Card, to: Address | None = TO) -> str:
    """The kind of error that an update gives."""
    with pytest.raises(SendError) as caught:
        client.update(message, cards.render(card), to)
    return caught.value.kind


# --- what is sent, and where ---


@pytest.mark.parametrize(
    ("to", "chat"), [(TO, "user:wangmin"), (CHAT, "user:wangmin"), (TO_GROUP, GROUP)], ids=["person", "chat", "group"]
)
@pytest.mark.parametrize("robot", [CLIENT_ID, ""], ids=["robot", "no robot"])
@pytest.mark.parametrize("template", [BUTTON_TEMPLATE, ""], ids=["card", "message"])
def test_a_card_reaches_a_person_or_a_group(
    ding: Robot, works: Works, seconds: Clock, template: str, robot: str, to: Address, chat: str
) -> None:
    client = client_of(ding.base_url, works, seconds, template, robot)
    sent = client.send(to, cards.render(offer("华星科技", 1)), KEY)
    [message] = ding.messages
    assert message.conversation == chat.removeprefix("user:") and sent.chat == chat
    assert "已报价，等回复" in texts(message) and bool(message.card) == bool(template)
    assert sent.message_id == (message.key if template else f"said:{KEY}")


def test_a_stale_robot_code_is_a_fault_of_ours(ding: Robot, idle: Works, seconds: Clock) -> None:
    assert failure(client_of(ding.base_url, idle, seconds, robot="another")).kind == "never"


def test_a_card_is_sent_once_however_often_its_key_is_used(ding: Robot, boxed: DingTalkClient) -> None:
    face = cards.render(PLAIN)
    assert boxed.send(TO, face, KEY) == boxed.send(TO, face, KEY) == Sent(KEY, "user:wangmin")
    assert boxed.send(TO_GROUP, face, KEY) == boxed.send(TO_GROUP, face, KEY) == Sent(f"group:{KEY}", GROUP)
    assert ding.sends == 2


def test_a_card_whose_answer_was_lost_is_there(ding: Robot, boxed: DingTalkClient) -> None:
    ding.fail_next(drop=True, done=True, path="/card/")
    assert failure(boxed).kind == "later"
    assert boxed.send(TO, cards.render(PLAIN), KEY).message_id == KEY and ding.sends == 1


def test_a_card_that_was_made_and_not_delivered_is_given_up(ding: Robot, boxed: DingTalkClient) -> None:
    ding.cards.fail_delivery()
    assert failure(boxed).kind == "never" and not ding.messages


# --- the token ---


def test_one_token_serves_until_five_minutes_are_left(ding: Robot, words: DingTalkClient, seconds: Clock) -> None:
    face = cards.render(PLAIN)
    for at in (0, 0, 7200 - 300 - 1):
        seconds.now = 1000 + at
        words.send(TO, face, KEY)
    assert ding.paths().count("accessToken") == 1
    seconds.now += 1
    words.send(TO, face, KEY)
    assert ding.paths().count("accessToken") == 2


def together(client: DingTalkClient, threads: int = 8) -> list[Sent]:
    start = threading.Barrier(threads)

    def send(number: int) -> Sent:
        start.wait()
        return client.send(TO, cards.render(PLAIN), f"{number}")

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(send, range(threads)))


def test_eight_threads_ask_for_one_token_and_replace_a_refused_one_once(ding: Robot, words: DingTalkClient) -> None:
    ding.latency = 0.02
    assert len(together(words)) == 8 and ding.paths().count("accessToken") == 1
    ding.expire_tokens()
    assert len(together(words)) == 8 and ding.paths().count("accessToken") == 2
    assert ding.sends == 16


@pytest.mark.parametrize("template", [BUTTON_TEMPLATE, ""], ids=["card", "message"])
def test_a_token_refused_in_the_middle_is_replaced_and_the_call_repeated_once(
    ding: Robot, idle: Works, seconds: Clock, template: str
) -> None:
    client = client_of(ding.base_url, idle, seconds, template)
    client.send(TO, cards.render(PLAIN), "before")
    ding.expire_tokens()
    client.send(TO, cards.render(PLAIN), KEY)
    path = "createAndDeliver" if template else "batchSend"
    assert ding.paths() == ["accessToken", path, path, "accessToken", path] and ding.sends == 2
    tokens = [token for _, token, _ in ding.asked]
    assert tokens[1] == tokens[2] != tokens[4]


def test_a_token_that_is_refused_twice_is_not_asked_for_again(ding: Robot, words: DingTalkClient) -> None:
    ding.fail_next(2, code="InvalidAuthentication")
    assert failure(words).kind == "never"
    assert ding.paths() == ["accessToken", "batchSend", "accessToken", "batchSend"]


@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"drop": True}, {"delay": 0.5}, {"code": "system.busy"}, {"code": "invalidClientIdOrSecret"}],
    ids=str,
)
def test_without_a_token_nothing_is_sent(ding: Robot, words: DingTalkClient, fault: dict[str, Any]) -> None:
    ding.fail_next(path="/oauth2/", **fault)
    error = failure(words)
    assert (error.kind, error.outcome) == ("later", "away"), "not unknown: the message was not under way"
    assert ding.paths() == ["accessToken"]
    words.send(TO, cards.render(PLAIN), KEY)


# --- a template that is refused ---


@pytest.mark.parametrize("code", ["param.templateNotExist", "param.templateUnpublished", DENIED])
def test_a_refused_template_rests_for_ten_minutes_and_cards_go_out_as_messages(
    ding: Robot, boxed: DingTalkClient, seconds: Clock, code: str
) -> None:
    ding.fail_next(code=code, path="/card/")
    face = cards.render(PLAIN)
    assert boxed.send(TO, face, "a").message_id == "said:a" and not boxed.templated
    seconds.now += WITHOUT_TEMPLATE - 1
    assert boxed.send(TO, face, "b").message_id == "said:b"
    seconds.now += 1
    assert boxed.templated and boxed.send(TO, face, "c").message_id == "c"
    assert ding.paths() == ["accessToken", "createAndDeliver", "batchSend", "batchSend", "createAndDeliver"]


@pytest.mark.parametrize("code", ["param.contentUnsafe", QUOTA, QPS, "system.busy", "param.userIdNotExist"])
def test_other_refusals_of_a_card_leave_the_template_alone(ding: Robot, boxed: DingTalkClient, code: str) -> None:
    ding.fail_next(code=code, path="/card/")
    failure(boxed)
    assert boxed.templated and ding.paths() == ["accessToken", "createAndDeliver"]


# --- updates ---


def test_a_card_is_changed_in_place_and_what_is_not_named_stays(ding: Robot, boxed: DingTalkClient) -> None:
    boxed.send(TO, cards.render(offer("待审核", 1)), KEY)
    boxed.update(KEY, cards.render(offer("已建档")), TO)
    [message] = ding.messages
    assert "已建档" in texts(message) and not pressables(message)
    assert wrong(boxed, "nothing", PLAIN) == "gone"


def test_a_message_cannot_change_and_says_whether_that_matters(ding: Robot, works: Works, seconds: Clock) -> None:
    client = client_of(ding.base_url, works, seconds)
    message = client.send(TO, cards.render(offer("待审核", 1, 2)), KEY).message_id
    before = len(ding.asked)
    client.update(message, cards.render(offer("待审核", 1, 2)), TO)
    client.update(message, cards.render(offer("待审核", 2)), TO)
    assert wrong(client, message, offer("待审核")) == "fixed"
    assert wrong(client, message, offer("已退回", 1)) == "gone"
    assert wrong(client, message, offer("待审核", 1, 3)) == "gone"
    assert wrong(client, message, FORM) == "gone"
    assert wrong(client, "said:unknown", offer("待审核", 1)) == "gone"
    assert wrong(client, "said:unknown", Card("问卷", (Link("打开", "https://x.example/"),))) == "fixed"
    assert len(ding.asked) == before, "nothing is asked for that"


# --- forms ---


def opened(works: Works, message: Message) -> forms.Opened:
    """What the page opens that a message links to."""
    [page] = [each for each in pressables(message) if isinstance(each, Page)]
    nonce = links.about(works.keys, links.FORM, page.url.rpartition("/form/")[2])
    assert nonce
    with works.read() as work:
        return forms.opened(work, nonce)


@pytest.fixture
def known(works: Works) -> Works:
    """A database that knows 王敏."""
    hire = Hire("S1", "王敏", "销售一部", (Role.SALES_REP,), "13800138001", (("dingtalk", "wangmin"),))
    works.perform(lambda work: departments.set_department(work, "销售一部", None))
    works.perform(lambda work: people.add_user(work, hire))
    return works


@pytest.mark.parametrize("template", [BUTTON_TEMPLATE, ""], ids=["card", "message"])
@pytest.mark.parametrize("to", [TO, CHAT], ids=["person", "chat"])
def test_a_form_is_a_page_for_whoever_it_is_sent_to(
    ding: Robot, known: Works, seconds: Clock, template: str, to: Address
) -> None:
    sent = client_of(ding.base_url, known, seconds, template).send(to, cards.render(FORM), KEY)
    link = opened(known, ding.messages[0])
    assert (link.platform, link.account, link.chat) == ("dingtalk", "wangmin", "user:wangmin")
    assert (link.message, link.card) == (sent.message_id, dumps(FORM))


@pytest.mark.parametrize("template", [BUTTON_TEMPLATE, ""], ids=["card", "message"])
def test_a_group_gets_no_link_to_a_form(ding: Robot, idle: Works, seconds: Clock, template: str) -> None:
    client_of(ding.base_url, idle, seconds, template).send(TO_GROUP, cards.render(FORM), KEY)
    [message] = ding.messages
    assert "私聊" in texts(message) and not pressables(message)


def test_a_card_that_becomes_a_form_is_changed_for_one_person_only(ding: Robot, known: Works, seconds: Clock) -> None:
    client = client_of(ding.base_url, known, seconds, BUTTON_TEMPLATE)
    alone, shared = (client.send(to, cards.render(offer("待审核", 1)), KEY).message_id for to in (TO, TO_GROUP))
    client.update(alone, cards.render(FORM), TO)
    assert opened(known, ding.messages[0]).message == alone
    for message, to in ((shared, TO), (alone, None), (alone, Address("account", ""))):
        assert wrong(client, message, FORM, to) == "gone"
    assert "录入新客户" not in texts(ding.messages[1])


# --- codes ---


@pytest.mark.parametrize("to", [TO, TO_GROUP], ids=["person", "group"])
def test_codes_mean_something_before_anybody_can_say_them_and_stay_the_same(
    ding: Robot, works: Works, seconds: Clock, to: Address
) -> None:
    client, meant = client_of(ding.base_url, works, seconds), []
    chat = "user:wangmin" if to is TO else GROUP

    def arrives(message: Message) -> None:
        with works.read() as work:
            meant.append([codes.found(work, "dingtalk", chat, codes.of(KEY, place)) for place in (0, 1)])

    ding.company.on_message = arrives
    ding.fail_next(drop=True, done=True)
    face = cards.render(offer("待审核", 1, 2))
    assert failure(client, to, offer("待审核", 1, 2)).kind == "unknown"
    client.send(to, face, KEY)
    first, second = ding.messages
    assert meant == [[(f"said:{KEY}", Choose(number).pack()) for number in (1, 2)]] * 2
    assert first.content == second.content and codes.of(KEY, 0) in json.dumps(first.content)
    if to is TO:
        assert [each.text for each in pressables(first) if isinstance(each, Words)] == (
            [f"选{number} #{codes.of(KEY, number - 1)}" for number in (1, 2)]
        )
