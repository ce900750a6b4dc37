"""The demo company: people, customers and their ninety days, told by the program's own operations (issue 3)."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import bindparam, delete, or_, select, update

from models import demo_data as data
from models.crm import follow_ups, people, reviews
from models.crm.people import Hire, Me
from models.demo_stories import Past, stories
from models.settings import Entry
from models.tables import Base, Review, ReviewState, Timer, TimerState, User
from models.work import Work

PLATFORM = "playground"

ANYBODY = select(User.id).limit(1)
REMINDED = Timer.kind == follow_ups.REMINDER
#: a talk after the reminder answered it; one before took its place.
ANSWERED = (
    update(Timer)
    .where(REMINDED, Timer.state == TimerState.CANCELLED, Timer.due_at <= Timer.closed_at)
    .values(state=TimerState.DONE)
)
#: what came due before it was closed did happen, and what is due by now has happened.
HAPPENED = (
    update(Timer)
    .where(
        or_(Timer.state == TimerState.PENDING, Timer.closed_at.is_not(None) & ~REMINDED),
        Timer.due_at <= bindparam("moment"),
        or_(Timer.closed_at.is_(None), Timer.due_at <= Timer.closed_at),
    )
    .values(state=TimerState.FIRED, closed_at=None)
)
OVERDUE = select(Timer).where(REMINDED, Timer.state == TimerState.FIRED).order_by(Timer.id)
WAITING = select(Review).where(Review.state == ReviewState.PENDING).order_by(Review.id)
ENDED = select(Timer).where(Timer.kind == "review.overdue", Timer.subject_id == bindparam("review"))


def load(work: Work) -> bool:
    """Fill an empty database; False, and nothing done, where there is anybody. Leaves the notices of what is open."""
    if work.run(ANYBODY).first():
        return False
    work.db.flush()  # one ORM session for every moment of the history
    rules = work.settings.model_copy(update={"entry": Entry()})
    told = replace(work, settings=rules, channel="demo", notices=[], after=[])
    past = Past.of(work)
    _hire(replace(told, now=past.start, real=past.start))
    cast = {number: _me(work, number) for number, *_ in data.PEOPLE}
    steps = [step for story in stories(past) for step in story.steps]
    for number, step in enumerate(sorted(steps, key=lambda each: -each.ago), 1):
        at, me = past.at(step.ago), cast[step.who]
        view = replace(told, now=at, real=at, actor_id=me.id, request=f"demo:{number}", notices=[])
        step.act(view, me)
    work.run(ANSWERED)
    work.run(HAPPENED, moment=work.now)
    _remind(replace(work, channel="demo"))  # its notices are the caller's
    return True


def reset(work: Work) -> None:
    """Empty every table, let the clock show real time again, and load."""
    work.db.expunge_all()
    for table in reversed(Base.metadata.sorted_tables):
        work.connection.execute(delete(table))
    work.now = work.real
    load(work)


def _hire(work: Work) -> None:
    for name, _ in data.DEPARTMENTS:
        people.set_department(work, name, None if name == data.HEADQUARTERS else data.HEADQUARTERS)
    for staff_no, name, department, role in data.PEOPLE:
        mobile = f"1380000{int(staff_no[1:]):04}"
        people.add_user(work, Hire(staff_no, name, department, (role,), mobile, ((PLATFORM, staff_no),)))
    for name, leader in data.DEPARTMENTS:
        people.set_department(work, name, None, [leader])


def _me(work: Work, staff_no: str) -> Me:
    me = people.by_account(work, PLATFORM, staff_no)
    if me is None:
        raise LookupError(staff_no)
    return me


def _remind(work: Work) -> None:
    """The cards of what is still open: reviews to those who should decide, missed reminders to their owners."""
    for review in work.db.scalars(WAITING):
        if review.due_at <= work.now:
            reviews.escalate(replace(work, now=review.due_at), work.run(ENDED, review=review.id).first())
        else:
            leaders = people.leaders_above(work, review.department_id, but=review.submitter_id)
            work.notify(reviews.REVIEW, review.id, leaders)
    for timer in work.run(OVERDUE):
        work.notify("reminder", timer.id, [timer.person_id], anew=True)
