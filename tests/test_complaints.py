"""A complaint: taken in from the chat, contacted by a card, escalated, and seen only by whom it concerns."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from conftest import Company
from models.tables import Audit, Complaint, Timer, TimerState, User
from test_review import rehire
from test_survey import path, send
from world import Seen, Somebody

NAME = "华星科技有限公司"
LINE = "/投诉 华星科技 第二批货外壳有裂纹，打 13912345678 没人接 渠道:电话 级别:重大"
TITLE = "投诉 · TS202611001"
LEAVE = update(User).where(User.name.in_(["吴芳", "钱进"])).values(active=False)


class Service:
    """The service department of the company, and one customer of the sales rep."""

    def __init__(self, company: Company) -> None:
        make, keban = company.make, company.keban
        make.department("客服部", parent="总公司")
        self.agent = keban.somebody(make.user("吴芳", "客服部", "service_agent"))
        self.lead = keban.somebody(make.user("钱进", "客服部", "service_lead", "supervisor"))
        self.legal = keban.somebody(make.user("方正", "总公司", "legal"))
        self.rep, self.boss, self.manager = company.rep, company.supervisor, company.manager
        self.stranger, self.colleague = company.stranger, company.colleague
        self.keban, self.make, self.company = keban, make, company
        make.customer("王敏", NAME)


@pytest.fixture
def service(company: Company) -> Service:
    return Service(company)


def alerts(person: Somebody, number: str = "TS202611001") -> list[Seen]:
    """Every message this person got about a complaint, as it looks now."""
    return [seen for seen in map(Seen, person.inbox()) if number in seen.title]


def test_service_takes_a_complaint_in_and_contacts_the_customer_in_time(service: Service) -> None:
    agent, rep = service.agent, service.rep
    card = agent.says(LINE)
    assert card.title == TITLE and "请在 今天 12:00 前首次响应，还剩 2 小时 0 分" in card.text
    assert "13912345678" in card.text and "重大" in card.text and "电话" in card.text
    assert card.buttons == ["首次响应", "收到", "升级", "为什么是这个时间"]
    assert rep.last(TITLE).title == TITLE and "13912345678" in rep.last(TITLE).text, (
        "whose customer it is knows at once"
    )
    assert alerts(service.boss) == alerts(service.manager) == alerts(service.colleague) == []

    service.keban.forward(minutes=20)
    assert "还剩 1 小时 40 分" in agent.says("/投诉").text
    form = agent.presses("首次响应", on=card)
    assert form.title == "首次响应 · TS202611001" and [*form.fields] == ["问题核心", "是否致歉"]
    assert "请用一句话" in agent.presses("首次响应", {"问题核心": "  "}, on=card).text
    done = agent.presses("首次响应", {"问题核心": "外壳裂纹，要求换货", "是否致歉": "是"}, on=card)
    assert done.toast == "已记录首次响应" and done.buttons == []
    assert "已由吴芳处理：今天 10:20 首次响应" in done.text and "外壳裂纹，要求换货" in done.text
    service.keban.forward(seconds=5)
    assert alerts(rep)[0].buttons == [] and "已由吴芳处理" in alerts(rep)[0].text, "the other copy changed in place"
    assert "已由吴芳处理" in rep.says("/首响 TS202611001 我也打了").text
    service.keban.forward(days=2)
    assert len(alerts(agent)) == len(alerts(rep)) == 1 and alerts(service.boss) == alerts(service.lead) == []
    with service.keban.works.read() as work:
        assert set(work.run(select(Timer.state).where(Timer.deadline_id.is_not(None))).scalars()) == {
            TimerState.CANCELLED
        }
        kept = work.run(select(Audit.operation).where(Audit.operation.like("complaint.%")).order_by(Audit.id)).scalars()
    assert kept == ["complaint.open", "complaint.contact"]
    assert "没有等待首次响应的投诉" in agent.says("/投诉").text
    assert "重大投诉" in rep.says("/客户 华星科技").text, "the timeline has it"


def test_a_command_is_enough_and_words_are_read_kindly(service: Service) -> None:
    agent = service.agent
    assert agent.says("/complain 华星科技 发票开错了").title == TITLE
    assert "没有「严重」这个级别，可以写：一般、重大。" in agent.says("/投诉 华星科技 又错了 级别:严重").text
    form = agent.says("/投诉 华星科技")
    assert form.title == "登记投诉" and form.fields["客户"] == "华星科技"
    again = agent.presses("提交", {"内容": "包装破损 👨‍👩‍👧 𠮷", "渠道": "微信"})
    assert again.title == "投诉 · TS202611002" and "👨‍👩‍👧 𠮷" in again.text and "第 2 次投诉" in again.text
    assert "微信" in again.text and "一般" in again.text
    assert "请写 是 或 否" in agent.says("/首响 TS202611002 已道歉 致歉:也许").text
    assert "首次响应" in agent.says("/contacted ts202611002 已安排补发 致歉:是").text
    assert "没有找到这个投诉" in agent.says("/首响 TS209901001 你好").text
    listed = agent.says("/ts")
    assert "TS202611001" in listed.text and "TS202611002" not in listed.text
    assert agent.presses("打开").title == TITLE and agent.presses("返回", on=_pressed(agent, "为什么是这个时间"))


def _pressed(person: Somebody, label: str) -> Seen:
    answer = person.presses(label)
    assert answer.title == "为什么是 今天 12:00" and "计 120 分钟" in answer.text
    return person.last(answer.title)


def test_only_whom_it_concerns_sees_it_and_contact_data_is_clear_for_two(service: Service) -> None:
    """Opener and handler, the owner and who leads them; the others learn nothing, not even from a forwarded button."""
    for other in (service.stranger, service.legal):
        said = other.says(LINE)
        assert "没有权限" in said.text or "没有找到" in said.text
    assert "没有找到客户「火星」" in service.agent.says("/投诉 火星 内容").text
    card = service.agent.says(LINE)
    for other in (service.stranger, service.colleague, service.legal):
        for label in ("首次响应", "收到", "升级", "为什么是这个时间"):
            assert "没有找到这个投诉，或你没有权限" in other.press_in(card, card.card, label).toast
        assert "没有找到这个投诉" in other.says("/首响 TS202611001 不是我的").text
        assert "TS202611001" not in other.says("/投诉").text
    with service.keban.works.read() as work:
        assert work.run(select(Complaint.state)).scalars() == ["accepted"] and work.run(
            select(Complaint.level)
        ).scalars() == [0]
    for reader in (service.boss, service.manager, service.lead):
        assert "TS202611001" in reader.says("/投诉").text
        shown = reader.presses("打开")
        assert "13912345678" not in shown.text and "139****5678" in shown.text
    page = service.agent.says("/客户 华星科技")
    assert page.title == NAME and "13912345678" in page.text, "who handles the complaint needs the number"
    service.make.customer("王敏", "别家有限公司", 手机="13912345600")
    assert "没有权限" in service.agent.says("/客户 别家有限公司").text, "it has no complaint"
    told = service.agent.says("/投诉 华星科技 群里说的", group=True)
    assert told.title == "已私信给你" and alerts(service.agent, "TS202611002")


def test_a_rep_opens_one_for_his_own_customer_and_handles_it(service: Service) -> None:
    card = service.rep.says("/投诉 华星科技 交货晚了三天")
    assert card.title == TITLE and "王敏" in card.text
    assert alerts(service.agent) == alerts(service.boss) == []
    service.keban.forward(minutes=60)
    assert len(alerts(service.rep)) == 2
    service.keban.forward(minutes=30)
    assert len(alerts(service.rep)) == 3 and len(alerts(service.boss)) == 1


def test_a_seen_alert_stops_only_its_own_escalation(service: Service) -> None:
    agent, lead = service.agent, service.lead
    agent.says(LINE)
    service.keban.until("2026-11-25 11:30")
    assert len(alerts(lead)) == 1 and alerts(service.manager) == []
    assert "已收到：吴芳 今天 11:30" in agent.presses("收到").text, "the handler's own does not count"
    service.keban.until("2026-11-25 11:34")
    assert lead.presses("收到").toast == "已收到"
    assert "收到" not in alerts(lead)[0].buttons
    service.keban.until("2026-11-25 11:40")
    assert alerts(service.manager) == [], "the supervisor had seen it"
    service.keban.until("2026-11-25 11:50")
    assert len(alerts(service.manager)) == 1, "the next rung comes all the same"
    assert "你已经点过收到了" in lead.press_in(alerts(lead)[0], alerts(lead)[0].message.history[0], "收到").toast


def test_without_an_answer_the_next_one_up_is_told_after_five_minutes(service: Service) -> None:
    service.agent.says(LINE)
    service.keban.until("2026-11-25 11:30")
    assert service.agent.presses("收到").toast == "已收到"
    service.keban.until("2026-11-25 11:34")
    assert alerts(service.manager) == []
    service.keban.until("2026-11-25 11:35")
    assert len(alerts(service.manager)) == 1 and len(alerts(service.lead)) == 1


def test_anybody_concerned_escalates_to_the_next_one_up(service: Service) -> None:
    card = service.agent.says(LINE)
    first = card.card
    assert service.agent.presses("升级").toast == "已升级"
    assert len(alerts(service.lead)) == 1 and alerts(service.manager) == []
    assert "刚刚已经有人升级了" in service.rep.press_in(alerts(service.rep)[0], first, "升级").toast
    assert alerts(service.manager) == []
    service.lead.presses("升级")
    assert len(alerts(service.manager)) == 1
    assert "没有更高一级" in service.agent.presses("升级", on=alerts(service.agent)[0]).toast


def test_after_the_breach_a_reason_is_required_and_kept(service: Service) -> None:
    agent = service.agent
    card = agent.says(LINE)
    for moment in ("11:30", "11:35", "11:50", "12:00"):
        service.keban.until(f"2026-11-25 {moment}")
    late = alerts(agent)[-1]
    assert "首次响应已超时 0 分钟（应在 今天 12:00 前）" in late.text
    assert {len(alerts(each)) for each in (service.lead, service.manager)} == {3}
    refused = agent.says("/首响 TS202611001 外壳裂纹 致歉:是")
    assert "已超过首次响应时限，请写明原因" in refused.text and agent.last("投诉").buttons
    form = agent.presses("首次响应", on=late)
    assert [*form.fields] == ["问题核心", "是否致歉", "超时原因"]
    wrong = agent.presses("首次响应", {"问题核心": "外壳裂纹", "是否致歉": "否"}, on=late)
    assert "请写明原因" in wrong.text and wrong.fields["问题核心"] == "外壳裂纹", "what was typed is kept"
    done = agent.presses("首次响应", {"超时原因": "客户占线，电话 13711112222"}, on=late)
    assert done.toast == "已记录首次响应" and "13711112222" in done.text and "否" in done.text
    service.keban.forward(hours=5)
    assert len(alerts(service.lead)) == 3, "nothing is repeated once he was contacted"
    assert "137****2222" in alerts(service.lead)[0].text and "13711112222" not in alerts(service.lead)[0].text
    assert alerts(agent)[0].message.message_id == card.message.message_id and alerts(agent)[0].buttons == []


def test_who_has_left_is_passed_over(service: Service) -> None:
    service.agent.says(LINE)
    service.keban.works.perform(lambda work: work.run(LEAVE))
    before = len(alerts(service.agent))
    service.keban.until("2026-11-25 11:00")
    assert len(alerts(service.manager)) == 1, "handler and supervisor have left: the next one up hears it first"
    service.keban.until("2026-11-25 12:00")
    assert len(alerts(service.manager)) > 1 and len(alerts(service.agent)) == before and alerts(service.lead) == []


@pytest.mark.parametrize("length", [5000, 5001])
def test_long_words_are_kept_or_refused_whole(service: Service, length: int) -> None:
    card = service.agent.says(f"/投诉 华星科技 {'长' * length}")
    if length == 5000:
        assert card.title == TITLE
    else:
        assert "最多 5000 字，现在是 5001 字" in card.text
        with service.keban.works.read() as work:
            assert work.run(select(Complaint.id)).first() is None


def test_a_bad_score_opens_one_whose_owner_and_supervisor_hear_of_it_at_once(service: Service) -> None:
    company = service.company
    where = path(service.rep.says("/问卷 华星科技"))
    assert send(company, where, score="2", comment="打 13912345678 也没人接").status_code == 200
    card = service.rep.last(TITLE)
    assert "客户差评" in card.text and "打了 2 分" in card.text and "13912345678" in card.text
    assert "请在 明天 10:00 前首次响应，还剩 24 小时 0 分" in card.text
    (told,) = alerts(service.boss)
    assert "139****5678" in told.text and alerts(service.agent) == alerts(service.manager) == []
    for hours, counts in ((12, (2, 2)), (8, (3, 3)), (3, (4, 4)), (1, (5, 5))):
        service.keban.forward(hours=hours)
        assert (len(alerts(service.rep)), len(alerts(service.boss))) == counts, hours
    assert "已超时" in alerts(service.manager)[-1].text
    assert "一般投诉" in service.rep.says("/客户 华星科技").text


def test_a_score_that_is_good_enough_opens_none(service: Service) -> None:
    send(service.company, path(service.rep.says("/问卷 华星科技")), score="3")
    assert alerts(service.rep) == [] and "没有等待首次响应的投诉" in service.rep.says("/投诉").text


def test_who_may_not_see_it_any_more_holds_nobody_up_and_keeps_nothing(service: Service) -> None:
    """A living card is remade for all who have a copy: one of them may have lost his place meanwhile."""
    service.agent.says(LINE)
    service.keban.until("2026-11-25 11:30")
    (lost,) = alerts(service.lead)
    rehire(service.company, service.lead, "钱进", "销售二部", "sales_rep")
    assert "首次响应" in service.agent.says("/首响 TS202611001 外壳裂纹").text
    assert "已由吴芳处理" in alerts(service.agent)[0].text
    service.keban.forward(seconds=5)
    shown = Seen(lost.message)
    assert shown.buttons == [] and "139" not in shown.text and "由其他同事负责" in shown.text
