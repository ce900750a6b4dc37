"""The only doors to the leave and the duty of colleagues, as `access` is to customers (P3, P9, P10).

Whoever leads a team sets them by his own right: a deputy decides and is alerted in his place, but does not do this.
"""

from __future__ import annotations

from sqlalchemy import bindparam, or_, select

from models.crm.access import Scope, led, reach
from models.crm.people import Me
from models.errors import NotAllowed, NotFound
from models.policy import Permission
from models.tables import Absence, Department, DutyShift, User
from models.work import Work

ABSENCE = (
    select(Absence, or_(Absence.user_id == bindparam("me"), led(User.department_id)).label("may_end"))  # type: ignore[arg-type]
    .join(User, User.id == Absence.user_id)
    .where(Absence.id == bindparam("absence"))
)
MEMBER = select(User.id).where(User.id == bindparam("person"), led(User.department_id))  # type: ignore[arg-type]


def _leading(me: Me) -> Scope:
    """What `led` binds: who decides for a team by his own right, or looks after people."""
    himself = me.himself
    return reach(himself, Permission.REVIEW) | ({"all": True} if himself.may(Permission.PEOPLE) else {})


def absence(work: Work, me: Me, absence_id: int) -> tuple[Absence, bool]:
    """A leave for who is away, stands in or leads him, and whether this person may end it (P9). Raises NotFound."""
    row = work.db.execute(ABSENCE, {"absence": absence_id, **_leading(me)}).first()
    if row is None or not (row.may_end or row.Absence.deputy_id == me.id):
        raise NotFound("没有找到这次请假，或你没有权限。")
    return row.Absence, bool(row.may_end)


def absence_to_end(work: Work, me: Me, absence_id: int) -> Absence:
    """A leave this person may end: his own, or of who is in his team. Raises NotFound, NotAllowed."""
    found, may_end = absence(work, me, absence_id)
    if not may_end:
        raise NotAllowed("只有本人、他的主管和管理员可以销假。")
    return found


def member(work: Work, me: Me, person: int) -> int:
    """Oneself, or somebody of a team one leads (P9). Raises NotAllowed."""
    if person != me.id and not work.run(MEMBER, person=person, **_leading(me)).first():
        raise NotAllowed("只能给自己或自己团队的同事登记请假，你没有权限。")
    return person


LEADS = select(Department.id).where(Department.id == bindparam("department"), led(Department.id))  # type: ignore[arg-type]
SHIFT = select(DutyShift).where(DutyShift.id == bindparam("shift"), led(DutyShift.department_id))  # type: ignore[arg-type]
CALLED = select(Department).where(Department.name == bindparam("words"))


def department(work: Work, words: str) -> Department:
    """A department by its name; rosters are no secret among colleagues. Raises NotFound."""
    found = work.db.scalar(CALLED, {"words": words.strip()})
    if found is None:
        raise NotFound(f"没有找到部门「{words}」。")
    return found


def sets_duty(work: Work, me: Me, department_id: int) -> bool:
    """Whether this person sets the duty roster of a department: whoever leads it (P10)."""
    return bool(work.run(LEADS, department=department_id, **_leading(me)).first())


def department_led(work: Work, me: Me, department_id: int) -> Department:
    """A department whose roster this person sets. Raises NotAllowed."""
    if not sets_duty(work, me, department_id):
        raise NotAllowed("只有这个部门的主管和管理员可以排班，你没有权限。")
    return work.db.get_one(Department, department_id)


def shift(work: Work, me: Me, shift_id: int) -> DutyShift:
    """A row of a roster this person sets. Raises NotFound."""
    found = work.db.scalar(SHIFT, {"shift": shift_id, **_leading(me)})
    if found is None:
        raise NotFound("没有找到这条值班，或你没有权限。")
    return found
