"""The webhook doors: raw bytes and headers in, the platform's answer out. Strangers learn nothing here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from flask import Blueprint, Flask, jsonify, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from bot.event import Event
from bot.platform import Direct, Forged, Json, Platform
from models import health
from models.errors import Unavailable
from models.work import Works

LARGEST_BODY = 1024 * 1024
#: the doors of each platform; what comes through them is told apart by its content.
DOORS = {"feishu": ("/feishu/events", "/feishu/cards")}
security = logging.getLogger("keban.security")
log = logging.getLogger(__name__)


def create(platforms: Mapping[str, Platform], dispatch: Callable[[Event], Json], works: Works) -> Flask:
    """The web application; a platform that is not configured has no doors."""
    app = Flask("keban", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.register_error_handler(HTTPException, _generic)
    app.register_error_handler(Exception, _last_resort)
    for name in platforms.keys() & DOORS.keys():
        app.register_blueprint(_doors(platforms[name], dispatch))
    app.add_url_rule("/", "status", lambda: _status(works))
    app.add_url_rule("/healthz", "healthz", lambda: "ok\n")
    app.add_url_rule("/readyz", "readyz", lambda: _ready(works))
    return app


def _status(works: Works) -> Response | str:
    return redirect("/playground/") if works.settings.playground.enabled else "客伴 Keban 正在运行\n"


def _ready(works: Works) -> tuple[Response, int]:
    """200 while the work gets done; 503 with what is late otherwise (O5)."""
    try:
        with works.read() as work:
            found = health.look(work)
    except Unavailable:
        return jsonify({"database": False}), 503
    told = {"database": True, "scheduler_seconds": found.scheduler, "outbox_seconds": found.outbox}
    return jsonify(told), 200 if found.ready else 503


def _doors(platform: Platform, dispatch: Callable[[Event], Json]) -> Blueprint:
    doors = Blueprint(platform.name, __name__)

    def receive() -> Response | tuple[Response, int]:
        try:
            payload = platform.verify(dict(request.headers), request.get_data(cache=True))
            event = platform.read(payload)
        except Forged as no:
            security.warning("rejected a request at %s: %s", request.path, no)
            return _told(no.status)
        if isinstance(event, Direct):
            return jsonify(event.body)
        if event is None:
            return jsonify({})
        try:
            return jsonify(dispatch(event))
        except Unavailable as away:
            log.warning("event %s was not taken: %s", event.key, away)
            return _told(503)

    for number, door in enumerate(DOORS[platform.name]):
        doors.add_url_rule(door, f"receive{number}", receive, methods=["POST"])
    return doors


def _told(status: int) -> tuple[Response, int]:
    return jsonify({"error": status}), status


def _generic(error: HTTPException) -> tuple[Response, int]:
    if error.code == 413:
        security.warning("rejected a request at %s: too large", request.path)
    return _told(error.code or 500)


def _last_resort(error: Exception) -> tuple[Response, int]:
    log.exception("request failed", exc_info=error)
    return _told(500)
