"""Colleagues by the words people use for them (P1)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select

from models.errors import Ambiguous, NotFound, Refused
from models.tables import User
from models.text.identifiers import narrow
from models.work import Work

CHOICES = 10


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the company, active."""

    id: int
    name: str
    staff_no: str


NAMED = (
    select(User.id, User.name, User.staff_no)
    .where(User.active, or_(User.staff_no == bindparam("upper"), User.name == bindparam("words")))
    .order_by(User.staff_no)
    .limit(CHOICES)
)
NUMBERED = select(User.id, User.name, User.staff_no).where(User.active, User.staff_no == bindparam("number"))


def named(work: Work, words: str) -> Colleague:
    """The colleague meant by a name or a staff number. Raises NotFound, Ambiguous with the namesakes."""
    said = narrow(words).strip()
    found = [Colleague(*row) for row in work.run(NAMED, upper=said.upper(), words=said)]
    if not found:
        raise NotFound(f"没有找到同事「{words}」，请写姓名或工号。")
    if len(found) > 1:
        raise Ambiguous(
            f"有 {len(found)} 位同事叫「{words}」，请选一个：", [(each.staff_no, each.name) for each in found]
        )
    return found[0]


def only(work: Work, words: str) -> Colleague:
    """As `named`, where nobody is asked to choose: namesakes are told by their numbers. Raises NotFound, Refused."""
    try:
        return named(work, words)
    except Ambiguous as namesakes:
        numbers = "、".join(number for number, _ in namesakes.choices)
        raise Refused(f"有几位同事叫「{words}」，请写工号：{numbers}。") from None


def by_staff_no(work: Work, staff_no: str) -> Colleague:
    """The colleague with a staff number. Raises NotFound."""
    found = work.run(NUMBERED, number=staff_no).first()
    if found is None:
        raise NotFound(f"没有找到工号 {staff_no}，请先用 user add 添加这个人。")
    return Colleague(*found)
