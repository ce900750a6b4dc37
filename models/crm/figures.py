"""The numbers of the digest, a table: what each is called, how it is counted, and the records behind it (H1, H7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, desc, func, null, or_, select

from models.crm import access, follow_ups
from models.tables import (
    Complaint,
    ComplaintState,
    Customer,
    Deal,
    DealState,
    Department,
    FollowUp,
    FunnelStage,
    Review,
    ReviewState,
    StageEntry,
    Survey,
    Timer,
    TimerState,
    User,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the digest: what it is called, how it is counted, and the statements for it.

    `dated` figures count what happened in a period, the others what is open at the moment.
    """

    key: str
    label: str
    rule: str
    dated: bool
    teams: Select[Any]
    people: Select[Any]
    page: Select[Any]


def figure(key: str, label: str, rule: str, records: Select[Any], *, dated: bool) -> Figure:
    """A figure whose numbers and list all come from the same records, so that they agree."""
    each, number = records.subquery(), func.count().label("number")
    return Figure(
        key,
        label,
        rule,
        dated,
        teams=select(each.c.team, number).group_by(each.c.team).order_by(each.c.team),
        people=select(each.c.staff_no, each.c.who, number).group_by(each.c.staff_no, each.c.who),
        page=records.order_by(desc("at") if dated else "at", "record")
        .limit(bindparam("most"))
        .offset(bindparam("skip")),
    )


LED = access.led(Customer.department_id)  # type: ignore[arg-type]


def records(
    table: Any, at: Any, person: Any, *where: ColumnElement[bool], word: Any = None, led: ColumnElement[bool] = LED
) -> Select[Any]:
    """The rows of a table with a customer, where this person leads the department: the permission is in the query."""
    return (
        select(
            table.id.label("record"),
            Customer.id.label("customer"),
            Customer.name,
            Department.name.label("team"),
            User.staff_no,
            User.name.label("who"),
            at.label("at"),
            (null() if word is None else word).label("word"),
        )
        .select_from(table)
        .join(Customer, Customer.id == table.customer_id)
        .join(Department, Department.id == Customer.department_id)
        .join(User, User.id == person)
        .where(led, *where)
    )


def within(at: Any) -> ColumnElement[bool]:
    """In the period of the digest."""
    return (at >= bindparam("since")) & (at < bindparam("until"))  # type: ignore[no-any-return]


APPROVED = records(
    Review, Review.decided_at, Customer.owner_id, Review.state == ReviewState.APPROVED, within(Review.decided_at)
)
WAITING = records(
    Review,
    Review.due_at,
    Review.submitter_id,
    Review.state == ReviewState.PENDING,
    Review.submitter_id != bindparam("me"),
)
TALKS = records(FollowUp, FollowUp.at, FollowUp.author_id, within(FollowUp.at), word=FollowUp.method)
MOVES = records(
    StageEntry,
    StageEntry.at,
    Customer.owner_id,
    StageEntry.stage.not_in([FunnelStage.LEAD, FunnelStage.PROSPECT]),
    within(StageEntry.at),
    word=StageEntry.stage,
)
OVERDUE = records(
    Timer, Timer.due_at, Timer.person_id, Timer.kind == follow_ups.REMINDER, Timer.state == TimerState.FIRED
)
#: who leads service is told of what it handles, whose customer it may be.
COMPLAINTS = records(
    Complaint,
    Complaint.opened_at,
    Complaint.handler_id,
    within(Complaint.opened_at),
    word=Complaint.severity,
    led=or_(LED, access.led(Complaint.department_id)),  # type: ignore[arg-type]
)
UNANSWERED = records(
    Complaint,
    Complaint.due_at,
    Complaint.handler_id,
    Complaint.state == ComplaintState.ACCEPTED,
    word=Complaint.severity,
    led=or_(LED, access.led(Complaint.department_id)),  # type: ignore[arg-type]
)
DEALS = records(Deal, Deal.at, Deal.author_id, Deal.state != DealState.RETURNED, within(Deal.at))
SURVEYS = records(Survey, Survey.answered_at, Customer.owner_id, within(Survey.answered_at))
#: every number, in the order of the card; another one is another entry.
FIGURES: Mapping[str, Figure] = {
    each.key: each
    for each in (
        figure("customers", "新客户", "这段时间里审核通过、建了档的客户。", APPROVED, dated=True),
        figure("reviews", "录入待审核", "现在等你审核的录入，不含你自己录入的。", WAITING, dated=False),
        figure("follow_ups", "跟进", "这段时间里记下的跟进，记一次算一条。", TALKS, dated=True),
        figure("stages", "阶段推进", "这段时间里客户进入新漏斗阶段的次数，不含建档时的阶段。", MOVES, dated=True),
        figure("deals", "成交", "这段时间里记下的成交笔数，不含已退的。", DEALS, dated=True),
        figure("surveys", "客户评价", "这段时间里客户回答了的满意度问卷。", SURVEYS, dated=True),
        figure("complaints", "投诉", "这段时间里受理的投诉。", COMPLAINTS, dated=True),
        figure("unanswered", "待首次响应的投诉", "现在还没有首次响应的投诉，最急的在前。", UNANSWERED, dated=False),
        figure("overdue", "逾期提醒", "已经到期、现在还没有完成的跟进提醒。", OVERDUE, dated=False),
    )
}
