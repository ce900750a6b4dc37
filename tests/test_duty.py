"""The duty roster, and who is alerted by which rung: in the office, outside of it, on duty, away (P9, P10, F2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from bot import posting
from conftest import ON_SQLITE, ZONE, Company, Inside
from models.crm import departments, deputies, duty, people
from models.crm.complaints import ALERTED, BREACH, HANDLER, MANAGER, SUPERVISOR, UNANSWERED
from models.crm.duty import Shift
from models.tables import Absence, Complaint, DutyShift, User
from models.work import Work, Works
from test_complaints import LINE, Service, service
from test_entry import count, stored
from test_review import hire, press_value
from test_story import SURFACES, opened
from world import HandClock, Seen, Somebody

__all__ = ["service"]
TITLE = "投诉 · TS202611001"
OFFICE, NIGHT = "2026-11-25 10:30", "2026-11-25 20:30"


@pytest.fixture(params=SURFACES)
def everywhere(request: pytest.FixtureRequest, works: Works, clock: HandClock) -> Iterator[Company]:
    with opened(request.param, clock=lambda: clock().timestamp()) as end:
        yield Company(Inside(works, end, clock))


def test_who_leads_sets_the_roster_on_a_card_and_everybody_sees_the_week(everywhere: Company) -> None:
    """On every surface: a pattern for the week, another person on one day, nobody on one day, a row taken out."""
    company, boss = everywhere, everywhere.supervisor
    assert "这周还没有排班" in company.rep.says("/值班").text and company.rep.last("值班").buttons == []
    assert boss.says("/值班").title == "值班 · 销售一部"
    for days, hours, who in (
        ("周一至周五", "18:00-22:00", "王敏"),
        ("周三", "18:00-23:00", "陈晨"),
        ("11月27日", "18:00-22:00", "赵强"),
        ("11月26日", "17:00-23:00", "无人"),
    ):
        boss.presses("排班", on=boss.says("/值班"))
        saved = boss.presses("保存", {"星期或日期": days, "时间": hours, "人": who})
        assert saved.title == "值班 · 销售一部", (days, saved.text)
    week = company.rep.says("/duty").text
    assert "周一 11月23日 18:00–22:00 王敏" in week and "周三 11月25日 18:00–23:00 陈晨" in week
    assert "周五 11月27日 18:00–22:00 赵强（调整）" in week and "周五 11月27日 18:00–22:00 王敏" not in week
    assert "周四 11月26日 17:00–23:00 无人（调整）" in week and "现在没有人值班" in week
    boss.presses("删除", on=boss.says("/值班"))
    before, label = count(company, DutyShift), next(each for each in boss.seen()[-1].buttons if each.endswith("删除"))
    boss.presses(label)
    assert count(company, DutyShift) == before - 1
    assert "周一 11月23日" not in boss.says("/值班").text
    company.keban.until("2026-11-25 18:00")
    assert "现在值班：陈晨" in company.rep.says("/zb").text
    assert "现在值班：陈晨" in company.stranger.says("/值班 销售一部").text
    company.keban.until("2026-11-26 18:30")
    assert "现在没有人值班" in company.rep.says("/值班").text


def test_what_is_wrong_comes_back_in_the_form_and_only_who_leads_may_set(company: Company) -> None:
    boss = company.supervisor
    boss.presses("排班", on=boss.says("/值班"))
    wrong = boss.presses("保存", {"星期或日期": "某天", "时间": "晚上", "人": "孙悟空"})
    for says in ("看不懂时间「某天」", "看不懂时间「晚上」", "没有找到同事「孙悟空」"):
        assert says in wrong.text
    assert wrong.fields["时间"] == "晚上"
    weekly = boss.presses("保存", {"星期或日期": "周一", "时间": "18:00-22:00", "人": "无人"})
    assert "每周的值班要写人" in weekly.text and count(company, DutyShift) == 0
    boss.presses("保存", {"星期或日期": "周一", "时间": "18:00-22:00", "人": "王敏"})

    other = hire(company, "吴敏", "销售二部", "supervisor")
    boss.says("/请假 现在 周五 代理:陈晨")
    for who in (company.rep, company.colleague, other):
        shown = who.says("/值班 销售一部")
        assert shown.buttons == []
        asked = [{"do": "duty.ask", "department": 2}, {"do": "duty.rows", "department": 2, "page": 0}]
        for value in (*asked, {"do": "duty.remove", "shift": 1}):
            assert "权限" in press_value(who, shown, value).toast, "not even the deputy: he only decides and is alerted"
    assert count(company, DutyShift) == 1
    assert "没有找到部门「火星」" in boss.says("/值班 火星").text


Rows = list[tuple[tuple[int | None, dt.date | None], int, int, int | None]]
W, D, X = (2, None), (None, dt.date(2026, 11, 25)), (3, None)
#: rows of (days, opens, closes, person), and who is on duty at which time of Wednesday 25 and Thursday 26 November.
ROSTERS: list[tuple[Rows, dict[str, int | None]]] = [
    ([(W, 1080, 1320, 1)], {"25 17:59": None, "25 18:00": 1, "25 21:59": 1, "25 22:00": None, "26 18:00": None}),
    ([(W, 1320, 1920, 1)], {"25 21:59": None, "25 23:59": 1, "26 00:00": 1, "26 07:59": 1, "26 08:00": None}),
    ([(W, 1080, 1320, 1), (D, 1140, 1200, 2)], {"25 18:30": 1, "25 19:00": 2, "25 20:00": 1}),
    ([(W, 1080, 1320, 1), (D, 1140, 1200, None)], {"25 18:30": 1, "25 19:00": None, "25 20:00": 1}),
    ([(W, 1320, 1920, 1), (X, 360, 480, 2)], {"26 05:59": 1, "26 06:00": 2, "26 07:59": 2, "26 08:00": None}),
]


@pytest.mark.parametrize("roster", ROSTERS)
def test_a_date_comes_before_the_week_and_what_began_last_before_the_rest(
    roster: tuple[Rows, dict[str, int | None]],
) -> None:
    rows, expected = roster
    shifts = [Shift(n, *on, opens, closes, who, None) for n, (on, opens, closes, who) in enumerate(rows)]
    for said, who in expected.items():
        found = duty.now(shifts, dt.datetime.fromisoformat(f"2026-11-{said}").replace(tzinfo=ZONE))
        assert (found and found.person) == who, said


#: by hand. 吴芳 handles, 钱进 leads her and is 客服主管, 林总 manages; 方正 is on duty, 陈晨 and 周舟 stand in.
#: state → whom each rung tells: HANDLER, SUPERVISOR, UNANSWERED, MANAGER, BREACH.
H, S, M, D1, P1, P2 = "吴芳", "钱进", "林总", "方正", "陈晨", "周舟"
TABLE: dict[str, tuple[dict[str, object], tuple[set[str], ...]]] = {
    "in the office": ({}, ({H}, {H, S}, {M}, {H, S, M}, {H, S, M})),
    "in the office with a roster": ({"duty": D1}, ({H}, {H, S}, {M}, {H, S, M}, {H, S, M})),
    "outside, nobody on duty": ({"night": 1}, ({H, S}, {H, S}, {M}, {H, S, M}, {H, S, M})),
    "outside, on duty": ({"night": 1, "duty": D1}, ({D1}, {D1, S}, {M}, {D1, S, M}, {D1, S, M})),
    "outside, on duty for the department above": (
        {"night": 1, "duty": D1, "of": "总公司"},
        ({D1}, {D1, S}, {M}, {D1, S, M}, {D1, S, M}),
    ),
    "outside, on duty is away with a deputy": (
        {"night": 1, "duty": D1, "away": {D1: P1}},
        ({P1}, {P1, S}, {M}, {P1, S, M}, {P1, S, M}),
    ),
    "outside, on duty is away with nobody": (
        {"night": 1, "duty": D1, "away": {D1: None}},
        ({H, S}, {H, S}, {M}, {H, S, M}, {H, S, M}),
    ),
    "handler away with a deputy": ({"away": {H: P1}}, ({P1}, {P1, S}, {M}, {P1, S, M}, {P1, S, M})),
    "handler away with nobody": ({"away": {H: None}}, ({S}, {S}, {M}, {S, M}, {S, M})),
    "handler's deputy is the supervisor": ({"away": {H: S}}, ({S}, {S}, {M}, {S, M}, {S, M})),
    "handler's deputy away, his deputy is there": (
        {"away": {H: P1, P1: P2}},
        ({P2}, {P2, S}, {M}, {P2, S, M}, {P2, S, M}),
    ),
    "deputies in a circle": ({"away": {H: P1, P1: H}}, ({S}, {S}, {M}, {S, M}, {S, M})),
    "supervisor away with a deputy": ({"away": {S: P1}}, ({H}, {H, P1}, {M}, {H, P1, M}, {H, P1, M})),
    "supervisor away with nobody": ({"away": {S: None}}, ({H}, {H, M}, set(), {H, M}, {H, M})),
    "supervisor's deputy is the handler": ({"away": {S: H}}, ({H}, {H, M}, set(), {H, M}, {H, M})),
    "manager away with a deputy": ({"away": {M: P2}}, ({H}, {H, S}, {P2}, {H, S, P2}, {H, S, P2})),
    "all away": ({"away": {H: None, S: None, M: None}}, (set(), set(), set(), set(), set())),
}


def arranged(service: Service, state: Mapping[str, object]) -> dict[str, int]:
    """The roster and the leaves of a state; gives everybody's id."""
    company = service.company
    names = {user.name: user.id for user in stored(company, select(User))}
    away: Mapping[str, str | None] = state.get("away", {})  # type: ignore[assignment]
    night = dt.datetime.fromisoformat(NIGHT).replace(tzinfo=ZONE)

    def enter(work: Work) -> None:
        for who, deputy in away.items():
            days = {"since": night - dt.timedelta(days=2), "until": night + dt.timedelta(days=2)}
            work.run(insert(Absence), user_id=names[who], deputy_id=names.get(deputy or ""), entered_by=None, **days)
        if state.get("duty"):
            department = departments.set_department(work, str(state.get("of", "客服部")), None)
            duty.put(work, department.id, duty.Days(tuple(range(7))), "00:00-24:00", names[str(state["duty"])])

    service.keban.works.perform(enter)
    return names


@pytest.mark.parametrize("name", TABLE)
@ON_SQLITE
def test_each_rung_tells_whom_it_tells_by_hand(service: Service, name: str) -> None:
    state, expected = TABLE[name]
    service.agent.says(LINE)
    names = {number: each for each, number in arranged(service, state).items()}
    service.keban.clock.at = dt.datetime.fromisoformat(NIGHT if state.get("night") else OFFICE).replace(tzinfo=ZONE)
    told = []
    for rung in (HANDLER, SUPERVISOR, UNANSWERED, MANAGER, BREACH):

        def ring(work: Work, rung: str = rung) -> list[int]:
            complaint = work.db.scalars(select(Complaint)).one()
            found = ALERTED[rung](work, complaint)
            work.notify("complaint", complaint.id, found)
            posting.post_notices(work)
            return found

        found = service.keban.works.perform(ring)
        assert len(found) == len({*found}), "nobody twice"
        told.append({names[each] for each in found})
    assert tuple(told) == expected


def test_whoever_is_on_duty_acts_on_what_came_to_him_then_and_later_and_on_nothing_else(everywhere: Company) -> None:
    """On every surface: at night the alert comes to him, with the numbers he needs; the deadline is what it was."""
    company, lawyer = everywhere, everywhere.joins("方正", "总公司", "legal")
    company.make.customer("王敏", "华星科技有限公司")
    company.make.customer("王敏", "云帆贸易有限公司", 手机="13912345679")
    company.manager.presses("排班", on=company.manager.says("/值班 总公司"))
    company.manager.presses("保存", {"星期或日期": "每天", "时间": "18:00-22:00", "人": "方正"})
    assert "没有权限" in lawyer.says("/客户 华星科技").text
    company.keban.until("2026-11-25 17:30")
    company.supervisor.says("/投诉 华星科技 外壳有裂纹")
    company.supervisor.says("/投诉 云帆 发票开错了")
    assert company.supervisor.says("/首响 TS202611002 已重开").title == "投诉 · TS202611002"
    before = len(company.rep.seen())
    company.keban.until("2026-11-25 18:30")
    card = lawyer.last(TITLE)
    assert "值班，代 王敏" in card.text and "13912345678" in card.text and "今天 19:30 前" in card.text
    assert len(company.rep.seen()) == before, "the handler is left alone"
    assert "没有找到这个投诉" in lawyer.says("/首响 TS202611002 好的").text, "that one never came to him"
    company.keban.until("2026-11-25 22:30")
    assert TITLE.removeprefix("投诉 · ") in lawyer.says("/投诉").text, "his duty is over, the complaint is still his"
    done = lawyer.says("/首响 TS202611001 换货 超时原因:电话占线")
    assert "已由方正处理" in done.text
    assert "没有权限" in lawyer.says("/跟进 华星科技 聊了").text


def test_a_deputy_who_stands_in_since_the_supervisor_was_told_is_told_when_he_does_not_answer(service: Service) -> None:
    service.agent.says(LINE)
    service.keban.until("2026-11-25 11:30")
    service.lead.says("/请假 现在 周五 代理:陈晨")
    service.keban.until("2026-11-25 11:35")
    assert "代 钱进" in service.colleague.last(TITLE).text and came(service.manager) == 0
    service.colleague.presses("收到")
    service.keban.until("2026-11-25 11:50")
    assert [came(each) for each in (service.agent, service.colleague, service.manager, service.lead)] == [3, 2, 1, 1]


def test_the_deputys_answer_stops_the_escalation_of_his_rung(service: Service) -> None:
    service.lead.says("/请假 现在 周五 代理:陈晨")
    service.agent.says(LINE)
    service.keban.until("2026-11-25 11:30")
    service.colleague.presses("收到")
    service.keban.until("2026-11-25 11:40")
    assert came(service.manager) == 0 and came(service.colleague) == 1


def came(person: Somebody) -> int:
    return len([seen for seen in map(Seen, person.inbox()) if seen.title == TITLE])


NAMES = (H, S, M, D1, P1, P2)
LEAVES = st.dictionaries(st.sampled_from(NAMES), st.none() | st.sampled_from(NAMES), max_size=len(NAMES))


@ON_SQLITE
def test_levels_with_deputies_repeat_nobody_and_hold_nobody_who_is_away(service: Service) -> None:
    ids = {user.name: user.id for user in stored(service.company, select(User))}
    departments = {user.department_id for user in stored(service.company, select(User))}

    @given(LEAVES, st.sampled_from(sorted(departments)), st.sampled_from(NAMES))
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    def holds(leaves: dict[str, str | None], department: int, but: str) -> None:
        def task(work: Work) -> list[list[int]]:
            work.run(delete(Absence))
            span = {"since": work.now, "until": work.now + dt.timedelta(days=1)}
            for who, deputy in leaves.items():
                work.run(insert(Absence), user_id=ids[who], deputy_id=ids[deputy] if deputy else None, **span)
            return [*people.levels(work, department, ids[but])]

        levels = service.keban.works.perform(task)
        told = [each for level in levels for each in level]
        assert len(told) == len({*told}) and ids[but] not in told and all(levels)
        assert not {*told} & {ids[each] for each in leaves}

    holds()


def test_who_stands_in_is_found_along_the_chain() -> None:
    assert deputies.acting([1, 2, 3], {1: None, 2: 3}) == [3]
    assert deputies.acting([1, 2], {1: 2, 2: 1}) == [] and deputies.acting([1], {1: 2, 2: 4}) == [4]


def test_who_has_left_is_neither_deputy_nor_on_duty(service: Service) -> None:
    arranged(service, {"away": {S: P1}, "duty": D1})
    service.agent.says(LINE)
    gone = update(User).where(User.name.in_([P1, D1])).values(active=False)
    service.keban.works.perform(lambda work: work.run(gone))
    service.keban.clock.at = dt.datetime.fromisoformat(NIGHT).replace(tzinfo=ZONE)
    with service.keban.works.read() as work:
        assert duty.on_duty(work, work.run(select(User.department_id).where(User.name == H)).scalar()) is None
        levels = people.levels(work, work.run(select(User.department_id).where(User.name == H)).scalar(), 0)
        assert [[service_name(work, each) for each in level] for level in levels] == [[M]]


def service_name(work: Work, person: int) -> str:
    return str(work.run(select(User.name).where(User.id == person)).scalar())
