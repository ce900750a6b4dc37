"""The webhook doors: raw bytes and headers in, the platform's answer out. Strangers learn nothing here.

They stand before the web framework, because every message comes this way and needs nothing of what it does.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wsgi import get_input_stream

from bot.event import Incoming
from bot.pages import strict
from bot.platform import Direct, Door, Forged, Json, Platform, Request
from models.errors import Unavailable

LARGEST_BODY = 1024 * 1024
MOST_FIELDS = 20
security = logging.getLogger("keban.security")
log = logging.getLogger(__name__)

Environ = Mapping[str, Any]
Wsgi = Callable[[Any, Any], Iterable[bytes]]
Dispatch = Callable[[Incoming], Json]


class Doors:
    """A WSGI application; what is for no door goes on to `otherwise`. A platform not configured has none."""

    def __init__(self, platforms: Mapping[str, Platform], dispatch: Dispatch, otherwise: Wsgi) -> None:
        self._doors = {door.path: door for platform in platforms.values() for door in platform.doors}
        self._dispatch, self._otherwise = dispatch, otherwise

    def __call__(self, environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        door = self._doors.get(environ.get("PATH_INFO", ""))
        if door is None:
            return self._otherwise(environ, start_response)
        try:
            status, answer = self._answer(door, environ)
        except Exception:
            log.exception("request failed")
            status, answer = _told(500)
        body = json.dumps(answer, ensure_ascii=False).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *strict.EVERYWHERE.items()]
        allow = [("Allow", "POST")] if status == 405 else []
        start_response(f"{status} {HTTP_STATUS_CODES[status]}", headers + allow)
        return [body] if environ["REQUEST_METHOD"] != "HEAD" else []

    def _answer(self, door: Door, environ: Environ) -> tuple[int, Json]:
        if environ["REQUEST_METHOD"] != "POST":
            return _told(405)
        status, answer = taken(door, lambda: door.verify(_request(environ)), self._dispatch)
        return status, door.wrap(answer) if status == 200 else answer


def taken(door: Door, proven: Callable[[], Json], dispatch: Dispatch) -> tuple[int, Json]:
    """What came for a door, however it came, is read and dispatched: the status, and the answer not yet wrapped.

    `proven` gives the payload once it is known who sent it, or raises Forged. 503: nothing was claimed, so it may come
    again.
    """
    try:
        event = door.read(proven())
    except Forged as no:
        security.warning("rejected a request at %s: %s", door.path, no)
        return _told(no.status)
    if event is None:
        return 200, {}
    if isinstance(event, Direct):
        return 200, event.body
    try:
        return 200, dispatch(event)
    except Unavailable as away:
        log.warning("event %s was not taken: %s", event.key, away)
        return _told(503)


def _request(environ: Environ) -> Request:
    """Raises Forged for a body that is too large or breaks off, and for far too many query fields."""
    return Request(_headers(environ), _body(environ), _query(environ))


def _headers(environ: Environ) -> dict[str, str]:
    return {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}


def _query(environ: Environ) -> dict[str, str]:
    """The first value of each name. Raises Forged (400) for far too many."""
    try:
        given = parse_qs(environ.get("QUERY_STRING", ""), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Forged("too many query fields", 400) from None
    return {name: values[0] for name, values in given.items()}


def _body(environ: Environ) -> bytes:
    try:
        return get_input_stream(environ, max_content_length=LARGEST_BODY).read()  # type: ignore[arg-type]
    except HTTPException as no:
        raise Forged(no.name, no.code or 400) from None
    except Exception:  # broken chunks: each server has its own errors for them
        raise Forged("the body cannot be read", 400) from None


def _told(status: int) -> tuple[int, Json]:
    return status, {"error": status}
