"""Complaints: taken in, contacted within two hours, louder with every rung until then (F1, F2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from models import deadlines, due, outbox
from models.crm import changes, deputies, duty, numbers, people, private
from models.crm.access import CustomerRef
from models.crm.deputies import Matter
from models.crm.people import Me
from models.crm.published import SurveyAnswered
from models.deadlines import ALWAYS, OFFICE, Rung
from models.errors import AlreadyDone, Invalid, Refused
from models.policy import Permission
from models.settings import Complaint as Rules
from models.tables import (
    Acknowledgement,
    Channel,
    Complaint,
    ComplaintSource,
    ComplaintState,
    Customer,
    Role,
    Severity,
    Survey,
    User,
)
from models.work import AnyRow, Work

COMPLAINT = "complaint"
HANDLER, SUPERVISOR, UNANSWERED = "complaint.handler", "complaint.supervisor", "complaint.unanswered"
MANAGER, BREACH, AGAIN = "complaint.manager", "complaint.breach", "complaint.again"
PROBLEM, REASON = "问题核心", "超时原因"
LONGEST = 5000

ADD = insert(Complaint).returning(Complaint.id)
CONTACT = (
    update(Complaint)
    .where(Complaint.id == bindparam("complaint"), Complaint.state == ComplaintState.ACCEPTED)
    .values(
        state=ComplaintState.CONTACTED,
        contacted_at=bindparam("moment"),
        contacted_by=bindparam("who"),
        apologised=bindparam("apology"),
        problem=bindparam("what"),
        late_reason=bindparam("why"),
    )
    .returning(Complaint.id)
)
RAISE = (
    update(Complaint)
    .where(
        Complaint.id == bindparam("complaint"),
        Complaint.state == ComplaintState.ACCEPTED,
        Complaint.level == bindparam("seen"),
    )
    .values(level=Complaint.level + 1)
    .returning(Complaint.id)
)
SEE = insert(Acknowledgement)
ACTIVE = select(User.id).where(User.id == bindparam("person"), User.active)


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer complains about, as it was taken in."""

    content: str
    channel: Channel | None = None
    severity: Severity = Severity.NORMAL


@dataclass(frozen=True, slots=True)
class First:
    """The first contact: the problem in one sentence, and whether we apologised."""

    problem: str
    apologised: bool | None = None
    late_reason: str | None = None


def ladder(rules: Rules, source: ComplaintSource) -> tuple[int, tuple[Rung, ...]]:
    """So many minutes to the first contact, and who is told when, before their end and after it (F2, G2)."""
    minutes = rules.first_contact, rules.warn_handler, rules.warn_supervisor, rules.warn_manager
    if source is ComplaintSource.BAD_SCORE:
        minutes = (
            rules.bad_score_contact,
            rules.bad_score_warn_handler,
            rules.bad_score_warn_supervisor,
            rules.bad_score_warn_manager,
        )
    whole, handler, supervisor, manager = minutes
    before = (
        Rung(HANDLER, handler),
        Rung(SUPERVISOR, supervisor),
        Rung(UNANSWERED, supervisor - rules.answer_within),
        Rung(MANAGER, manager),
    )
    again = (Rung(AGAIN, -rules.again_every * (number + 1)) for number in range(rules.again_times))
    return whole, (*(rung for rung in before if 0 < rung.minutes_before < whole), Rung(BREACH, 0), *again)


def take_in(work: Work, me: Me, customer: CustomerRef, said: Said) -> int:
    """Open a complaint, start its clock and tell who handles it and whose customer it is. Raises Refused."""
    if len(said.content) > LONGEST:
        raise Refused(f"投诉内容最多 {LONGEST} 字，现在是 {len(said.content)} 字，请精简。")
    handler = me if me.serves else _handler(work, customer) or me
    complaint = _open(work, customer, handler, said, opener_id=me.id)
    work.notify(COMPLAINT, complaint, {*_told_first(work, me, customer, complaint, handler)} - {me.id})
    return complaint


def _told_first(work: Work, me: Me, customer: CustomerRef, complaint: int, handler: Me) -> list[int]:
    """Who handles a new complaint, or stands in for him, and whose customer it is."""
    absent, department = deputies.away(work), handler.department_id
    on_duty = None if handler.id == me.id else duty.takes(work, complaint, department)
    first = deputies.acting([on_duty or handler.id], absent)
    first = first or people.leaders_above(work, department, but=handler.id)
    return [*first, *deputies.acting([customer.owner_id], absent)]


def of_bad_score(work: Work, news: SurveyAnswered) -> None:
    """A customer is not satisfied: a complaint of its own, whose owner and supervisor hear of it at once (G2)."""
    customer, survey = work.db.get_one(Customer, news.customer), work.db.get_one(Survey, news.survey)
    handler = _handler(work, customer)
    if news.score > work.settings.complaint.bad_score or handler is None:
        return
    said = Said(f"客户在满意度问卷里打了 {news.score} 分。{survey.comment or ''}")
    complaint = _open(work, customer, handler, said, source=ComplaintSource.BAD_SCORE)
    leaders = people.leaders_above(work, handler.department_id, but=handler.id)
    handling = deputies.acting([handler.id], deputies.away(work))
    work.notify(COMPLAINT, complaint, [*handling, *leaders])


def _open(work: Work, customer: CustomerRef | Customer, handler: Me, said: Said, **about: Any) -> int:
    source = about.setdefault("source", ComplaintSource.CHAT)
    minutes, rungs = ladder(work.settings.complaint, source)
    hours = OFFICE if work.settings.complaint.office_hours else ALWAYS
    complaint = work.add(
        ADD,
        number=numbers.complaint_number(work),
        customer_id=customer.id,
        handler_id=handler.id,
        department_id=handler.department_id,
        opened_at=work.now,
        due_at=deadlines.calendar(work, hours).add(work.now, minutes).due,
        channel=said.channel,
        severity=said.severity,
        content=private.hide(work, customer.id, said.content),
        state=ComplaintState.ACCEPTED,
        **about,
    )
    deadlines.start(work, COMPLAINT, complaint, minutes, rungs, hours)
    work.audit("complaint.open", f"customer:{customer.id}", complaint=complaint, severity=said.severity, source=source)
    return complaint


def _handler(work: Work, customer: CustomerRef | Customer) -> Me | None:
    """The customer's owner; whoever leads his department where he has left (F2)."""
    leaders = people.leaders_above(work, customer.department_id, but=customer.owner_id)
    found = (people.by_id(work, each) for each in (customer.owner_id, *leaders))
    return next((person for person in found if person), None)


def contact(work: Work, me: Me, complaint: Complaint, first: First) -> None:
    """Record the first contact; the ladder ends. Raises Invalid with what is missing, AlreadyDone."""
    if complaint.state is not ComplaintState.ACCEPTED:
        raise AlreadyDone(contacted(work, complaint))
    if wrong := _wrong(first, late=late(work, complaint)):
        raise Invalid(wrong)
    hidden = [private.hide(work, complaint.customer_id, text or "") for text in (first.problem, first.late_reason)]
    said = {"apology": first.apologised, "what": hidden[0], "why": hidden[1] or None}
    held = work.run(CONTACT, complaint=complaint.id, moment=work.now, who=me.id, **said).first()
    work.db.refresh(complaint)
    if held is None:
        raise AlreadyDone(contacted(work, complaint))
    deadlines.meet(work, COMPLAINT, complaint.id)
    work.notify(COMPLAINT, complaint.id)
    became = changes.of(state=(ComplaintState.ACCEPTED, complaint.state))
    work.audit("complaint.contact", f"customer:{complaint.customer_id}", complaint=complaint.id, **became)


def _wrong(first: First, *, late: bool) -> dict[str, str]:
    texts = {PROBLEM: first.problem.strip(), REASON: (first.late_reason or "").strip()}
    wrong = {label: f"最多 {LONGEST} 字，请精简。" for label, text in texts.items() if len(text) > LONGEST}
    if not texts[PROBLEM]:
        wrong[PROBLEM] = "请用一句话写明问题核心。"
    if late and not texts[REASON]:
        wrong[REASON] = "已超过首次响应时限，请写明原因，例如：超时原因:客户电话占线。"
    return wrong


def late(work: Work, complaint: Complaint) -> bool:
    """Whether the first contact is overdue, or came too late: its time ends where the deadline begins."""
    return (complaint.contacted_at or work.now) >= complaint.due_at


def contacted(work: Work, complaint: Complaint) -> str:
    """Who made the first contact and when, in a sentence."""
    at, who = complaint.contacted_at or work.now, people.by_id(work, complaint.contacted_by or 0)
    name = f"{who.name}{_behalf(work, who, complaint, at)}" if who else "同事"
    return f"已由{name}处理：{work.shown(at)} 首次响应。"


def _behalf(work: Work, who: Me, complaint: Complaint, at: dt.datetime) -> str:
    names = behalf(work, who, complaint, at)
    return f"（代{names}）" if names else ""


def behalf(work: Work, who: Me, complaint: Complaint, at: dt.datetime) -> str:
    """For whom somebody acted, or acts, on a complaint; nothing where it is his own."""
    owner = work.db.get_one(Customer, complaint.customer_id).owner_id
    concerned = {complaint.handler_id, complaint.opener_id or 0, owner}
    of = Matter(Permission.COMPLAINT, complaint.department_id)
    return deputies.behalf(work, who.id, at, of, concerned)


def acknowledge(work: Work, me: Me, complaint: Complaint) -> None:
    """收到: stops only the rung's own escalation, when it comes from whoever leads the handler's department (F2)."""
    if complaint.state is not ComplaintState.ACCEPTED:
        raise AlreadyDone(contacted(work, complaint))
    if not outbox.claim(work, f"complaint:{complaint.id}:seen:{me.id}"):
        raise AlreadyDone("你已经点过收到了。")
    work.put(SEE, complaint_id=complaint.id, user_id=me.id, at=work.now)
    if me.id in people.leaders_above(work, complaint.department_id, but=complaint.handler_id):
        due.cancel(work, UNANSWERED, complaint.id)
    work.notify(COMPLAINT, complaint.id)
    work.audit("complaint.acknowledge", f"customer:{complaint.customer_id}", complaint=complaint.id)


def escalate(work: Work, me: Me, complaint: Complaint, seen: int) -> None:
    """升级: the next one up who has not been told is told now. Raises AlreadyDone, Refused at the top."""
    if complaint.state is not ComplaintState.ACCEPTED:
        raise AlreadyDone(contacted(work, complaint))
    told = {copy.user_id for copy in outbox.copies(work, f"{COMPLAINT}:{complaint.id}")} | {me.id}
    above = people.levels(work, complaint.department_id, but=complaint.handler_id)
    higher = next((level for level in above if not told & {*level}), None)
    if higher is None:
        raise Refused("上面的负责人都已经收到了，没有更高一级可以升级。")
    if work.run(RAISE, complaint=complaint.id, seen=seen).first() is None:
        raise AlreadyDone("刚刚已经有人升级了，请看最新的卡片。")
    work.db.refresh(complaint)
    work.notify(COMPLAINT, complaint.id, higher)
    became = changes.of(level=(seen, complaint.level))
    work.audit("complaint.escalate", f"customer:{complaint.customer_id}", complaint=complaint.id, **became)


def alert(work: Work, timer: AnyRow) -> None:
    """A rung's moment has come: whom it is for get a new card, all others see theirs change.

    The last one before the end is urgent where that is set; the end itself goes to all platforms of everybody (F2).
    """
    complaint = work.db.get_one(Complaint, timer.subject_id)
    told = ALERTED[timer.kind](work, complaint)
    urgent, broken = work.settings.sla.urgent and timer.kind == MANAGER, timer.kind in (BREACH, AGAIN)
    work.notify(COMPLAINT, complaint.id)
    work.notify(COMPLAINT, complaint.id, told, anew=True, urgent=urgent, everywhere=broken)
    work.audit("complaint.alert", f"customer:{complaint.customer_id}", complaint=complaint.id, rung=timer.kind)


def _up_to(work: Work, complaint: Complaint, height: int) -> list[int]:
    """Whoever handles it now and so many levels above; with nobody of the first, or nobody on duty, one level at least.

    Outside office hours whoever is on duty is in the handler's place (P10).
    """
    on_duty = duty.takes(work, complaint.id, complaint.department_id)
    handler = work.run(ACTIVE, person=complaint.handler_id).scalars()
    first = [on_duty] if on_duty else deputies.acting(handler, deputies.away(work))
    alone = on_duty or (first and duty.in_office(work))
    above = people.levels(work, complaint.department_id, but=complaint.handler_id)
    return [*dict.fromkeys([*first, *chain.from_iterable(islice(above, height if alone else max(height, 1)))])]


def _unanswered(work: Work, complaint: Complaint) -> list[int]:
    """Who stands in for the one above since he was told, else the next one up."""
    told = {copy.user_id for copy in outbox.copies(work, f"{COMPLAINT}:{complaint.id}")}
    above = people.levels(work, complaint.department_id, but=complaint.handler_id)
    deputy = [each for each in next(above, []) if each not in told]
    return deputy or next(above, [])


def _everybody(work: Work, complaint: Complaint) -> list[int]:
    service = deputies.acting(people.in_role(work, Role.SERVICE_LEAD), deputies.away(work))
    return [*dict.fromkeys([*_up_to(work, complaint, 2), *service])]


ALERTED: dict[str, Callable[[Work, Complaint], list[int]]] = {
    HANDLER: lambda work, complaint: _up_to(work, complaint, 0),
    SUPERVISOR: lambda work, complaint: _up_to(work, complaint, 1),
    UNANSWERED: _unanswered,
    MANAGER: lambda work, complaint: _up_to(work, complaint, 2),
    BREACH: _everybody,
    AGAIN: _everybody,
}
