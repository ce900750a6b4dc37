"""Everything held about one of our own, to be handed to him (P7)."""

from __future__ import annotations

from sqlalchemy import Executable, bindparam, func, select
from sqlalchemy.orm import aliased

from models.crm import dossier, people
from models.crm.dossier import Document
from models.tables import (
    Absence,
    Audit,
    Department,
    DutyShift,
    Identity,
    OrgLink,
    OrgProposal,
    Preference,
    User,
    UserRole,
    View,
    ViewSubscription,
)
from models.tables.orgs import OrgKind
from models.work import Work

DEPUTY = aliased(User)
ROLES = select(UserRole.role).where(UserRole.user_id == bindparam("person")).order_by(UserRole.role)
#: what there is about him, each with its labels; which departments he leads stands with these.
ROWS: dict[str, Executable] = {
    "账号": select(Identity.platform.label("平台"), Identity.account.label("账号")).where(
        Identity.user_id == bindparam("person")
    ),
    "通讯录": select(OrgLink.platform.label("平台"), OrgLink.key.label("账号")).where(
        OrgLink.kind == OrgKind.MEMBER, OrgLink.subject_id == bindparam("person")
    ),
    "加入前": select(
        OrgProposal.platform.label("平台"), OrgProposal.name.label("姓名"), OrgProposal.mobile.label("手机")
    ).where(
        select(Identity.id)
        .where(
            Identity.user_id == bindparam("person"),
            Identity.platform == OrgProposal.platform,
            Identity.account == OrgProposal.account,
        )
        .exists()
    ),
    "请假": select(Absence.since.label("从"), Absence.until.label("到"), DEPUTY.name.label("代理人"))
    .outerjoin(DEPUTY, DEPUTY.id == Absence.deputy_id)
    .where(Absence.user_id == bindparam("person"))
    .order_by(Absence.id),
    "值班": select(
        DutyShift.weekday.label("星期（0 是周一）"),
        DutyShift.date.label("日期"),
        DutyShift.opens.label("从第几分钟"),
        DutyShift.closes.label("到第几分钟"),
    ).where(DutyShift.user_id == bindparam("person")),
    "视图": select(View.name.label("名称"), View.conditions.label("条件")).where(View.user_id == bindparam("person")),
    "订阅": select(ViewSubscription.view.label("视图"), ViewSubscription.weekly.label("每周")).where(
        ViewSubscription.user_id == bindparam("person")
    ),
    "设置": select(
        Preference.quiet_from.label("免打扰从"),
        Preference.quiet_until.label("免打扰到"),
        Preference.digest.label("简报"),
        Preference.morning.label("今日待办"),
        Preference.platform.label("平台"),
    ).where(Preference.user_id == bindparam("person")),
    "做过的操作": select(Audit.operation.label("操作"), func.count().label("次数"))
    .where(Audit.actor_id == bindparam("person"))
    .group_by(Audit.operation)
    .order_by(Audit.operation),
}


def of_staff(work: Work, staff_no: str) -> Document:
    """What is held about somebody, disabled or not; that it was asked for is audited. Raises Refused."""
    user = people.by_staff_no(work, staff_no)
    work.audit("person.export", f"user:{user.id}")
    return {
        "说明": "客伴里保存的员工个人信息，应本人要求导出。时间是公司所在时区的时间。",
        "导出时间": work.now,
        "工号": user.staff_no,
        "姓名": user.name,
        "手机": user.mobile,
        "部门": work.db.get_one(Department, user.department_id).name,
        "角色": list(work.run(ROLES, person=user.id).scalars()),
        "在用": user.active,
        **{label: [row._asdict() for row in work.run(each, person=user.id)] for label, each in ROWS.items()},
        "关于他的操作": dossier.done(work, f"user:{user.id}"),
    }
