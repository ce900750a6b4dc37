"""A review is due in one working day: its supervisor is reminded at half time, the next level asked when it is late."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from conftest import ZONE, Company
from models.tables import Deadline, Timer, TimerState
from standins import feishu_says
from world import Seen, Somebody

NAME = "华星科技有限公司"
TITLE = f"待审核 · {NAME}"
ABOUT = "客户性质:企业 所属行业:制造业-电子设备 客户来源:其他 联系人姓名:李雷"

#: submitted, half time, due; by hand, hours 9:00-12:00 and 13:30-18:00 (450 minutes), 2026 after the State
#: Council's notice: 1 to 7 October off, Sunday 20 September and Saturday 10 October at work.
CLOCK = [
    ("2026-11-25 09:00", "2026-11-25 14:15", "2026-11-25 18:00"),  # a whole day
    ("2026-11-25 10:00", "2026-11-25 15:15", "2026-11-26 10:00"),
    ("2026-11-25 12:30", "2026-11-25 17:15", "2026-11-26 12:00"),  # said over lunch, counted from 13:30
    ("2026-11-25 11:00", "2026-11-25 16:15", "2026-11-26 11:00"),  # lunch lies between
    ("2026-11-25 20:00", "2026-11-26 14:15", "2026-11-26 18:00"),  # after hours
    ("2026-11-27 16:00", "2026-11-30 10:45", "2026-11-30 16:00"),  # a weekend between
    ("2026-11-28 11:00", "2026-11-30 14:15", "2026-11-30 18:00"),  # said on a Saturday
    ("2026-09-30 17:00", "2026-10-08 11:45", "2026-10-08 17:00"),  # National Day between
    ("2026-10-03 08:00", "2026-10-08 14:15", "2026-10-08 18:00"),  # said on a holiday
    ("2026-10-09 17:00", "2026-10-10 11:45", "2026-10-10 17:00"),  # a Saturday at work
    ("2026-10-10 16:00", "2026-10-12 10:45", "2026-10-12 16:00"),  # from it over a Sunday
    ("2026-09-18 17:00", "2026-09-20 11:45", "2026-09-20 17:00"),  # a Sunday at work
]


def enter(company: Company, name: str = NAME, mobile: str = "13912345678") -> Seen:
    return company.rep.says(f"/新客户 {name} {ABOUT} 手机:{mobile}")


def asked(person: Somebody, title: str = TITLE) -> list[Seen]:
    """Every message that asked this person for a decision."""
    came = [(seen, seen.message.history[0]) for seen in map(Seen, person.inbox())]
    return [
        seen
        for seen, card in came
        if card["header"]["title"]["content"] == title and "通过" in [each.label for each in feishu_says.buttons(card)]
    ]


def local(moment: dt.datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"


def test_one_working_day_is_counted_in_office_hours(company: Company) -> None:
    for number, (submitted, half, due) in enumerate(CLOCK):
        company.keban.clock.at = dt.datetime.fromisoformat(submitted).replace(tzinfo=ZONE)
        name = f"第{number}号有限公司"
        enter(company, name, f"139123456{number:02}")
        with company.keban.works.read() as work:
            deadline = work.run(select(Deadline.id, Deadline.due_at).order_by(Deadline.id.desc())).first()
            assert deadline
            rungs = select(Timer.kind, Timer.due_at).where(Timer.deadline_id == deadline.id)
            ladder = {row.kind: local(row.due_at) for row in work.run(rungs)}
        assert (local(deadline.due_at), ladder) == (due, {"review.half": half, "review.overdue": due}), submitted
        shown = f"{int(due[11:13])}:{due[14:]} 前处理"
        assert shown in asked(company.supervisor, f"待审核 · {name}")[0].text


def test_half_time_reminds_and_the_end_asks_the_next_level(company: Company) -> None:
    enter(company)
    boss, above = company.supervisor, company.manager
    company.keban.until("2026-11-25 15:14")
    assert len(asked(boss)) == 1
    company.keban.forward(minutes=1)
    assert len(asked(boss)) == 2, "a new card, not only a change of the old one"
    assert asked(boss)[1].buttons == ["通过", "退回", "查看联系方式"] and "超过" not in asked(boss)[1].text
    company.keban.until("2026-11-26 09:59")
    assert asked(above) == [] and len(asked(boss)) == 2
    company.keban.forward(minutes=1)
    assert len(asked(boss)) == 3 and len(asked(above)) == 1
    for late in (asked(boss)[2], asked(above)[0]):
        assert "已超过审核时限" in late.text and late.buttons == ["通过", "退回", "查看联系方式"]
    company.keban.forward(days=5)
    assert (len(asked(boss)), len(asked(above)), len(asked(company.colleague))) == (3, 1, 0)

    assert above.presses("通过").title == "已建档 · C202612001"
    company.keban.forward(seconds=5)
    for copy in asked(boss):
        assert copy.title == "已建档 · C202612001" and "已由林总处理" in copy.text and copy.buttons == []


def test_a_decision_ends_the_ladder(company: Company) -> None:
    enter(company)
    assert company.supervisor.presses("通过").toast == "已通过"
    company.keban.forward(days=7)
    assert len(asked(company.supervisor)) == 1 and asked(company.manager) == []
    with company.keban.works.read() as work:
        assert set(work.run(select(Timer.state)).scalars()) == {TimerState.CANCELLED}
        met = work.run(select(Deadline.met_at)).scalars()
    assert [local(each) for each in met if each] == ["2026-11-25 10:00"]


def test_a_late_decision_is_kept_as_late(company: Company) -> None:
    enter(company)
    company.keban.until("2026-11-26 11:00")
    assert "今天 10:00 前（已超时）" in company.supervisor.says("/待审").text
    company.supervisor.presses("通过", on=asked(company.supervisor)[-1])
    with company.keban.works.read() as work:
        row = work.run(select(Deadline.due_at, Deadline.met_at)).first()
    assert local(row.met_at) == "2026-11-26 11:00" and row.met_at > row.due_at


def test_a_corrected_entry_starts_anew(company: Company) -> None:
    rep, boss = company.rep, company.supervisor
    enter(company)
    company.keban.until("2026-11-25 11:00")
    boss.presses("退回")
    boss.presses("确认退回", {"退回原因": "补地址"})
    company.keban.until("2026-11-25 16:00")
    assert len(asked(boss)) == 1, "nothing to remind of while the rep corrects"
    rep.presses("修改")
    rep.presses("重新提交", {"地址": "上海市浦东新区世纪大道 1 号"})
    assert len(asked(boss)) == 2 and "明天 16:00 前处理" in asked(boss)[1].text
    company.keban.until("2026-11-26 11:45")
    assert len(asked(boss)) == 3 and "第 2 次提交" in asked(boss)[2].text
    company.keban.until("2026-11-26 16:00")
    assert len(asked(boss)) == 4 and len(asked(company.manager)) == 1
    rep.presses("撤回")
    company.keban.forward(days=3)
    assert (len(asked(boss)), len(asked(company.manager))) == (4, 1)
    assert asked(company.manager)[0].title == f"已撤回 · {NAME}"


def test_an_entry_of_the_supervisor_goes_straight_up(company: Company) -> None:
    company.supervisor.says(f"/新客户 {NAME} {ABOUT} 手机:13912345678")
    assert asked(company.supervisor) == [] and len(asked(company.manager)) == 1
    company.keban.forward(days=7)
    assert len(asked(company.manager)) == 2, "the last level is asked again, nobody else is there"
    assert asked(company.supervisor) == []


def test_a_scheduler_that_was_down_for_days_sends_one_card_each(company: Company) -> None:
    enter(company)
    company.make.customer("王敏", "老客户有限公司", 手机="13912345600")
    company.rep.says("/跟进 老客户 聊了 下次:明天")
    company.keban.forward(days=6)
    assert len(asked(company.supervisor)) == 2 and "已超过审核时限" in asked(company.supervisor)[1].text
    assert len(asked(company.manager)) == 1
    reminders = [seen for seen in map(Seen, company.rep.inbox()) if seen.title.startswith("该跟进了")]
    assert len(reminders) == 1
    company.keban.forward(hours=1)
    assert (len(asked(company.supervisor)), len(asked(company.manager))) == (2, 1)
