"""The gallery's samples of what an administrator sees of messages."""

from __future__ import annotations

from dataclasses import replace

from cards import ops
from cards.kit import Card, Note, Text
from cards.samples import LONG, ODD, Samples
from models.crm.deliveries import Letter, Overview, Standing

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


def samples() -> Samples:
    yield "ops.overview.well", ops.overview(WELL)
    yield "ops.overview.ill", ops.overview(ILL)
    yield "ops.overview.never", ops.overview(replace(WELL, platforms=()))
    odd = Letter(8, ODD, ODD, ODD, "今天 9:30", LONG, retriable=True)
    yield "ops.overview.nasty", ops.overview(replace(ILL, letters=(odd,)))
    yield "ops.quota.70", ops.quota((DINGTALK, FEISHU), 70)
    yield "ops.quota.90", ops.quota((replace(DINGTALK, calls=4501, away=False), FEISHU), 90)
    one = Card("该跟进了 · 华星科技有限公司", (Note("今天 10:00"), Text("发报价单")))
    yield "ops.merged.several", ops.merged([one, replace(one, title="满意度问卷 · 云帆贸易有限公司", body=())])
    yield "ops.merged.many", ops.merged([replace(one, title=ODD)] * 23)
