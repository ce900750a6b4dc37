"""Leave: the deputy gets what is for the absent one and may do it while it lasts; nothing is due later (P9)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from conftest import ON_SQLITE, Company, Inside
from models.crm import staff
from models.policy import Permission, Reach
from models.tables import Absence, Audit, Deadline, Role, Timer
from models.work import Works
from test_entry import count, stored, submit
from test_review import hire, press_value, rehire
from test_story import NAME, SURFACES, opened
from world import HandClock, Seen, Somebody

TITLE = f"待审核 · {NAME}"
DONE = "已建档 · C202611001"
ENTRY = f"/新客户 {NAME} 客户性质:企业 所属行业:制造业-电子设备 客户来源:其他 联系人姓名:李雷 手机:13912345678"


@pytest.fixture(params=SURFACES)
def everywhere(request: pytest.FixtureRequest, works: Works, clock: HandClock) -> Iterator[Company]:
    with opened(request.param, clock=lambda: clock().timestamp()) as end:
        yield Company(Inside(works, end, clock))


def test_a_deputy_decides_in_place_of_the_supervisor_until_he_is_back(everywhere: Company) -> None:
    """On every surface: the leave is taken by a form or a line, the card is the deputy's, 销假 ends it at once."""
    company, boss, deputy = everywhere, everywhere.supervisor, everywhere.colleague
    assert "没有权限" in deputy.says("/待审").text
    assert boss.says("/请假").title == "请假"
    taken = boss.presses("提交", {"从": "现在", "到": "周五", "代理": "陈晨"})
    assert taken.title == "请假中 · 赵强" and "代理人" in taken.text and "陈晨" in taken.text
    assert "周五 23:59" in taken.text
    told = deputy.last("请假中 · 赵强")
    assert "都转给你" in told.text and told.buttons == []

    before = len(boss.seen())
    company.rep.says(ENTRY)
    asked = deputy.last(TITLE)
    assert "代 赵强" in asked.text and len(boss.seen()) == before
    assert "代" in deputy.presses("去审核", on=deputy.says("/待审")).text
    decided = deputy.presses("通过", on=asked)
    assert decided.title == DONE and "已由陈晨（代赵强）处理" in decided.text
    company.keban.forward(seconds=5)
    assert "已由陈晨（代赵强）处理" in company.rep.last(DONE).text

    company.rep.says(ENTRY.replace(NAME, "云帆贸易有限公司").replace("13912345678", "13912345679"))
    waiting = deputy.last("待审核 · 云帆贸易有限公司")
    assert boss.says("/销假").title == "已销假 · 赵强"
    refused = deputy.presses("通过", on=waiting)
    assert DONE not in refused.title and "没有权限" in deputy.says("/待审").text
    assert "云帆" in boss.says("/待审").text
    assert boss.says("/请假").title == "请假", "nothing is left of it"


def test_nothing_is_due_later_and_the_deputys_deputy_comes_before_the_next_level(company: Company) -> None:
    """Half time and the end of a review reach who stands in then; the deadline is what it was."""
    boss, deputy, manager = company.supervisor, company.colleague, company.manager
    other = hire(company, "吴敏", "销售二部", "sales_rep")
    boss.says("/请假 现在 周五 代理:陈晨")
    submit(company.rep)
    assert deputy.last(TITLE).text and not boss.inbox()[1:] and not other.inbox()
    due = stored(company, select(Deadline.due_at))
    deputy.says("/请假 现在 周五 代理:吴敏")
    company.keban.until("2026-11-25 15:15")
    assert "代 赵强" in other.last(TITLE).text, "a chain: she stands in for both"
    other.says("/请假 现在 周五 代理:赵强")
    company.keban.until("2026-11-26 10:00")
    assert manager.last(TITLE).title == TITLE, "it goes in a circle, so the next one up is asked"
    assert stored(company, select(Deadline.due_at)) == due
    assert manager.presses("通过").title == DONE


def test_nobody_decides_on_his_own_entry_not_even_by_a_deputy(company: Company) -> None:
    rehire(company, company.rep, "王敏", "销售一部", "sales_rep")
    company.supervisor.says("/请假 现在 周五 代理:王敏")
    submit(company.rep)
    mine = company.manager.last(TITLE)
    assert not [seen for seen in map(Seen, company.rep.inbox()) if "通过" in seen.buttons]
    button = next(each for each in mine.card["body"]["elements"] if "通过" in str(each))
    assert button and "没有等你审核" in company.rep.says("/待审").text
    value = {"do": "review.approve", "review": 1}
    assert "自己录入的客户要由上级审核" in press_value(company.rep, company.rep.last("待审核"), value).toast

    company.supervisor.says("/销假")
    company.supervisor.says(ENTRY.replace(NAME, "赵强自己的有限公司"))
    company.supervisor.says("/请假 现在 周五 代理:陈晨")
    assert "赵强自己的" not in company.colleague.says("/待审").text
    denied = press_value(company.colleague, company.colleague.last(), {"do": "review.approve", "review": 2})
    assert "没有权限" in denied.toast
    assert "赵强自己的" in company.manager.says("/待审").text


def test_a_managers_deputy_does_not_decide_on_his_entry(company: Company) -> None:
    """Who manages leads no department by name; above him only other managers decide."""
    other = hire(company, "何总", "总公司", "manager")
    company.manager.says(ENTRY)
    assert other.last(TITLE).title == TITLE
    company.manager.says("/请假 现在 周五 代理:陈晨")
    company.rep.says(ENTRY.replace(NAME, "云帆贸易有限公司").replace("13912345678", "13912345679"))
    waiting = company.colleague.says("/待审").text
    assert "云帆" in waiting and NAME not in waiting
    denied = press_value(company.colleague, company.colleague.last(), {"do": "review.approve", "review": 1})
    assert "没有权限" in denied.toast and other.presses("通过", on=other.last(TITLE)).title == DONE


def test_a_deputy_reaches_what_is_his_principals_and_only_while_it_lasts(company: Company) -> None:
    company.make.customer("王敏", NAME)
    stranger = company.stranger
    assert "没有权限" in stranger.says(f"/客户 {NAME}").text
    company.rep.says("/请假 明天 周五 代理:周舟")
    assert "没有权限" in stranger.says(f"/客户 {NAME}").text, "not before it begins"
    company.keban.until("2026-11-26 00:00")
    assert "13912345678" in stranger.says(f"/客户 {NAME}").text
    assert stranger.says(f"/跟进 {NAME} 替王敏回了电话").title == f"已记录跟进 · {NAME}"
    assert "没有权限" in stranger.says("/待审").text, "she has no more than he had"
    company.keban.until("2026-11-28 00:00")
    assert "没有权限" in stranger.says(f"/客户 {NAME}").text
    assert company.rep.says(f"/客户 {NAME}").title == NAME


def test_an_administrators_deputy_sees_all_but_administers_nothing(company: Company) -> None:
    admin = hire(company, "管理", "总公司", "admin")
    company.make.customer("王敏", NAME)
    admin.says("/请假 现在 周五 代理:周舟")
    assert company.stranger.says(f"/客户 {NAME}").title == NAME
    assert "没有权限" in company.stranger.says("/运维").text and admin.says("/运维").title == "运维"


def test_a_permission_is_lent_with_its_own_reach(company: Company) -> None:
    """Each for himself: neither widens the other's, and a department lent is the department of who lends it."""
    company.make.customer("王敏", NAME)
    stranger, own = company.stranger, "周舟自己的有限公司"
    company.make.customer("周舟", own, 手机="13912345679")
    rehire(company, stranger, "周舟", "销售二部", "supervisor")
    grant(company, Role.SUPERVISOR, Permission.CUSTOMER_READ, Reach.OWN)
    grant(company, Role.LEGAL, Permission.CUSTOMER_READ, Reach.TEAM)
    rehire(company, stranger, "周舟", "销售二部", "supervisor", "legal")
    company.supervisor.says("/请假 现在 周五 代理:周舟")
    assert stranger.says(f"/客户 {own}").title == own
    assert "没有权限" in stranger.says(f"/客户 {NAME}").text, "he does not read his team's, so nor does she for him"
    grant(company, Role.SUPERVISOR, Permission.CUSTOMER_READ, Reach.DEPARTMENT)
    assert stranger.says(f"/客户 {NAME}").title == NAME
    company.supervisor.says("/销假")
    assert "没有权限" in stranger.says(f"/客户 {NAME}").text


def test_a_department_that_is_lent_is_that_of_who_lends_it(company: Company) -> None:
    company.make.customer("王敏", NAME)
    grant(company, Role.LEGAL, Permission.CUSTOMER_READ, Reach.DEPARTMENT)
    lawyer = hire(company, "法务", "销售一部", "legal")
    assert "没有权限" in company.stranger.says(f"/客户 {NAME}").text
    lawyer.says("/请假 现在 周五 代理:周舟")
    assert company.stranger.says(f"/客户 {NAME}").title == NAME


def grant(company: Company, role: Role, permission: Permission, reach: Reach | None) -> None:
    company.keban.works.perform(lambda work: staff.set_grant(work, role, permission, reach), channel="shell")


def test_complaints_of_an_absent_handler_come_to_his_deputy_who_contacts(company: Company) -> None:
    company.make.customer("王敏", NAME)
    company.rep.says("/请假 现在 周五 代理:陈晨")
    card = company.supervisor.says(f"/投诉 {NAME} 外壳有裂纹")
    due = "请在 今天 12:00 前"
    assert due in card.text
    mine = company.colleague.last("投诉 · TS202611001")
    assert "代 王敏" in mine.text and due in mine.text and "13912345678" in mine.text
    assert not [seen for seen in map(Seen, company.rep.inbox()) if seen.title.startswith("投诉")]
    company.keban.until("2026-11-25 11:00")
    again = [seen for seen in map(Seen, company.colleague.inbox()) if seen.title.startswith("投诉")]
    assert len(again) == 2 and "没有找到这个投诉" in company.stranger.says("/首响 TS202611001 好的").text
    done = company.colleague.says("/首响 TS202611001 外壳裂纹")
    assert "已由陈晨（代王敏）处理" in done.text
    company.keban.forward(minutes=1)
    company.rep.says("/销假")
    assert "已由陈晨（代王敏）处理" in company.rep.says("/首响 TS202611001 我回来了").text


def test_ones_own_reminders_come_on_the_next_day_at_work_and_do_not_move_back(company: Company) -> None:
    """Friday 27th and Monday 30th off: what was promised for them comes on Tuesday, also what is promised later."""
    company.make.customer("王敏", NAME)
    company.make.customer("王敏", "云帆贸易有限公司", 手机="13912345679")
    company.rep.says(f"/跟进 {NAME} 已报价 下次:周五下午3点")
    company.rep.says("/跟进 云帆 已报价 下次:明天")
    company.rep.says("/请假 周五 下周一")
    due = [each.astimezone(company.keban.works.office.zone) for each in stored(company, select(Timer.due_at))]
    shown = sorted(f"{each:%m-%d %H:%M}" for each, kind in zip(due, stored(company, select(Timer.kind)), strict=True))
    assert {"11-26 09:00", "12-01 09:00"} <= {*shown} and not [each for each in shown if each.startswith("11-27")]
    said = company.rep.says("/跟进 云帆 又谈了一次 下次:下周一上午10点")
    assert "那时你在请假，提醒改在周二 9:00" in said.text
    company.rep.says("/销假")
    assert "下周二" not in company.rep.says("/今天").text
    company.keban.until("2026-11-30 18:00")
    assert not [seen for seen in map(Seen, company.rep.inbox()) if seen.title == f"该跟进了 · {NAME}"]
    company.keban.until("2026-12-01 09:00")
    company.rep.presses("打开", on=company.rep.last("2 条提醒"))
    assert company.rep.last(f"该跟进了 · {NAME}").buttons == ["完成", "已联系", "稍后", "改期"]


REFUSED = {
    "/请假 周五 明天": "结束要在开始之后",
    "/请假 昨天 明天": "是过去的时间",
    "/请假 明天 周五 代理:王敏": "代理人不能是请假的人自己",
    "/请假 明天 周五 代理:孙悟空": "没有找到同事「孙悟空」",
    "/请假 明天 2028年1月1日": "最多请假一年",
    "/请假 明天 周五 人:赵强": "只能给自己或自己团队的同事",
    "/请假 明天 周五 人:周舟": "只能给自己或自己团队的同事",
    "/销假": "没有正在进行或将要开始的请假",
    "/销假 赵强": "没有正在进行或将要开始的请假",
}


@pytest.mark.parametrize("line", REFUSED)
@ON_SQLITE
def test_a_leave_that_cannot_be_is_refused_with_a_sentence(company: Company, line: str) -> None:
    assert REFUSED[line] in company.rep.says(line).text
    assert count(company, Absence) == 0


def test_a_leave_is_entered_and_ended_by_who_leads_and_by_nobody_else(company: Company) -> None:
    boss, rep = company.supervisor, company.rep
    assert boss.says("/leave 明天 周五 代理:陈晨 人:王敏").title == "将请假 · 王敏"
    mine = rep.last("将请假 · 王敏")
    assert "赵强" in mine.text and mine.buttons == ["销假"]
    assert "已经请过假了" in rep.says("/请假 周五 下周一").text and count(company, Absence) == 1
    assert rep.says("/请假 12月5日 12月6日").title == "将请假 · 王敏"
    listed = rep.says("/请假")
    assert listed.title == "我的请假" and listed.buttons.count("销假") == 2
    theirs = company.colleague.last("将请假 · 王敏")
    for other in (company.colleague, company.stranger):
        assert "没有" in other.says("/销假 王敏").text
        refused = press_value(other, theirs, {"do": "absence.end", "absence": 1})
        assert "没有找到这次请假" in refused.toast or "只有本人" in refused.toast
    assert boss.says("/back 王敏").title == "已取消请假 · 王敏"
    company.keban.settle()
    assert theirs.title == "已取消请假 · 王敏", "the deputy's copy as well"
    assert "已经结束了" in press_value(rep, mine, {"do": "absence.end", "absence": 1}).toast
    kept = select(Audit.operation).where(Audit.operation.like("absence.%"), Audit.outcome == "done").order_by(Audit.id)
    assert stored(company, kept) == ["absence.enter", "absence.enter", "absence.end"]


def test_who_is_away_gets_no_morning_card_and_the_first_digest_after_it_has_all(company: Company) -> None:
    company.make.customer("王敏", NAME)
    company.keban.tick()  # from now on the calendar is looked at
    company.supervisor.says("/请假 周五 周五")
    for day, told in (("26", 1), ("27", 1), ("30", 2)):
        company.keban.until(f"2026-11-{day} 09:30")
        company.keban.forward(hours=1)
        assert len(digests(company.supervisor)) == told, day
        company.rep.says(f"/跟进 {NAME} 已报价")
    assert len(digests(company.manager)) == 3
    assert "11月26日 周四 9:00 起" in digests(company.supervisor)[1].text
    assert "跟进 2" in digests(company.supervisor)[1].text


def digests(person: Somebody) -> list[Seen]:
    return [seen for seen in map(Seen, person.inbox()) if "简报" in seen.title]


def test_namesakes_are_told_apart(company: Company) -> None:
    hire(company, "陈晨", "销售二部", "sales_rep")
    asked = company.rep.says("/请假 明天 周五 代理:陈晨")
    assert asked.title == "请选一个"
    assert company.rep.presses("选这个").title == "将请假 · 王敏"
