"""The gallery's samples of people and roles."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from cards import people, settings
from cards.samples import NOW, ODD, Samples, shown
from models import policy
from models.crm.named_views import BUILT_IN
from models.crm.preferences import Preferences
from models.crm.staff import Employee, Listed, RoleSet, Row
from models.policy import Permission, Reach
from models.tables import Role

MIN = Row(3, "王敏", "S1001", "销售一部", (Role.SALES_REP,), active=True)
GONE = Row(4, "赵强", "S1002", "销售一部", (), active=False)
SET = RoleSet(Role.SALES_REP, policy.of_role(Role.SALES_REP, {}), policy.of_role(Role.SALES_REP, {}))


def samples() -> Samples:
    """Every sample by name."""
    yield "people.listed.some", people.listed(Listed("", 0, (MIN, GONE), more=True), 3)
    nobody = replace(MIN, name=ODD, department=ODD, staff_no=ODD[:32], roles=tuple(Role))
    yield "people.listed.nasty", people.listed(Listed(ODD, 1, (nobody,), more=False))
    who = Employee(MIN, (Role.SALES_REP,), (), ("feishu", "dingtalk"), None)
    yield "people.employee.bound", people.employee(who, shown)
    waiting = replace(who, platforms=(), code_until=NOW + dt.timedelta(days=3), leads=("销售一部", "销售二部"))
    yield "people.employee.waiting", people.employee(waiting, shown)
    yield "people.employee.disabled", people.employee(Employee(GONE, (), (), (), None), shown)
    yield "people.code", people.code(waiting, "3F9A12BC", shown)
    yield "people.edit.blank", people.edit(who, "销售一部", "销售专员")
    yield "people.edit.wrong", people.edit(who, "销售九部", "销售专员", "没有「销售九部」这个部门，已有：销售一部。")
    yield "people.new.blank", people.new({})
    given = {"staff_no": "S1001", "name": "孙丽", "department": "销售九部", "mobile": "13900139001"}
    yield "people.new.wrong", people.new(given, "没有「销售九部」这个部门，已有：销售一部。")
    yield "people.roles", people.roles([replace(SET, role=role) for role in Role])
    yield "people.role.as_it_began", people.role(SET)
    narrowed = {(Role.SALES_REP, Permission.CUSTOMER_READ): Reach.TEAM, (Role.SALES_REP, Permission.DEAL): None}
    yield "people.role.changed", people.role(replace(SET, rights=policy.of_role(Role.SALES_REP, narrowed)))
    yield "settings.settings.as_it_began", settings.settings(Preferences("22:00", "08:00"), ["feishu"])
    away = Preferences("", "", digest=False, platform="dingtalk")
    yield "settings.settings.changed", settings.settings(away, ["feishu", "dingtalk"])
    told = [replace(BUILT_IN["new"], weekly=True), replace(BUILT_IN["stale"], weekly=False)]
    yield "settings.settings.views", settings.settings(away, ["feishu"], subscribed=told)
    yield "settings.settings.wrong", settings.settings(away, [], "「夜里」看不懂，请写成 22:00 这样的钟点。")
