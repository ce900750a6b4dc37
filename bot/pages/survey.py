"""The survey page: what a customer opens on his phone. Looking never writes, answering does once (G1)."""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Blueprint, Response, make_response, render_template, request

from bot import posting
from bot.pages import strict
from bot.pages.limits import Limits
from bot.pages.told import Told
from models import links
from models.crm import surveys
from models.crm.surveys import LONGEST, SCORES, Expired, Given, Open
from models.errors import AlreadyDone, NotFound
from models.work import Work, Works

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "survey" / "style.css").read_text(encoding="utf-8")
STYLE_HASH = strict.hashed(STYLE)
#: the longest comment, each of its characters as twelve signs of a form, and the rest of it.
LARGEST_BODY = 12 * LONGEST + 4096
TOO_LONG = f"留言最多 {LONGEST} 字，请精简后再提交。"
THANKS = (200, "谢谢您的评价", "我们已经收到，会认真对待您的每一条意见。")
TOLD = Told(
    STYLE,
    {
        NotFound: (404, "链接打不开", "请核对链接是否完整，或请发链接给您的人再发一次。"),
        Expired: (410, "问卷已过期", "这份问卷的链接已过期，谢谢您的关注。"),
        AlreadyDone: (410, "已经提交过了", "这份问卷已经提交过，谢谢您的评价。"),
    },
    broken=(500, "出了点问题", "系统出了问题，您的回答没有提交，请稍后再试。"),
    away=(503, "请稍后再试", "系统现在太忙，您的回答没有提交，请稍后再试。"),
    no_link="请核对链接是否完整。",
    log=logging.getLogger(__name__),
    too_long=(413, "留言太长了", TOO_LONG),
)


class Pages:
    """The blueprint under `/survey/`."""

    def __init__(self, works: Works, limits: Limits) -> None:
        self._works, self._limits = works, limits

    def blueprint(self) -> Blueprint:
        """Its routes."""
        pages = Blueprint("survey", __name__, url_prefix="/survey", template_folder=str(TEMPLATES))
        TOLD.guard(pages, self._limits)
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
        return TOLD.shown(THANKS)

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
