"""The access token of a platform's API, shared by all threads of a process."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bot.platform import SendError
from models.pace import Outcome


class Token:
    """Fetched by one thread at a time, `early` seconds before it ends (Feishu §4.1, DingTalk §4.1).

    `fetch` gives the token and for how many seconds it is good, or raises SendError; `clock` counts seconds.
    """

    def __init__(self, fetch: Callable[[], tuple[str, float]], clock: Callable[[], float], early: float) -> None:
        self._fetch, self._clock, self._early = fetch, clock, early
        self._lock = threading.Lock()
        self._value, self._renew_at = "", float("-inf")

    def get(self) -> str:
        """A token that is good for a while. Raises SendError."""
        with self._lock:
            if self._clock() >= self._renew_at:
                self._value, lifetime = self._fetched()
                self._renew_at = self._clock() + lifetime - self._early
            return self._value

    def _fetched(self) -> tuple[str, float]:
        """Without a token nothing can be sent, whatever the reason: no message is to blame for it."""
        try:
            return self._fetch()
        except SendError as no:
            outcome: Outcome = "limited" if no.outcome == "limited" else "away"
            raise SendError(str(no), "later", no.after, outcome) from no

    def drop(self, refused: str) -> None:
        """Forget a token the platform refused, unless somebody has already replaced it."""
        with self._lock:
            if self._value == refused:
                self._renew_at = float("-inf")
