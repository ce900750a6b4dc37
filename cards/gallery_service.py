"""Samples of the cards of service: complaints; and of people who left."""

from __future__ import annotations

from dataclasses import replace

from cards import complaints, leavers
from cards.samples import LONG, ODD, Samples
from models.crm.complaint_views import Complained, Line
from models.crm.customers import Person
from models.crm.leavers import Leaver
from models.tables import Channel, ComplaintState, Severity

COMPLAINED = Complained(
    id=3,
    number="TS202611001",
    customer="华星科技有限公司",
    state=ComplaintState.ACCEPTED,
    severity=Severity.MAJOR,
    channel=Channel.PHONE,
    content="第二批货外壳有裂纹，已经影响生产线，要求今天给出换货方案。",
    opened="吴芳 · 今天 10:00",
    handler="吴芳",
    due="今天 12:00",
    left="还剩 2 小时 0 分",
    late=False,
    level=0,
    contacts=(Person("李雷", "采购经理", "决策人", "13800138001", None, None, None),),
    earlier=1,
    lately=("昨天 15:20 王敏：已报价，等回复", "11月20日 周五 9:30 王敏：寄出样品"),
    acknowledged=("赵强 今天 11:31",),
    acknowledged_by_me=False,
    contacted="",
    apologised=None,
    problem="",
    late_reason="",
)
OVERDUE = replace(COMPLAINED, late=True, left="已超时 20 分钟", acknowledged_by_me=True)
CONTACTED = replace(
    OVERDUE,
    state=ComplaintState.CONTACTED,
    contacted="已由吴芳处理：今天 12:20 首次响应。",
    apologised=True,
    problem="外壳裂纹，客户要求换货",
    late_reason="客户电话一直占线",
)


def _complaints() -> Samples:
    yield "complaints.card.waiting", complaints.card(COMPLAINED, "已受理")
    yield "complaints.card.on_duty", complaints.card(replace(COMPLAINED, acting="值班，代 吴芳"))
    yield "complaints.card.overdue", complaints.card(OVERDUE)
    yield "complaints.card.contacted", complaints.card(CONTACTED)
    bare = replace(COMPLAINED, channel=None, contacts=(), earlier=0, lately=(), acknowledged=())
    yield "complaints.card.nasty", complaints.card(replace(bare, customer=ODD, content=ODD, lately=(ODD,), handler=ODD))
    yield "complaints.card.long", complaints.card(replace(CONTACTED, content=LONG, problem=LONG, late_reason=LONG))
    lines = [
        Line(number, f"TS2026110{number:02}", "华星科技有限公司", severity, left, late)
        for number, severity, left, late in (
            (3, Severity.MAJOR, "已超时 20 分钟", True),
            (4, Severity.NORMAL, "还剩 1 小时 40 分", False),
        )
    ]
    yield "complaints.waiting.two", complaints.waiting(lines, 0, more=False)
    yield "complaints.waiting.page", complaints.waiting(lines * 5, 1, more=True)
    yield "complaints.waiting.none", complaints.waiting([], 0, more=False)
    explained = ["从 2026年11月25日 周三 10:00 起，共 120 分钟", "11月25日 周三 10:00–12:00，计 120 分钟"]
    yield "complaints.why.plain", complaints.why(COMPLAINED, explained)


def _complaint_forms() -> Samples:
    yield "complaints.form.empty", complaints.form({}, {}, 0)
    wrong = {"complainant": "没有找到客户「花星」。", "severity": "没有「严重」这个级别，可以写：一般、重大。"}
    yield "complaints.form.errors", complaints.form({"complainant": "花星", "content": "外壳有裂纹"}, wrong, 0)
    yield "complaints.form.long", complaints.form({"complainant": "华星", "content": LONG}, {}, 5)
    yield "complaints.ask_contact.empty", complaints.ask_contact(COMPLAINED, {}, {})
    missing = {"超时原因": "已超过首次响应时限，请写明原因，例如：超时原因:客户电话占线。"}
    typed = {"problem": ODD, "apologised": "是"}
    yield "complaints.ask_contact.late", complaints.ask_contact(OVERDUE, typed, missing)


def _leavers() -> Samples:
    yield "leavers.left.owning", leavers.left(Leaver("王敏", "S1001", 12, 1, 3, 1, ()))
    yield "leavers.left.bare", leavers.left(Leaver("王敏", "S1001", 0, 0, 0, 0, ("dingtalk",)))
    yield "leavers.left.nasty", leavers.left(Leaver(ODD, ODD, 1, 0, 0, 0, (ODD,)))


PARTS = (_complaints, _complaint_forms, _leavers)
