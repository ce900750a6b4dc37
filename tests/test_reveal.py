"""Contact data on purpose (P4): who sees it masked presses 查看联系方式, gets it alone, and is written down."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from conftest import ON_SQLITE, Company, Inside
from models.settings import Privacy
from models.tables import Audit, Complaint, Outbox, User
from models.work import Works
from test_entry import stored, submit
from test_review import press_value
from test_story import opened
from world import GROUP, HandClock

NAME, NUMBER = "华星科技有限公司", "C202611001"
MOBILE, OTHER, EMAIL = "13912345678", "13700137002", "li.lei@huaxing-kj.com"
BUTTON, TITLE = "查看联系方式", f"联系方式 · {NAME}"


@pytest.fixture
def company(company: Company) -> Company:
    company.make.customer("王敏", NAME, 邮箱=EMAIL)
    company.rep.says(f"/跟进 {NUMBER} 新手机 {OTHER}")
    return company


def seen_by(company: Company) -> list[tuple[str, str]]:
    """Who looked at whose contact data, as the audit has it."""
    who = select(Audit.subject, Audit.detail, User.name).join(User, User.id == Audit.actor_id)
    with company.keban.works.read() as work:
        rows = work.connection.execute(
            who.where(Audit.operation == "contact.reveal", Audit.outcome == "done").order_by(Audit.id)
        ).all()
    assert not any(row.detail for row in rows)
    return [(row.name, row.subject) for row in rows]


def test_who_sees_it_masked_gets_it_by_a_button_alone_and_is_written_down(company: Company) -> None:
    boss = company.supervisor
    page = boss.says(f"/客户 {NUMBER}")
    assert "139****5678" in page.text and MOBILE not in page.text
    answer = boss.presses(BUTTON, on=page)
    assert answer.toast == "已发给你" and answer.card is None
    told = boss.last(TITLE)
    for clear in (MOBILE, EMAIL, OTHER, "还可以看 29 次"):
        assert clear in told.text, clear
    assert MOBILE not in page.text, "the card that was pressed keeps nothing"
    assert seen_by(company) == [("赵强", "customer:1")]
    for other in (company.rep, company.colleague, company.manager, company.stranger):
        assert not [each for each in other.seen() if TITLE in each.title]
    assert stored(company, select(Outbox.card).where(Outbox.card.is_not(None))) == [], "what was sent is not kept"
    company.keban.forward(hours=1)
    assert "139****5678" in boss.says(f"/客户 {NUMBER}").text, "it is asked for each time"
    assert BUTTON not in company.rep.says(f"/客户 {NUMBER}").buttons, "who sees it clear needs none"


def test_a_redelivered_press_reveals_once(company: Company) -> None:
    company.supervisor.says(f"/客户 {NUMBER}")
    company.supervisor.presses(BUTTON)
    assert company.supervisor.again()
    assert len([each for each in company.supervisor.seen() if each.title == TITLE]) == 1
    assert len(seen_by(company)) == 1


def test_in_a_group_it_is_told_privately(company: Company) -> None:
    boss = company.supervisor
    found = boss.says(f"/查 {NUMBER}", group=True)
    value = {"do": "contact.reveal", "customer": 1}
    answer = press_value(boss, found, value)
    company.keban.settle()
    assert answer.toast == "已私信给你" and answer.card is None
    assert MOBILE in boss.last(TITLE).text
    assert MOBILE not in str([each.history for each in boss.inbox(GROUP)])
    assert seen_by(company) == [("赵强", "customer:1")]


def test_who_has_no_scope_gets_nothing_whatever_he_presses(company: Company) -> None:
    page = company.supervisor.says(f"/客户 {NUMBER}")
    for who in (company.stranger, company.colleague):
        answer = press_value(who, page, {"do": "contact.reveal", "customer": 1})
        assert "没有找到这个客户" in answer.toast
        company.keban.settle()
        assert MOBILE not in str([each.history for each in who.inbox()])
    assert seen_by(company) == []


def test_so_many_a_day_and_then_a_sentence(company: Company) -> None:
    works = company.keban.works
    works.settings = works.settings.model_copy(update={"privacy": Privacy(reveals_a_day=2)})
    page = company.supervisor.says(f"/客户 {NUMBER}")
    assert [company.supervisor.presses(BUTTON, on=page).toast for _ in range(2)] == ["已发给你"] * 2
    refused = company.supervisor.presses(BUTTON, on=page)
    assert "已满 2 次" in refused.toast and "王敏" in refused.toast
    assert len(seen_by(company)) == 2 and len([e for e in company.supervisor.seen() if e.title == TITLE]) == 2
    manager = company.manager.says(f"/客户 {NUMBER}")
    assert company.manager.presses(BUTTON, on=manager).toast == "已发给你", "everybody has his own"
    company.keban.until("2026-11-26 00:01")
    assert company.supervisor.presses(BUTTON, on=page).toast == "已发给你", "tomorrow again"


def test_a_reviewer_reveals_what_he_reviews(company: Company) -> None:
    submit(company.rep, 客户全称="远方商贸有限公司", 手机=OTHER)
    review = company.supervisor.last("待审核 · 远方商贸有限公司")
    assert OTHER not in review.text
    company.supervisor.presses(BUTTON, on=review)
    assert OTHER in company.supervisor.last("联系方式 · 远方商贸有限公司").text
    assert review.title == "待审核 · 远方商贸有限公司" and review.buttons == ["通过", "退回", BUTTON]


def test_whoever_holds_the_complaint_sees_it_and_no_longer_when_he_does_not(company: Company) -> None:
    company.make.department("客服部", parent="总公司")
    agent = company.joins("吴芳", "客服部", "service_agent")
    mate = company.joins("郑洁", "客服部", "service_agent")
    card = agent.says(f"/投诉 {NUMBER} 外壳有裂纹，打 {OTHER} 没人接")
    assert OTHER in card.text and MOBILE in card.text and BUTTON not in card.buttons
    theirs = mate.says(f"/客户 {NUMBER}")
    assert MOBILE not in theirs.text and BUTTON in theirs.buttons
    lead = company.joins("钱进", "客服部", "service_lead", "supervisor")
    shown = lead.says("/投诉")
    lead.presses("打开", on=shown)
    assert BUTTON in shown.buttons and MOBILE not in shown.text
    lead.presses(BUTTON, on=shown)
    assert MOBILE in lead.last(TITLE).text

    company.keban.works.perform(lambda work: work.run(update(Complaint).values(handler_id=company.make.me("郑洁").id)))
    assert "已收到" in agent.presses("收到", on=card).toast
    assert MOBILE not in card.text and OTHER not in card.text and BUTTON in card.buttons, "also on the old card"
    assert MOBILE not in agent.says(f"/客户 {NUMBER}").text
    assert MOBILE in mate.says(f"/客户 {NUMBER}").text


@ON_SQLITE
@pytest.mark.parametrize("surface", ["card", "words"])
def test_at_dingtalk_it_is_a_message_of_its_own_as_well(works: Works, clock: HandClock, surface: str) -> None:
    with opened(surface, clock=lambda: clock().timestamp()) as end:
        there = Company(Inside(works, end, clock))
        there.make.customer("王敏", NAME)
        boss = there.supervisor
        page = boss.says(f"/客户 {NUMBER}")
        boss.presses(BUTTON, on=page)
        assert MOBILE in boss.last(TITLE).text and MOBILE not in page.text
        assert len(boss.seen()) == 2
