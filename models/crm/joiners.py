"""Who is at a platform and not known here: proposed by the synchronisation, decided by an administrator (P1, P8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, insert, select, update

from models.crm import people, staff
from models.crm.people import Hire, Me
from models.errors import AlreadyDone, NotFound, Refused
from models.organisation import Member
from models.tables import Department, OrgProposal, ProposalState, Role, User
from models.text.identifiers import narrow
from models.work import Work

PAGE = 10
OPEN = OrgProposal.state == ProposalState.OPEN

ROW = (
    select(
        OrgProposal.id,
        OrgProposal.platform,
        OrgProposal.account,
        OrgProposal.name,
        OrgProposal.mobile,
        OrgProposal.staff_no,
        Department.name.label("department"),
    )
    .outerjoin(Department, Department.id == OrgProposal.department_id)
    .where(OPEN)
)
LIST = ROW.order_by(OrgProposal.id).offset(bindparam("skip")).limit(PAGE + 1)
ONE = ROW.where(OrgProposal.id == bindparam("proposal"))
COUNT = select(func.count()).select_from(OrgProposal).where(OPEN)
BY_ACCOUNT = select(OrgProposal).where(
    OrgProposal.platform == bindparam("on"), OrgProposal.account == bindparam("whose")
)
WITHDRAW = delete(OrgProposal).where(OrgProposal.platform == bindparam("on"), OrgProposal.account == bindparam("whose"))
DECIDE = (
    update(OrgProposal)
    .where(OrgProposal.id == bindparam("proposal"), OPEN)
    .values(state=bindparam("became"))
    .returning(OrgProposal.id)
)
TAKEN = select(User.name).where(User.staff_no == bindparam("number"), User.active)
PROPOSE = insert(OrgProposal)


@dataclass(frozen=True, slots=True)
class Joiner:
    """Somebody who may join, as far as the platform says; `department` is empty where he is in none of ours."""

    id: int
    platform: str
    account: str
    name: str
    mobile: str
    staff_no: str
    department: str


@dataclass(frozen=True, slots=True)
class Joiners:
    """A page of them."""

    page: int
    rows: tuple[Joiner, ...]
    more: bool


def propose(work: Work, platform: str, found: Iterable[tuple[Member, int | None]]) -> None:
    """Let an administrator decide about these; what is known of one who waits already is brought up to date."""
    for member, department in found:
        row = work.db.scalar(BY_ACCOUNT, {"on": platform, "whose": member.account})
        if row is None:
            row = OrgProposal(platform=platform, account=member.account)
            work.db.add(row)
        row.name, row.staff_no = (member.name or "")[:64], (member.staff_no or "")[:32]
        row.mobile, row.department_id, row.state = member.mobile or "", department, ProposalState.OPEN


def withdraw(work: Work, platform: str, accounts: Iterable[str]) -> None:
    """These are not there any more."""
    for account in accounts:
        work.run(WITHDRAW, on=platform, whose=account)


def waiting(work: Work) -> int:
    """How many wait to be decided about."""
    return int(work.run(COUNT).scalar() or 0)


def listed(work: Work, me: Me, page: int = 0) -> Joiners:
    """A page of those who wait. Raises NotAllowed."""
    staff.allowed(me)
    rows = [_joiner(row) for row in work.run(LIST, skip=page * PAGE).all()]
    return Joiners(page, tuple(rows[:PAGE]), len(rows) > PAGE)


def joiner(work: Work, me: Me, proposal: int) -> Joiner:
    """One of them. Raises NotAllowed, NotFound."""
    staff.allowed(me)
    row = work.run(ONE, proposal=proposal).first()
    if row is None:
        raise NotFound("没有找到这个人，可能已经处理过了。")
    return _joiner(row)


def _joiner(row: object) -> Joiner:
    fields = {name: getattr(row, name) for name in Joiner.__slots__}
    return Joiner(**fields | {"department": fields["department"] or ""})


def accept(
    work: Work, me: Me, proposal: int, staff_no: str, department: str, roles: Sequence[Role], mobile: str = ""
) -> str:
    """Let him in with these roles, bound to his account; gives his name. Who was disabled comes back so as well.

    Raises NotAllowed, NotFound, AlreadyDone, Refused.
    """
    who = joiner(work, me, proposal)
    number, where = narrow(staff_no).strip(), department.strip()
    if holder := work.run(TAKEN, number=number).scalar():
        raise Refused(f"工号 {number} 已经是{holder}的，请换一个。")
    if where not in staff.departments(work):
        raise Refused(f"没有「{where}」这个部门，已有：{'、'.join(staff.departments(work)[:20])}。")
    if work.db.scalar(people.IDENTITY, {"on": who.platform, "whose": who.account}) is not None:
        raise AlreadyDone("这个账号已经绑定了。")
    account = ((who.platform, who.account),)
    people.add_user(work, Hire(number, who.name, where, tuple(roles), who.mobile or mobile, account))
    _decide(work, who, ProposalState.ACCEPTED)
    return who.name


def dismiss(work: Work, me: Me, proposal: int) -> str:
    """He does not join, and is not proposed again; gives his name. Raises NotAllowed, NotFound, AlreadyDone."""
    who = joiner(work, me, proposal)
    _decide(work, who, ProposalState.DISMISSED)
    return who.name


def _decide(work: Work, who: Joiner, became: ProposalState) -> None:
    if work.run(DECIDE, proposal=who.id, became=became).first() is None:
        raise AlreadyDone
    work.audit("org.decide", f"proposal:{who.id}", platform=who.platform, became=became)
