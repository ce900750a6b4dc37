"""Timers: planned, moved and cancelled with their cause; fired once, by whichever scheduler comes first."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping

from sqlalchemy import bindparam, insert, or_, select, update

from models.errors import Refused
from models.tables import Timer, TimerState
from models.work import AnyRow, Work, passing

BATCH = 20
#: a timer whose firing failed is tried again after this.
RETRY = dt.timedelta(minutes=1)
log = logging.getLogger(__name__)

Fire = Callable[[Work, AnyRow], None]

ADD = insert(Timer)
CANCEL = (
    update(Timer)
    .where(
        Timer.kind == bindparam("what"),
        Timer.subject_id == bindparam("subject"),
        Timer.state == TimerState.PENDING,
    )
    .values(state=TimerState.CANCELLED, closed_at=bindparam("moment"))
)
MOVE = (
    update(Timer)
    .where(
        Timer.id == bindparam("timer"),
        Timer.plan == bindparam("plan_seen"),
        or_(Timer.state == TimerState.PENDING, Timer.state == TimerState.FIRED),
    )
    .values(state=TimerState.PENDING, plan=Timer.plan + 1, due_at=bindparam("moment"))
    .returning(Timer.plan)
)
CLOSE = (
    update(Timer)
    .where(
        Timer.id == bindparam("timer"),
        Timer.plan == bindparam("plan_seen"),
        or_(Timer.state == TimerState.PENDING, Timer.state == TimerState.FIRED),
    )
    .values(state=TimerState.DONE, closed_at=bindparam("moment"))
    .returning(Timer.plan)
)
DUE = (
    select(Timer)
    .where(Timer.state == TimerState.PENDING, Timer.due_at <= bindparam("moment"))
    .order_by(Timer.due_at, Timer.id)
    .limit(BATCH)
)
CLAIM = DUE.with_for_update(skip_locked=True)
BECOME = update(Timer).where(Timer.id == bindparam("timer")).values(state=bindparam("became"))
#: a later rung of the same deadline whose moment has come as well.
OUTRUN = select(Timer.id).where(
    Timer.deadline_id == bindparam("deadline"),
    Timer.due_at > bindparam("after"),
    Timer.due_at <= bindparam("moment"),
    Timer.state.in_([TimerState.PENDING, TimerState.FIRED]),
)
LATER = update(Timer).where(Timer.id == bindparam("timer")).values(due_at=bindparam("moment"))


def plan(work: Work, kind: str, subject_id: int, moment: dt.datetime, **about: int) -> None:
    """Let something happen at a moment of business time; `about` names the person, customer or deadline concerned."""
    work.put(ADD, kind=kind, subject_id=subject_id, due_at=moment, **about)


def cancel(work: Work, kind: str, subject_id: int) -> None:
    """What was planned for a subject does not happen."""
    work.put(CANCEL, what=kind, subject=subject_id, moment=work.now)


def move(work: Work, timer_id: int, plan_seen: int, moment: dt.datetime) -> bool:
    """Put a timer to another moment; False when it was moved or closed since `plan_seen`."""
    return work.run(MOVE, timer=timer_id, plan_seen=plan_seen, moment=moment).first() is not None


def close(work: Work, timer_id: int, plan_seen: int) -> bool:
    """What the timer reminded of is done; False when it was moved or closed since `plan_seen`."""
    return work.run(CLOSE, timer=timer_id, plan_seen=plan_seen, moment=work.now).first() is not None


def fire(work: Work, kinds: Mapping[str, Fire]) -> int:
    """Fire a batch of due timers, each under its own savepoint; returns how many were due.

    Of several rungs of one deadline only the latest fires. One that fails is logged and tried again a minute
    later; one whose subject the person may not see any more is dropped; the others are not touched by it.
    """
    rows = work.run(CLAIM, moment=work.now).all()
    for row in rows:
        if row.deadline_id and work.run(OUTRUN, deadline=row.deadline_id, after=row.due_at, moment=work.now).first():
            work.put(BECOME, timer=row.id, became=TimerState.CANCELLED)
            continue
        try:
            with work.savepoint():
                work.put(BECOME, timer=row.id, became=TimerState.FIRED)
                kinds[row.kind](work, row)
        except Refused as no:
            log.warning("timer %d (%s) is dropped: %s", row.id, row.kind, type(no).__name__)
            work.put(BECOME, timer=row.id, became=TimerState.CANCELLED)
        except Exception as fault:
            if passing(fault):
                raise
            log.exception("timer %d (%s) failed", row.id, row.kind)
            work.put(LATER, timer=row.id, moment=work.now + RETRY)
    return len(rows)
