"""When somebody is told of what is not urgent: the rule (X7, O8). Pure.

What is news waits until nothing came within the last hour, an hour at most, and goes as one. What he asked for, and
what the calendar plans, comes at its moment; all but what he asked for waits while it is quiet for him. What falls due
together is one message, but the calendar's, which tell of much already. Where the month's calls are short, the hour is
four, for all of it but what others wait for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.crm.deliveries import QUOTA
from models.crm.digests import DIGEST
from models.crm.leavers import DISABLED, LEAVER
from models.crm.orgsync import ORG
from models.crm.surveys import SKIPPED, SURVEY
from models.crm.today import MORNING
from models.crm.view_news import VIEWS

#: the moment is his own choice, whatever the hour.
ASKED = frozenset({"reminder"})
PLANNED = frozenset({DIGEST, MORNING, VIEWS})
NEWS = frozenset({SURVEY, SKIPPED, QUOTA, LEAVER, DISABLED, ORG})
#: never held (complaints, answers and the rest), or only while it is quiet, since others wait for what he does.
PROMPT = frozenset({"review", "entry"})
HOUR, FOUR_HOURS, NONE = dt.timedelta(hours=1), dt.timedelta(hours=4), dt.timedelta()
#: as many as one message lists with a way to open each.
LISTED = 10


@dataclass(frozen=True, slots=True)
class Wait:
    """What waits: its row, what it is about, and since when."""

    id: int
    kind: str
    subject: int
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Listener:
    """How somebody is told now: what is not urgent once in `every` (zero is at once and one by one), nothing for the
    rest of `quiet`; `told` is when he was told of each kind last; `short` where the month's calls are."""

    every: dt.timedelta
    quiet: dt.timedelta
    told: Mapping[str, dt.datetime]
    short: bool = False


def moments(waits: Sequence[Wait], now: dt.datetime, of: Listener) -> list[dt.datetime]:
    """From when each of them may be told; what is in the past may now."""
    turn = _turn(waits, now, of)
    return [max(turn if _slow(each.kind, of) else now, now if each.kind in ASKED else now + of.quiet) for each in waits]


def _turn(waits: Sequence[Wait], now: dt.datetime, of: Listener) -> dt.datetime:
    """When it is the turn of what has to wait for the hour: never twice within one, nor later than after one."""
    if not of.told:
        return now
    oldest = min((each.since for each in waits if _slow(each.kind, of)), default=now)
    before = [at for kind, at in of.told.items() if _slow(kind, of)]
    return max([min(oldest, max(of.told.values())), *before]) + of.every


def _slow(kind: str, of: Listener) -> bool:
    return kind not in PROMPT if of.short else kind in NEWS


def together(ripe: Sequence[Wait]) -> list[Wait]:
    """What goes now: as much as one message lists, and all that he asked for, which he finds on his list of the day."""
    rest = [each for each in ripe if each.kind not in ASKED]
    return rest[:LISTED] + [each for each in ripe if each.kind in ASKED]


def whole(wait: Wait, of: Listener) -> bool:
    """Whether it is a message of its own whatever comes with it: the digest and the day's list already are of many."""
    return not of.every or (wait.kind in PLANNED and not of.short)
