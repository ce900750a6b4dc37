"""The words people see for what the code calls by identifier."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from models.policy import Permission, Reach
from models.tables import Channel, DealStage, FunnelStage, Method, Role, Severity, Status

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
ROLES: Mapping[Role, str] = {
    Role.SALES_REP: "销售专员",
    Role.SUPERVISOR: "部门主管",
    Role.SERVICE_AGENT: "客服专员",
    Role.SERVICE_LEAD: "客服主管",
    Role.MARKETER: "市场专员",
    Role.MARKETING_MANAGER: "市场经理",
    Role.LEGAL: "法务",
    Role.MANAGER: "经理",
    Role.ADMIN: "超级管理员",
    Role.TECH_SUPPORT: "技术支持",
    Role.SOLUTION_EXPERT: "方案专家",
    Role.CONSULTANT: "实施顾问",
    Role.SUCCESS_MANAGER: "客户成功经理",
}
PERMISSIONS: Mapping[Permission, str] = {
    Permission.CUSTOMER_READ: "看客户",
    Permission.CUSTOMER_ENTER: "录入客户",
    Permission.FOLLOW_UP: "记跟进",
    Permission.DEAL: "记成交",
    Permission.SURVEY: "发问卷",
    Permission.REVIEW: "审核",
    Permission.COMPLAINT: "登记和看投诉",
    Permission.SERVICE: "受理任何客户的投诉",
    Permission.DIGEST: "看简报",
    Permission.SELF: "管自己的设置",
    Permission.PEOPLE: "管理人员",
    Permission.OPERATE: "运维",
}
REACHES: Mapping[Reach, str] = {
    Reach.OWN: "本人",
    Reach.TEAM: "本人和所管团队",
    Reach.DEPARTMENT: "本部门",
    Reach.ALL: "全部",
}
PLATFORMS: Mapping[str, str] = {"feishu": "飞书", "dingtalk": "钉钉", "playground": "演练场"}


def options(words: Mapping[E, str]) -> tuple[tuple[str, str], ...]:
    """A list to choose from: people choose, and send, the word itself."""
    return tuple((word, word) for word in words.values())
