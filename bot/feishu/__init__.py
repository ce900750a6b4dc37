"""Feishu: what its requests are worth, what they say, and how to answer."""

from __future__ import annotations

from functools import partial

from bot.feishu import events, verify
from bot.feishu.client import FeishuClient
from bot.feishu.contacts import FeishuContacts
from bot.platform import Door, Platform, at_speed
from cards import feishu
from cards.kit import Image
from models.pace import Limit
from models.settings import Feishu

NAME = "feishu"
PATHS = ("/feishu/events", "/feishu/cards")


#: for each kind of call; to one person or group together (protocol §4.3).
LIMITS = (Limit(1000, 60), Limit(50, 1), Limit(5, 1, "recipient"))


def platform(settings: Feishu, speed: float = 1.0) -> Platform | None:
    """The platform, or None while it has no credentials: its doors then do not exist."""
    if not settings.app_id:
        return None
    client = FeishuClient(settings)
    proven = partial(verify.verify, settings)
    return Platform(
        NAME,
        # what comes through either of them is told apart by its content
        doors=tuple(Door(path, lambda asked: proven(asked.headers, asked.body), events.read) for path in PATHS),
        respond=events.respond,
        render=feishu.render,
        client=client,
        # a picture is uploaded when a card is sent
        inline=lambda card: settings.inline_cards and not any(isinstance(part, Image) for part in card.body),
        find=client.find,
        contacts=FeishuContacts(client.get),
        limits=at_speed(LIMITS, speed),
        monthly=settings.monthly_calls,
    )
