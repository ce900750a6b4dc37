"""The words people see for what the code calls by identifier."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from models.policy import Permission, Reach
from models.tables import Channel, ComplaintState, DealStage, FunnelStage, Method, Role, Severity, Status

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
    Permission.AUDIT: "看日志",
    Permission.SELF: "管自己的设置",
    Permission.PEOPLE: "管理人员",
    Permission.OPERATE: "运维",
    Permission.PRIVACY: "导出和擦除个人信息",
}
REACHES: Mapping[Reach, str] = {
    Reach.OWN: "本人",
    Reach.TEAM: "本人和所管团队",
    Reach.DEPARTMENT: "本部门",
    Reach.ALL: "全部",
}
COMPLAINT_STATES: Mapping[ComplaintState, str] = {
    ComplaintState.ACCEPTED: "待首次响应",
    ComplaintState.CONTACTED: "已首次响应",
}
PLATFORMS: Mapping[str, str] = {"feishu": "飞书", "dingtalk": "钉钉", "playground": "演练场"}
#: operations, and what people press where it is not an operation's own name; a command is called as it is typed.
OPERATIONS: Mapping[str, str] = {
    "complaint.acknowledge": "收到投诉",
    "complaint.alert": "投诉告警",
    "complaint.ask_contact": "打开首次响应",
    "complaint.contact": "首次响应",
    "complaint.escalate": "升级投诉",
    "complaint.new": "登记投诉",
    "complaint.open": "登记投诉",
    "complaint.page": "查看投诉",
    "complaint.show": "查看投诉",
    "complaint.why": "查看投诉时限",
    "customer.find": "查客户",
    "customer.page": "查看客户",
    "deal.record": "记成交",
    "department.set": "设置部门",
    "digest.back": "查看简报",
    "digest.open": "查看简报",
    "digest.plan": "准备简报",
    "audit.page": "查看日志",
    "entry.back": "返回录入",
    "entry.correct": "修改录入",
    "entry.details": "补充资料",
    "entry.new": "录入客户",
    "entry.resubmit": "重新提交录入",
    "entry.submit": "提交录入",
    "entry.supplement": "补充资料",
    "entry.withdraw": "撤回录入",
    "event": "看不懂的请求",
    "follow_up.record": "记跟进",
    "message.drop": "不再显示消息",
    "message.retry": "重发消息",
    "message.retry_all": "重发全部消息",
    "ops.drop": "不再显示消息",
    "ops.open": "查看运维",
    "ops.retry": "重发消息",
    "ops.retry_all": "重发全部消息",
    "product.set": "设置产品",
    "refused": "被拒绝的操作",
    "reminder.back": "返回提醒",
    "reminder.contacted": "已联系",
    "reminder.finish": "完成提醒",
    "reminder.later": "稍后提醒",
    "reminder.move": "改提醒时间",
    "reminder.reschedule": "改期",
    "reminder.result": "完成提醒",
    "reminder.snooze": "稍后提醒",
    "reminder.time": "改期",
    "review.approve": "审核通过",
    "review.ask_reason": "打开退回原因",
    "review.escalate": "审核超时升级",
    "review.open": "查看审核",
    "review.page": "查看待审",
    "review.return": "审核退回",
    "survey.answer": "客户回答问卷",
    "survey.ask": "发问卷",
    "survey.skip": "不发问卷",
    "today.page": "查看今天",
    "user.add": "设置人员",
    "user.change": "改部门和角色",
    "user.code": "发绑定码",
    "user.disable": "停用人员",
    "user.enable": "启用人员",
    "people.list": "查看人员",
    "people.open": "查看人员",
    "people.edit": "查看人员",
    "people.save": "改部门和角色",
    "people.switch": "停用或启用人员",
    "people.code": "发绑定码",
    "role.open": "查看角色",
    "role.grant": "改角色的权限",
    "absence.end": "销假",
    "absence.enter": "登记请假",
    "absence.new": "登记请假",
    "duty.ask": "排值班",
    "duty.clear": "清除值班",
    "duty.remove": "删除值班",
    "duty.rows": "查看值班",
    "duty.set": "排值班",
    "duty.show": "查看值班",
    "duty.submit": "排值班",
    "contact.reveal": "查看联系方式",
    "contact.reveal_complaint": "查看联系方式",
    "org.sync": "同步通讯录",
    "user.sync": "按通讯录改人员",
    "org.decide": "处理新同事",
    "org.start": "开始同步通讯录",
    "org.status": "查看通讯录同步",
    "org.joiners": "查看新同事",
    "org.joiner": "查看新同事",
    "org.accept": "加入新同事",
    "org.dismiss": "忽略新同事",
    "preferences.set": "改自己的设置",
    "settings.quiet": "改自己的设置",
    "settings.switch": "改自己的设置",
    "settings.settle": "改自己的设置",
    "user.bind": "绑定账号",
    "user.left": "人员离开",
    "privacy.show": "查看个人信息",
    "privacy.ask_export": "打开导出个人信息",
    "privacy.ask_erase": "打开擦除个人信息",
    "privacy.export": "导出个人信息",
    "privacy.erase": "擦除个人信息",
    "person.export": "导出个人信息",
    "person.erase": "擦除个人信息",
    "file.download": "下载文件",
    "command.choose": "选择客户",
    "command.say": "点快捷按钮",
    "command.submit": "提交表单",
}


def options(words: Mapping[E, str]) -> tuple[tuple[str, str], ...]:
    """A list to choose from: people choose, and send, the word itself."""
    return tuple((word, word) for word in words.values())
