"""Nothing that anybody may send to Feishu's doors, to a page or to the figures breaks them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.event import Change, Event
from conftest import APP, ON_SQLITE, Company
from models.settings import Pages, Server, Settings
from standins import feishu_says
from test_form_page import opens
from test_playground import Stage
from test_survey import asked
from test_webhook import ACCOUNT, WORDS, app_of, sealed, signed

FEISHU = {"app_id": APP.app_id, "encrypt_key": APP.encrypt_key, "verification_token": APP.verification_token}
OFTEN = pytest.mark.parametrize(
    "settings", [Settings(pages=Pages(link_per_minute=1_000_000, address_per_minute=1_000_000))]
)
#: a database costs a little each time.
FEWER = settings(max_examples=40, suppress_health_check=[*HealthCheck])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
#: what a server hands on of a header: any byte but the ends of a line.
HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60)


# --- Feishu ---


def payload(request: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(feishu_says.decrypt(json.loads(request.body)["encrypt"], APP.encrypt_key))
    return found


MESSAGE = payload(APP.message(ACCOUNT, WORDS, message_id="om_1"))
PRESS = payload(APP.press(ACCOUNT, {"do": "x"}, "om_1", "oc_1", form={"a": "1"}, name="b"))
LEFT = payload(APP.event("contact.user.deleted_v3", {"object": {"open_id": ACCOUNT}}))
GONE = payload(APP.event("im.chat.member.bot.deleted_v1", {"chat_id": "oc_1"}))


def every_place(whole: dict[str, Any]) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    """Each place of a payload, with the payload."""

    def walk(part: Any, under: tuple[str, ...]) -> list[tuple[str, ...]]:
        inner = part.items() if isinstance(part, dict) else ()
        return [under, *(place for name, value in inner for place in walk(value, (*under, name)))]

    return [(whole, place) for place in walk(whole, ()) if place]


def replaced(whole: Any, place: tuple[str, ...], value: Any) -> Any:
    return {**whole, place[0]: replaced(whole[place[0]], place[1:], value)} if place else value


PLACES = [each for whole in (MESSAGE, PRESS, LEFT, GONE) for each in every_place(whole)]


@given(st.binary(max_size=200) | JSON.map(lambda each: json.dumps(each).encode()))
def test_whatever_is_signed_at_feishus_doors_is_refused_or_ignored(junk: bytes) -> None:
    taken: list[Event] = []
    client = app_of(taken, **FEISHU).test_client()
    for request in (sealed(junk), signed(junk)):
        got = client.post("/feishu/events", data=request.body, headers=request.headers)
        assert got.status_code in (200, 400, 401) and not taken


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_in_a_payload_of_feishu_is_read_or_refused(
    place: tuple[dict[str, Any], tuple[str, ...]], value: Any
) -> None:
    taken: list[Event] = []
    client = app_of(taken, **FEISHU).test_client()
    request = sealed(json.dumps(replaced(*place, value)).encode())
    got = client.post("/feishu/cards", data=request.body, headers=request.headers)
    assert got.status_code in (200, 400, 401)
    assert all(isinstance(each, Event | Change) for each in taken)


def test_the_payloads_are_taken_as_they_are() -> None:
    taken: list[Event] = []
    client = app_of(taken, **FEISHU).test_client()
    for whole in (MESSAGE, PRESS, LEFT, GONE):
        request = sealed(json.dumps(whole).encode())
        assert client.post("/feishu/events", data=request.body, headers=request.headers).status_code == 200
    assert len(taken) == 4


# --- pages ---

KINDS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "multipart/form-data", "text/plain"]
FIELDS = st.dictionaries(
    st.sampled_from(["score", "q0", "q1", "comment", "customer", "content", "method", "next_at", "stage"]) | st.text(),
    st.text() | st.sampled_from(["5", "华星科技", "明天", "电话"]),
    max_size=8,
)
#: the bytes between the parts of a form, so that some of what is made up holds together
PIECES = st.sampled_from(
    [b"--b", b"--b--", b"\r\n", b"\r\n\r\n", b'Content-Disposition: form-data; name="score"', b"5"]
)
BODIES = st.binary(max_size=200) | st.lists(PIECES | st.binary(max_size=20), max_size=12).map(b"".join)


def posted(client: FlaskClient, where: Callable[[], str]) -> None:
    @FEWER
    @given(FIELDS | BODIES, st.sampled_from(KINDS))
    def sent(body: Any, kind: str) -> None:
        about = {} if isinstance(body, dict) else {"content_type": kind}
        data = {k: v for k, v in body.items() if v.isprintable()} if isinstance(body, dict) else body
        got = client.post(where(), data=data, **about)
        assert got.status_code in (200, 400, 410, 413, 422), got.get_data(as_text=True)
        assert got.content_type == "text/html; charset=utf-8"
        seen.add(got.status_code)

    seen = set[int]()
    sent()
    assert seen & {200, 422}, "none of it came as far as the fields"


@OFTEN
@ON_SQLITE
def test_whatever_is_sent_to_a_survey_is_kept_or_refused(company: Company) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    where = asked(company)
    posted(company.keban.client, lambda: where)


@OFTEN
@ON_SQLITE
def test_whatever_is_sent_to_a_form_is_carried_out_or_refused(company: Company) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    posted(company.keban.client, lambda: opens(company))


# --- who looks ---


@pytest.mark.parametrize("key", ["", "k1"])
@ON_SQLITE
def test_no_header_breaks_the_figures_or_opens_them(company: Company, key: str) -> None:
    works = company.keban.works
    works.settings = works.settings.model_copy(update={"server": Server(metrics_key=SecretStr(key))})

    @FEWER
    @given(st.dictionaries(st.sampled_from(["Authorization", "Host", "X-Forwarded-For", "Via"]), HEADER, min_size=1))
    def asked_for(headers: dict[str, str]) -> None:
        got = company.keban.client.get("/metrics", headers=headers)
        assert got.status_code in ((200, 400, 403) if not key else (403,))

    asked_for()


@pytest.mark.parametrize("host", ["[", "[::1", "a]b", "::1]:80", "localhost:x", "", "\xff", "[v1.x]"])
@ON_SQLITE
def test_a_host_that_is_none_is_nobodys(company: Company, host: str) -> None:
    got = company.keban.client.get("/metrics", headers={"Host": host})
    assert got.status_code in (400, 403)


@pytest.mark.parametrize("settings", [Settings.model_validate({"playground": {"enabled": True}})])
@pytest.mark.parametrize("origin", ["http://[", "[", "null", "http://a]b", "\xff", ""])
@ON_SQLITE
def test_an_origin_that_is_none_is_foreign(works: Any, origin: str) -> None:
    assert Stage(works).client.get("/playground/people", headers={"Origin": origin}).status_code == 403
