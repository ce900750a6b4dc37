"""Follow-ups: what was said to a customer, and when to speak again (C1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from models import due
from models.crm import funnel, private
from models.crm.access import CustomerRef
from models.crm.people import Me
from models.errors import Refused
from models.tables import Customer, DealStage, FollowUp, FunnelStage, Method, Status, Timer, TimerState, User
from models.text.times import Settled
from models.work import Work

REMINDER = "follow_up"
CONTACTED = "已联系"
LONGEST = 5000

ADD = insert(FollowUp).returning(FollowUp.id)
OTHERS = (
    select(User.name, FollowUp.at)
    .join(User, User.id == FollowUp.author_id)
    .where(
        FollowUp.customer_id == bindparam("customer"),
        FollowUp.author_id != bindparam("person"),
        FollowUp.at >= bindparam("since"),
    )
    .order_by(FollowUp.at.desc())
    .limit(1)
)
TOUCH = (
    update(Customer)
    .where(Customer.id == bindparam("customer"))
    .values(last_follow_up_at=bindparam("moment"), funnel_stage=bindparam("funnel"), deal_stage=bindparam("deal"))
)
REPLACE = (
    update(Timer)
    .where(
        Timer.customer_id == bindparam("customer"),
        Timer.person_id == bindparam("person"),
        Timer.kind == REMINDER,
        Timer.state == TimerState.PENDING,
    )
    .values(state=TimerState.CANCELLED, closed_at=bindparam("moment"))
)
WHY_NOT = {
    Status.PENDING: "还在待审核，通过以后才能记跟进。",
    Status.RETURNED: "的录入被退回了，请先修改并重新提交。",
    Status.WITHDRAWN: "的录入已撤回，请先重新提交。",
}


@dataclass(frozen=True, slots=True)
class Talk:
    """What a person says about one talk with a customer."""

    content: str
    method: Method | None = None
    feedback: str | None = None
    next_step: str | None = None
    next_at: Settled | None = None
    stage: DealStage | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A follow-up as its author sees it once it is written."""

    id: int
    customer: CustomerRef
    talk: Talk
    at: dt.datetime
    funnel: str
    sensitive: bool
    colleague: str | None = None
    colleague_at: dt.datetime | None = None


def record(work: Work, me: Me, customer: CustomerRef, talk: Talk) -> Recorded:
    """Write down a talk; `next_at` becomes the author's reminder in place of the one still waiting.

    Only archived customers take follow-ups (B3). Raises Refused.
    """
    if customer.status is not Status.ARCHIVED:
        raise Refused(f"「{customer.name}」{WHY_NOT[customer.status]}")
    for label, text in (("内容", talk.content), ("客户反馈", talk.feedback or ""), ("下一步", talk.next_step or "")):
        if len(text) > LONGEST:
            raise Refused(f"{label}最多 {LONGEST} 字，现在是 {len(text)} 字，请精简或分两次记。")
    hidden = [private.hide(work, customer.id, text or "") for text in (talk.content, talk.feedback, talk.next_step)]
    other = _colleague(work, me, customer)
    entry = _add(work, me, customer, talk, hidden)
    stage = _touch(work, customer, talk.stage)
    if talk.next_at is not None:
        work.put(REPLACE, person=me.id, customer=customer.id, moment=work.now)
        due.plan(work, REMINDER, entry, talk.next_at.at, person_id=me.id, customer_id=customer.id)
    work.audit("follow_up.record", f"customer:{customer.id}", follow_up=entry, stage=talk.stage)
    sensitive = any(private.holds(text) for text in hidden)
    name, at = (other.name, other.at) if other else (None, None)
    return Recorded(entry, customer, talk, work.now, funnel.customer_type(stage), sensitive, name, at)


def _colleague(work: Work, me: Me, customer: CustomerRef) -> Any:
    """Who else talked to the customer today, and when (C1)."""
    since = work.now.astimezone(work.office.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if customer.last_follow_up_at is None or customer.last_follow_up_at < since:
        return None
    return work.run(OTHERS, customer=customer.id, person=me.id, since=since).first()


def _add(work: Work, me: Me, customer: CustomerRef, talk: Talk, hidden: list[str]) -> int:
    content, feedback, next_step = hidden
    return work.add(
        ADD,
        customer_id=customer.id,
        author_id=me.id,
        at=work.now,
        method=talk.method,
        content=content,
        feedback=feedback or None,
        next_step=next_step or None,
        next_at=talk.next_at and talk.next_at.at,
        deal_stage=talk.stage,
    )


def _touch(work: Work, customer: CustomerRef, deal: DealStage | None) -> FunnelStage:
    stage = funnel.follows(customer.funnel_stage, deal) if deal else customer.funnel_stage
    work.put(TOUCH, customer=customer.id, moment=work.now, funnel=stage, deal=deal or customer.deal_stage)
    if stage is not customer.funnel_stage:
        funnel.enter(work, customer.id, stage)
    return stage
