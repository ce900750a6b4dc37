"""DingTalk: what its requests are worth, what they say, and how to answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

from bot.dingtalk import events, verify, wording
from bot.dingtalk.client import DingTalkClient
from bot.dingtalk.contacts import DingTalkContacts
from bot.dingtalk.events import NAME
from bot.platform import Door, Json, Platform, Request, at_speed
from cards import dingtalk as cards
from cards.kit import Card, Form
from models.pace import Limit
from models.settings import DingTalk
from models.work import Works

ROBOT, EVENTS, CARDS = PATHS = ("/dingtalk/robot", "/dingtalk/events", "/dingtalk/cards")
#: what a message is answered where nothing is said in the answer itself (protocol §1.2)
SILENT: Json = {"msgtype": "empty"}


#: for each kind of call; what a robot may say in one group (protocol §4.7).
LIMITS = (Limit(20, 1), Limit(20, 60, "group"))


def platform(settings: DingTalk, works: Works, speed: float = 1.0) -> Platform | None:
    """The platform, or None while it has no credentials: its doors then do not exist."""
    if not settings.client_id:
        return None
    client = DingTalkClient(settings, works)
    return Platform(
        NAME,
        doors=_doors(settings, works.clock),
        respond=events.respond,
        render=cards.render,
        client=client,
        inline=lambda card: client.templated and not _has_form(card),
        coded=True,
        say=lambda work, chat, card: None if client.templated else wording.at_once(work, chat, card),
        limits=at_speed(LIMITS, speed),
        monthly=settings.monthly_calls,
        find=client.find,
        contacts=DingTalkContacts(client.old),
    )


def _doors(settings: DingTalk, clock: Callable[[], dt.datetime]) -> tuple[Door, ...]:
    """Three addresses, each proven in its own way (protocol §0)."""

    def robot(asked: Request) -> Json:
        return verify.robot(settings, asked.headers, asked.body, clock())

    def subscription(asked: Request) -> Json:
        return verify.subscription(settings, asked.query, asked.body)

    def card(asked: Request) -> Json:
        return verify.card(settings, asked.headers, asked.body, clock())

    return (
        Door(ROBOT, robot, partial(events.heard, oapi_base=settings.oapi_base), wrap=lambda said: said or SILENT),
        Door(EVENTS, subscription, events.changed, wrap=lambda _: verify.sealed(settings, verify.SUCCESS, clock())),
        Door(CARDS, card, events.pressed),
    )


def _has_form(card: Card) -> bool:
    """A form is filled in on a page, whose address is made when the card is sent."""
    return any(isinstance(part, Form) for part in card.body)
