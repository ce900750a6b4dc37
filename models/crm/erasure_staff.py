"""Erasing one of our own who left: how he was reached is destroyed, who did what stays (P7)."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select

from models.crm import erasure, people
from models.errors import AlreadyDone, Refused
from models.tables import Absence, Identity, OrgKind, OrgLink, OrgProposal, Preference, User, View, ViewSubscription
from models.text.erased import Traces
from models.work import Work

ACCOUNTS = select(Identity.platform, Identity.account).where(Identity.user_id == bindparam("person"))
LINKS = select(OrgLink.platform, OrgLink.key).where(
    OrgLink.kind == OrgKind.MEMBER, OrgLink.subject_id == bindparam("person")
)
#: as whom he was once proposed: who left is at no platform any more, so his number and his mobile tell as well.
PROPOSED = select(OrgProposal.id, OrgProposal.platform, OrgProposal.account, OrgProposal.staff_no, OrgProposal.mobile)
DROP = delete(OrgProposal).where(OrgProposal.id.in_(bindparam("ids", expanding=True)))
#: rows that are about him alone; that he stood in for others is about them.
HIS = (
    delete(Identity).where(Identity.user_id == bindparam("person")).returning(Identity.id),
    delete(Preference).where(Preference.user_id == bindparam("person")).returning(Preference.user_id),
    delete(ViewSubscription).where(ViewSubscription.user_id == bindparam("person")).returning(ViewSubscription.view),
    delete(View).where(View.user_id == bindparam("person")).returning(View.id),
    delete(Absence).where(Absence.user_id == bindparam("person")).returning(Absence.id),
    delete(OrgLink)
    .where(OrgLink.kind == OrgKind.MEMBER, OrgLink.subject_id == bindparam("person"))
    .returning(OrgLink.key),
)


def erase(work: Work, staff_no: str, reason: str) -> User:
    """Destroy mobile, accounts, code, leave, views and settings of somebody who was disabled; it cannot be undone.

    His name and staff number stay: they say who did what. Raises Refused, AlreadyDone.
    """
    user = people.by_staff_no(work, staff_no)
    if user.active:
        raise Refused(f"{user.name}（{staff_no}）还在用，先执行 user disable。")
    traces = Traces.of([user.mobile] if user.mobile else [])
    erasure.check_reason(reason, traces)
    _proposals(work, user)
    dropped = [len(work.run(each, person=user.id).all()) for each in HIS]
    if not (user.mobile or any(dropped)):
        raise AlreadyDone(erasure.before(work, f"user:{user.id}"))
    user.mobile, user.binding_key, user.binding_expires_at = "", None, None
    work.db.flush()  # the log is emptied of it when this is committed
    erasure.forget(work, traces, f"user:{user.id}")
    work.audit("person.erase", f"user:{user.id}", reason=reason)
    return user


def _proposals(work: Work, user: User) -> None:
    """As whom he was once proposed to join."""
    known = {tuple(row) for each in (ACCOUNTS, LINKS) for row in work.run(each, person=user.id)}
    his = [
        row.id
        for row in work.run(PROPOSED)
        if (row.platform, row.account) in known
        or row.staff_no == user.staff_no
        or (user.mobile and row.mobile == user.mobile)
    ]
    if his:
        work.connection.execute(DROP, {"ids": his})
