"""Telling DingTalk where presses of our cards are to come (protocol §3.4)."""

from __future__ import annotations

from collections.abc import Callable

from bot.dingtalk.answers import Refused
from bot.platform import Json, SendError
from models.settings import DingTalk

PATH = "/v1.0/card/callbacks/register"
KEY_TAKEN = "param.callbackRouteKeyExist"
Ask = Callable[[Json], Json]


def register(ask: Ask, settings: DingTalk, url: str) -> bool:
    """Let them come to `url`, signed with our secret; `ask` makes the call. Raises SendError.

    True where another address or secret had been registered under our key: it is replaced.
    """
    wanted = {"callbackUrl": url, "apiSecret": settings.card_secret.get_secret_value()}
    about = {"callbackRouteKey": settings.card_route_key, **wanted}
    if _registered(ask, about | {"forceUpdate": False}) == wanted:
        return False
    if _registered(ask, about | {"forceUpdate": True}).get("callbackUrl") != url:
        raise SendError("dingtalk register: another address stays registered", "never")
    return True


def _registered(ask: Ask, body: Json) -> Json:
    """What is registered now; nothing said where another address is. Raises SendError."""
    try:
        told: Json = ask(body).get("result") or {}
    except Refused as no:
        if no.code != KEY_TAKEN:
            raise
        return {}
    return told
