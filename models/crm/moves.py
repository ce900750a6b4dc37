"""Somebody's move to another department: whoever leads there sees to his customers from then on (P3, P8)."""

from __future__ import annotations

from sqlalchemy import bindparam, update

from models.tables import Customer, Review, ReviewState, User
from models.work import Work

MOVE = update(User).where(User.id == bindparam("person")).values(department_id=bindparam("department"))
HIS = update(Customer).where(Customer.owner_id == bindparam("person")).values(department_id=bindparam("department"))
#: what was decided stays with who decided it; a complaint with the department that it came to.
WAITING = (
    update(Review)
    .where(Review.submitter_id == bindparam("person"), Review.state == ReviewState.PENDING)
    .values(department_id=bindparam("department"))
)


def move(work: Work, person: int, department: int) -> None:
    """His customers, and what of his waits for review, go with him. Who leads whom is derived by the caller."""
    for each in (MOVE, HIS, WAITING):
        work.run(each, person=person, department=department)
