"""One state, four views: what is stored, what is derived, and how a deal moves the funnel (A5, D1)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert

from models.tables import DealStage, FunnelStage, StageEntry
from models.work import Work

ENTER = insert(StageEntry)

STAGES: Mapping[FunnelStage, str] = {
    FunnelStage.LEAD: "线索",
    FunnelStage.PROSPECT: "潜在",
    FunnelStage.INTERESTED: "意向",
    FunnelStage.NEGOTIATION: "谈判",
    FunnelStage.WON: "成交",
    FunnelStage.REPURCHASE: "复购",
    FunnelStage.LOST: "流失",
}
DEAL_STAGES: Mapping[DealStage, str] = {
    DealStage.INTENT: "意向",
    DealStage.QUOTE: "报价",
    DealStage.CONTRACT: "合同",
    DealStage.WON: "成交",
}
#: customer_type and the working step of each funnel stage.
VIEWS = {
    FunnelStage.LEAD: ("潜在", "初次接触"),
    FunnelStage.PROSPECT: ("潜在", "需求确认"),
    FunnelStage.INTERESTED: ("意向", "方案提供"),
    FunnelStage.NEGOTIATION: ("意向", "商务谈判"),
    FunnelStage.WON: ("成交", "成交维护"),
    FunnelStage.REPURCHASE: ("成交", "成交维护"),
    FunnelStage.LOST: ("流失", ""),
}
#: the funnel stage a deal needs at least.
NEEDS = {
    DealStage.INTENT: FunnelStage.INTERESTED,
    DealStage.QUOTE: FunnelStage.INTERESTED,
    DealStage.CONTRACT: FunnelStage.NEGOTIATION,
    DealStage.WON: FunnelStage.WON,
}
#: the deal stages a funnel stage allows; a deal that is not among them moves the funnel to what it needs.
ALLOWED = {
    FunnelStage.INTERESTED: {DealStage.INTENT, DealStage.QUOTE},
    FunnelStage.NEGOTIATION: {DealStage.QUOTE, DealStage.CONTRACT},
    FunnelStage.WON: {DealStage.WON},
    FunnelStage.REPURCHASE: set(DealStage),
}


def customer_type(stage: FunnelStage) -> str:
    """潜在, 意向, 成交 or 流失: derived, never set by hand."""
    return VIEWS[stage][0]


def follows(stage: FunnelStage, deal: DealStage) -> FunnelStage:
    """The funnel stage after the deal moved; a new deal of a customer who has bought is a repurchase."""
    if deal in ALLOWED.get(stage, set()):
        return stage
    if stage is FunnelStage.WON:
        return FunnelStage.REPURCHASE
    return NEEDS[deal]


def bought(stage: FunnelStage, *, again: bool) -> FunnelStage:
    """The funnel stage after a deal was recorded: the first one wins the customer, the next is a repurchase (A19)."""
    return FunnelStage.REPURCHASE if again or stage is FunnelStage.REPURCHASE else FunnelStage.WON


def enter(work: Work, customer_id: int, stage: FunnelStage) -> None:
    """Keep when a customer came to a stage."""
    work.put(ENTER, customer_id=customer_id, stage=stage, at=work.now)
