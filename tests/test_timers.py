"""Timers fire once, whoever looks first; one that fails waits a minute and stands in nobody's way."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter

import pytest
from sqlalchemy import Engine, select

from conftest import HandClock
from models import deadlines, due
from models.deadlines import Rung
from models.errors import NotFound
from models.settings import Settings
from models.tables import Outbox, Timer, TimerState
from models.work import AnyRow, Work, Works
from scheduler import jobs
from scheduler.jobs import JOBS, Job
from scheduler.run import start, tick

MINUTE = dt.timedelta(minutes=1)


def plan(works: Works, *subjects: int, kind: str = "test", after: float = 0) -> None:
    """Timers due so many seconds from now."""

    def task(work: Work) -> None:
        for subject in subjects:
            due.plan(work, kind, subject, work.now + dt.timedelta(seconds=after))

    works.perform(task)


def states(works: Works) -> list[TimerState]:
    with works.read() as work:
        return list(work.run(select(Timer.state).order_by(Timer.id)).scalars())


class Fired:
    """Counts what fires; raises for the subjects in `broken`."""

    def __init__(self, *broken: int) -> None:
        self.subjects: list[int] = []
        self.broken = set(broken)

    def __call__(self, work: Work, timer: AnyRow) -> None:
        self.subjects.append(timer.subject_id)
        work.notify("test", timer.subject_id)
        if timer.subject_id in self.broken:
            raise RuntimeError("broken")


def test_a_timer_fires_when_its_moment_has_come_and_once(works: Works, clock: HandClock) -> None:
    fired = Fired()
    plan(works, 1, after=60)
    for seconds, seen in ((0, []), (59, []), (1, [1]), (1, [1]), (86400, [1])):
        clock.forward(seconds=seconds)
        works.perform(lambda work: due.fire(work, {"test": fired}))
        assert fired.subjects == seen
    assert states(works) == [TimerState.FIRED]


def test_one_that_fails_is_tried_again_a_minute_later(
    works: Works, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    fired = Fired(2)
    plan(works, 1, 2, 3)

    def fire(work: Work) -> list[str]:
        due.fire(work, {"test": fired})
        return [notice.key for notice in work.notices]

    assert works.perform(fire) == ["test:1", "test:3"], "what the failed one announced is undone"
    assert states(works) == [TimerState.FIRED, TimerState.PENDING, TimerState.FIRED]
    assert "timer 2 (test) failed" in caplog.text
    clock.forward(seconds=59)
    assert works.perform(fire) == [] and fired.subjects == [1, 2, 3]
    clock.forward(seconds=1)
    fired.broken.clear()
    assert works.perform(fire) == ["test:2"] and states(works) == [TimerState.FIRED] * 3


def test_one_of_an_unknown_kind_does_not_stop_the_others(
    works: Works, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    fired = Fired()
    plan(works, 1, kind="from another version")
    plan(works, 2)
    assert works.perform(lambda work: due.fire(work, {"test": fired})) == 2
    assert fired.subjects == [2] and states(works) == [TimerState.PENDING, TimerState.FIRED]
    assert "(from another version) failed" in caplog.text


def test_what_a_person_may_not_see_any_more_is_dropped(works: Works, caplog: pytest.LogCaptureFixture) -> None:
    def gone(work: Work, timer: AnyRow) -> None:
        raise NotFound()

    plan(works, 1)
    works.perform(lambda work: due.fire(work, {"test": gone}))
    assert states(works) == [TimerState.CANCELLED] and "is dropped: NotFound" in caplog.text


def test_what_waits_comes_in_batches_the_oldest_first(works: Works) -> None:
    fired = Fired()
    plan(works, *range(due.BATCH, 2 * due.BATCH + 5))
    plan(works, *range(due.BATCH), after=-1)
    counts = [works.perform(lambda work: due.fire(work, {"test": fired})) for _ in range(4)]
    assert counts == [due.BATCH, due.BATCH, 5, 0] and fired.subjects == [*range(2 * due.BATCH + 5)]


def test_a_timer_moves_and_ends_only_by_its_newest_plan(works: Works, clock: HandClock) -> None:
    plan(works, 1, after=60)

    def task(work: Work) -> list[bool]:
        later = work.now + 5 * MINUTE
        return [
            due.move(work, 1, 1, later),
            due.move(work, 1, 1, later),
            due.close(work, 1, 1),
            due.close(work, 1, 2),
            due.close(work, 1, 2),
            due.move(work, 1, 2, later),
        ]

    assert works.perform(task) == [True, False, False, True, False, False]
    assert states(works) == [TimerState.DONE]
    fired = Fired()
    clock.forward(hours=1)
    works.perform(lambda work: due.fire(work, {"test": fired}))
    assert fired.subjects == []


RUNGS = Rung("half", 225), Rung("test", 0)


@pytest.mark.parametrize(
    ("wait", "seen"),
    [({"hours": 5, "minutes": 15}, ["half"]), ({"hours": 24}, ["test"]), ({"days": 9}, ["test"])],
)
def test_of_several_rungs_already_past_only_the_latest_fires(
    works: Works, clock: HandClock, wait: dict[str, float], seen: list[str]
) -> None:
    fired: list[str] = []
    works.perform(lambda work: deadlines.start(work, "promise", 1, 450, RUNGS))
    clock.forward(**wait)
    kinds = {kind: lambda work, timer: fired.append(timer.kind) for kind in ("half", "test")}
    works.perform(lambda work: due.fire(work, kinds))
    assert fired == seen
    clock.forward(days=9)
    works.perform(lambda work: due.fire(work, kinds))
    assert fired == (["half", "test"] if seen == ["half"] else ["test"])


def test_a_promise_that_is_kept_fires_nothing(works: Works, clock: HandClock) -> None:
    fired = Fired()
    works.perform(lambda work: deadlines.start(work, "promise", 1, 450, RUNGS))
    works.perform(lambda work: deadlines.start(work, "promise", 2, 450, RUNGS))
    works.perform(lambda work: deadlines.meet(work, "promise", 1))
    clock.forward(days=2)
    works.perform(lambda work: due.fire(work, {"half": fired, "test": fired}))
    assert fired.subjects == [2]


def test_many_schedulers_at_once_fire_each_timer_once(engine: Engine, clock: HandClock) -> None:
    """Every thread has its own unit-of-work opener, as processes have."""
    several = [Works(engine, clock, Settings()) for _ in range(6)]
    fired = Fired()
    plan(several[0], *range(60))
    job = Job("timers", 1, lambda work: due.fire(work, {"test": fired}) == due.BATCH)
    gate = threading.Barrier(len(several))

    def run(works: Works) -> None:
        gate.wait()
        for _ in range(3):
            tick(works, job)

    threads = [threading.Thread(target=run, args=(works,)) for works in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tick(several[0], job)
    assert Counter(fired.subjects) == Counter(range(60))
    assert states(several[0]) == [TimerState.FIRED] * 60


def test_a_tick_that_fails_leaves_the_next_one_alone(works: Works, caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []

    def broken(work: Work) -> bool:
        runs.append(1)
        due.plan(work, "test", 1, work.now)
        raise RuntimeError("broken")

    tick(works, Job("broken", 1, broken))
    assert "job broken failed" in caplog.text and runs == [1] and states(works) == []
    tick(works, Job("twice", 1, lambda work: bool(runs and runs.pop())))
    assert runs == []


def test_the_scheduler_ticks_the_list_of_jobs(works: Works) -> None:
    assert len({job.name for job in JOBS}) == len(JOBS) and set(jobs.TIMERS) >= {"follow_up", "review.half"}
    ticking = start(works)
    try:
        planned = {job.id: job.trigger.interval.total_seconds() for job in ticking.get_jobs()}
    finally:
        ticking.shutdown()
    assert planned == {job.name: job.seconds for job in JOBS}
    with works.read() as work:
        assert work.run(select(Outbox.id)).all() == []
