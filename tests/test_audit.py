"""The audit (P6): what was done and refused, by whom, in which roles, what it changed; /日志 shows it to who leads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import handlers  # noqa: F401 (declares every action)
from cards.kit import Action
from cards.labels import OPERATIONS
from conftest import ON_SQLITE, Company, Inside
from models.crm import people
from models.crm.people import Hire
from models.tables import Audit, Customer, Outcome, Role, Status, User
from models.work import Works
from test_entry import stored
from test_story import ENTRY, NAME, SURFACES, corrected_and_approved, entered_and_returned, followed_up, opened
from world import HandClock, Person, Somebody

ROOT = Path(__file__).parent.parent
NUMBER = "C202611001"
CONTACT = re.compile(r"\d{11}|\*{4}|@|李雷|世纪大道")


@pytest.fixture(params=SURFACES)
def company(request: pytest.FixtureRequest, works: Works, clock: HandClock) -> Iterator[Company]:
    with opened(request.param, clock=lambda: clock().timestamp()) as end:
        yield Company(Inside(works, end, clock))


def joins(company: Company, name: str, *roles: str) -> Person:
    person: Person = company.joins(name, "总公司", *roles)
    return person


def rows(company: Company, outcome: Outcome = Outcome.DONE) -> list[Audit]:
    return stored(company, select(Audit).where(Audit.outcome == outcome).order_by(Audit.id))


def lived(company: Company) -> Any:
    """A customer's first day, told to nobody but its own team."""
    entered_and_returned(company.rep, company.supervisor)
    company.keban.forward(seconds=4)
    corrected_and_approved(company.rep, company.supervisor, NUMBER)
    company.keban.forward(seconds=4)
    followed_up(company.rep, NUMBER)
    return stored(company, select(Customer.id))[0]


def test_the_log_of_a_customer_tells_who_did_what_and_what_it_changed(company: Company) -> None:
    customer = lived(company)
    assert "没有权限" in company.stranger.says(f"/跟进 {NUMBER} 手机 13700137002").text
    for leader in (company.supervisor, company.manager, joins(company, "小李", "admin")):
        shown = leader.says("/日志 华星科技")
        assert shown.title == f"日志 · {NAME}"
        told = re.sub(r"\s+", " ", shown.text.replace("\\", ""))
        for part in (
            "王敏 · ", "提交录入", "审核退回 状态：待审核 → 已退回", "重新提交录入", "审核通过 状态：待审核 → 已建档",
            "记跟进", "周舟", "/跟进（被拒绝）",
        ):  # fmt: skip
            assert part in told, (part, told)
        assert not CONTACT.search(told)
    done = {row.operation: row for row in rows(company)}
    assert done["review.approve"].roles == "supervisor" and done["follow_up.record"].roles == "sales_rep"
    assert done["entry.resubmit"].detail == {"fields": ["地址"]}, "contact data is named, not told"
    assert {row.subject for row in rows(company, Outcome.REFUSED)} == {f"customer:{customer}"}
    assert all(row.channel == company.keban.end.name and row.request for row in rows(company, Outcome.REFUSED))


def test_who_does_not_lead_the_team_reads_no_log_and_a_group_gets_none(company: Company) -> None:
    company.make.customer("王敏", NAME)
    chief = joins(company, "吴敏", "service_lead")
    for who in (company.rep, company.stranger, company.colleague, chief):
        assert "没有权限" in who.says("/日志 华星科技有限公司").text
    handles: Person = company.joins("孙丽", "销售二部", "supervisor", "service_agent")
    assert handles.says("/投诉 华星科技有限公司 少了一台").title.startswith("投诉")
    assert handles.says("/客户 华星科技").title == NAME and "没有权限" in handles.says("/日志 华星科技").text
    assert {row.operation for row in rows(company, Outcome.REFUSED)} == {"/日志"}
    assert company.supervisor.says("/日志 华星科技", group=True).title == "已私信给你"
    assert company.supervisor.last("日志").title == f"日志 · {NAME}"
    assert "还缺客户" in company.supervisor.says("/日志").text
    admin = joins(company, "小李", "admin")
    shown = admin.says("/日志")
    assert shown.title == "被拒绝和出错的操作" and "/日志（被拒绝）" in shown.text


@ON_SQLITE
@pytest.mark.parametrize("company", ["feishu"], indirect=True)
def test_the_log_turns_its_pages_for_who_may_read_it(company: Company) -> None:
    customer = company.make.customer("王敏", NAME)
    for number in range(12):
        company.rep.says(f"/跟进 {NUMBER} 第 {number} 次")
    boss: Somebody = company.supervisor
    first = boss.says("/日志 华星科技")
    assert first.text.count("记跟进") == 10 and first.buttons == ["下一页"]
    second = boss.presses("下一页")
    assert second.text.count("记跟进") == 2 and "审核通过" in second.text and second.buttons == ["上一页"]
    seen = boss.last("日志")
    assert "没有" in company.stranger.press_in(seen, seen.card, "上一页").toast
    rival = company.joins("吴敏", "销售二部", "supervisor")
    assert "没有找到" in rival.press_in(seen, seen.card, "上一页").toast
    assert "查看日志（被拒绝）" in boss.presses("上一页").text, "and it stands in the log itself"
    refused = rows(company, Outcome.REFUSED)[-1]
    assert (refused.operation, refused.roles) == ("audit.page", "supervisor")
    assert refused.subject == f"customer:{customer.id}", "what a card names and is not his is a refused permission"


def test_a_press_that_is_refused_is_told_by_its_name_on_every_surface(company: Company) -> None:
    """First he leads another team, then none; what he pressed is known although he only said a code."""
    company.rep.says("/新客户")
    company.rep.presses("提交", ENTRY)
    review = company.supervisor.last("待审核")
    for department, role, label in (("销售二部", Role.SUPERVISOR, "通过"), ("销售一部", Role.SALES_REP, "退回")):
        moved(company, "赵强", department, role)
        company.supervisor.presses(label, on=review)
    told = [(row.operation, row.roles, row.channel) for row in rows(company, Outcome.REFUSED)]
    here = company.keban.end.name
    assert told == [("review.approve", "supervisor", here), ("review.ask_reason", "sales_rep", here)]
    assert stored(company, select(Customer.status)) == [Status.PENDING]


def moved(company: Company, name: str, department: str, role: Role) -> None:
    """Say `user add` again for somebody who is bound."""
    number = stored(company, select(User.staff_no).where(User.name == name))[0]
    hire = Hire(number, name, department, (role,), "13800138001")
    company.keban.works.perform(lambda work: people.add_user(work, hire))


def test_nothing_but_the_sealer_changes_a_row() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "models").rglob("*.py")}
    assert [path.name for path, said in texts.items() if re.search(r"(update|delete)\(Audit\)", said)] == ["seals.py"]


@ON_SQLITE
@pytest.mark.parametrize("company", ["feishu"], indirect=True)
def test_a_form_that_was_refused_is_told_and_can_be_sent_again(company: Company) -> None:
    company.make.customer("王敏", NAME)
    company.make.customer("周舟", "云帆贸易有限公司")
    company.stranger.says("/跟进")
    told = company.stranger.presses("提交", {"客户": NAME, "内容": "手机 13700137002"})
    assert "没有权限" in told.text
    (refused,) = rows(company, Outcome.REFUSED)
    assert (refused.operation, refused.roles, refused.detail) == ("/跟进", "sales_rep", {})
    again = company.stranger.presses("提交", {"客户": "云帆贸易", "内容": "已报价"})
    assert again.title == "已记录跟进 · 云帆贸易有限公司", "what was refused did not use the form up"
    assert "没有找到" in company.stranger.says("/客户 没有这家").text and len(rows(company, Outcome.REFUSED)) == 1


def test_what_the_shell_changes_is_told_with_how_it_was(works: Works, company: Company) -> None:
    make = company.make
    make.department("销售一部", parent="销售二部")
    told = [row for row in rows(company) if row.operation == "department.set"][-1].detail
    assert (told["before"], told["after"]) == ({"parent": "总公司"}, {"parent": "销售二部"})
    added = [row for row in rows(company) if row.operation == "user.add"]
    assert added[0].detail["after"] == {"roles": ["sales_rep"]} and added[0].detail["before"] == {"roles": []}


def named_in_code() -> Iterator[str]:
    """Every operation that is written somewhere."""
    for path in (ROOT / "models").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "audit":
                yield ast.literal_eval(node.args[0])


def test_every_operation_and_every_button_has_a_name_for_people() -> None:
    ours = {name for name, kind in Action.known.items() if kind.__module__.startswith("cards.")}
    assert len(ours) > 30 and {*named_in_code()} | ours <= OPERATIONS.keys()
