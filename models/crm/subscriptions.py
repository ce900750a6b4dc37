"""Who hears of what: the one table of subscriptions to `models/crm/published.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.crm import complaints, surveys
from models.crm.published import DealRecorded, SurveyAnswered
from models.work import Work

SUBSCRIPTIONS: Mapping[type, tuple[Callable[[Work, Any], None], ...]] = {
    DealRecorded: (surveys.plan,),
    SurveyAnswered: (complaints.of_bad_score,),
}
