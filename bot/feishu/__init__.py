"""Feishu: what its requests are worth, what they say, and how to answer."""

from __future__ import annotations

from functools import partial

from bot.feishu import events, verify
from bot.feishu.client import FeishuClient
from bot.platform import Door, Platform
from cards import feishu
from models.settings import Feishu

NAME = "feishu"
PATHS = ("/feishu/events", "/feishu/cards")


def platform(settings: Feishu) -> Platform | None:
    """The platform, or None while it has no credentials: its doors then do not exist."""
    if not settings.app_id:
        return None
    proven = partial(verify.verify, settings)
    return Platform(
        NAME,
        # what comes through either of them is told apart by its content
        doors=tuple(Door(path, lambda asked: proven(asked.headers, asked.body), events.read) for path in PATHS),
        respond=events.respond,
        render=feishu.render,
        client=FeishuClient(settings),
        inline=lambda card: settings.inline_cards,
    )
