"""The gallery's samples of what an administrator sees of messages."""

from __future__ import annotations

from dataclasses import replace

from cards import audit_log, held, ops
from cards.kit import Card, Fields, Note, Text
from cards.samples import HUAXING, LONG, ODD, STRANGE, Samples
from models.crm.audit_log import Entry, Log
from models.crm.deliveries import Letter, Overview, Standing
from models.tables import Outcome

FEISHU = Standing("feishu", 0, "", away=False, slow=False, calls=1234, monthly=0, forecast=1500)
DINGTALK = Standing("dingtalk", 12, "今天 9:03", away=True, slow=False, calls=3650, monthly=5000, forecast=4380)
REFUSED = Letter(7, "reminder", "feishu", "王敏", "今天 9:30", "feishu send: code 230013", retriable=True)
EXPIRED = Letter(6, "digest", "dingtalk", "赵强", "昨天 9:04", "expired", retriable=False)
GROUP = Letter(
    5, "answer", "dingtalk", "", "昨天 9:04", "outcome unknown: dingtalk group message: ReadTimeout", retriable=True
)
WELL = Overview("今天 10:00", (replace(FEISHU, stream=12),), 0, 0, (), 0, more=False)
ILL = Overview(
    "今天 10:00",
    (replace(DINGTALK, stream=185), replace(FEISHU, slow=True)),
    3,
    13,
    (REFUSED, EXPIRED, GROUP),
    1,
    more=True,
)


CORRECTED = (("客户全称", "华星科技", "华星科技有限公司"), ("所属行业", "其他-其他", "制造业-电子设备"))
LOGGED = (
    Entry("今天 9:50", "赵强", "feishu", "review.approve", Outcome.DONE, (("status", "pending", "archived"),)),
    Entry("今天 9:40", "周舟", "dingtalk", "/客户", Outcome.REFUSED),
    Entry("今天 9:35", "王敏", "feishu", "/跟进", Outcome.FAILED),
    Entry("今天 9:30", "王敏", "form", "entry.resubmit", Outcome.DONE, CORRECTED),
    Entry("昨天 17:00", "", "scheduler", "review.escalate", Outcome.DONE),
)


def samples() -> Samples:
    yield from _letters()
    yield from _logs()


def _logs() -> Samples:
    yield "audit_log.log.customer", audit_log.log(Log(HUAXING, LOGGED, 0, more=True))
    yield "audit_log.log.last_page", audit_log.log(Log(HUAXING, LOGGED[:1], 2, more=False))
    yield "audit_log.log.in_vain", audit_log.log(Log(None, LOGGED[1:3], 0, more=False))
    yield "audit_log.log.none", audit_log.log(Log(None, (), 0, more=False))
    odd = Entry("今天 9:50", ODD, ODD, ODD, Outcome.DONE, ((ODD, ODD, LONG),))
    yield "audit_log.log.nasty", audit_log.log(Log(STRANGE, (odd,), 0, more=False))


def _letters() -> Samples:
    yield "ops.overview.well", ops.overview(WELL)
    yield "ops.overview.ill", ops.overview(ILL)
    yield "ops.overview.never", ops.overview(replace(WELL, platforms=()))
    odd = Letter(8, ODD, ODD, ODD, "今天 9:30", LONG, retriable=True)
    yield "ops.overview.nasty", ops.overview(replace(ILL, letters=(odd,)))
    yield "ops.quota.70", ops.quota((DINGTALK, FEISHU), 70)
    yield "ops.quota.90", ops.quota((replace(DINGTALK, calls=4501, away=False), FEISHU), 90)
    yield "ops.overview.held", ops.overview(replace(WELL, held=7))
    yield from _several()


def _several() -> Samples:
    one = Card("该跟进了 · 华星科技有限公司", (Fields.of(("约定时间", "今天 10:00"), ("下一步", "发报价单")),))
    two = Card("客户评价 · 云帆贸易有限公司", (Note("今天 10:00"), Text("★★★★★")))
    yield "held.merged.several", held.merged([(7, one), (8, two), (9, replace(two, body=()))])
    yield "held.merged.short", held.merged([(7, one), (8, two)], short=True)
    yield "held.merged.many", held.merged([(row, replace(one, title=ODD)) for row in range(10)], 13)
