"""/部门 and 添加人员: an administrator arranges departments and lets people in from the chat (P1, P2)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from conftest import Company
from models.crm import staff
from models.tables import Audit, Department, User
from test_entry import stored
from world import Somebody

NAME = "华星科技有限公司"


@pytest.fixture
def admin(company: Company) -> Somebody:
    return company.keban.somebody(company.make.user("管理员", "总公司", "admin"))


def parents(company: Company) -> dict[str, int | None]:
    rows = company.keban.works.perform(lambda work: work.run(select(Department.name, Department.parent_id)).all())
    return {row.name: row.parent_id for row in rows}


def test_a_department_is_made_placed_and_led_and_its_leader_decides_at_once(company: Company, admin: Somebody) -> None:
    company.make.customer("王敏", NAME)
    assert "没有权限" in company.manager.says("/部门").text, "also for who sees everything"
    admin.says("/部门")
    admin.presses("新部门")
    wrong = admin.presses("保存", {"name": "华东区", "above": "天上"})
    assert "没有找到部门「天上」" in wrong.text and "华东区" in str(wrong.card), "what was typed is kept"
    assert "华东区" not in parents(company)
    assert "已经有「销售一部」" in admin.presses("保存", {"name": "销售一部"}).text
    made = admin.presses("保存", {"name": "华东区", "above": "总公司", "supervisors": "陈晨"})
    assert made.title == "部门 · 华东区" and "陈晨" in made.text and "上级\u3000总公司" in made.text
    assert "没有权限" in company.colleague.says(f"/客户 {NAME}").text
    admin.says("/部门 销售一部")
    admin.presses("修改")
    admin.presses("保存", {"name": "销售一部", "above": "华东区", "supervisors": ""})
    assert company.colleague.says(f"/客户 {NAME}").title.startswith(NAME), "who leads what is above sees it at once"
    row = stored(company, select(Audit.detail).where(Audit.operation == "department.set").order_by(Audit.id.desc()))[0]
    assert row["name"] == "销售一部" and row["after"]["parent"] == "华东区"


def test_a_circle_a_namesake_and_a_stranger_are_said_in_the_form_and_change_nothing(
    company: Company, admin: Somebody
) -> None:
    before = parents(company)
    admin.says("/部门 总公司")
    admin.presses("修改")
    assert "不能放在自己或下级" in admin.presses("保存", {"name": "总公司", "above": "销售一部"}).text
    company.make.user("陈晨", "销售二部", "sales_rep")
    told = admin.presses("保存", {"above": "", "supervisors": "陈晨"}).text
    assert "请写工号" in told and "、" in told
    assert "没有找到同事「没人」" in admin.presses("保存", {"name": "总公司", "supervisors": "赵强，没人"}).text
    assert "不要写电话" in admin.presses("保存", {"name": "总公司 13912345678"}).text
    assert parents(company) == before
    assert not stored(company, select(Audit.id).where(Audit.operation == "department.set", Audit.channel == "feishu"))
    renamed = admin.presses("保存", {"name": "集团总部", "supervisors": "赵强"})
    assert renamed.title == "部门 · 集团总部" and "总公司" not in parents(company)
    assert "集团总部" in admin.says("/部门").text


def test_who_is_new_is_let_in_from_the_chat_with_his_code_and_nobody_is_overwritten(
    company: Company, admin: Somebody
) -> None:
    new = {"staff_no": "S7001", "name": "孙丽", "department": "销售一部", "roles": "销售专员", "mobile": "13900139007"}
    admin.says("/人员")
    admin.presses("添加人员")
    for wrong, told in (
        ({"mobile": "123"}, "手机"),
        ({"department": "销售九部"}, "没有「销售九部」"),
        ({"roles": "大神"}, "没有「大神」"),
        ({"staff_no": "S1001 13912345678"}, "不要写电话"),
    ):
        said = admin.presses("添加", new | wrong)
        assert told in said.text and "孙丽" in str(said.card), "what was typed is kept"
    assert not stored(company, select(User.id).where(User.name == "孙丽"))
    code = admin.presses("添加", new).text.split("/绑定 ")[1].split()[0]
    newcomer = company.keban.somebody("ou_sunli")
    assert "绑定成功" in newcomer.says(f"/绑定 {code} 9007").title
    assert newcomer.says("/今天").title.startswith("今天")
    admin.says("/人员")
    admin.presses("添加人员")
    assert "已经是孙丽的" in admin.presses("添加", new | {"name": "别人"}).text
    assert stored(company, select(User.name).where(User.staff_no == "S7001")) == ["孙丽"]


def test_a_name_is_found_as_it_was_typed_and_who_is_disabled_leads_no_more(company: Company, admin: Somebody) -> None:
    for name, above in (("销售部（华东）", "总公司"), ("上海组", "销售部（华东）")):
        admin.says("/部门")
        admin.presses("新部门")
        made = admin.presses("保存", {"name": name, "above": above, "supervisors": "陈晨"})
        assert made.title == f"部门 · {name}"
    company.keban.works.perform(lambda work: staff.disable(work, stored_number(company, "陈晨")))
    admin.says("/部门 上海组")
    admin.presses("修改")
    assert "没有指定" in admin.presses("保存", {"name": "浦东组"}).text


def stored_number(company: Company, name: str) -> str:
    return str(stored(company, select(User.staff_no).where(User.name == name))[0])
