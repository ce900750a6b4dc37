"""The playground's page and what it asks for: people, what they see as it happens, clock, faults, a fresh start."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from flask import Blueprint, Response, abort, jsonify, request, send_from_directory

from bot.event import Event
from bot.pages import here, strict
from bot.pages.survey import STYLE_HASH
from bot.platform import Forged, Json
from bot.playground import events, verify
from bot.routing import Router
from models import playground, playground_faults
from models.crm import people
from models.errors import Refused
from models.work import AnyRow, Work, Works

STATIC = Path(__file__).parent / "static"
STREAMS = 4
LOOK_EVERY = 0.25
PING_EVERY = 5.0
#: a stream ends by itself now and then, so that a page that vanished does not hold a thread for ever.
LONGEST = 600.0
HEADERS = strict.EVERYWHERE | {
    # the hash is that of the survey page, which the customer's phone shows in a frame that inherits these rules
    "Content-Security-Policy": f"default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{STYLE_HASH}'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
}


def static(name: str) -> Response:
    """A file of the page."""
    return send_from_directory(STATIC, name)


class Page:
    """The blueprint under `/playground/`. `reset` loads the demo anew; `stopping` tells when to let streams go."""

    def __init__(
        self,
        works: Works,
        router: Router,
        dispatch: Callable[[Event], Json],
        reset: Callable[[], object],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._works, self._router, self._dispatch, self._reset = works, router, dispatch, reset
        self._stopping = stopping
        self._streams = threading.Semaphore(STREAMS)

    def blueprint(self) -> Blueprint:
        """Its routes."""
        pages = Blueprint("playground", __name__, url_prefix="/playground")
        pages.before_request(self._guard)
        pages.after_request(_strict)
        pages.register_error_handler(Refused, lambda no: (jsonify({"error": no.say}), 409))
        for rule, call, methods in (
            ("/", self._index, ["GET"]),
            ("/static/<path:name>", static, ["GET"]),
            ("/people", self._people, ["GET"]),
            ("/stream", self._stream, ["GET"]),
            ("/shown", self._shown, ["GET"]),
            ("/events", self._events, ["POST"]),
            ("/clock", self._move, ["POST"]),
            ("/fault", self._fault, ["POST"]),
            ("/reset", self._fresh, ["POST"]),
        ):
            pages.add_url_rule(rule, call.__name__.strip("_"), call, methods=methods)
        return pages

    def _guard(self) -> None:
        """Without a key only this machine comes in; behind a proxy every caller is a stranger.

        A page of another site may not act here, whatever machine its reader sits at.
        """
        key = self._works.settings.playground.key.get_secret_value()
        if (
            not (
                verify.may_enter(self._works.settings.playground, _given())
                if key
                else here.is_here(self._works.settings.server)
            )
            or _is_foreign()
        ):
            abort(403)

    def _index(self) -> Response:
        """The page; a key that came in the address moves into a cookie."""
        page = send_from_directory(STATIC, "page.html")
        if given := request.args.get("key"):
            page.set_cookie(verify.KEY, given, httponly=True, samesite="Strict")
        return page

    def _people(self) -> Response:
        """Everybody who can be seated, what each may say, and the moment it is there."""
        with self._works.read() as work:
            seated = [self._seat(work, account) for account in playground.seated(work, "playground")]
            return jsonify({"people": seated, **_state(work)})

    def _seat(self, work: Work, account: str) -> Json:
        me = people.by_account(work, "playground", account)
        if me is None:
            return {}
        commands = [{"usage": each.usage, "about": each.about.splitlines()[0]} for each in self._router.known(me)]
        about = {"account": account, "chat": playground.chat_of(account), "name": me.name, "roles": sorted(me.roles)}
        department, customer = people.department_name(work, me.department_id), playground.example(work, me)
        known = {"customer": customer, "complaint": playground.complaint(work, me)}
        return about | {"department": department, "commands": commands} | known

    def _events(self) -> Response | tuple[Response, int]:
        """A person's words or press: the same way into the program as any platform's webhook."""
        try:
            payload = verify.verify(self._works.settings.playground, {verify.KEY: _given()}, request.get_data())
            event = events.read(payload)
        except Forged as no:
            return jsonify({"error": str(no)}), no.status
        if event.press is None:
            self._works.perform(lambda work: playground.said(work, event.account, event.chat, event.text, event.key))
        answer = self._dispatch(event)
        return jsonify(answer | {"event": asdict(event), "route": self._router.name_of(event)})

    def _shown(self) -> Response:
        """What appeared since; for pages that get no stream."""
        with self._works.read() as work:
            rows = playground.since(work, _after())
            return jsonify({"shown": [_plain(row) for row in rows], **_state(work)})

    def _stream(self) -> Response | tuple[Response, int]:
        """The same as it happens; only so many at once, because each keeps a thread."""
        if not self._streams.acquire(blocking=False):
            return jsonify({"error": "busy"}), 503
        stream = Response(self._follow(_after()), mimetype="text/event-stream")
        stream.call_on_close(self._streams.release)
        return stream

    def _follow(self, after: int) -> Iterator[str]:
        until, ping_at, known = time.monotonic() + LONGEST, 0.0, None
        yield "retry: 800\n\n"
        while time.monotonic() < until and not self._stopping():
            with self._works.read() as work:
                rows, state = playground.since(work, after), _state(work)
            for row in rows:
                after = row.id
                yield f"id: {row.id}\nevent: shown\ndata: {json.dumps(_plain(row), ensure_ascii=False)}\n\n"
            if time.monotonic() >= ping_at or state["faults"] != known:
                ping_at, known = time.monotonic() + PING_EVERY, state["faults"]
                yield f"event: state\ndata: {json.dumps(state, ensure_ascii=False)}\n\n"
            yield ": still here\n\n"  # only who writes notices that the page has gone, and that its thread is free
            time.sleep(LOOK_EVERY)

    def _move(self) -> Response:
        """+15 minutes, +1 hour, the next working day at 9:00, or the next thing due. Time never runs back."""
        moves: dict[str, Callable[[Work], object]] = {
            "quarter": lambda work: playground.forward(work, dt.timedelta(minutes=15)),
            "hour": lambda work: playground.forward(work, dt.timedelta(hours=1)),
            "morning": playground.to_next_morning,
            "timer": playground.to_next_timer,
        }
        asked = request.get_json(silent=True)
        if not isinstance(asked, dict) or (move := moves.get(str(asked.get("to")))) is None:
            raise Refused("时钟只能拨到：15 分钟后、1 小时后、下一个工作日 9:00、下一件定时的事。")
        return self._done(move)

    def _fault(self) -> Response:
        """Let the platform fail, or end that."""
        asked = request.get_json(silent=True)
        name, on = (asked.get("name"), asked.get("on")) if isinstance(asked, dict) else (None, None)
        return self._done(lambda work: playground_faults.switch(work, str(name), on=on is True))

    def _done(self, act: Callable[[Work], object]) -> Response:
        self._works.perform(act, channel="playground")
        with self._works.read() as work:
            return jsonify(_state(work))

    def _fresh(self) -> Response:
        """Load the demo anew."""
        self._reset()
        return jsonify({})


def _is_foreign() -> bool:
    """Whether a browser says that this comes from a page of another site."""
    origin = request.headers.get("Origin")
    return origin is not None and origin not in (f"http://{request.host}", f"https://{request.host}")


def _given() -> str:
    return request.headers.get(verify.KEY) or request.cookies.get(verify.KEY) or request.args.get("key", "")


def _after() -> int:
    """Where the page left off; a stream that comes back says so in a header."""
    text = request.headers.get("Last-Event-ID") or request.args.get("after", "0")
    return int(text) if text.isdigit() and len(text) < 19 else 0


def _state(work: Work) -> Json:
    """Business time as people see it, how far it runs ahead, and what fails on purpose."""
    local = work.now.astimezone(work.office.zone)
    now = {"at": local.isoformat(timespec="seconds"), "ahead": int((work.now - work.real).total_seconds())}
    return {"now": now, "faults": asdict(playground_faults.stand(work))}


def _plain(row: AnyRow) -> Json:
    face = row.face if row.account else json.loads(row.face)
    said = {"id": row.id, "chat": row.chat, "message": row.message_id, "account": row.account, "face": face}
    return said | {"at": row.at.isoformat()}


def _strict(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response
