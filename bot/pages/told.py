"""What a page of ours says where it cannot show what was asked for: limits, headers and errors are the same for all."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from flask import Blueprint, Response, make_response, render_template
from werkzeug.exceptions import HTTPException, TooManyRequests

from bot.pages import limits, strict
from bot.pages.limits import Limits
from models.errors import Refused, Unavailable

#: status, title and sentence.
Say = tuple[int, str, str]


@dataclass(frozen=True)
class Told:
    """`refused` says what by which refusal, so that a stranger learns nothing; `no_link` what to do about a link that
    is none, `too_long` what about a body that is too large."""

    style: str
    refused: Mapping[type[Refused], Say]
    broken: Say
    away: Say
    no_link: str
    log: logging.Logger
    too_long: Say | None = None

    def guard(self, pages: Blueprint, limits: Limits) -> None:
        """Let nothing under this blueprint be asked for too often, answered loosely, or answered with an error page."""
        pages.before_request(limits.caller)
        pages.after_request(self._strict)
        pages.register_error_handler(Refused, self._refused)
        pages.register_error_handler(Unavailable, self._away)
        pages.register_error_handler(TooManyRequests, self._busy)
        pages.register_error_handler(HTTPException, self._failed)
        pages.register_error_handler(Exception, self._last_resort)

    def shown(self, say: Say, no: Exception | None = None) -> Response:
        """A sentence in place of the page; `no` is why."""
        status, title, sentence = say
        return make_response(render_template("survey/told.html", style=self.style, title=title, say=sentence), status)

    def _refused(self, no: Refused) -> Response:
        return self.shown(self.refused.get(type(no), self.broken), no)

    def _away(self, away: Unavailable) -> Response:
        self.log.warning("a page waits for the database: %s", away)
        return self.shown(self.away, away)

    def _busy(self, no: TooManyRequests) -> Response:
        return limits.later(no, self.shown(limits.BUSY))

    def _failed(self, error: HTTPException) -> Response:
        if error.code == 413 and self.too_long:
            return self.shown(self.too_long)
        return self.shown((error.code or 400, "链接打不开", self.no_link))

    def _last_resort(self, error: Exception) -> Response:
        self.log.exception("request failed", exc_info=error)
        return self.shown(self.broken, error)

    @cached_property
    def _headers(self) -> dict[str, str]:
        return strict.headers(self.style)

    def _strict(self, response: Response) -> Response:
        response.headers.update(self._headers)
        return response
