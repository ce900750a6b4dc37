"""How often the open API of Feishu may be called (protocol section 4.3), held exactly, over any stretch of time."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

#: calls of one API in (seconds), and messages to one person or group
API, TO_ONE = ((1000, 60.0), (50, 1.0)), (5, 1.0)
APP_LIMIT, CHAT_LIMIT = 99991400, 230020


@dataclass
class FeishuLimits:
    """`speed` divides every stretch of time: at 10 a minute lasts six seconds. `rejected` counts by code."""

    speed: float = 1.0
    rejected: Counter[int] = field(default_factory=Counter)
    _lately: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refusal(self, api: str, to: str, now: float) -> tuple[int, float]:
        """Note a call and give (0, 0); or the code it is refused with and the seconds until it would not be."""
        rules = [(APP_LIMIT, f"{api} {seconds}", count, seconds) for count, seconds in API]
        rules += [(CHAT_LIMIT, to, *TO_ONE)] if to else []
        with self._lock:
            for code, key, count, seconds in rules:
                if wait := self._over(key, count, seconds / self.speed, now):
                    self.rejected[code] += 1
                    return code, wait
            for _, key, _, _ in rules:
                self._lately[key].append(now)
        return 0, 0.0

    def _over(self, key: str, count: int, seconds: float, now: float) -> float:
        lately = self._lately[key]
        while lately and lately[0] <= now - seconds:
            lately.popleft()
        return lately[0] + seconds - now if len(lately) >= count else 0.0
