"""The words people see for what the code calls by identifier."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from models.tables import Channel, DealStage, FunnelStage, Method, Severity, Status

E = TypeVar("E", bound=StrEnum)

METHODS: Mapping[Method, str] = {
    Method.PHONE: "电话",
    Method.VISIT: "拜访",
    Method.VIDEO: "视频",
    Method.EMAIL: "邮件",
    Method.MEETING: "会议",
    Method.WECHAT: "微信",
    Method.OTHER: "其他",
}
DEAL_STAGES: Mapping[DealStage, str] = {
    DealStage.INTENT: "意向",
    DealStage.QUOTE: "报价",
    DealStage.CONTRACT: "合同",
    DealStage.WON: "成交",
}
CHANNELS: Mapping[Channel, str] = {
    Channel.PHONE: "电话",
    Channel.EMAIL: "邮件",
    Channel.ONLINE: "在线客服",
    Channel.WECHAT: "微信",
    Channel.VISIT: "上门",
    Channel.OTHER: "其他",
}
SEVERITIES: Mapping[Severity, str] = {Severity.NORMAL: "一般", Severity.MAJOR: "重大"}
STAGES: Mapping[FunnelStage, str] = {
    FunnelStage.LEAD: "线索",
    FunnelStage.PROSPECT: "潜在",
    FunnelStage.INTERESTED: "意向",
    FunnelStage.NEGOTIATION: "谈判",
    FunnelStage.WON: "成交",
    FunnelStage.REPURCHASE: "复购",
    FunnelStage.LOST: "流失",
}
STATUSES: Mapping[Status, str] = {
    Status.PENDING: "待审核",
    Status.RETURNED: "已退回",
    Status.WITHDRAWN: "已撤回",
    Status.ARCHIVED: "已建档",
}
PLATFORMS: Mapping[str, str] = {"feishu": "飞书", "dingtalk": "钉钉", "playground": "演练场"}


def options(words: Mapping[E, str]) -> tuple[tuple[str, str], ...]:
    """A list to choose from: people choose, and send, the word itself."""
    return tuple((word, word) for word in words.values())
