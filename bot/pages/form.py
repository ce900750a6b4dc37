"""The form page: a card's form where the platform's own cards cannot hold inputs. Looking never writes, sending acts
once (design §4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from flask import Blueprint, Response, make_response, render_template, request

from bot.event import Event, Press
from bot.pages import strict, survey
from bot.pages.limits import Limits
from bot.pages.survey import TEMPLATES
from bot.pages.told import Say, Told
from bot.platform import Json
from cards import html, kit
from cards.kit import BadAction, Card, Field, Form, Input, Select, TextArea, Warn
from models import forms, links
from models.errors import AlreadyDone, NotFound, Refused, Unavailable
from models.forms import VALID, Expired, Opened
from models.work import Works

STYLE = survey.STYLE + (TEMPLATES / "form" / "style.css").read_text(encoding="utf-8")
#: many times what a form may hold, so that what is too long for a field is told beside the field.
LARGEST_BODY = 256 * 1024
MINUTES = int(VALID.total_seconds() // 60)
AGAIN = "回到和客伴的聊天里，重新打开表单。"
CLOSED = (503, "请稍后再试", "系统现在太忙，请稍后再打开这个页面。")
AWAY = (503, "请稍后再试", "系统现在太忙，没有提交；填的内容还在这里，请稍后再提交一次。")
DONE = (200, "已提交", "已提交，结果在和客伴的聊天里。可以关闭这个页面了。")
MEND = "有的内容需要改一下，还没有提交。"
NOT_TAKEN = 422
log = logging.getLogger(__name__)
security = logging.getLogger("keban.security")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A form that waits to be filled in, with the card it stands on."""

    link: Opened
    card: Card
    form: Form


class Pages:
    """The blueprint under `/form/`. `dispatch` carries out what was filled in, as if it had been pressed."""

    def __init__(self, works: Works, dispatch: Callable[[Event], Json], limits: Limits) -> None:
        self._works, self._dispatch, self._limits = works, dispatch, limits

    def blueprint(self) -> Blueprint:
        """Its routes."""
        pages = Blueprint("form", __name__, url_prefix="/form", template_folder=str(TEMPLATES))
        TOLD.guard(pages, self._limits)
        pages.add_url_rule("/<token>", "show", self._show, methods=["GET"])
        pages.add_url_rule("/<token>", "take", self._take, methods=["POST"])
        return pages

    def _nonce(self, token: str) -> str:
        return self._limits.link(strict.nonce(self._works.keys, links.FORM, token))

    def _opened(self, nonce: str) -> Waiting:
        try:
            with self._works.read() as work:
                return _waiting(forms.opened(work, nonce))
        except NotFound:
            security.warning("rejected a form link that is not known or whose person is gone")
            raise

    def _show(self, token: str) -> Response:
        waiting = self._opened(self._nonce(token))
        return self._page(waiting, waiting.form.fields)

    def _take(self, token: str) -> Response:
        request.max_content_length = LARGEST_BODY
        nonce = self._nonce(token)
        said = strict.filled_in()  # read before the database is asked: what was typed is at hand whatever comes of it
        waiting = self._opened(nonce)
        filled = tuple(_filled(field, said) for field in waiting.form.fields)
        if any(field.error for field in filled):
            return self._page(waiting, filled, MEND, NOT_TAKEN)
        return self._sent(waiting, filled)

    def _sent(self, waiting: Waiting, filled: tuple[Field, ...]) -> Response:
        """Carry it out, and only then mark the link as used.

        The event's key is claimed in the transaction that does what the form says, so that it is done once whatever
        becomes of the mark. The other way round, what was typed would be lost where that transaction fails. A second
        POST before the mark is a redelivery: it changes nothing and gets the answer of the first. What was not taken
        is not claimed, so that the link stays open for what is mended.
        """
        try:
            told = self._dispatch(_event(waiting, filled))
            if "again" in told:
                return self._again(waiting, filled, kit.loads(told["again"]))
        except Unavailable as away:
            log.warning("a form was not taken: %s", away)
            return self._page(waiting, filled, AWAY[2], AWAY[0])
        if "refused" in told:
            return self._page(waiting, filled, f"没有提交：{told['refused']}", NOT_TAKEN)
        self._mark(waiting.link.nonce)
        return TOLD.shown(DONE)

    def _again(self, waiting: Waiting, filled: tuple[Field, ...], asked: Card) -> Response:
        """What the program asks for once more, in what was typed: the page keeps it, and is that form from now on."""
        fields = _mended(filled, next(part for part in asked.body if isinstance(part, Form)))
        form = replace(waiting.form, fields=fields)
        card = replace(waiting.card, body=tuple(form if part is waiting.form else part for part in waiting.card.body))
        self._works.perform(lambda work: forms.turn(work, waiting.link.nonce, kit.dumps(card)), channel="form")
        says = [MEND, *(part.text for part in asked.body if isinstance(part, Warn))]
        return self._page(waiting, fields, "".join(says), NOT_TAKEN)

    def _page(self, waiting: Waiting, fields: tuple[Field, ...], wrong: str = "", status: int = 200) -> Response:
        shown = render_template(
            "form/form.html",
            style=STYLE,
            title=waiting.card.title,
            texts=html.texts(waiting.card),
            fields=[(_kind(field), field) for field in fields],
            submit=waiting.form.submit,
            wrong=wrong,
            until=f"{waiting.link.expires_at.astimezone(self._works.office.zone):%H:%M}",
        )
        return make_response(shown, status)

    def _mark(self, nonce: str) -> None:
        try:
            self._works.perform(lambda work: forms.use(work, nonce), channel="form")
        except Unavailable as away:  # it was carried out, and is not once more: the claim holds
            log.warning("a form that was carried out is not marked: %s", away)


def _waiting(link: Opened) -> Waiting:
    """The card of a link. Raises Expired for one that this version of the program does not know any more."""
    try:
        card = kit.loads(link.card)
        return Waiting(link, card, next(part for part in card.body if isinstance(part, Form)))
    except (BadAction, KeyError, StopIteration, TypeError, ValueError):
        log.warning("a form link holds no card with a form that this version knows")
        raise Expired from None


def _event(waiting: Waiting, filled: tuple[Field, ...]) -> Event:
    """As if the card's own button had been pressed; who pressed and what it says come from the link's row alone."""
    link = waiting.link
    form = {field.name: field.value for field in filled}
    press = Press(waiting.form.submit.action.pack(), link.message, form, apart=True)
    return Event(link.platform, f"form:{link.nonce}", link.account, link.chat, True, press=press, on_page=True)


def _mended(filled: tuple[Field, ...], asked: Form) -> tuple[Field, ...]:
    """What was typed, with what is wrong with it, and what is asked for besides by now."""
    wrong = {field.name: field.error for field in asked.fields}
    here = {field.name for field in filled}
    typed = (replace(field, error=wrong.get(field.name, "")) for field in filled)
    return (*typed, *(field for field in asked.fields if field.name not in here))


def _filled(field: Field, said: Mapping[str, str]) -> Field:
    """The field with what was typed, and what is wrong with it."""
    text = said.get(field.name, "").replace("\r\n", "\n").replace("\0", "").strip()
    if not isinstance(field, Select | TextArea):
        text = text.replace("\n", " ")
    return replace(field, value=text, error=_wrong(field, text))


def _wrong(field: Field, text: str) -> str:
    """Why a value cannot be taken and how to mend it; empty when it can."""
    if not text:
        return "请填写。" if field.required else ""
    if isinstance(field, Select):
        return "" if text in dict(field.options) else "请从列表里选一个。"
    return f"最多 {field.most} 字，现在 {len(text)} 字，请精简。" if len(text) > field.most else ""


def _kind(field: Field) -> str:
    match field:
        case Select():
            return "select"
        case TextArea():
            return "area"
        case Input():
            return "line"
        case _:
            assert_never(field)


Typed = list[tuple[str, str]]


def _typed() -> Typed:
    """What was typed, where nothing better can be shown than just that."""
    return [(name, text) for name, text in request.form.items() if text.strip()] if request.method == "POST" else []


class FormTold(Told):
    """What was typed is never lost: it is shown to be copied, or to be sent again."""

    def shown(self, say: Say, no: Exception | None = None) -> Response:
        ours = no is not None and not isinstance(no, Refused)
        typed = _typed() if ours or isinstance(no, Expired) else None
        status, title, sentence = CLOSED if say is AWAY and not typed else say
        shown = render_template("form/told.html", style=STYLE, title=title, say=sentence, typed=typed, again=ours)
        return make_response(shown, status)


TOLD = FormTold(
    STYLE,
    {
        NotFound: (404, "链接打不开", f"请核对链接是否完整，或者{AGAIN}"),
        Expired: (410, "页面已过期", f"这个页面的 {MINUTES} 分钟有效期已过，没有提交。请{AGAIN}"),
        AlreadyDone: (410, "已提交过", f"这个表单已提交过，结果在和客伴的聊天里。要再填一次，请{AGAIN}"),
    },
    broken=(500, "出了点问题", "系统出了问题，没有提交，请稍后再试。"),
    away=AWAY,
    no_link=f"请{AGAIN}",
    log=log,
    too_long=(413, "内容太长了", "填的内容太长，没有提交，请返回上一页，精简后再提交。"),
)
