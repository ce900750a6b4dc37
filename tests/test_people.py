"""/人员 and /角色: an administrator looks after people and roles; what he changes holds at once, on old cards too."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot import rosters
from conftest import ON_SQLITE, Company
from models import policy
from models.crm import people
from models.crm.people import Hire
from models.errors import Refused
from models.policy import Permission, Reach
from models.tables import Audit, Role, RoleGrant, User
from test_entry import stored
from test_leaving import owning
from world import Somebody

NAME = "华星科技有限公司"


@pytest.fixture
def admin(company: Company) -> Somebody:
    return company.keban.somebody(company.make.user("管理员", "总公司", "admin"))


def test_a_person_is_found_changed_and_can_at_once_do_what_his_new_role_may(company: Company, admin: Somebody) -> None:
    company.make.customer("王敏", NAME)
    assert "没有权限" in company.rep.says("/人员 王敏").text and "没有权限" in company.rep.says("/待审").text
    seen = admin.says("/人员 王敏")
    assert seen.title == "人员 · 王敏" and "销售专员" in seen.text and "飞书" in seen.text
    admin.presses("改部门和角色")
    wrong = admin.presses("保存", {"department": "销售九部", "roles": "销售专员"})
    assert "没有「销售九部」这个部门" in wrong.text and "销售九部" in str(wrong.card), "what was typed is kept"
    wrong = admin.presses("保存", {"department": "销售二部", "roles": "销售大神"})
    assert "没有「销售大神」这个角色" in wrong.text
    done = admin.presses("保存", {"department": "销售二部", "roles": "销售专员、部门主管"})
    assert "销售二部" in done.text and "部门主管" in done.text
    assert "待审核" in company.rep.says("/待审").title, "who leads sees what waits"
    row = stored(company, select(Audit.detail).where(Audit.operation == "user.change"))[0]
    assert row["before"] == {"department": "销售一部", "roles": "sales_rep"}
    assert row["after"] == {"department": "销售二部", "roles": "sales_rep,supervisor"}


def test_who_is_disabled_can_do_nothing_with_old_cards_either_until_he_is_let_in_again(
    company: Company, admin: Somebody
) -> None:
    owning(company)
    card = company.rep.says(f"/客户 {NAME}")
    admin.says("/人员 王敏")
    assert "已停用" in admin.presses("停用").text
    company.keban.tick()
    assert "名下客户" in admin.last("已停用 · 王敏").text, "an administrator hears what he owns"
    pressed = company.rep.presses(card.buttons[0], on=card)
    assert "还不认识你" in str(pressed.toast) and "还不认识你" in company.rep.says("/今天").text
    admin.says("/人员 王敏")
    admin.presses("启用")
    assert company.rep.says("/今天").title.startswith("今天")


def test_a_fresh_code_binds_once_within_its_hours_and_stands_in_no_log(company: Company, admin: Somebody) -> None:
    admin.says("/人员 王敏")
    shown = admin.presses("新绑定码")
    code = shown.text.split("/绑定 ")[1].split()[0]
    number = stored(company, select(User.mobile).where(User.name == "王敏"))[0]
    newcomer = company.keban.somebody("ou_new_phone")
    company.keban.forward(hours=73)
    assert "已过期" in newcomer.says(f"/绑定 {code} {number[-4:]}").text
    admin.says("/人员 王敏")
    code = admin.presses("新绑定码").text.split("/绑定 ")[1].split()[0]
    assert "绑定成功" in newcomer.says(f"/绑定 {code} {number[-4:]}").title
    other = company.keban.somebody("ou_somebody_else")
    assert "不对" in other.says(f"/绑定 {code} {number[-4:]}").text
    assert code not in str(stored(company, select(Audit.detail)))


def test_nobody_locks_everybody_out(company: Company, admin: Somebody) -> None:
    admin.says("/人员 管理员")
    assert "不能停用自己" in str(admin.presses("停用").toast)
    admin.says("/人员 管理员")
    admin.presses("改部门和角色")
    assert "至少要留一个" in admin.presses("保存", {"department": "总公司", "roles": "经理"}).text
    unbound = Hire("S9100", "新管理员", "总公司", (Role.ADMIN,), "13900139100")
    company.keban.works.perform(lambda work: people.add_user(work, unbound))
    admin.says("/人员 管理员")
    admin.presses("看 管理员")
    admin.presses("改部门和角色")
    told = admin.presses("保存", {"department": "总公司", "roles": "经理"}).text
    assert "至少要留一个" in told, "whom nobody can speak as keeps nobody"
    admin.says("/角色 超级管理员")
    assert "至少要留一个" in str(admin.presses("保存", {"permission": "管理人员", "reach": "没有"}).toast)
    assert admin.says("/人员 管理员").title == "人员 · 管理员" and not stored(company, select(RoleGrant.role))


def test_what_a_role_may_is_changed_for_everybody_in_it_at_once(company: Company, admin: Somebody) -> None:
    company.make.customer("王敏", NAME)
    assert company.rep.says(f"/客户 {NAME}").title.startswith(NAME)
    assert "没有权限" in company.colleague.says(f"/客户 {NAME}").text
    assert "一次写一个" in admin.says("/角色 法务、经理").text and "一次写一个" in admin.says("/角色 、").text
    admin.says("/角色 销售专员")
    saved = admin.presses("保存", {"permission": "看客户", "reach": "全部"})
    assert "全部（原来：本人）" in saved.text
    assert company.colleague.says(f"/客户 {NAME}").title.startswith(NAME)
    admin.presses("保存", {"permission": "看客户", "reach": "没有"})
    assert "没有权限" in company.rep.says(f"/客户 {NAME}").text
    assert "没有权限" in company.rep.says("/查 华星").text
    admin.presses("保存", {"permission": "看客户", "reach": "本人"})
    assert not stored(company, select(RoleGrant.role)), "what it began with is no change"
    assert company.rep.says(f"/客户 {NAME}").title.startswith(NAME)


def test_a_department_reads_what_its_members_own(company: Company, admin: Somebody) -> None:
    company.make.customer("王敏", NAME)
    neighbour, far = (
        company.keban.somebody(company.make.user(name, department, "sales_rep"))
        for name, department in (("孙丽", "销售一部"), ("吴迪", "销售三部"))
    )
    assert "没有权限" in neighbour.says(f"/客户 {NAME}").text
    admin.says("/角色 销售专员")
    admin.presses("保存", {"permission": "看客户", "reach": "本部门"})
    assert neighbour.says(f"/客户 {NAME}").title.startswith(NAME)
    assert "没有权限" in far.says(f"/客户 {NAME}").text


@ON_SQLITE
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "gb18030"])
def test_many_are_brought_in_by_a_file_or_none(company: Company, tmp_path: Path, coding: str) -> None:
    file = tmp_path / "people.csv"
    head = "工号,姓名,部门,角色,手机\n"
    good = "S9001,孙丽,销售一部,销售专员、部门主管,13900139001\n\nS9002,周云,新部门,,13900139002\n"
    file.write_text(head + good, coding)
    hires = rosters.read(file)
    company.keban.works.perform(lambda work: people.add_users(work, hires))
    held = [stored(company, select(User.roles_held).where(User.name == name))[0] for name in ("孙丽", "周云")]
    assert held == ["sales_rep,supervisor", ""]
    wrong = "S9003,,销售一部,销售专员,13900139003\nS9004,吴迪,销售一部,大神,13900139004\nS9004,a,b\n"
    file.write_text(head + wrong, coding)
    with pytest.raises(Refused) as no:
        rosters.read(file)
    for told in ("第 2 行：姓名是空的", "第 3 行：没有「大神」", "第 4 行：要有 5 列"):
        assert told in no.value.say


REACHES = st.none() | st.sampled_from(list(Reach))
CHANGES = st.dictionaries(st.tuples(st.sampled_from(list(Role)), st.sampled_from(list(Permission))), REACHES)


@given(st.sets(st.sampled_from(list(Role))), CHANGES)
def test_several_roles_are_worth_the_widest_of_each_and_what_is_written_reads_back(
    roles: set[Role], changes: dict[tuple[Role, Permission], Reach | None]
) -> None:
    sets = [policy.of_role(role, changes) for role in roles]
    have = policy.together(sets)
    assert set(have) == {each for one in sets for each in one}
    assert all(have[each] == max(one[each] for one in sets if each in one) for each in have)
    assert policy.read(policy.written(have)) == have
    for (role, permission), reach in changes.items():
        assert policy.of_role(role, changes).get(permission) == reach


def test_people_are_found_by_a_part_of_their_name_number_or_department(company: Company, admin: Somebody) -> None:
    assert admin.says("/人员 敏").title == "人员 · 王敏"
    assert "周舟" in admin.says("/人员 二部").text and "王敏" in admin.says("/人员 s00").text
    assert "没有找到" in admin.says("/人员 %").text and "没有找到" in admin.says("/人员 s_0").text
