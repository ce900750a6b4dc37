"""The survey page: what a customer opens on his phone. Looking never writes, answering does once (G1)."""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException, TooManyRequests

from bot import posting
from bot.pages import limits, strict
from bot.pages.limits import Limits
from models import links
from models.crm import surveys
from models.crm.surveys import LONGEST, SCORES, Expired, Given, Open
from models.errors import AlreadyDone, NotFound, Refused, Unavailable
from models.work import Work, Works

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "survey" / "style.css").read_text(encoding="utf-8")
STYLE_HASH = strict.hashed(STYLE)
HEADERS = strict.headers(STYLE)
#: the longest comment, each of its characters as twelve signs of a form, and the rest of it.
LARGEST_BODY = 12 * LONGEST + 4096
#: what a page says, by what was refused. A stranger learns nothing from it.
TOLD = {
    NotFound: (404, "链接打不开", "请核对链接是否完整，或请发链接给您的人再发一次。"),
    Expired: (410, "问卷已过期", "这份问卷的链接已过期，谢谢您的关注。"),
    AlreadyDone: (410, "已经提交过了", "这份问卷已经提交过，谢谢您的评价。"),
}
BROKEN = (500, "出了点问题", "系统出了问题，您的回答没有提交，请稍后再试。")
AWAY = (503, "请稍后再试", "系统现在太忙，您的回答没有提交，请稍后再试。")
THANKS = (200, "谢谢您的评价", "我们已经收到，会认真对待您的每一条意见。")
TOO_LONG = f"留言最多 {LONGEST} 字，请精简后再提交。"
log = logging.getLogger(__name__)


class Pages:
    """The blueprint under `/survey/`."""

    def __init__(self, works: Works, limits: Limits) -> None:
        self._works, self._limits = works, limits

    def blueprint(self) -> Blueprint:
        """Its routes."""
        pages = Blueprint("survey", __name__, url_prefix="/survey", template_folder=str(TEMPLATES))
        pages.before_request(self._limits.caller)
        pages.after_request(_strict)
        pages.register_error_handler(Refused, _refused)
        pages.register_error_handler(Unavailable, lambda _: _told(*AWAY))
        pages.register_error_handler(TooManyRequests, _busy)
        pages.register_error_handler(HTTPException, _failed)
        pages.register_error_handler(Exception, _last_resort)
        pages.add_url_rule("/<token>", "show", self._show, methods=["GET"])
        pages.add_url_rule("/<token>", "take", self._take, methods=["POST"])
        pages.add_url_rule("/<token>/qr", "qr", self._qr, methods=["GET"])
        return pages

    def _opened(self, token: str) -> Open:
        """The survey of a link. A forged one is refused before anything is asked of the database."""
        nonce = self._nonce(token)
        with self._works.read() as work:
            return surveys.opened(work, nonce)

    def _nonce(self, token: str) -> str:
        return self._limits.link(strict.nonce(self._works.keys, links.SURVEY, token))

    def _show(self, token: str) -> Response:
        return _form(self._opened(token))

    def _take(self, token: str) -> Response:
        request.max_content_length = LARGEST_BODY
        survey = self._opened(token)
        try:
            given = _given(survey)
        except Wrong as no:
            return _form(survey, str(no))

        def keep(work: Work) -> None:
            surveys.answer(work, survey.id, given)
            posting.post_notices(work)

        self._works.perform(keep, channel="survey")
        return _told(*THANKS)

    def _qr(self, token: str) -> Response:
        """A code to hold a phone to; drawn here, so that nobody else learns of the link."""
        import segno

        self._opened(token)
        link = links.address(self._works.settings.server, f"/survey/{token}")
        drawn = segno.make(link, error="m", micro=False).svg_inline(scale=8, dark="#000", light="#fff")
        return make_response(render_template("survey/qr.html", style=STYLE, title="扫码评价", drawn=drawn))


class Wrong(Exception):
    """What was sent cannot be kept; the sentence says how to mend it."""


def _given(survey: Open) -> Given:
    """What was filled in. Raises Wrong."""
    said = strict.filled_in()
    score = _score(said.get("score", ""))
    if score is None:
        raise Wrong("请先选总体满意度。")
    comment = said.get("comment", "").replace("\r\n", "\n").replace("\0", "").strip()
    if len(comment) > LONGEST:
        raise Wrong(TOO_LONG)
    answers = {question: _score(said.get(f"q{place}", "")) for place, question in enumerate(survey.questions)}
    return Given(score, answers, comment)


def _score(text: str) -> int | None:
    return int(text) if text in map(str, SCORES) else None


def _form(survey: Open, wrong: str = "") -> Response:
    shown = render_template(
        "survey/form.html",
        style=STYLE,
        title="满意度问卷",
        questions=survey.questions,
        scores=SCORES,
        longest=LONGEST,
        said=request.form if wrong else {},
        wrong=wrong,
    )
    return make_response(shown, 422 if wrong else 200)


def _told(status: int, title: str, say: str) -> Response:
    return make_response(render_template("survey/told.html", style=STYLE, title=title, say=say), status)


def _refused(no: Refused) -> Response:
    return _told(*TOLD.get(type(no), BROKEN))


def _busy(no: TooManyRequests) -> Response:
    return limits.later(no, _told(*limits.BUSY))


def _failed(error: HTTPException) -> Response:
    if error.code == 413:
        return _told(413, "留言太长了", TOO_LONG)
    return _told(error.code or 400, "链接打不开", "请核对链接是否完整。")


def _last_resort(error: Exception) -> Response:
    log.exception("request failed", exc_info=error)
    return _told(*BROKEN)


def _strict(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response
