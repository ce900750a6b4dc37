"""The page of a file that waits: looking never fetches it, the button does, once (P7)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Response, make_response, render_template

from bot.pages import strict
from bot.pages.form import STYLE
from bot.pages.limits import Limits
from bot.pages.survey import TEMPLATES
from bot.pages.told import Told
from models import files, links
from models.errors import AlreadyDone, NotFound
from models.files import VALID, Expired
from models.work import Works

MINUTES = int(VALID.total_seconds() // 60)
AGAIN = "回到和客伴的聊天里，重新导出。"
TOLD = Told(
    STYLE,
    {
        NotFound: (404, "链接打不开", f"请核对链接是否完整，或者{AGAIN}"),
        Expired: (410, "页面已过期", f"这个文件的 {MINUTES} 分钟有效期已过，或者内容已被擦除。请{AGAIN}"),
        AlreadyDone: (410, "已下载过", f"这个文件已下载过，只能下载一次。要再下载，请{AGAIN}"),
    },
    broken=(500, "出了点问题", "系统出了问题，请稍后再试。"),
    away=(503, "请稍后再试", "系统现在太忙，文件还在，请稍后再试。"),
    no_link=f"请{AGAIN}",
    log=logging.getLogger(__name__),
)
security = logging.getLogger("keban.security")


@contextmanager
def known() -> Iterator[None]:
    """Whoever keeps the security log learns of a link that nobody may use."""
    try:
        yield
    except NotFound:
        security.warning("rejected a file link that is not known or whose person may not have it")
        raise


class Pages:
    """The blueprint under `/file/`."""

    def __init__(self, works: Works, limits: Limits) -> None:
        self._works, self._limits = works, limits

    def blueprint(self) -> Blueprint:
        """Its routes."""
        pages = Blueprint("file", __name__, url_prefix="/file", template_folder=str(TEMPLATES))
        TOLD.guard(pages, self._limits)
        pages.add_url_rule("/<token>", "show", self._show, methods=["GET"])
        pages.add_url_rule("/<token>", "fetch", self._fetch, methods=["POST"])
        return pages

    def _nonce(self, token: str) -> str:
        return self._limits.link(strict.nonce(self._works.keys, links.FILE, token))

    def _show(self, token: str) -> Response:
        with known(), self._works.read() as work:
            waiting = files.waiting(work, self._nonce(token))
        shown = render_template(
            "file/file.html",
            style=STYLE,
            title="下载文件",
            name=waiting.name,
            kilobytes=max(1, round(waiting.size / 1024)),
            until=f"{waiting.expires_at.astimezone(self._works.office.zone):%H:%M}",
        )
        return make_response(shown)

    def _fetch(self, token: str) -> Response:
        nonce = self._nonce(token)
        with known():
            name, content = self._works.perform(lambda work: files.fetch(work, nonce), channel="file")
        fetched = Response(content.encode(), content_type="application/json")
        fetched.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return fetched
