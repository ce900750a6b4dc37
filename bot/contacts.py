"""Reading an organisation from a platform: what both of them have in common (P8)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from bot.platform import Json, SendError
from models.organisation import Member
from models.text import identifiers

Pause = Callable[[float], None]
#: how often a call is made again that came too fast, and after how many seconds where the platform says nothing.
TRIES, TOO_FAST = 10, 1.0
LONGEST_KEY = 128


def patient(ask: Callable[[], Json], pause: Pause = time.sleep) -> Json:
    """A call that is made again where it came too fast. Raises SendError."""
    for _ in range(TRIES):
        try:
            return ask()
        except SendError as no:
            if no.outcome != "limited":
                raise
            pause(no.after or TOO_FAST)
    return ask()


def word(value: Any) -> str | None:
    """Text where there is some; numbers where text is promised come now and then. What is absent or empty is None."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def key(value: Any) -> str | None:
    """A key that can be kept."""
    found = word(value)
    return found if found and len(found) <= LONGEST_KEY else None


def keys(values: Any) -> tuple[str, ...]:
    """The keys in a list, which may come as a single one."""
    many = values if isinstance(values, list) else [values]
    return tuple(dict.fromkeys(found for each in many if (found := key(each))))


def objects(value: Any) -> list[Json]:
    """The objects in a list, which may come as a single one."""
    many = value if isinstance(value, list) else [value]
    return [each for each in many if isinstance(each, dict)]


def true(value: Any) -> bool:
    """Yes or no, which may come as a word."""
    return value is True or str(value).lower() == "true"


def mobile(value: Any) -> str | None:
    """A mainland mobile as we write it; None for any other number."""
    try:
        return identifiers.mobile(word(value) or "")
    except ValueError:
        return None


def together(found: Iterable[Member]) -> dict[str, Member]:
    """People by account; who is in several departments is read several times."""
    members = dict[str, Member]()
    for each in found:
        before = members.get(each.account)
        units = tuple(dict.fromkeys((*(before.units if before else ()), *each.units)))
        members[each.account] = replace(each, units=units)
    return members
