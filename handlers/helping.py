"""/帮助: what this person may say."""

from __future__ import annotations

from bot.event import Event
from bot.routing import Command, Router
from cards import help as cards
from cards.common import Say
from cards.kit import Card
from models.crm.people import Me
from models.work import Work

router = Router()


@router.command("/帮助 [词]", "/help", "/h", "/?", may=None)
def show(word: str | None = None, *, me: Me | None, router: Router) -> Card:
    """看看能做什么。
    例：/帮助 跟进
    """
    known = router.known(me)
    if word is None:
        return cards.overview([_line(command) for command in known])
    names = {"/" + each.lstrip("/").lower() for each in word.split()}
    hits = [command for command in known if names & {*command.names}]
    hits = hits or [command for command in known if word.lstrip("/") in command.usage + command.about]
    if len(hits) == 1:
        return cards.one(*_line(hits[0]))
    return cards.overview([_line(command) for command in hits or known], "" if hits else word)


def _line(command: Command) -> cards.Line:
    return command.usage, command.names, command.about


@router.action(Say, may=None)
def say(action: Say, *, work: Work, me: Me, router: Router, event: Event) -> Card:
    """A button that stands for typing a command."""
    return router.said(work, me, action.text, event)
