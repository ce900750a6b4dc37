"""How fast a platform may be called, and whether it answers: pure rules over what went lately (O4, O8).

Time is in seconds since 1970. The state is small and goes into one row, which all senders of a platform share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Json = dict[str, Any]
Outcome = Literal["sent", "limited", "crowded", "away", "refused"]
#: a sliding window is counted in this many slots, and one more, so that it never holds too much.
SLOTS = 120
SHORTEST = 0.001
#: what is not urgent leaves this share of every limit to what is, and as much more as was urgent lately …
RESERVE = 0.025
#: … and goes evenly: behind its even pace it may fall by this much, in seconds, and catch up.
LAG = 0.15
#: after a refusal for too many calls the pace is halved, at most to this share; it doubles every so many seconds. What
#: is refused within this many seconds was under way together, and is one refusal.
SLOWEST, RECOVERS, TOGETHER = 1 / 16, 30.0, 1.0
#: no platform means it when it asks for longer, in seconds.
LONGEST_PAUSE = 600.0
#: calls in a row without an answer after which nobody calls any more but one at a time, after these pauses.
FAILURES, REST, LONGEST_REST = 5, 5.0, 60.0
#: how long the one that tries may take, as long as a lease.
TRIAL = 30.0
#: the share of the monthly calls that is left to what is urgent.
KEPT_BACK = 0.1


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` calls of one kind in any `seconds`: of all, to each recipient, or to each group."""

    count: float
    seconds: float
    per: Literal["all", "recipient", "group"] = "all"

    def key(self, call: Call) -> str | None:
        """What is counted together; None where the limit does not concern the call."""
        if self.per == "group" and not call.group:
            return None
        whom = "" if self.per == "all" else f" {call.to}"
        return f"{call.kind} {self.seconds:g}{whom}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be made: `kind` is what the platform counts together, `to` whom it reaches; `urgent` goes first."""

    kind: str
    to: str
    urgent: bool
    group: bool = False


@dataclass
class Pace:
    """What a platform's senders know together.

    `windows` holds [slot, calls] pairs, oldest first; `even` when the next call without hurry is due by kind; `held`
    until when a recipient is left alone; `totals` counts outcomes, `month` and `calls` what is billed.
    """

    windows: dict[str, list[list[int]]] = field(default_factory=dict)
    even: dict[str, float] = field(default_factory=dict)
    held: dict[str, float] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    limited_until: float = 0.0
    share: float = 1.0
    slowed_at: float = 0.0
    failures: int = 0
    rests: int = 0
    rests_until: float = 0.0
    trying: bool = False
    month: str = ""
    calls: int = 0

    @classmethod
    def of(cls, kept: Json) -> Pace:
        """The state that a row holds; what another version kept besides is left out."""
        return cls(**{each.name: kept[each.name] for each in fields(cls) if each.name in kept})

    @property
    def broken(self) -> bool:
        """Whether the platform is taken for away: only one call at a time tries it."""
        return self.failures >= FAILURES

    def speed(self, now: float) -> float:
        """The share of every limit that is used now."""
        doubled = min((now - self.slowed_at) / RECOVERS, 4.0)  # from the slowest, it is all there again then
        return float(min(1.0, self.share * 2**doubled))

    def room(self, now: float, most: int) -> tuple[int, float]:
        """How many calls may begin now, and in how many seconds to ask again where that is none."""
        wait = max(self.limited_until, self.rests_until) - now
        if wait > 0:
            return 0, wait
        return (min(1, most) if self.broken else most), 0.0

    def tight(self, month: str, monthly: int) -> bool:
        """Whether what is left of the month's calls is kept for what is urgent (O8)."""
        return bool(monthly) and self.spent(month) >= (1 - KEPT_BACK) * monthly

    def spent(self, month: str) -> int:
        """Calls of this month."""
        return self.calls if self.month == month else 0

    def shared(self, call: Call, limits: Sequence[Limit], now: float) -> float:
        """In how many seconds everybody's calls of this kind leave room for this one; 0 is now (O4)."""
        waits = [self._full(call, limit, now) for limit in limits if limit.per == "all"]
        return max([0.0 if call.urgent else self.even.get(call.kind, 0.0) - now, 0.0, *waits])

    def own(self, call: Call, limits: Sequence[Limit], now: float) -> float:
        """In how many seconds the one it goes to may get it."""
        waits = [self._full(call, limit, now) for limit in limits if limit.per != "all"]
        return max([self.held.get(call.to, 0.0) - now, 0.0, *waits])

    def count(self, call: Call, limits: Sequence[Limit], now: float) -> None:
        """Note a call that is about to be made."""
        for limit in limits:
            self._add(call, limit, now)
        if not call.urgent and (even := self._evenly(limits, now)):
            self.even[call.kind] = max(self.even.get(call.kind, 0.0), now - LAG) + even
        if self.broken:
            self.trying, self.rests_until = True, now + TRIAL

    # --- windows ---

    def _full(self, call: Call, limit: Limit, now: float) -> float:
        key = limit.key(call)
        if key is None:
            return 0.0
        entries = self._recent(key, limit, now)
        kept = 0.0 if call.urgent or limit.per != "all" else self._kept_back(key, limit, now)
        if _sum(entries) + kept + 1 <= max(1.0, limit.count * self.speed(now)):
            return 0.0
        width = limit.seconds / SLOTS
        ends = (entries[0][0] + SLOTS + 1) * width - now if entries else width
        return max(ends, SHORTEST)  # so late in a century, a float holds no shorter time

    def _kept_back(self, key: str, limit: Limit, now: float) -> float:
        return max(limit.count * RESERVE, _sum(self._recent(f"{key} !", limit, now)))

    def _recent(self, key: str, limit: Limit, now: float) -> list[list[int]]:
        entries = self.windows.get(key, [])
        first = _slot(limit, now) - SLOTS
        while entries and entries[0][0] < first:
            del entries[0]
        if not entries:
            self.windows.pop(key, None)
        return entries

    def _add(self, call: Call, limit: Limit, now: float) -> None:
        key = limit.key(call)
        for each in [key, f"{key} !"] if call.urgent and limit.per == "all" else [key]:
            if each is not None:
                entries = self.windows.setdefault(each, [])
                if entries and entries[-1][0] == _slot(limit, now):
                    entries[-1][1] += 1
                else:
                    entries.append([_slot(limit, now), 1])

    # --- evenly ---

    def _evenly(self, limits: Sequence[Limit], now: float) -> float:
        """Seconds between two calls without hurry that use up what they may."""
        rates = [limit.count * (1 - RESERVE) / limit.seconds for limit in limits if limit.per == "all"]
        return 1 / (min(rates) * self.speed(now)) if rates else 0.0

    # --- what became of calls ---

    def learn(self, outcome: Outcome, now: float, *, to: str = "", after: float | None = None) -> bool:
        """Note what a call came to; returns whether the platform answers again after it did not."""
        self.totals[outcome] = self.totals.get(outcome, 0) + 1
        if outcome == "away":
            self._away(now)
            return False
        if outcome == "limited":
            self.limited_until = max(self.limited_until, now + min(after or 1.0, LONGEST_PAUSE))
            if now >= self.slowed_at + TOGETHER:
                self.share, self.slowed_at = max(SLOWEST, self.speed(now) / 2), now
        elif outcome == "crowded":
            self.held[to] = now + (after or 1.0)
        again = self.broken
        self.failures, self.rests, self.trying = 0, 0, False
        self.rests_until = 0.0
        return again

    def untried(self) -> None:
        """What was to try whether a platform answers did not come to its call."""
        if self.trying:
            self.trying, self.rests_until = False, 0.0

    def _away(self, now: float) -> None:
        self.failures += 1
        if self.failures == FAILURES or self.trying:
            self.rests_until = now + min(REST * 2**self.rests, LONGEST_REST)
            self.rests += 1
            self.trying = False

    def spend(self, month: str, calls: int) -> None:
        """Count calls that are billed."""
        self.month, self.calls = month, self.spent(month) + calls

    # --- in a row of the database ---

    def kept(self, now: float) -> Json:
        """The state without what is over."""
        self.held = {to: until for to, until in self.held.items() if until > now}
        self.windows = {key: each for key, each in self.windows.items() if _ends(key, each) > now}
        return dict(vars(self))


def _slot(limit: Limit, now: float) -> int:
    return int(now / limit.seconds * SLOTS)


def _sum(entries: list[list[int]]) -> int:
    return sum(calls for _, calls in entries)


def _ends(key: str, entries: list[list[int]]) -> float:
    seconds = float(key.split(" ")[1])
    return (entries[-1][0] + SLOTS + 1) * seconds / SLOTS
