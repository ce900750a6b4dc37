"""The demo company: people, customers and their ninety days, told by the program's own operations (issue 3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from sqlalchemy import bindparam, delete, or_, select, update

from models import demo_data as data
from models.crm import complaints, departments, follow_ups, mornings, people, products, reviews, surveys
from models.crm.people import Hire, Me
from models.demo_service import Deed, deeds
from models.demo_stories import Past, stories
from models.settings import Complaint as ComplaintRules
from models.settings import Entry
from models.settings import Survey as SurveyRules
from models.tables import (
    Base,
    Complaint,
    ComplaintState,
    Customer,
    Review,
    ReviewState,
    Survey,
    Timer,
    TimerState,
    User,
)
from models.work import Work

PLATFORM = "playground"
#: the past is told by the rules as they come, whatever the company changed.
ASKING = SurveyRules()
RULES = {"entry": Entry(), "complaint": ComplaintRules(), "survey": ASKING}

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
UNSETTLED = (
    select(Complaint.id, Complaint.handler_id, Customer.owner_id)
    .join(Customer, Customer.id == Complaint.customer_id)
    .where(Complaint.state == ComplaintState.ACCEPTED)
    .order_by(Complaint.id)
)
UNANSWERED = (
    select(Survey.id, Survey.asker_id)
    .where(Survey.answered_at.is_(None), Survey.expires_at > bindparam("moment"))
    .order_by(Survey.id)
)
ENDED = select(Timer).where(Timer.kind == "review.overdue", Timer.subject_id == bindparam("review"))


def load(work: Work) -> bool:
    """Fill an empty database; False, and nothing done, where there is anybody. Leaves the notices of what is open."""
    if work.run(ANYBODY).first():
        return False
    work.db.flush()  # one ORM session for every moment of the history
    told = replace(work, settings=work.settings.model_copy(update=RULES), channel="demo", notices=[], after=[])
    past = Past.of(work)
    _hire(replace(told, now=past.start, real=past.start))
    cast = {number: _me(work, number) for number, *_ in data.PEOPLE}
    for number, deed in enumerate(_history(past), 1):
        me = cast[deed.who]
        view = replace(told, now=deed.at, real=deed.at, request=f"demo:{number}", notices=[])
        view.acts(me.id, me.roles)
        deed.act(view, me)
    work.run(ANSWERED)
    work.run(HAPPENED, moment=work.now)
    mornings.plan(work)  # this morning's messages are told, so that the next ones come
    _remind(replace(work, channel="demo"))  # its notices are the caller's
    return True


def _history(past: Past) -> list[Deed]:
    """Everything that was done, in its order."""
    told = [*stories(past)]
    steps = [Deed(past.at(step.ago), step.who, step.act) for story in told for step in story.steps]
    after = deeds(past, told, dt.timedelta(days=ASKING.days_after_deal))
    return sorted([*steps, *after], key=lambda each: each.at)


def reset(work: Work) -> None:
    """Empty every table, let the clock show real time again, and load."""
    work.db.expunge_all()
    for table in reversed(Base.metadata.sorted_tables):
        work.connection.execute(delete(table))
    work.now = work.real
    load(work)


def _hire(work: Work) -> None:
    for name, _ in data.DEPARTMENTS:
        departments.set_department(work, name, None if name == data.HEADQUARTERS else data.HEADQUARTERS)
    for staff_no, name, department, role in data.PEOPLE:
        mobile = f"1380000{int(staff_no[1:]):04}"
        people.add_user(work, Hire(staff_no, name, department, (role,), mobile, ((PLATFORM, staff_no),)))
    for name, leader in data.DEPARTMENTS:
        departments.set_department(work, name, None, [leader])
    for product in data.PRODUCTS:
        products.set_product(work, product, active=True)


def _me(work: Work, staff_no: str) -> Me:
    me = people.by_account(work, PLATFORM, staff_no)
    if me is None:
        raise LookupError(staff_no)
    return me


def _remind(work: Work) -> None:
    """The cards of what is still open, each to those whom it concerns."""
    for review in work.db.scalars(WAITING):
        if review.due_at <= work.now:
            reviews.escalate(replace(work, now=review.due_at), work.run(ENDED, review=review.id).first())
        else:
            leaders = people.leaders_above(work, review.department_id, but=review.submitter_id)
            work.notify(reviews.REVIEW, review.id, leaders)
    for timer in work.run(OVERDUE):
        work.notify("reminder", timer.id, [timer.person_id], anew=True)
    for complaint in work.run(UNSETTLED):
        work.notify(complaints.COMPLAINT, complaint.id, {complaint.handler_id, complaint.owner_id})
    for survey in work.run(UNANSWERED, moment=work.now):
        work.notify(surveys.SURVEY, survey.id, [survey.asker_id])
