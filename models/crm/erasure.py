"""Erasing a person on request: his data is destroyed, and everything that is counted stays (P7)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import bindparam, select, update

from models import files
from models.crm import entries, follow_ups, indexes, personal, short_lived
from models.crm.access import CustomerRef
from models.crm.personal import ABOUT, OWN_TEXTS, PLACES, REACHED, TEXTS, Scope
from models.engine import overwrite
from models.errors import AlreadyDone, Invalid
from models.tables import (
    Audit,
    Complaint,
    Contact,
    FollowUp,
    Outcome,
    PrivateValue,
    Review,
    Survey,
    Timer,
    TimerState,
    User,
)
from models.tables.sealed import among
from models.text import erased, names, private
from models.text.erased import Traces
from models.work import Work

ERASE = "person.erase"
LONGEST_REASON = 200
BEFORE = (
    select(Audit.at, Audit.detail, User.name)
    .outerjoin(User, User.id == Audit.actor_id)
    .where(Audit.operation == ERASE, Audit.subject == bindparam("about"), Audit.outcome == Outcome.DONE)
    .order_by(Audit.id.desc())
)
ELSEWHERE = (
    update(PrivateValue)
    .where(among(PrivateValue.value_key, "value"), PrivateValue.customer_id != bindparam("customer"))
    .values(value=bindparam("nothing"), value_key="")
)
#: nobody is asked any more to follow up somebody who is not known.
FORGET_REMINDERS = (
    update(Timer)
    .where(
        Timer.kind == follow_ups.REMINDER,
        Timer.subject_id == bindparam("follow_up"),
        Timer.state.in_([TimerState.PENDING, TimerState.FIRED]),
    )
    .values(state=TimerState.CANCELLED, closed_at=bindparam("moment"))
)
REMINDERS = select(Timer.id).where(Timer.customer_id == bindparam("customer"))


def erase(work: Work, ref: CustomerRef, contact: int | None, reason: str) -> None:
    """Destroy what is held about a contact, or about all people of a customer; it cannot be undone.

    Rows stay, so that all figures do. `reason` stands in the audit. Raises Invalid, NotFound, AlreadyDone with who
    did it and when.
    """
    of = personal.scope(work, ref.id, contact, lock=True)
    if personal.held(work, of).nothing:
        raise AlreadyDone(before(work, f"customer:{ref.id}", contact))
    check_reason(reason, of.traces)
    _texts(work, of)
    for value in of.values:
        value.value, value.value_key = "", ""
    _elsewhere(work, of)
    for each in of.contacts:
        _contact(each)
    if of.person:
        _customer(work, of)
    work.db.flush()  # cards that are made now show nothing of it
    forget(work, of.traces, f"customer:{ref.id}")
    work.audit("person.erase", f"customer:{ref.id}", contact=None if of.person else contact, reason=reason)
    _show(work, ref.id)


def check_reason(reason: str, traces: Traces) -> None:
    """The audit forgets nothing: it is told why, not about whom. Raises Invalid."""
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise Invalid({"原因": f"请写 1 到 {LONGEST_REASON} 个字。"})
    if private.find(reason) or erased.scrub(reason, traces) != reason:
        raise Invalid({"原因": "会一直留在审计日志里，不要写姓名、电话、邮箱、微信号或身份证号。"})


def before(work: Work, subject: str, contact: int | None = None) -> str:
    """Who erased it, and when."""
    for row in work.run(BEFORE, about=subject):
        if row.detail.get("contact") in (None, contact):
            return f"已由{row.name or '管理员（命令行）'}在{work.shown(row.at)} 擦除，没有留下可擦除的个人信息。"
    return "没有可擦除的个人信息。"


def forget(work: Work, traces: Traces, subject: str) -> None:
    """What waits holds nothing of it any more; what others write of it at this moment does not a minute later.

    Neither does the file of SQLite, unless somebody reads in it just then.
    """
    short_lived.scrub(work, traces)
    short_lived.scrub_later(work, traces)
    files.drop(work, subject)
    engine = work.connection.engine
    work.after.append(lambda: overwrite(engine))


def _texts(work: Work, of: Scope) -> None:
    for record, columns in _written(work, of):
        for name, text in of.changes(record, columns).items():
            setattr(record, name, text)


def _written(work: Work, of: Scope) -> Iterator[tuple[object, dict[str, str]]]:
    yield of.customer, dict(OWN_TEXTS)
    for table, columns in TEXTS.items():
        for record in personal.records(work, table, of.customer.id):
            yield record, dict(columns)


def _elsewhere(work: Work, of: Scope) -> None:
    """The same numbers in texts about other customers."""
    spelled = (*personal.reached(of.contacts), *(each.value for each in of.values))
    for span in (span for each in dict.fromkeys(spelled) for span in private.find(each)):
        same = indexes.look_up_private(work.keys, "value", span.kind, span.spelling)
        work.run(ELSEWHERE, customer=of.customer.id, nothing="", **same)


def _contact(contact: Contact) -> None:
    """The row stays; it says of nobody who he was."""
    contact.name = erased.NAME
    contact.name_key = names.normalise(contact.name)
    contact.pinyin, contact.initials = names.person_pinyin(contact.name), names.person_initials(contact.name)
    for column in (*REACHED, *ABOUT):
        setattr(contact, column, None)
    contact.mobile_key = contact.mobile_last4_key = contact.email_key = None


def _customer(work: Work, of: Scope) -> None:
    """One who is a person: his name was what he was found by."""
    customer = of.customer
    customer.name, customer.short_name = personal.anonymous(customer), None
    entries.named(customer)
    entries.index(work, customer)
    customer.id_number = customer.id_number_key = None
    for column in PLACES:
        setattr(customer, column, None)
    for record in personal.records(work, FollowUp, customer.id):
        work.run(FORGET_REMINDERS, follow_up=record.id, moment=work.now)


def _show(work: Work, customer: int) -> None:
    """Copies of living cards that stand in chats lose it as well."""
    subjects = [f"entry:{customer}", f"survey_skipped:{customer}"]
    for table, kind in ((Review, "review"), (Complaint, "complaint"), (Survey, "survey")):
        subjects += [f"{kind}:{each.id}" for each in personal.records(work, table, customer)]
    subjects += [f"reminder:{timer}" for timer in work.run(REMINDERS, customer=customer).scalars()]
    for subject in subjects:
        kind, _, number = subject.partition(":")
        work.notify(kind, int(number), in_place=True)
