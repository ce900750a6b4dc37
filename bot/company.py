"""What the shell changes about leave and duty: each change gives a sentence to print (P9, P10)."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping

from bot import posting
from bot.platform import Platform
from models.crm import absences, access_team, colleagues, duty
from models.crm.absences import Leave
from models.errors import Refused
from models.work import Work, Works

Platforms = Mapping[str, Platform]


def user_absent(works: Works, _: Platforms, said: Namespace) -> None:
    """Enter a leave with its deputy."""
    _change(works, _absent, said)


def duty_set(works: Works, _: Platforms, said: Namespace) -> None:
    """Set who is on duty on days of the week, or on a date."""
    _change(works, _set, said)


def duty_clear(works: Works, _: Platforms, said: Namespace) -> None:
    """Take days out of a roster, or all of it."""
    _change(works, _clear, said)


def _change(works: Works, call: Callable[[Work, Namespace], str], said: Namespace) -> None:
    def task(work: Work) -> str:
        sentence = call(work, said)
        posting.post_notices(work)
        return sentence

    print(works.perform(task, channel="shell"))


def _absent(work: Work, said: Namespace) -> str:
    who = colleagues.by_staff_no(work, said.staff_no)
    deputy = colleagues.by_staff_no(work, said.deputy) if said.deputy else None
    since, until = absences.begins(work, said.since), absences.ends(work, said.until)
    absences.enter(work, Leave(who.id, since, until, deputy.id if deputy else None))
    by = f"，由{deputy.name}代理" if deputy else ""
    return f"{who.name}从{work.shown(since)}到{absences.shown_end(work, until)}请假{by}。"


def _set(work: Work, said: Namespace) -> str:
    department = access_team.department(work, said.department)
    who = colleagues.by_staff_no(work, said.staff_no) if said.staff_no else None
    duty.put(work, department.id, _days(work, said), f"{said.since}-{said.until}", who.id if who else None)
    return f"{department.name}的值班已保存：{said.since}-{said.until} {who.name if who else '无人'}。"


def _clear(work: Work, said: Namespace) -> str:
    department = access_team.department(work, said.department)
    duty.clear(work, department.id, _days(work, said) if said.weekday or said.date else None)
    return f"{department.name}的值班已清除。"


def _days(work: Work, said: Namespace) -> duty.Days:
    found = duty.days(work, said.weekday or said.date)
    if bool(said.date) is bool(found.weekdays):
        raise Refused("--weekday 写 1-5（周一是 1），--date 写 2026-12-25。")
    return found
