"""Binding an account to a person (P1): by one-time code and the last four digits, in a private chat."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bot.feishu import NAME as FEISHU
from conftest import ON_SQLITE, Company
from models.crm import departments, people
from models.crm.people import Hire
from models.tables import Audit, Identity, Role, User
from test_entry import stored, submit
from world import Somebody

MOBILE = "13700137001"
WRONG, LATE = "绑定码或手机后四位不对", "绑定码已过期"


def code_for(company: Company, name: str = "新人", staff_no: str = "S9001", mobile: str = MOBILE) -> str:
    """What `user add` prints."""
    new = Hire(staff_no, name, "销售一部", (Role.SALES_REP,), mobile)
    return company.keban.works.perform(lambda work: people.add_user(work, new))[1]


@pytest.fixture
def newcomer(company: Company) -> Somebody:
    return company.keban.somebody("ou_newcomer")


def test_a_person_binds_once_and_then_works(company: Company, newcomer: Somebody) -> None:
    code = code_for(company)
    assert re.fullmatch("[0-9A-F]{8}", code)
    assert "请先绑定" in newcomer.says("/客户 华星").text and "/绑定" in newcomer.says("/帮助").text
    bound = newcomer.says(f"/绑定 {code} 7001")
    assert bound.title == "绑定成功" and "新人" in bound.text
    assert newcomer.says("/新客户").title == "录入新客户"
    assert stored(company, select(Audit.operation).where(Audit.operation == "user.bind")) == ["user.bind"]


@pytest.mark.parametrize("line", ["/绑定 {code} 7001", "/bind {lower} 7001", "／绑定  {code}\n７００１"])
@ON_SQLITE
def test_what_people_type_of_a_code_is_read_kindly(company: Company, newcomer: Somebody, line: str) -> None:
    code = code_for(company)
    assert newcomer.says(line.format(code=code, lower=code.lower())).title == "绑定成功"


def test_a_code_works_once(company: Company, newcomer: Somebody) -> None:
    code = code_for(company)
    newcomer.says(f"/绑定 {code} 7001")
    thief = company.keban.somebody("ou_thief")
    assert WRONG in thief.says(f"/绑定 {code} 7001").text
    assert "请先绑定" in thief.says("/查 华星").text and newcomer.says("/查 华星").title == "没有找到"


def test_five_wrong_tries_burn_a_code_and_the_answers_tell_nothing(company: Company, newcomer: Somebody) -> None:
    code = code_for(company)
    told = {newcomer.says(f"/绑定 {code} {wrong}").text for wrong in ("7002", "1", "xxxx", "700１2")}
    told.add(newcomer.says("/绑定 00000000 7001").text)
    assert len(told) == 1 and WRONG in told.pop()
    assert stored(company, select(User.binding_failures).where(User.staff_no == "S9001")) == [4]
    newcomer.says(f"/绑定 {code} 0000")
    assert LATE in newcomer.says(f"/绑定 {code} 7001").text
    assert "请先绑定" in newcomer.says("/查 华星").text
    assert newcomer.says(f"/绑定 {code_for(company)} 7001").title == "绑定成功"


def test_a_code_expires_after_its_hours(company: Company, newcomer: Somebody) -> None:
    early, late = code_for(company), code_for(company, "后来", "S9002")
    company.keban.clock.forward(hours=72)
    assert newcomer.says(f"/绑定 {early} 7001").title == "绑定成功"
    company.keban.clock.forward(seconds=1)
    assert LATE in company.keban.somebody("ou_late").says(f"/绑定 {late} 7001").text


def test_a_code_is_not_taken_in_a_group_and_stays_good(company: Company, newcomer: Somebody) -> None:
    code = code_for(company)
    assert "私聊" in newcomer.says(f"/绑定 {code} 7001", group=True).text
    assert newcomer.says(f"/绑定 {code} 7001").title == "绑定成功"


@pytest.mark.parametrize("line", ["/绑定", "/绑定 3F9A12BC", "/bind"])
@ON_SQLITE
def test_too_few_words_are_answered_with_the_usage(newcomer: Somebody, line: str) -> None:
    assert "用法：/绑定 <码> <手机后四位>" in newcomer.says(line).text


def test_a_new_account_takes_the_place_of_the_old_one(company: Company) -> None:
    old = company.rep
    submit(company.rep)
    number = stored(company, select(User.staff_no).where(User.name == "王敏"))[0]
    new = company.keban.somebody("ou_new_phone")
    assert new.says(f"/绑定 {code_for(company, '王敏', number)} 7001").title == "绑定成功"
    assert new.says("/客户 华星科技").title == "华星科技有限公司"
    assert "请先绑定" in old.says("/客户 华星科技").text and "请先绑定" in old.presses("撤回").toast
    company.supervisor.presses("退回")
    company.supervisor.presses("确认退回", {"退回原因": "补地址"})
    company.keban.forward(seconds=4)
    submit(new, 客户全称="远方商贸有限公司")
    assert company.supervisor.presses("通过").title.startswith("已建档")
    company.keban.forward(seconds=4)
    assert new.last("已建档") and [message for message in old.inbox() if "远方" in str(message.card)] == []
    assert len(stored(company, select(Identity).where(Identity.platform == FEISHU))) == 5


def test_an_account_that_is_bound_anew_belongs_to_the_new_person(company: Company) -> None:
    account = company.rep
    submit(account)
    assert account.says(f"/绑定 {code_for(company)} 7001").title == "绑定成功"
    assert "没有找到" in account.says("/查 华星科技").title and "没有找到" in account.presses("撤回").toast


def unbound(company: Company, newcomer: Somebody) -> Iterator[str]:
    for line in ("/客户 华星", "/新客户", "/跟进 华星 已报价", "/待审", "/查 8001"):
        yield newcomer.says(line).text
        yield newcomer.says(line, group=True).text
    submit(company.rep)
    for card in (company.supervisor.last("待审核"), company.rep.last("待审核")):
        for label in card.buttons:
            yield newcomer.press_in(card, dict(card.card), label).toast


def test_who_is_not_bound_is_told_so_whatever_he_says_or_presses(company: Company, newcomer: Somebody) -> None:
    told = list(unbound(company, newcomer))
    assert len(told) == 15 and all("请先绑定" in each for each in told), told


def test_what_waited_for_a_person_goes_out_when_he_binds(company: Company, newcomer: Somebody) -> None:
    code = code_for(company, "新主管", "S9003")
    company.keban.works.perform(lambda work: departments.set_department(work, "销售一部", None, ["S9003"]))
    submit(company.rep)
    assert newcomer.inbox() == []
    newcomer.says(f"/绑定 {code} 7001")
    assert newcomer.last("待审核 · 华星科技有限公司").buttons == ["通过", "退回", "查看联系方式"]
    assert newcomer.presses("通过").title.startswith("已建档")


def test_who_takes_an_account_that_is_somebodys_is_told_whose_it_was(company: Company) -> None:
    code = code_for(company)
    told = company.rep.says(f"/绑定 {code} 7001").text
    assert "新人，你好" in told and "这个账号原来是王敏的，王敏的绑定已解除" in told
    assert "原来是" not in company.rep.says(f"/绑定 {code_for(company)} 7001").text, "bound anew, it is his own"
