"""What an operation changed, as `before` and `after` of its audit row (P6). Contact data is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from models.tables import Department, DepartmentSupervisor, User
from models.work import Work

#: the words of an entry that are nobody's data; of all others only the label is told.
OPEN = ("客户性质", "统一社会信用代码", "所属行业", "客户来源")
#: a company's name is open as well; that of a customer who is a person is his, and a chain forgets nothing (P7).
NAME, NATURE, PERSON = "客户全称", "客户性质", "个人"
ABOVE = aliased(Department)
CALLED = select(Department.name).where(Department.id == bindparam("department"))
PARENT = (
    select(ABOVE.name)
    .join(Department, Department.parent_id == ABOVE.id)
    .where(Department.id == bindparam("department"))
)
NAMED = (
    select(User.staff_no)
    .join(DepartmentSupervisor, DepartmentSupervisor.user_id == User.id)
    .where(DepartmentSupervisor.department_id == bindparam("department"))
    .order_by(User.staff_no)
)


def of(**values: tuple[object, object]) -> dict[str, Any]:
    """What differs of pairs of how it was and how it is; nothing where nothing does."""
    differ = {key: pair for key, pair in values.items() if pair[0] != pair[1]}
    if not differ:
        return {}
    before, after = ({key: pair[place] for key, pair in differ.items()} for place in (0, 1))
    return {"before": before, "after": after}


def of_words(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Any]:
    """What was corrected of an entry: the labels of all that differs, and the open words."""
    fields = [label for label in after if before.get(label) != after[label]]
    told = OPEN if PERSON in (before.get(NATURE), after.get(NATURE)) else (NAME, *OPEN)
    return {"fields": fields} | of(**{label: (before.get(label), after[label]) for label in fields if label in told})


def department(work: Work, department_id: int) -> dict[str, object]:
    """How a department stands: its name, what is above it, and who was named to lead it."""
    work.db.flush()  # what was set through the ORM is looked up at once
    name, parent = (work.run(each, department=department_id).scalar() for each in (CALLED, PARENT))
    return {"name": name, "parent": parent, "supervisors": work.run(NAMED, department=department_id).scalars()}


def since(work: Work, department_id: int, before: Mapping[str, object]) -> dict[str, Any]:
    """What became of a department since then."""
    now = department(work, department_id)
    return of(**{key: (before[key], now[key]) for key in now})
