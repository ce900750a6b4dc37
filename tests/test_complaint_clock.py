"""The two hours of a complaint: the ladder over night, lunch, weekends and holidays, whatever the schedulers do."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter

import pytest
from sqlalchemy import Engine, select

from conftest import ZONE
from models.crm.complaints import AGAIN, BREACH, HANDLER, MANAGER, SUPERVISOR, UNANSWERED
from models.settings import Complaint as Rules
from models.settings import Settings
from models.tables import Timer
from models.work import Works
from scheduler.jobs import JOBS
from scheduler.run import tick
from test_complaints import LINE, Service, alerts, service

RUNGS = (HANDLER, SUPERVISOR, UNANSWERED, MANAGER, BREACH)
#: taken in; then by hand, in office hours 9:00-12:00 and 13:30-18:00 of 2026 after the State Council's notice (1 to 7
#: October off, Sunday 20 September and Saturday 10 October at work): the five rungs and the four repeats.
OFFICE = [
    ("11-25 09:00", "11-25 10:00 10:30 10:35 10:50 11:00 11:30 12:00 14:00 14:30"),  # the afternoon repeats it
    ("11-25 11:00", "11-25 13:30 14:00 14:05 14:20 14:30 15:00 15:30 16:00 16:30"),  # lunch lies between
    ("11-25 12:30", "11-25 14:30 15:00 15:05 15:20 15:30 16:00 16:30 17:00 17:30"),  # said over lunch
    ("11-25 17:00", "11-26 09:00 09:30 09:35 09:50 10:00 10:30 11:00 11:30 12:00"),  # a night between
    ("11-25 20:00", "11-26 10:00 10:30 10:35 10:50 11:00 11:30 12:00 14:00 14:30"),  # said at night
    ("11-27 17:30", "11-30 09:30 10:00 10:05 10:20 10:30 11:00 11:30 12:00 14:00"),  # a weekend between
    ("11-28 11:00", "11-30 10:00 10:30 10:35 10:50 11:00 11:30 12:00 14:00 14:30"),  # said on a Saturday
    ("09-30 17:00", "10-08 09:00 09:30 09:35 09:50 10:00 10:30 11:00 11:30 12:00"),  # National Day between
    ("10-03 08:00", "10-08 10:00 10:30 10:35 10:50 11:00 11:30 12:00 14:00 14:30"),  # said on a holiday
    ("10-09 17:00", "10-10 09:00 09:30 09:35 09:50 10:00 10:30 11:00 11:30 12:00"),  # into a Saturday at work
    ("10-10 16:30", "10-10 17:30 10-12 09:00 09:05 09:20 09:30 10:00 10:30 11:00 11:30"),  # from it over a Sunday
    ("09-18 17:00", "09-20 09:00 09:30 09:35 09:50 10:00 10:30 11:00 11:30 12:00"),  # into a Sunday at work
]
#: every minute of every day counts: the same beginnings.
ALWAYS = [
    ("11-25 09:00", "11-25 10:00 10:30 10:35 10:50 11:00 11:30 12:00 12:30 13:00"),
    ("11-25 11:00", "11-25 12:00 12:30 12:35 12:50 13:00 13:30 14:00 14:30 15:00"),
    ("11-25 12:30", "11-25 13:30 14:00 14:05 14:20 14:30 15:00 15:30 16:00 16:30"),
    ("11-25 17:00", "11-25 18:00 18:30 18:35 18:50 19:00 19:30 20:00 20:30 21:00"),
    ("11-25 20:00", "11-25 21:00 21:30 21:35 21:50 22:00 22:30 23:00 23:30 11-26 00:00"),
    ("11-27 17:30", "11-27 18:30 19:00 19:05 19:20 19:30 20:00 20:30 21:00 21:30"),
    ("11-28 11:00", "11-28 12:00 12:30 12:35 12:50 13:00 13:30 14:00 14:30 15:00"),
    ("09-30 17:00", "09-30 18:00 18:30 18:35 18:50 19:00 19:30 20:00 20:30 21:00"),
    ("10-03 08:00", "10-03 09:00 09:30 09:35 09:50 10:00 10:30 11:00 11:30 12:00"),
    ("10-09 17:00", "10-09 18:00 18:30 18:35 18:50 19:00 19:30 20:00 20:30 21:00"),
    ("10-10 16:30", "10-10 17:30 18:00 18:05 18:20 18:30 19:00 19:30 20:00 20:30"),
    ("12-31 22:30", "12-31 23:30 01-01 00:00 00:05 00:20 00:30 01:00 01:30 02:00 02:30"),
]
#: how many new cards each rung brings: to the handler, who leads him, the next one up, and no others.
CARDS = {HANDLER: (1, 0, 0), SUPERVISOR: (1, 1, 0), UNANSWERED: (0, 0, 1), MANAGER: (1, 1, 1), BREACH: (1, 1, 1)}
__all__ = ["service"]


def moment(words: str) -> dt.datetime:
    """`11-25 09:00` of 2026, or of the year after where it is January."""
    year = 2027 if words.startswith("01") else 2026
    return dt.datetime.fromisoformat(f"{year}-{words}").replace(tzinfo=ZONE)


def moments(words: str) -> list[dt.datetime]:
    """Times, each on the day that was named last."""
    day, found = "", []
    for word in words.split():
        if "-" in word:
            day = word
        else:
            found.append(moment(f"{day} {word}"))
    return found


def rules(service: Service, **changed: object) -> None:
    """Other settings from now on."""
    works = service.keban.works
    works.settings = works.settings.model_copy(update={"complaint": Rules.model_validate(changed)})


@pytest.mark.parametrize(("office_hours", "cases"), [(True, OFFICE), (False, ALWAYS)], ids=["office", "always"])
def test_the_ladder_stands_where_it_was_computed_by_hand(
    service: Service, office_hours: bool, cases: list[tuple[str, str]]
) -> None:
    rules(service, office_hours=office_hours)
    kinds = [*RUNGS, *[AGAIN] * 4]
    for began, stands in cases:
        service.keban.clock.at = moment(began)
        service.agent.says(LINE)
        with service.keban.works.read() as work:
            newest = work.run(select(Timer.deadline_id).order_by(Timer.id.desc())).scalar()
            rows = work.run(select(Timer.kind, Timer.due_at).where(Timer.deadline_id == newest).order_by(Timer.due_at))
            ladder = [(row.kind, row.due_at) for row in rows]
        assert ladder == list(zip(kinds, moments(stands), strict=True)), began
        last = moments(stands)[4].astimezone(ZONE)
        assert f"{last.hour}:{last:%M} 前首次响应" in alerts(service.agent, "投诉 · ")[-1].text


#: at night with nobody on duty whoever leads the handler hears of it with him (P10).
AT_NIGHT = CARDS | {HANDLER: (1, 1, 0)}
STORIES = {"lunch": (True, OFFICE[1]), "make-up": (True, OFFICE[10]), "night": (False, ALWAYS[4])}


@pytest.mark.parametrize(("office_hours", "case"), STORIES.values(), ids=STORIES)
def test_every_rung_fires_at_its_moment_whatever_scheduler_looks(
    service: Service, engine: Engine, office_hours: bool, case: tuple[str, str]
) -> None:
    """Before each rung the scheduler starts anew: what is due stands in the database."""
    rules(service, office_hours=office_hours)
    began, stands = case
    service.keban.clock.at = moment(began)
    service.agent.says(LINE)
    seen = (1, 0, 0)
    for kind, at in zip([*RUNGS, *[AGAIN] * 4], moments(stands), strict=True):
        anew = Works(engine, service.keban.clock, service.keban.works.settings)
        looked(service, anew, at - dt.timedelta(seconds=1))
        assert cards(service) == seen, f"{kind} came too early"
        looked(service, anew, at)
        told = CARDS if office_hours else AT_NIGHT
        seen = tuple(map(sum, zip(seen, told.get(kind, (1, 1, 1)), strict=True)))
        assert cards(service) == seen, kind
    service.keban.forward(days=3)
    assert cards(service) == seen, "at most four times"
    assert [alerts(each, "投诉 · ") for each in (service.colleague, service.legal, service.boss)] == [[], [], []]


def looked(service: Service, works: Works, at: dt.datetime) -> None:
    """A scheduler looks at this moment, and what came of it is sent."""
    service.keban.clock.at = at
    for job in JOBS:
        tick(works, job)
    service.keban.settle()


def cards(service: Service) -> tuple[int, ...]:
    """How many cards the handler, who leads him and the next one up have got."""
    return tuple(len(alerts(each, "投诉 · ")) for each in (service.agent, service.lead, service.manager))


def test_a_scheduler_that_was_down_for_26_hours_sends_one_alert_a_complaint(service: Service) -> None:
    for number in range(3):
        service.agent.says(f"/投诉 华星科技 第 {number} 件事")
    service.keban.forward(hours=26)
    for number in range(1, 4):
        came = [alerts(each, f"TS20261100{number}") for each in (service.agent, service.lead, service.manager)]
        assert [len(each) for each in came] == [2, 1, 1] and "已超时" in came[1][0].text
    service.keban.forward(hours=26)
    assert len(alerts(service.manager, "投诉 · ")) == 3


def test_two_schedulers_at_once_send_each_alert_once(service: Service, engine: Engine) -> None:
    service.agent.says(LINE)
    service.keban.clock.at = moment("11-25 11:50")
    both = [Works(engine, service.keban.clock, Settings()) for _ in range(2)]
    ticking = [threading.Thread(target=tick, args=[works, job]) for works in both for job in JOBS for _ in range(3)]
    for thread in ticking:
        thread.start()
    for thread in ticking:
        thread.join()
    service.keban.settle()
    assert Counter(len(alerts(each)) for each in (service.lead, service.manager)) == {1: 2}
    assert len(alerts(service.agent)) == 2


def test_a_short_clock_leaves_out_the_rungs_before_its_beginning(service: Service) -> None:
    rules(service, first_contact=30, again_times=0)
    service.agent.says(LINE)
    with service.keban.works.read() as work:
        kinds = work.run(select(Timer.kind).where(Timer.kind.like("complaint.%")).order_by(Timer.due_at)).scalars()
    assert kinds == [UNANSWERED, MANAGER, BREACH]
