"""Who may use the playground: this machine, and from elsewhere only who has the key."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from bot.payload import parse
from bot.platform import Forged, Json
from models.settings import Playground

KEY = "X-Playground-Key"


def verify(settings: Playground, headers: Mapping[str, str], body: bytes) -> Json:
    """The payload, when the key is right. Raises Forged."""
    if not may_enter(settings, headers.get(KEY, "")):
        raise Forged("wrong playground key")
    return parse(body)


def may_enter(settings: Playground, given: str) -> bool:
    """Whether this key opens it; without one configured the web layer lets only this machine in."""
    key = settings.key.get_secret_value()
    return not key or hmac.compare_digest(key.encode(), given.encode())
