"""The playground's server: who may enter, what a person says and sees there, the clock, and starting over."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bot import playground, web
from bot.dispatch import Dispatcher
from bot.platform import Json
from bot.playground.page import STATIC, STREAMS, Page
from bot.sending import Sender
from cards import gallery, html
from conftest import ON_SQLITE, ZONE
from handlers import router
from models import playground as model
from models.crm import departments, people
from models.crm.digests import DIGEST
from models.crm.people import Hire
from models.errors import Refused
from models.settings import Settings
from models.tables import Role, Timer
from models.work import Works
from scheduler.jobs import JOBS
from scheduler.run import tick
from test_story import ENTRY
from world import HandClock

LINE = f"/新客户 {' '.join(f'{label}:{value}' for label, value in ENTRY.items())}"


class Stage:
    """The program with its playground in this process."""

    def __init__(self, works: Works) -> None:
        self.works, self.resets, self.stopping = works, 0, False
        found = playground.platform(works.settings.playground, works)
        assert found
        dispatch = Dispatcher(router, works, {found.name: found})
        self.app = web.create({found.name: found}, dispatch, works)
        page = Page(works, router, dispatch, self._reset, lambda: self.stopping)
        self.app.register_blueprint(page.blueprint())
        self.client: FlaskClient = self.app.test_client()
        self.sender = Sender(works, found)

    def _reset(self) -> None:
        self.resets += 1

    def settle(self) -> None:
        for job in JOBS:
            tick(self.works, job)
        while self.sender.drain():
            pass

    def get(self, path: str, **about: Any) -> Json:
        answer = self.client.get(f"/playground/{path}", **about)
        assert answer.status_code == 200, answer.status_code
        return dict(answer.get_json())

    def post(self, path: str, body: object, **about: Any) -> Json:
        answer = self.client.post(f"/playground/{path}", json=body, **about)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        self.settle()
        return dict(answer.get_json())

    def says(self, account: str, text: str, key: str = "t1") -> Json:
        return self.post("events", {"id": key, "account": account, "text": text})

    def shown(self, account: str = "", after: int = 0) -> list[Json]:
        """The messages of a person as they look now."""
        rows = self.get(f"shown?after={after}")["shown"]
        return list({row["message"]: row for row in rows if account in row["chat"]}.values())

    def told(self) -> list[Json]:
        """Everything that happened, faces that were replaced included."""
        return list(self.get("shown")["shown"])


def settings_with(**about: object) -> Settings:
    return Settings.model_validate({"playground": {"enabled": True, **about}})


@pytest.fixture
def settings() -> Settings:
    return settings_with()


@pytest.fixture
def stage(works: Works) -> Iterator[Stage]:
    """A salesperson and her supervisor, who speak from the playground."""
    works.perform(lambda work: departments.set_department(work, "销售一部", None))
    for number, (name, role, account) in enumerate(
        [("王敏", Role.SALES_REP, "wangmin"), ("赵强", Role.SUPERVISOR, "zhaoqiang")]
    ):
        hire = Hire(f"S{number}", name, "销售一部", (role,), f"1380013800{number}", (("playground", account),))
        works.perform(lambda work, hire=hire: people.add_user(work, hire))
    yield Stage(works)


@ON_SQLITE
def test_the_page_and_all_it_loads_come_from_here_with_strict_headers(stage: Stage) -> None:
    page = stage.client.get("/playground/")
    text = page.get_data(as_text=True)
    page.close()
    assert "客伴演练场" in text and "<style" not in text and " style=" not in text
    for path in ("/playground/", *(f"/playground/static/{file.name}" for file in STATIC.iterdir())):
        answer = stage.client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert answer.status_code == 200 and "default-src 'none'" in policy and "unsafe" not in policy, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "http://" not in (body := answer.get_data(as_text=True).replace("http://www.w3.org", "")), path
        assert "https://" not in body, path
        assert answer.mimetype == "text/javascript" or not path.endswith(".js")
        answer.close()
    assert stage.client.get("/playground/static/../page.py").status_code == 404
    assert stage.client.get("/").headers["Location"] == "/playground/"


@pytest.mark.parametrize(
    "about",
    [
        {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}},
        {"environ_base": {"REMOTE_ADDR": "127.0.0.1"}, "headers": {"X-Forwarded-For": "192.0.2.7"}},
        {"headers": {"Host": "evil.example:8000"}},
        {"headers": {"Origin": "https://evil.example"}},
    ],
    ids=["another machine", "a proxy", "a foreign name", "a page of another site"],
)
@ON_SQLITE
def test_without_a_key_only_this_machine_comes_in(stage: Stage, about: Json) -> None:
    for path in ("", "people", "stream", "shown", "static/page.js"):
        assert stage.client.get(f"/playground/{path}", **about).status_code == 403, path
    for path in ("events", "clock", "fault", "reset"):
        assert stage.client.post(f"/playground/{path}", json={}, **about).status_code == 403, path
        assert (
            stage.client.post(f"/playground/{path}", data="{}", content_type="text/plain", **about).status_code == 403
        )
    assert stage.resets == 0 and stage.shown() == []


class TestWithAKey:
    """The key opens it from anywhere, and nothing else does, not even being here."""

    @pytest.fixture
    def settings(self) -> Settings:
        return settings_with(key="open sesame")

    def test_it_opens_from_anywhere_and_nothing_else_does(self, stage: Stage) -> None:
        far = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
        for given in ({}, {"headers": {"X-Playground-Key": "open"}}, {"query_string": {"key": "sesame"}}):
            assert stage.client.get("/playground/people", **far, **given).status_code == 403, given
        assert stage.client.get("/playground/people").status_code == 403
        page = stage.client.get("/playground/?key=open sesame", **far)
        cookie = page.headers["Set-Cookie"]
        page.close()
        assert page.status_code == 200 and "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert stage.client.get("/playground/people", **far).status_code == 200, "the cookie carries it from now on"
        assert stage.client.get("/playground/people", headers={"Origin": "https://evil.example"}).status_code == 403
        assert stage.client.get("/playground/people", headers={"Origin": "http://localhost"}).status_code == 200
        assert stage.client.post("/playground/events", json={"id": "a", "account": "wangmin", "text": "你好"}, **far)
        assert next(row["face"] for row in stage.shown("wangmin")) == "你好"


class TestSwitchedOff:
    """It is off unless the settings say otherwise."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings()

    def test_there_is_no_platform_and_no_clock_to_move(self, works: Works) -> None:
        assert playground.platform(works.settings.playground, works) is None
        with pytest.raises(Refused, match="演练场"):
            works.perform(model.to_next_morning)


def test_people_are_seated_with_what_each_may_say(stage: Stage) -> None:
    found = stage.get("people")
    rep, boss = found["people"]
    about = {key: rep[key] for key in ("account", "name", "roles", "department")}
    assert about == {"account": "wangmin", "name": "王敏", "roles": ["sales_rep"], "department": "销售一部"}
    usages = {who["account"]: {each["usage"] for each in who["commands"]} for who in (rep, boss)}
    assert "/待审" in usages["zhaoqiang"] and "/待审" not in usages["wangmin"]
    assert all(each["about"] and "\n" not in each["about"] for each in rep["commands"])
    assert rep["customer"] == rep["complaint"] == "" and found["now"]["ahead"] == 0
    assert found["now"]["at"] == "2026-11-25T10:00:00+08:00"


def test_an_entry_is_made_seen_and_decided_at_two_seats(stage: Stage) -> None:
    answer = stage.says("wangmin", LINE)
    assert answer["route"].startswith("/新客户") and answer["event"]["text"] == LINE
    said, standing = stage.shown("wangmin")
    assert (said["account"], said["face"]) == ("wangmin", LINE)
    assert standing["face"]["title"] == "待审核 · 华星科技有限公司" and standing["face"]["bytes"] > 500
    assert standing["face"]["feishu"]["schema"] == "2.0"
    (review,) = stage.shown("zhaoqiang")
    assert "139****5678" in review["face"]["html"] and "13912345678" not in review["face"]["html"]

    press = {"message_id": review["message"], "value": {"do": "review.approve", "review": 1}, "form": {}}
    decided = stage.post("events", {"id": "t2", "account": "zhaoqiang", "press": press})
    assert decided["card"]["title"] == "已建档 · C202611001" and decided["toast"]["text"] == "已通过"
    assert decided["route"] == "review.approve"
    newer = stage.shown("wangmin", standing["id"])
    assert [(row["message"], row["face"]["title"]) for row in newer] == [(standing["message"], "已建档 · C202611001")]
    assert stage.get("people")["people"][0]["customer"] == "华星科技有限公司"


def test_the_same_event_again_changes_nothing(stage: Stage) -> None:
    first, again = stage.says("wangmin", LINE), stage.says("wangmin", LINE)
    assert first == again
    assert len(stage.shown("wangmin")) == 2 and len(stage.shown("zhaoqiang")) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"{}",
        json.dumps({"id": "", "account": "wangmin"}).encode(),
        json.dumps({"id": "a", "account": "wang min"}).encode(),
        json.dumps({"id": "a", "account": "wangmin", "text": 5}).encode(),
        json.dumps({"id": "a", "account": "wangmin", "more": "x"}).encode(),
        json.dumps({"id": "a", "account": "wangmin", "press": {"message_id": "m", "value": {"do": []}}}).encode(),
        b'{"id": "a", "account": "wangmin", "text": "' + b"x" * 20_001 + b'"}',
        b"[" * 100_000,
        json.dumps({"id": "a", "account": "wangmin", "text": "\0"}).encode(),
        rb'{"id": "a", "account": "wangmin", "text": "\ud800"}',
    ],
)
@ON_SQLITE
def test_what_is_no_event_is_refused_and_leaves_nothing(stage: Stage, body: bytes) -> None:
    answer = stage.client.post("/playground/events", data=body)
    assert answer.status_code == 400
    assert stage.shown() == []


def test_a_stranger_is_asked_to_bind(stage: Stage) -> None:
    stage.says("nobody", "/待审")
    assert "请先绑定" in stage.shown("nobody")[1]["face"]["html"]


def streamed(stage: Stage, many: int, path: str = "stream", **about: Any) -> list[tuple[str, Json]]:
    """The first events of a stream."""
    answer = stage.client.get(f"/playground/{path}", buffered=False, **about)
    assert answer.mimetype == "text/event-stream"
    found: list[tuple[str, Json]] = []
    for chunk in answer.iter_encoded():
        lines = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines())
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
        if len(found) == many:
            break
    answer.close()
    return found


def test_the_stream_tells_what_was_shown_and_goes_on_after_an_id(stage: Stage) -> None:
    stage.says("wangmin", LINE)
    rows, clock = [("shown", row) for row in stage.told()], ("state", state_of(stage))
    assert streamed(stage, len(rows) + 1) == [*rows, clock]
    second = rows[1][1]["id"]
    assert streamed(stage, len(rows) - 1, f"stream?after={second}") == [*rows[2:], clock]
    back = {"headers": {"Last-Event-ID": str(second)}}
    assert streamed(stage, len(rows) - 1, "stream?after=0", **back) == [*rows[2:], clock]
    assert streamed(stage, 1, "stream?after=drop") == rows[:1]


def state_of(stage: Stage) -> Json:
    return {name: value for name, value in stage.get("shown").items() if name != "shown"}


def clock_of(stage: Stage) -> Json:
    return dict(state_of(stage)["now"])


def test_only_so_many_streams_are_held_and_a_closed_one_makes_room(stage: Stage) -> None:
    held = [stage.client.get("/playground/stream", buffered=False) for _ in range(STREAMS)]
    assert stage.client.get("/playground/stream").status_code == 503
    held.pop().close()
    room = stage.client.get("/playground/stream", buffered=False)
    assert room.status_code == 200
    for each in (room, *held):
        each.close()


def test_a_stream_ends_when_the_program_stops(stage: Stage) -> None:
    stage.stopping = True
    answer = stage.client.get("/playground/stream")
    assert answer.status_code == 200 and b"event" not in answer.get_data()


MOVES: list[tuple[str, str]] = [
    ("quarter", "2026-11-25T10:15:00+08:00"),
    ("hour", "2026-11-25T11:00:00+08:00"),
    ("morning", "2026-11-26T09:00:00+08:00"),
    ("timer", "2026-11-25T15:15:01+08:00"),  # half of the supervisor's working day
]


@pytest.mark.parametrize(("to", "at"), MOVES)
def test_the_clock_moves_forward_and_what_is_due_happens(stage: Stage, to: str, at: str) -> None:
    stage.says("wangmin", LINE)
    before = len(stage.shown("zhaoqiang"))
    now = stage.post("clock", {"to": to})["now"]
    assert now["at"] == at and now["ahead"] > 0
    assert len(stage.shown("zhaoqiang")) == before + (to not in ("quarter", "hour"))
    assert stage.get("shown")["now"] == now


@pytest.mark.parametrize("asked", [{}, [], "back", {"to": "yesterday"}, {"to": {"a": 1}}, {"to": "timer"}])
@ON_SQLITE
def test_a_clock_that_cannot_be_moved_so_says_why(stage: Stage, asked: object) -> None:
    answer = stage.client.post("/playground/clock", json=asked)
    assert answer.status_code == 409 and answer.get_json()["error"]
    assert clock_of(stage)["ahead"] == 0


def test_starting_over_loads_the_demo_once_a_request(stage: Stage) -> None:
    assert stage.post("reset", {}) == {}
    assert stage.client.get("/playground/reset").status_code == 405
    assert stage.resets == 1


@pytest.mark.parametrize("name", [name for name in gallery.gallery() if name.endswith("nasty")])
def test_what_people_type_is_never_html(name: str) -> None:
    face = html.render(gallery.gallery()[name])
    assert "<b>" not in face and "<at" not in face and "&lt;at id=all&gt;" in face


def test_the_clock_of_the_page_is_business_time(stage: Stage, clock: HandClock) -> None:
    stage.post("clock", {"to": "quarter"})
    clock.forward(minutes=5)
    assert clock_of(stage) == {"at": "2026-11-25T10:20:00+08:00", "ahead": 900}


def test_the_morning_is_not_a_moment_early_and_its_messages_are_planned_for_their_own_moments(
    stage: Stage, clock: HandClock
) -> None:
    stage.settle()
    clock.forward(seconds=0.3)
    assert stage.client.post("/playground/clock", json={"to": "morning"}).get_json()["now"]["at"][11:19] == "09:00:00"
    with stage.works.read() as work:
        planned = work.run(select(Timer.due_at).where(Timer.kind == DIGEST)).scalars()
    minutes = [(at.astimezone(ZONE).hour, at.minute) for at in planned]
    assert minutes and all((9, 3) <= each <= (9, 12) for each in minutes)


def test_the_same_words_twice_in_one_moment_stand_once(stage: Stage) -> None:
    at_once, told = threading.Barrier(2), list[int]()
    body = {"id": "t1", "account": "wangmin", "text": "/帮助 跟进"}

    def post() -> None:
        client = stage.app.test_client()
        at_once.wait()
        told.append(client.post("/playground/events", json=body).status_code)

    threads = [threading.Thread(target=post) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.settle()
    assert told == [200, 200] and len(stage.shown("wangmin")) == 2
