"""How often the pages may be asked for, by one link and from one address: nobody tries links or wears us out."""

from __future__ import annotations

import logging
import math
import threading

from flask import Response, request
from werkzeug.exceptions import TooManyRequests

from bot.pages import caller
from models.work import Works

MINUTE = 60.0
#: how many are remembered at once; beyond it, whoever was counted first starts anew.
MOST = 10_000
BUSY = (429, "请稍后再试", "请求太频繁了，请过一分钟再试。如果刚才填了内容，它还在上一页。")
#: whose proxy is not configured has one address for everybody, and should be able to find out.
UNKNOWN_PROXY = ", which passes requests on and is not in [server] trusted_proxies"
security = logging.getLogger("keban.security")


class Counter:
    """Requests of each key in the minute that begins with its first; kept in this process, for `MOST` keys."""

    def __init__(self) -> None:
        self._lock, self._minutes = threading.Lock(), dict[str, tuple[float, int]]()

    def __len__(self) -> int:
        return len(self._minutes)

    def wait(self, key: str, most: int, now: float) -> int:
        """Count a request at `now`, in seconds; for how many seconds it has to wait, 0 when it may pass."""
        with self._lock:
            self._forget(now)
            since, count = self._minutes.get(key, (now, 0))
            self._minutes[key] = since, count + 1
        return 0 if count < most else math.ceil(since + MINUTE - now)

    def _forget(self, now: float) -> None:
        """Drop what is over; the oldest stand first, because a minute is put in where it begins."""
        while self._minutes:
            first = next(iter(self._minutes))
            if len(self._minutes) <= MOST and 0 <= now - self._minutes[first][0] < MINUTE:
                break
            del self._minutes[first]


class Limits:
    """The limits of `[pages]`. A request beyond one raises TooManyRequests, which knows when to come again."""

    def __init__(self, works: Works) -> None:
        self._works, self._links, self._addresses = works, Counter(), Counter()

    def caller(self) -> None:
        """Count the current request for the address it came from, before anything else is done for it."""
        settings = self._works.settings
        address = caller.address(settings.server.trusted_proxies)
        unknown_proxy = "X-Forwarded-For" in request.headers and address == request.remote_addr
        whose = f"from one address{UNKNOWN_PROXY if unknown_proxy else ''}"
        self._count(self._addresses, caller.household(address), settings.pages.address_per_minute, whose)

    def link(self, nonce: str) -> str:
        """Count a request for a link that is proven, so that invented ones fill no memory; returns its nonce."""
        self._count(self._links, nonce, self._works.settings.pages.link_per_minute, "for one link")
        return nonce

    def _count(self, counter: Counter, key: str, most: int, whose: str) -> None:
        if seconds := counter.wait(key, most, self._works.clock().timestamp()):
            security.warning("rejected a request for a page: too many %s", whose)
            raise TooManyRequests(retry_after=seconds)


def later(no: TooManyRequests, page: Response) -> Response:
    """The page that says so, with the seconds to wait for whoever reads headers."""
    page.headers["Retry-After"] = str(no.retry_after)
    return page
