"""The playground: a chat in the browser, a platform like the others (X6)."""

from __future__ import annotations

import json

from bot.platform import Json, Platform
from bot.playground import events
from bot.playground.client import PlaygroundClient
from cards import feishu, html
from cards.kit import Card
from models.settings import Playground
from models.work import Works

NAME = "playground"


def render(card: Card) -> Json:
    """The face of a card, and for the inspector what Feishu would get."""
    sent = feishu.render(card)
    size = len(json.dumps(sent, ensure_ascii=False).encode())
    return {"title": card.title, "html": html.render(card), "feishu": sent, "bytes": size}


def platform(settings: Playground, works: Works) -> Platform | None:
    """The platform, or None where it is off."""
    if not settings.enabled:
        return None
    return Platform(
        NAME,
        doors=(),  # its page hands over what people do
        respond=events.respond,
        render=render,
        client=PlaygroundClient(works),
    )
