"""Samples of the cards of leave and of the duty roster."""

from __future__ import annotations

from dataclasses import replace

from cards import absences, duty
from cards.samples import ODD, Samples
from models.crm.absence_views import Away, State
from models.crm.duty_views import Line, Roster, Row

AWAY = Away(3, "赵强", "明天 0:00", "周五 23:59", "陈晨", "", State.AHEAD, may_end=True, stands_in=False)
WEEK = tuple(
    Line(day, "18:00–22:00", who, exception)
    for day, who, exception in (
        ("周一 11月23日", "王敏", False),
        ("周三 11月25日", "陈晨", False),
        ("周五 11月27日", "无人", True),
    )
)
ROWS = tuple(Row(number, f"每周{day} 18:00–22:00", "王敏") for number, day in enumerate("一二三四五", 1))
ROSTER = Roster(2, "销售一部", WEEK, "陈晨", in_office=False, rows=ROWS, may_set=True)


def _absences() -> Samples:
    yield "absences.card.ahead", absences.card(AWAY, "已登记请假")
    yield "absences.card.nobody", absences.card(replace(AWAY, deputy="", state=State.NOW))
    stands_in = replace(AWAY, state=State.NOW, entered_by="林总", may_end=False, stands_in=True)
    yield "absences.card.deputy", absences.card(stands_in)
    yield "absences.card.over", absences.card(replace(AWAY, state=State.OVER))
    yield "absences.card.called_off", absences.card(replace(AWAY, state=State.CALLED_OFF))
    yield "absences.card.nasty", absences.card(replace(AWAY, name=ODD, deputy=ODD, entered_by=ODD))
    yield "absences.mine.two", absences.mine([AWAY, replace(AWAY, id=4, deputy="")])
    yield "absences.form.empty", absences.form({}, {}, 0)
    no = "没有找到同事「孙悟空」，请写姓名或工号。"
    yield "absences.form.errors", absences.form({"since": "明天", "deputy": "孙悟空"}, {"deputy": no}, 0)


def _duty() -> Samples:
    yield "duty.card.leader", duty.card(ROSTER, "已保存")
    yield "duty.card.member", duty.card(replace(ROSTER, rows=(), may_set=False, now="", in_office=True))
    yield "duty.card.empty", duty.card(replace(ROSTER, week=(), rows=()))
    yield "duty.card.nasty", duty.card(replace(ROSTER, name=ODD, now=ODD, week=(Line(ODD, ODD, ODD, exception=True),)))
    yield "duty.rows.few", duty.rows(ROSTER, 0)
    yield "duty.rows.second_page", duty.rows(replace(ROSTER, rows=ROWS * 5), 1)
    yield "duty.form.empty", duty.form(ROSTER, {}, {})
    wrong = {"hours": "看不懂时间「晚上」，请写成 18:00-22:00，过夜的写 22:00-08:00。", "": "每周的值班要写人。"}
    yield "duty.form.errors", duty.form(ROSTER, {"days": "周一", "hours": "晚上", "person": ODD}, wrong)


PARTS = (_absences, _duty)
