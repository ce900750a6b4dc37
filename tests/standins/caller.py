"""The platform as the caller of the bot: how long it waits for an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol


class Timed(Protocol):
    """A request and the seconds its platform waits for the answer."""

    @property
    def within(self) -> float: ...


def in_time(request: Timed, answer: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> Any:
    """What the bot answers; a test fails by an answer that the platform would no longer have waited for."""
    began = clock()
    answered = answer()
    took = clock() - began
    assert took <= request.within, f"answered after {took:.2f} s, the platform waits {request.within} s"
    return answered
