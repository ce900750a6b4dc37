"""What is handed to a person about himself, as a document that explains itself (P7)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from cards.labels import (
    CHANNELS,
    COMPLAINT_STATES,
    DEAL_STAGES,
    METHODS,
    OPERATIONS,
    PLATFORMS,
    ROLES,
    SEVERITIES,
    STAGES,
    STATUSES,
)
from models.tables import DealState, Kind, Level, ReviewState, TimerState
from models.text import money

KINDS = {Kind.COMPANY: "企业", Kind.PERSON: "个人"}
LEVELS = {each: each.value.upper() for each in Level}
REVIEWS = {
    ReviewState.PENDING: "待审核",
    ReviewState.APPROVED: "通过",
    ReviewState.RETURNED: "退回",
    ReviewState.WITHDRAWN: "撤回",
}
DEALS = {DealState.ONGOING: "进行中", DealState.DONE: "已完成", DealState.RETURNED: "已退"}
TIMERS = {
    TimerState.PENDING: "未到时间",
    TimerState.FIRED: "已提醒",
    TimerState.DONE: "已完成",
    TimerState.CANCELLED: "已取消",
}
TABLES: tuple[Mapping[Any, str], ...] = (
    CHANNELS, COMPLAINT_STATES, DEAL_STAGES, METHODS, ROLES, SEVERITIES, STAGES, STATUSES,
    KINDS, LEVELS, REVIEWS, DEALS, TIMERS,
)  # fmt: skip
#: the words of each enumeration: members of two may be equal as text.
WORDS: Mapping[type, Mapping[Any, str]] = {type(next(iter(table))): table for table in TABLES}
#: what is a word of ours only under its label.
NAMED: Mapping[str, Mapping[str, str]] = {"操作": OPERATIONS, "平台": PLATFORMS}


def written(document: Mapping[str, Any], zone: ZoneInfo) -> str:
    """As indented JSON in UTF-8, in the words people know, its times in this zone."""
    return json.dumps(_plain("", document, zone), ensure_ascii=False, indent=2) + "\n"


def _plain(label: str, value: Any, zone: ZoneInfo) -> Any:
    match value:
        case Mapping():
            return {key: _plain(key, each, zone) for key, each in value.items()}
        case list() | tuple():
            return [_plain(label, each, zone) for each in value]
        case bool():
            return "是" if value else "否"
        case dt.datetime():
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        case dt.date():
            return value.isoformat()
        case StrEnum():
            return WORDS[type(value)][value]
        case int() if label == "金额":
            return money.show(value)
        case str() if label in NAMED:
            return NAMED[label].get(value, value)
    return value
