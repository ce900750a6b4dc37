"""What operations tell the rest of the program: published where it happens, consumed in the same transaction.

Who hears of what stands in one table, `models/crm/subscriptions.py`, so that subjects do not call each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.work import Work


@dataclass(frozen=True, slots=True)
class DealRecorded:
    """A customer bought something."""

    deal: int
    customer: int


@dataclass(frozen=True, slots=True)
class SurveyAnswered:
    """A customer answered a survey; `score` is 1 to 5."""

    survey: int
    customer: int
    score: int


def publish(work: Work, news: object) -> None:
    """Tell every subscriber; what one of them refuses is undone together with its cause."""
    from models.crm.subscriptions import SUBSCRIPTIONS  # subscribers publish themselves

    for consume in SUBSCRIPTIONS[type(news)]:
        consume(work, news)
