"""The only doors to a record on behalf of a person: finding it is the permission to use it (P3)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Executable, and_, bindparam, func, or_, select

from models import policy
from models.crm.deputies import ACTING, DECIDES, Holder
from models.crm.indexes import ENDING, ENDING_DIGITS, MOBILE
from models.crm.people import Me
from models.errors import Ambiguous, NotAllowed, NotFound
from models.policy import Permission, Reach
from models.tables import (
    Complaint,
    ComplaintDuty,
    ComplaintState,
    Contact,
    Customer,
    DealStage,
    FollowUp,
    FunnelStage,
    NameGram,
    Review,
    ReviewState,
    Status,
    Supervision,
    Timer,
    User,
)
from models.tables.sealed import among
from models.text.identifiers import last4, narrow
from models.text.names import grams, normalise
from models.work import Work

Scope = dict[str, object]

CHOICES, LONGEST_NAME = 10, 120
#: what a choice means where there is no number yet: names may be the same.
CHOSEN = re.compile(r"#(\d{1,18})")


@dataclass(frozen=True, slots=True)
class CustomerRef:
    """A customer this person may work with: what handlers pass on and cards name it by."""

    id: int
    number: str | None
    name: str
    status: Status
    owner_id: int
    owner_name: str
    department_id: int
    funnel_stage: FunnelStage
    deal_stage: DealStage | None
    last_follow_up_at: dt.datetime | None = None

    @property
    def called(self) -> str:
        """What to type to mean exactly this customer."""
        return self.number or self.name


REF = select(
    Customer.id,
    Customer.number,
    Customer.name,
    Customer.status,
    Customer.owner_id,
    User.name.label("owner_name"),
    Customer.department_id,
    Customer.funnel_stage,
    Customer.deal_stage,
    Customer.last_follow_up_at,
).join(User, User.id == Customer.owner_id)


def led(department: ColumnElement[int], of: str = "") -> ColumnElement[bool]:
    """What is not one's own: that of the teams one leads, of one's department, or all (P3). Binds what `reach` gives.

    Somebody for whom one acts reaches as far as his own permission does, and no further by that of the deputy (P9).
    `of` tells the binds of one permission from those of another in the same statement.
    """
    leads = (
        select(Supervision.user_id)
        .join(Holder, Holder.id == Supervision.user_id)
        .where(
            Supervision.user_id.in_(ACTING),
            Supervision.department_id == department,
            Holder.rights.contains(bindparam(f"{of}held")),
            ~Holder.rights.contains(bindparam(f"{of}own")),
        )
    )
    colleagues = select(Holder.department_id).where(
        Holder.id.in_(ACTING), Holder.rights.contains(bindparam(f"{of}colleagues"))
    )
    return or_(
        bindparam(f"{of}all"),
        and_(bindparam(f"{of}teams"), leads.exists()),
        and_(bindparam(f"{of}teams"), department.in_(colleagues)),
    )


def visible(owner: ColumnElement[int], department: ColumnElement[int], of: str = "") -> ColumnElement[bool]:
    """One's own, or of somebody for whom one acts (P9), and what `led` says (P3)."""
    return or_(owner.in_(ACTING), led(department, of))


#: departments of those who serve, among those for whom one acts.
SERVING = select(Holder.department_id).where(
    Holder.id.in_(ACTING), Holder.rights.contains(policy.held(Permission.SERVICE))
)
#: service reads the customers whose complaints its department handles (P3).
SERVED = and_(
    bindparam("serves"),
    select(Complaint.id)
    .where(Complaint.customer_id == Customer.id, Complaint.department_id.in_(SERVING))
    .correlate(Customer)
    .exists(),
)
MINE = or_(visible(Customer.owner_id, Customer.department_id), SERVED)  # type: ignore[arg-type]
NAMED = or_(
    Customer.number == bindparam("upper"),
    Customer.name_key == bindparam("key"),
    Customer.short_key == bindparam("key"),
    Customer.pinyin == bindparam("key"),
    Customer.initials == bindparam("key"),
)
EXACT = REF.where(NAMED, MINE).order_by(Customer.id).limit(CHOICES + 1)
FOREIGN = select(Customer.id).where(or_(Customer.number == bindparam("upper"), Customer.name_key == bindparam("key")))
HOLDING = (
    select(NameGram.customer_id)
    .where(NameGram.gram.in_(bindparam("grams", expanding=True)))
    .group_by(NameGram.customer_id)
    .having(func.count() == bindparam("all_of_them"))
)
PARTLY = REF.where(Customer.id.in_(HOLDING), MINE).order_by(Customer.id).limit(CHOICES * 5)
SHARED = (
    select(NameGram.customer_id, func.count().label("grams"))
    .where(NameGram.gram.in_(bindparam("grams", expanding=True)))
    .group_by(NameGram.customer_id)
    .subquery()
)
NEAR = (
    REF.join(SHARED, SHARED.c.customer_id == Customer.id)
    .where(SHARED.c.grams * 2 >= bindparam("all_of_them"), MINE)
    .order_by(SHARED.c.grams.desc(), Customer.id)
    .limit(CHOICES // 2)
)
#: a complaint that came to this person while he was on duty (P10).
HAD_DUTY = (
    select(ComplaintDuty.user_id)
    .where(ComplaintDuty.complaint_id == Complaint.id, ComplaintDuty.user_id == bindparam("me"))
    .exists()
)
KNOWN = REF.where(Customer.id == bindparam("customer"))
BY_ID = KNOWN.where(MINE)
PEOPLE = select(Contact.customer_id).where(
    or_(
        Contact.name_key == bindparam("key"),
        Contact.pinyin == bindparam("key"),
        Contact.initials == bindparam("key"),
        among(Contact.mobile_key, "mobile"),
    )
)
BY_CONTACT = REF.where(Customer.id.in_(PEOPLE), MINE).order_by(Customer.id).limit(CHOICES * 5)
#: whose mobile may end so: the index says only that it might.
ENDINGS = (
    select(Contact.customer_id, Contact.mobile)
    .join(Customer, Customer.id == Contact.customer_id)
    .where(among(Contact.mobile_last4_key, "ending"), MINE)
)
THESE = REF.where(Customer.id.in_(bindparam("ids", expanding=True))).order_by(Customer.id).limit(CHOICES * 5)


def customer(work: Work, me: Me, words: str) -> CustomerRef:
    """The customer meant by a number, a full or short name, pinyin or initials, or part of a name.

    Raises NotFound, NotAllowed (somebody else's), Ambiguous (with the choices).
    """
    return _meant(work, words, scope(me))


def complainant(work: Work, me: Me, words: str) -> CustomerRef:
    """As `customer`; service takes in what any customer complains about (F1)."""
    return _meant(work, words, scope(me) | ({"all": True} if me.serves else {}))


def _meant(work: Work, words: str, scope: Scope) -> CustomerRef:
    if chosen := CHOSEN.fullmatch(words):
        return _by_id(work, int(chosen[1]), scope)
    hits = _exact(work, words, scope) or _partly(work, words, scope)
    if len(hits) == 1:
        return hits[0]
    if hits:
        raise Ambiguous(f"「{words}」有 {_count(hits)} 个符合，请选一个：", _choices(hits))
    if foreign := work.run(FOREIGN, upper=_number(words), key=normalise(words)).first():
        say = f"「{words}」由其他同事负责，你没有权限。需要协作请联系你的主管。"
        raise NotAllowed(say, f"customer:{foreign.id}")
    if close := _near(work, words, scope):
        raise Ambiguous(f"没有找到客户「{words}」，你是不是要：", _choices(close))
    raise NotFound(f"没有找到客户「{words}」。可以发 /查 加一部分名字，或用 /新客户 录入。")


def _choices(hits: list[CustomerRef]) -> list[tuple[str, str]]:
    """What stands for each of them in the command, and what the person sees."""
    return [(hit.number or f"#{hit.id}", hit.name) for hit in hits][:CHOICES]


def _count(hits: list[CustomerRef]) -> str:
    return f"{CHOICES}+" if len(hits) > CHOICES else str(len(hits))


def acting(me: Me) -> Scope:
    """What `ACTING` binds."""
    return {"me": me.id, "acting_at": me.lent.at}


def reach(me: Me, permission: Permission, of: str = "") -> Scope:
    """What `visible` binds: how far this permission of the person reaches, no further than himself without it."""
    far = me.may(permission) or Reach.OWN
    return acting(me) | {
        f"{of}all": far is Reach.ALL,
        f"{of}teams": far >= Reach.TEAM,
        f"{of}held": policy.held(permission),
        f"{of}own": policy.held(permission, Reach.OWN),
        f"{of}colleagues": policy.held(permission, Reach.DEPARTMENT),
    }


def scope(me: Me) -> Scope:
    """What `MINE` binds."""
    return reach(me, Permission.CUSTOMER_READ) | {"serves": me.serves}


def _number(words: str) -> str:
    return narrow(words).strip().upper()


def _exact(work: Work, words: str, scope: Scope) -> list[CustomerRef]:
    return _refs(work, EXACT, upper=_number(words), key=normalise(words), **scope)


def _partly(work: Work, words: str, scope: Scope) -> list[CustomerRef]:
    key = normalise(words)
    parts = sorted(grams(key))
    if not parts or len(key) > LONGEST_NAME:
        return []
    found = _refs(work, PARTLY, grams=parts, all_of_them=len(parts), **scope)
    return [hit for hit in found if key in normalise(hit.name)] or found


def _refs(work: Work, statement: Executable, **values: object) -> list[CustomerRef]:
    return [CustomerRef(*row) for row in work.run(statement, **values)]


def search(work: Work, me: Me, words: str) -> list[CustomerRef]:
    """Customers by number, name, short name, contact, mobile (whole or last four), pinyin or initials (A11)."""
    digits = "".join(sign for sign in normalise(words) if sign.isdigit())
    mine = scope(me)
    hits = _exact(work, words, mine) + _partly(work, words, mine)
    hits += _refs(
        work,
        BY_CONTACT,
        key=normalise(words),
        **work.keys.lookup("mobile", digits if len(digits) == 11 else None, MOBILE),
        **mine,
    )
    if len(digits) == 4:
        hits += _ending(work, digits, mine)
    return list(dict.fromkeys(hits))


def _ending(work: Work, digits: str, scope: Scope) -> list[CustomerRef]:
    """Customers with a contact whose mobile ends so."""
    maybe = work.run(ENDINGS, **work.keys.lookup("ending", digits, ENDING, ENDING_DIGITS), **scope)
    ids = {row.customer_id for row in maybe if last4(row.mobile) == digits}
    return _refs(work, THESE, ids=sorted(ids)) if ids else []


def near(work: Work, me: Me, words: str) -> list[CustomerRef]:
    """Customers whose names share at least half of what was typed, the nearest first (A11)."""
    return _near(work, words, scope(me))


def _near(work: Work, words: str, scope: Scope) -> list[CustomerRef]:
    parts = sorted(grams(words))
    return _refs(work, NEAR, grams=parts, all_of_them=len(parts), **scope) if 0 < len(parts) <= LONGEST_NAME else []


def customer_by_id(work: Work, me: Me, customer_id: int) -> CustomerRef:
    """The customer a card's button names. Raises NotFound, the same for foreign and unknown ids."""
    return _by_id(work, customer_id, scope(me))


def _by_id(work: Work, customer_id: int, scope: Scope) -> CustomerRef:
    hits = _refs(work, BY_ID, customer=customer_id, **scope)
    if not hits:
        raise NotFound("没有找到这个客户，或你没有权限。", f"customer:{customer_id}")
    return hits[0]


LED = select(Customer.id).where(Customer.id == bindparam("customer"), led(Customer.department_id))  # type: ignore[arg-type]


def led_customer(work: Work, me: Me, customer: CustomerRef) -> CustomerRef:
    """A customer whose team this person leads, at any height (P6). Raises NotAllowed for one that is only his own."""
    if work.run(LED, customer=customer.id, **reach(me, Permission.AUDIT)).first() is None:
        raise NotAllowed("客户的日志只给主管和管理员看，你没有权限。", f"customer:{customer.id}")
    return customer


def own_entry(work: Work, me: Me, customer_id: int) -> Customer:
    """An entry of one's own, to correct, submit or withdraw (B1). Raises NotFound."""
    found = work.db.get(Customer, customer_id)
    if found is None or found.owner_id != me.id:
        raise NotFound("没有找到这个录入，或它不是你的。", f"customer:{customer_id}")
    return found


REVIEW = select(Review).where(Review.id == bindparam("review"), or_(Review.submitter_id == bindparam("me"), DECIDES))
WAITING = (
    select(Review)
    .where(Review.state == ReviewState.PENDING, Review.submitter_id != bindparam("me"), DECIDES)
    .order_by(Review.due_at, Review.id)
)


def review(work: Work, me: Me, review_id: int) -> Review:
    """A review this person may decide: of a department he leads, at any height, never his own entry (B1, B11).

    Raises NotFound for foreign and unknown ids, NotAllowed for his own entry.
    """
    found = work.db.scalar(REVIEW, {"review": review_id, **acting(me)})
    if found is None:
        raise NotFound("没有找到这条审核，或你没有权限。")
    if found.submitter_id == me.id:
        raise NotAllowed("自己录入的客户要由上级审核，你没有权限处理。", f"customer:{found.customer_id}")
    return found


def waiting_reviews(work: Work, me: Me) -> list[Review]:
    """What waits for this person's decision, the most urgent first."""
    return list(work.db.scalars(WAITING, acting(me)))


def reminder(work: Work, me: Me, timer_id: int) -> tuple[Timer, FollowUp]:
    """One's own reminder, with the follow-up it comes from. Raises NotFound."""
    timer = work.db.get(Timer, timer_id)
    if timer is None or timer.kind != "follow_up" or timer.person_id != me.id:
        raise NotFound("没有找到这个提醒，或它不是你的。")
    return timer, work.db.get_one(FollowUp, timer.subject_id)


OPEN_TO = or_(
    Complaint.opener_id.in_(ACTING),
    HAD_DUTY,
    MINE,
    visible(Complaint.handler_id, Complaint.department_id, "complaints_"),  # type: ignore[arg-type]
)
COMPLAINT = select(Complaint).join(Customer, Customer.id == Complaint.customer_id).where(OPEN_TO)
COMPLAINT_BY_ID = COMPLAINT.where(Complaint.id == bindparam("complaint"))
COMPLAINT_BY_NUMBER = COMPLAINT.where(Complaint.number == bindparam("number"))
WAITING_COMPLAINTS = COMPLAINT.where(Complaint.state == ComplaintState.ACCEPTED).order_by(
    Complaint.due_at, Complaint.id
)


def _concern(me: Me) -> Scope:
    """What `OPEN_TO` binds."""
    return scope(me) | reach(me, Permission.COMPLAINT, "complaints_")


def complaint(work: Work, me: Me, complaint_id: int) -> Complaint:
    """A complaint that concerns this person: opener, handler, owner, or who leads them (F1, P3). Raises NotFound."""
    return _complaint(work.db.scalar(COMPLAINT_BY_ID, {"complaint": complaint_id, **_concern(me)}))


def who_complained(work: Work, me: Me, complaint_id: int) -> CustomerRef:
    """The customer of a complaint that concerns this person. Raises NotFound."""
    return _refs(work, KNOWN, customer=complaint(work, me, complaint_id).customer_id)[0]


def complaint_by_number(work: Work, me: Me, number: str) -> Complaint:
    """As `complaint`, by the number people quote. Raises NotFound."""
    return _complaint(work.db.scalar(COMPLAINT_BY_NUMBER, {"number": _number(number), **_concern(me)}))


def _complaint(found: Complaint | None) -> Complaint:
    if found is None:
        raise NotFound("没有找到这个投诉，或你没有权限。可以发 /投诉 看看等待处理的。")
    return found


def waiting_complaints(work: Work, me: Me) -> list[Complaint]:
    """What waits for its first contact, the most urgent first."""
    return list(work.db.scalars(WAITING_COMPLAINTS, _concern(me)))
