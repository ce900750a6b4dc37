"""The web application: the webhook doors, and behind them what people and machines look at."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping

from flask import Flask, jsonify, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from bot.doors import LARGEST_BODY, Dispatch, Doors
from bot.pages import file, form, here, strict, survey
from bot.pages.limits import Limits
from bot.platform import Platform
from models import health
from models.errors import Unavailable
from models.work import Works

log = logging.getLogger(__name__)


def create(platforms: Mapping[str, Platform], dispatch: Dispatch, works: Works) -> Flask:
    """The web application; a platform that is not configured has no doors."""
    app = Flask("keban", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.register_error_handler(HTTPException, _generic)
    app.register_error_handler(Exception, _last_resort)
    app.after_request(_strict)
    app.add_url_rule("/", "status", lambda: _status(works))
    app.add_url_rule("/healthz", "healthz", lambda: "ok\n")
    app.add_url_rule("/readyz", "readyz", lambda: _ready(works))
    app.add_url_rule("/metrics", "metrics", lambda: _metrics(works))
    limits = Limits(works)
    app.register_blueprint(survey.Pages(works, limits).blueprint())
    app.register_blueprint(form.Pages(works, dispatch, limits).blueprint())
    app.register_blueprint(file.Pages(works, limits).blueprint())
    app.wsgi_app = Doors(platforms, dispatch, app.wsgi_app)  # type: ignore[method-assign]
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
    late = {"scheduler_seconds": found.scheduler, "outbox_seconds": found.outbox, "streams": found.streams}
    return jsonify({"database": True, **late}), 200 if found.ready else 503


def _metrics(works: Works) -> Response | tuple[Response, int]:
    """Figures for a monitoring system: with the key, or, where none is set, for this machine only (O5)."""
    server = works.settings.server
    key = server.metrics_key.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not (hmac.compare_digest(given.encode(), key.encode()) if key else here.is_here(server)):
        return _told(403)
    from bot import metrics  # only who is asked for figures loads what writes them

    try:
        return Response(metrics.page(works), content_type="text/plain; version=0.0.4; charset=utf-8")
    except Unavailable:
        return _told(503)


def _told(status: int) -> tuple[Response, int]:
    return jsonify({"error": status}), status


def _generic(error: HTTPException) -> tuple[Response, int]:
    return _told(error.code or 500)


def _last_resort(error: Exception) -> tuple[Response, int]:
    log.exception("request failed", exc_info=error)
    return _told(500)


def _strict(response: Response) -> Response:
    """What has no rules of its own is shown nowhere, kept nowhere and loads nothing."""
    for name, value in strict.EVERYWHERE.items():
        response.headers.setdefault(name, value)
    return response
