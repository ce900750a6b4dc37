"""Feishu: what its requests are worth, what they say, and how to answer."""

from __future__ import annotations

from functools import partial

from bot.feishu import events, verify
from bot.feishu.client import FeishuClient
from bot.platform import Platform
from cards import feishu
from models.settings import Feishu

NAME = "feishu"


def platform(settings: Feishu) -> Platform | None:
    """The platform, or None while it has no credentials: its doors then do not exist."""
    if not settings.app_id:
        return None
    return Platform(
        NAME,
        verify=partial(verify.verify, settings),
        read=events.read,
        respond=events.respond,
        render=feishu.render,
        client=FeishuClient(settings),
        inline=settings.inline_cards,
    )
