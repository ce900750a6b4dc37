"""/投诉 and /首响: a complaint is taken in, and contacted before its time is over."""

from __future__ import annotations

from dataclasses import dataclass

from bot.routing import Router, reads
from cards import complaints as cards
from cards.kit import PAGE, Card
from models import deadlines
from models.crm import access, complaint_views, complaints
from models.crm.access import CustomerRef
from models.crm.complaints import COMPLAINT, First, Said
from models.crm.people import Me
from models.errors import Invalid
from models.policy import Permission
from models.tables import Channel, Complaint, ComplaintState, Severity
from models.work import Work

router = Router()


@dataclass(frozen=True, slots=True)
class Complainant:
    """The customer who complains."""

    ref: CustomerRef


@reads(Complainant)
def complainant(text: str, work: Work, me: Me) -> Complainant:
    """Service takes in what any customer complains about, others what theirs do."""
    return Complainant(access.complainant(work, me, text))


@reads(Complaint)
def by_number(text: str, work: Work, me: Me) -> Complaint:
    """A complaint by its number: the look-up is the permission."""
    return access.complaint_by_number(work, me, text)


def waiting(*, work: Work, me: Me) -> Card:
    """What waits for its first contact."""
    return _page(work, me, 0)


@router.command(
    "/投诉 <客户> <内容…> [渠道:] [级别:]", "/complain", "/ts", may=Permission.COMPLAINT, form=cards.form, alone=waiting
)
def take_in(
    complainant: Complainant,
    content: str,
    channel: Channel | None = None,
    severity: Severity | None = None,
    *,
    work: Work,
    me: Me,
) -> Card:
    """登记一个投诉，两小时内要首次响应。只发 /投诉 看等待响应的。
    例：/投诉 华星科技 第二批货外壳有裂纹，要求换货 渠道:电话 级别:一般
    """
    said = Said(content, channel, severity or Severity.NORMAL)
    complaint = complaints.take_in(work, me, complainant.ref, said)
    return _shown(work, me, complaint, "已受理")


@router.command("/首响 <投诉号> <内容…> [致歉:] [超时原因:]", "/contacted", "/sx", may=Permission.COMPLAINT)
def contact(
    complaint: Complaint,
    problem: str,
    apologised: bool | None = None,
    late_reason: str | None = None,
    *,
    work: Work,
    me: Me,
) -> Card:
    """记下对投诉的首次响应：问题核心，是否致歉；已超时的写明原因。
    例：/首响 TS202611001 外壳裂纹，客户要求换货 致歉:是
    """
    complaints.contact(work, me, complaint, First(problem, apologised, late_reason))
    return _shown(work, me, complaint.id, "已记录首次响应")


@router.action(cards.New, may=Permission.COMPLAINT)
def new(action: cards.New, *, work: Work, me: Me) -> Card:
    """登记投诉."""
    return cards.form({}, {}, 0)


@router.action(cards.List, may=Permission.COMPLAINT)
def turn(action: cards.List, *, work: Work, me: Me) -> Card:
    """上一页 and 下一页."""
    return _page(work, me, max(action.page, 0))


def _page(work: Work, me: Me, page: int) -> Card:
    rows = access.waiting_complaints(work, me)
    start = page * PAGE
    lines = complaint_views.waiting(work, rows[start : start + PAGE])
    return cards.waiting(lines, page, more=len(rows) > start + PAGE)


@router.action(cards.Show, may=Permission.COMPLAINT)
def show(action: cards.Show, *, work: Work, me: Me) -> Card:
    """打开 and 返回."""
    return _shown(work, me, action.complaint)


def _shown(work: Work, me: Me, complaint: int, toast: str = "") -> Card:
    return cards.card(complaint_views.complained(work, me, complaint), toast)


@router.action(cards.AskContact, may=Permission.COMPLAINT)
def ask_contact(action: cards.AskContact, *, work: Work, me: Me) -> Card:
    """首次响应: first what it is about."""
    seen = complaint_views.complained(work, me, action.complaint)
    return cards.ask_contact(seen, {}, {}) if seen.state is ComplaintState.ACCEPTED else cards.card(seen)


@router.action(cards.Contact, may=Permission.COMPLAINT)
def submit_contact(action: cards.Contact, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """The form of 首次响应."""
    complaint = access.complaint(work, me, action.complaint)
    apologised = {"是": True, "否": False}.get(form.get("apologised", ""))
    try:
        complaints.contact(
            work, me, complaint, First(form.get("problem", ""), apologised, form.get("late_reason") or None)
        )
    except Invalid as no:
        return cards.ask_contact(complaint_views.complained(work, me, complaint.id), form, no.fields)
    return _shown(work, me, complaint.id, "已记录首次响应")


@router.action(cards.Acknowledge, may=Permission.COMPLAINT)
def acknowledge(action: cards.Acknowledge, *, work: Work, me: Me) -> Card:
    """收到."""
    complaints.acknowledge(work, me, access.complaint(work, me, action.complaint))
    return _shown(work, me, action.complaint, "已收到")


@router.action(cards.Escalate, may=Permission.COMPLAINT)
def escalate(action: cards.Escalate, *, work: Work, me: Me) -> Card:
    """升级."""
    complaints.escalate(work, me, access.complaint(work, me, action.complaint), action.level)
    return _shown(work, me, action.complaint, "已升级")


@router.action(cards.Why, may=Permission.COMPLAINT)
def why(action: cards.Why, *, work: Work, me: Me) -> Card:
    """为什么是这个时间."""
    seen = complaint_views.complained(work, me, action.complaint)
    return cards.why(seen, deadlines.explained(work, COMPLAINT, seen.id))
