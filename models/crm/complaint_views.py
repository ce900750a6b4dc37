"""What the cards of a complaint show, for one reader."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from models import deadlines
from models.crm import access, complaints, customers, duty, private, sight
from models.crm.customers import Person
from models.crm.people import Me
from models.deadlines import ALWAYS, OFFICE
from models.tables import Acknowledgement, Channel, Complaint, ComplaintState, Customer, FollowUp, Severity, User
from models.work import Work

LATELY = 3
NAME = select(User.name).where(User.id == bindparam("person"))
SEEN = (
    select(User.id, User.name, Acknowledgement.at)
    .join(User, User.id == Acknowledgement.user_id)
    .where(Acknowledgement.complaint_id == bindparam("complaint"))
    .order_by(Acknowledgement.at, User.id)
)
EARLIER = select(func.count()).where(
    Complaint.customer_id == bindparam("customer"), Complaint.id < bindparam("complaint")
)
TALKS = (
    select(FollowUp.at, FollowUp.content, User.name)
    .join(User, User.id == FollowUp.author_id)
    .where(FollowUp.customer_id == bindparam("customer"))
    .order_by(FollowUp.at.desc(), FollowUp.id.desc())
    .limit(LATELY)
)


@dataclass(frozen=True, slots=True)
class Complained:
    """A complaint as one reader sees it; `hidden`: it holds contact data that he sees masked."""

    id: int
    number: str
    customer: str
    state: ComplaintState
    severity: Severity
    channel: Channel | None
    content: str
    opened: str
    handler: str
    due: str
    left: str
    late: bool
    level: int
    contacts: tuple[Person, ...]
    earlier: int
    lately: tuple[str, ...]
    acknowledged: tuple[str, ...]
    acknowledged_by_me: bool
    contacted: str
    apologised: bool | None
    problem: str
    late_reason: str
    acting: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list of what waits."""

    id: int
    number: str
    customer: str
    severity: Severity
    left: str
    late: bool


def complained(work: Work, me: Me, complaint_id: int) -> Complained:
    """A complaint with what helps to solve it in one talk: contacts and history of the customer (F1)."""
    complaint = access.complaint(work, me, complaint_id)
    customer = work.db.scalars(customers.FULL, {"customer": complaint.customer_id}).one()
    on_duty = duty.took(work, complaint.id, me.id)
    clear = sight.contact_data_is_clear(work, me, customer)
    talks = work.run(TALKS, customer=customer.id).all()
    written = [complaint.content, complaint.problem or "", complaint.late_reason or "", *(row.content for row in talks)]
    content, problem, reason, *said = private.show(work, customer.id, written, clear=clear)
    seen = work.run(SEEN, complaint=complaint.id).all()
    return Complained(
        id=complaint.id,
        number=complaint.number,
        customer=customer.name,
        state=complaint.state,
        severity=complaint.severity,
        channel=complaint.channel,
        content=content,
        opened=f"{_opener(work, complaint)} · {work.shown(complaint.opened_at)}",
        handler=_name(work, complaint.handler_id),
        due=work.shown(complaint.due_at),
        left=left(work, complaint),
        late=complaints.late(work, complaint),
        level=complaint.level,
        contacts=tuple(customers.person(contact, clear=clear) for contact in customer.contacts),
        earlier=work.run(EARLIER, customer=customer.id, complaint=complaint.id).scalar(),
        lately=tuple(f"{work.shown(row.at)} {row.name}：{text}" for row, text in zip(talks, said, strict=True)),
        acknowledged=tuple(f"{row.name} {work.shown(row.at)}" for row in seen),
        acknowledged_by_me=any(row.id == me.id for row in seen),
        contacted=complaints.contacted(work, complaint) if complaint.contacted_at else "",
        apologised=complaint.apologised,
        problem=problem,
        late_reason=reason,
        acting=_acting(work, me, complaint, on_duty=on_duty),
        hidden=not clear and private.anything(work, customer.id),
    )


def _acting(work: Work, me: Me, complaint: Complaint, *, on_duty: bool) -> str:
    """In whose place this reader sees it; nothing where it concerns himself."""
    if me.lent.people and (names := complaints.behalf(work, me, complaint, work.now)):
        return f"代 {names}"
    return f"值班，代 {_name(work, complaint.handler_id)}" if on_duty and me.id != complaint.handler_id else ""


def _opener(work: Work, complaint: Complaint) -> str:
    return _name(work, complaint.opener_id) if complaint.opener_id else "客户差评"


def _name(work: Work, person: int) -> str:
    return str(work.run(NAME, person=person).scalar())


def left(work: Work, complaint: Complaint) -> str:
    """How much of the time is left, or has been over, in the complaint's own calendar."""
    in_office = work.settings.complaint.office_hours
    hours = deadlines.calendar(work, OFFICE if in_office else ALWAYS)
    over = complaints.late(work, complaint)
    minutes = hours.between(complaint.due_at, work.now) if over else hours.between(work.now, complaint.due_at)
    time = f"{minutes // 60} 小时 {minutes % 60} 分" if minutes >= 60 else f"{minutes} 分钟"
    return f"{'已超时' if over else '还剩'} {time}{'（工作时间）' if in_office else ''}"


def waiting(work: Work, rows: list[Complaint]) -> list[Line]:
    """The lines of a list of complaints."""
    return [_line(work, row) for row in rows]


def _line(work: Work, row: Complaint) -> Line:
    customer = work.db.get_one(Customer, row.customer_id)
    return Line(row.id, row.number, customer.name, row.severity, left(work, row), complaints.late(work, row))
