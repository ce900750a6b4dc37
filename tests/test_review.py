"""Reviewing an entry (B1, B3, B11): who is asked, who may decide, and that only one of them does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from conftest import ON_SQLITE, Company
from models.crm import departments, people
from models.crm.people import Hire
from models.tables import Customer, Review, ReviewState, Role, Status, User
from standins import feishu_says
from test_entry import stored, submit
from world import Answer, Seen, Somebody

NAME = "华星科技有限公司"


def hire(company: Company, name: str, department: str, *roles: str) -> Somebody:
    """One more bound person."""
    return company.keban.somebody(company.make.user(name, department, *roles))


def rehire(company: Company, who: Somebody, name: str, department: str, *roles: str) -> None:
    """Say `user add` again for somebody: other roles, another department."""
    number = stored(company, select(User.staff_no).where(User.name == name))[0]
    again = Hire(number, name, department, tuple(map(Role, roles)), "13800138001", (("feishu", who.account),))
    company.keban.works.perform(lambda work: people.add_user(work, again))


def name_supervisor(company: Company, department: str, *names: str) -> None:
    numbers = [stored(company, select(User.staff_no).where(User.name == name))[0] for name in names]
    company.keban.works.perform(lambda work: departments.set_department(work, department, None, numbers))


def disable(company: Company, name: str) -> None:
    company.keban.works.perform(lambda work: work.run(update(User).where(User.name == name).values(active=False)))


def press_value(who: Somebody, seen: Seen, value: dict[str, Any]) -> Answer:
    """Send a payload that no card has, as somebody with a tampered client would."""
    request = who.host.app.press(who.account, value, seen.message.message_id, seen.message.chat_id)
    return Answer(*who.host.post("/feishu/cards", request))


def states(company: Company) -> list[ReviewState]:
    return stored(company, select(Review.state).order_by(Review.id))


def test_of_two_supervisors_the_first_decides_and_the_other_is_told_who_and_when(company: Company) -> None:
    second = hire(company, "吴敏", "销售一部", "supervisor")
    submit(company.rep)
    theirs = second.last(f"待审核 · {NAME}")
    before = dict(theirs.card)
    assert company.supervisor.presses("通过").title == "已建档 · C202611001"
    assert second.last("已建档 · C202611001").message is theirs.message
    assert "已由赵强处理" in theirs.text and theirs.buttons == []

    for label in ("通过", "退回"):
        answer = second.press_in(theirs, before, label)
        assert "已由赵强处理" in answer.toast + answer.text and "10:00 通过" in answer.toast + answer.text
        assert answer.title == "已建档 · C202611001" and answer.buttons == []
    company.keban.forward(seconds=4)
    mine = company.rep.last("已建档 · C202611001")
    assert "已由赵强处理" in mine.text and len(company.rep.inbox()) == 1
    assert stored(company, select(Customer.number)) == ["C202611001"]


def test_a_return_that_the_other_supervisor_had_begun_does_not_undo_an_approval(company: Company) -> None:
    second = hire(company, "吴敏", "销售一部", "supervisor")
    submit(company.rep)
    second.presses("退回")
    seen = second.last("退回")
    form = dict(seen.card)
    company.supervisor.presses("通过")
    assert seen.title == "已建档 · C202611001"
    assert "已由赵强处理" in second.press_in(seen, form, "确认退回", {"退回原因": "补地址"}).toast
    assert states(company) == [ReviewState.APPROVED]


@pytest.mark.parametrize(
    ("reason", "says"), [("", "请写明退回原因"), (" \n", "请写明退回原因"), ("长" * 501, "最多 500 字")]
)
@ON_SQLITE
def test_returning_needs_a_reason(company: Company, reason: str, says: str) -> None:
    submit(company.rep)
    asked = company.supervisor.presses("退回")
    assert asked.title == f"退回 · {NAME}" and list(asked.fields) == ["退回原因"] and "139****5678" in asked.text
    value = next(each.value for each in feishu_says.buttons(asked.card or {}) if each.label == "确认退回")
    seen = company.supervisor.last("退回")
    host, field = company.keban, feishu_says.fields(asked.card or {})[0]
    request = host.app.press(
        company.supervisor.account, value, seen.message.message_id, seen.message.chat_id, form={field.name: reason}
    )
    answer = Answer(*host.post("/feishu/cards", request))
    assert says in answer.text and answer.title == f"退回 · {NAME}"
    assert states(company) == [ReviewState.PENDING] and stored(company, select(Customer.status)) == [Status.PENDING]

    assert company.supervisor.presses("返回").title == f"待审核 · {NAME}"
    company.supervisor.presses("退回")
    returned = company.supervisor.presses("确认退回", {"退回原因": " 请补 **地址** <b> "})
    assert returned.title == f"已退回 · {NAME}" and "请补 **地址** <b>" in returned.text
    company.keban.settle()
    assert "请补 **地址** <b>" in company.rep.last(f"已退回 · {NAME}").text


def nobody(company: Company) -> Somebody:
    rehire(company, company.supervisor, "赵强", "销售一部", "sales_rep")
    return company.manager


def named(company: Company) -> Somebody:
    name_supervisor(company, "销售一部", "周舟")
    return company.stranger


def above_by_name(company: Company) -> Somebody:
    nobody(company)
    name_supervisor(company, "总公司", "陈晨")
    return company.colleague


def admin(company: Company) -> Somebody:
    nobody(company)
    disable(company, "林总")
    return hire(company, "管理", "总公司", "admin")


def disabled(company: Company) -> Somebody:
    disable(company, "赵强")
    return company.manager


@pytest.mark.parametrize(
    "arrange",
    [lambda company: company.supervisor, nobody, named, above_by_name, admin, disabled],
    ids=["member with the role", "nobody: the manager", "named", "named one level up", "the admin", "disabled"],
)
def test_whoever_leads_the_department_is_asked_and_can_decide(
    company: Company, arrange: Callable[[Company], Somebody]
) -> None:
    leader = arrange(company)
    answer = submit(company.rep)
    accounts = [account for account in company.make.people.values() if account != company.rep.account]
    assert [each for each in accounts if company.keban.somebody(each).inbox()] == [leader.account]
    name = people_name(company, leader)
    assert f"等待 {name} 审核" in answer.text
    assert "去审核" in leader.says("/待审").buttons
    assert leader.presses("通过", on=leader.last(f"待审核 · {NAME}")).title == "已建档 · C202611001"


def people_name(company: Company, who: Somebody) -> str:
    return next(name for name, account in company.make.people.items() if account == who.account)


def test_nobody_decides_on_his_own_entry(company: Company) -> None:
    submit(company.supervisor)
    card = company.manager.last(f"待审核 · {NAME}")
    assert "去审核" not in company.supervisor.says("/待审").buttons
    for label in ("通过", "退回"):
        assert "没有权限" in company.supervisor.press_in(card, dict(card.card), label).toast
    assert states(company) == [ReviewState.PENDING]
    assert company.manager.presses("通过", on=card).title == "已建档 · C202611001"

    submit(company.manager, 客户全称="林氏商贸有限公司")
    admin = hire(company, "管理", "总公司", "admin")
    assert "去审核" not in company.manager.says("/待审").buttons
    admin.says("/待审")
    assert admin.presses("去审核").title == "待审核 · 林氏商贸有限公司"
    assert admin.presses("通过").title == "已建档 · C202611002"


def test_with_two_supervisors_one_decides_on_the_others_entry(company: Company) -> None:
    second = hire(company, "吴敏", "销售一部", "supervisor")
    submit(company.supervisor)
    assert company.manager.inbox() == []
    assert second.presses("通过").title == "已建档 · C202611001"


def test_anyone_above_decides_through_the_list(company: Company) -> None:
    submit(company.rep)
    listed = company.manager.says("/待审")
    assert NAME in listed.text and "王敏" in listed.text and "明天 10:00" in listed.text
    assert company.manager.presses("去审核").title == f"待审核 · {NAME}"
    assert company.manager.presses("通过").title == "已建档 · C202611001"
    company.keban.settle()
    assert "已由林总处理" in company.supervisor.last("已建档").text
    assert "没有等你审核" in company.manager.says("/ds").text


def test_a_long_list_is_paged_with_the_most_urgent_first(company: Company) -> None:
    names = [f"客户{number:02}有限公司" for number in range(12)]
    for number, name in enumerate(names):
        company.make.entry("王敏", name)
        company.keban.clock.forward(minutes=1 if number else 60)
    for who in (company.supervisor, company.manager):
        first = who.says("/待审")
        assert [name for name in names if name in first.text] == names[:10]
        assert first.text.index(names[0]) < first.text.index(names[9])
        assert "上一页" not in first.buttons
        last = who.presses("下一页", on=first)
        assert [name for name in names if name in last.text] == names[10:]
        assert last.buttons == ["去审核", "去审核", "上一页"]
        back = who.presses("上一页", on=first)
        assert [name for name in names if name in back.text] == names[:10]
    assert "没有等你审核" in hire(company, "吴敏", "销售二部", "supervisor").says("/review").text
    assert "没有权限" in company.rep.says("/待审").text


def foreigners(company: Company) -> Iterator[tuple[Somebody, str]]:
    yield company.rep, "没有权限"
    yield company.colleague, "没有权限"
    yield company.stranger, "没有权限"
    yield hire(company, "吴敏", "销售二部", "supervisor"), "没有找到"
    yield hire(company, "客服", "销售一部", "service_lead"), "没有权限"
    yield company.keban.somebody("ou_nobody"), "请先绑定"


def test_a_forwarded_review_card_gives_nobody_a_right(company: Company) -> None:
    submit(company.rep)
    card = company.supervisor.last("待审核")
    before = dict(card.card)
    for who, says in foreigners(company):
        for label in ("通过", "退回"):
            answer = who.press_in(card, before, label)
            assert says in answer.toast and answer.card is None, (who, label)
    assert states(company) == [ReviewState.PENDING]
    assert company.supervisor.presses("通过").title.startswith("已建档")


def test_a_payload_with_another_reviews_id_is_refused_to_who_does_not_lead_it(company: Company) -> None:
    other = hire(company, "吴敏", "销售二部", "supervisor")
    submit(company.stranger, 客户全称="远方商贸有限公司")
    submit(company.rep)
    mine = other.last("待审核 · 远方商贸有限公司")
    theirs = stored(company, select(Review.id).where(Review.submitter_id == company.make.me("王敏").id))[0]
    packed = feishu_says.button(mine.card, "通过").value
    for edited in (theirs, str(theirs), float(theirs), 0, -1, 10**12, 2**63, "9" * 40, "x", None, [], 1e308):
        answer = press_value(other, mine, packed | {"review": edited})
        refused = answer.status == 400 or any(says in answer.toast for says in ("没有找到", "失效"))
        assert refused, (edited, answer)
    pending = stored(company, select(Review.state).where(Review.id == theirs))
    assert pending == [ReviewState.PENDING]


def test_a_change_of_roles_takes_effect_at_once_on_old_cards(company: Company) -> None:
    submit(company.rep)
    boss = company.supervisor
    card = boss.last("待审核")
    rehire(company, boss, "赵强", "销售一部", "sales_rep")
    assert "没有权限" in boss.presses("通过", on=card).toast
    rehire(company, boss, "赵强", "销售二部", "supervisor")
    assert "没有找到" in boss.presses("通过", on=card).toast
    rehire(company, boss, "赵强", "销售一部", "supervisor")
    name_supervisor(company, "销售一部", "陈晨")
    assert "没有找到" in boss.presses("通过", on=card).toast
    disable(company, "赵强")
    assert "请先绑定" in boss.presses("通过", on=card).toast
    assert "请先绑定" in boss.says("/待审").text
    assert states(company) == [ReviewState.PENDING]
    company.colleague.says("/待审")
    company.colleague.presses("去审核")
    assert company.colleague.presses("通过").title == "已建档 · C202611001"


def test_a_disabled_rep_gets_nothing_done_with_the_cards_he_has(company: Company) -> None:
    submit(company.rep)
    disable(company, "王敏")
    assert "请先绑定" in company.rep.presses("撤回").toast
    assert "请先绑定" in company.rep.says("/客户 华星科技").text
    assert company.supervisor.presses("通过").title == "已建档 · C202611001"
