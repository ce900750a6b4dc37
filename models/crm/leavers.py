"""Who leaves a platform: his account speaks for nobody any more, and somebody hears what he still owns (P1)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, select, update

from models import chats, outbox
from models.crm import follow_ups, people
from models.crm.people import Me
from models.tables import (
    Complaint,
    ComplaintState,
    Customer,
    DepartmentSupervisor,
    Identity,
    Role,
    Timer,
    TimerState,
    User,
)
from models.work import Work

LEAVER = "leaver"
#: an administrator disabled him, who has not left
DISABLED = "disabled"

UNBIND = (
    delete(Identity)
    .where(Identity.platform == bindparam("on"), Identity.account == bindparam("whose"))
    .returning(Identity.user_id, Identity.private_chat)
)
#: whoever has no account left can do nothing any more, and is no successor of anybody.
DISABLE = (
    update(User)
    .where(User.id == bindparam("person"), ~select(Identity.id).where(Identity.user_id == User.id).exists())
    .values(active=False, binding_key=None)
)
OWNED = select(
    User.name,
    User.staff_no,
    select(func.count()).where(Customer.owner_id == User.id).scalar_subquery().label("customers"),
    select(func.count())
    .where(Complaint.handler_id == User.id, Complaint.state == ComplaintState.ACCEPTED)
    .scalar_subquery()
    .label("complaints"),
    select(func.count())
    .where(
        Timer.person_id == User.id,
        Timer.kind == follow_ups.REMINDER,
        Timer.state.in_([TimerState.PENDING, TimerState.FIRED]),
    )
    .scalar_subquery()
    .label("reminders"),
    select(func.count()).where(DepartmentSupervisor.user_id == User.id).scalar_subquery().label("departments"),
).where(User.id == bindparam("person"))


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who left, how much waits for him, which departments he was named to lead, where he still is."""

    name: str
    staff_no: str
    customers: int
    complaints: int
    reminders: int
    departments: int
    platforms: tuple[str, ...]
    disabled: bool = False


def left(work: Work, platform: str, account: str) -> None:
    """Unbind an account whose owner has left the organisation; nothing is sent there any more.

    The admins hear of it, or whoever leads his department where there are none. His other accounts stay; without any he
    is disabled. Somebody who was bound to nobody changes nothing.
    """
    gone = work.run(UNBIND, on=platform, whose=account).first()
    if gone is None:
        return
    outbox.forget_copies(work, gone.user_id, platform)
    outbox.redirect(work, gone.user_id, people.reach(work, gone.user_id))
    if gone.private_chat:
        chats.closed(work, platform, gone.private_chat)
    work.run(DISABLE, person=gone.user_id)
    announce(work, work.db.get_one(User, gone.user_id))
    work.audit("user.left", f"user:{gone.user_id}", platform=platform)


def announce(work: Work, person: User, kind: str = LEAVER) -> None:
    """Somebody hears what this person still owns."""
    work.notify(kind, person.id, _successors(work, person), anew=True)


def _successors(work: Work, person: User) -> list[int]:
    """Who sees to it that somebody takes over."""
    admins = [each for each in people.in_role(work, Role.ADMIN) if each != person.id]
    return admins or people.leaders_above(work, person.department_id, but=person.id)


def view(work: Work, me: Me, user_id: int, *, disabled: bool = False) -> Leaver:
    """What a leaver, or who was `disabled`, still owns: numbers only, for whoever was told of it."""
    row = work.run(OWNED, person=user_id).first()
    still = tuple(platform for platform, _ in people.accounts(work, user_id))
    waits = row.customers, row.complaints, row.reminders, row.departments
    return Leaver(row.name, row.staff_no, *waits, still, disabled)
