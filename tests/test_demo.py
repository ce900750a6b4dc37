"""The demo company: believable, whole, the same each time, and nothing of its past is sent as news."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from bot import posting
from conftest import ON_SQLITE, START
from databases import Kin
from models import demo, due, playground
from models.crm import access, customers, entries, people
from models.demo_data import DEPARTMENTS, PEOPLE
from models.demo_service import SEATED
from models.settings import Playground, Settings
from models.tables import (
    Audit,
    Base,
    Complaint,
    Contact,
    Customer,
    Deal,
    Department,
    FollowUp,
    FunnelStage,
    Held,
    Identity,
    Kind,
    Outbox,
    PrivateValue,
    Product,
    Requirement,
    Review,
    ReviewState,
    Role,
    Status,
    Survey,
    Timer,
    TimerState,
    User,
)
from models.text import identifiers
from models.work import Work, Works
from world import HandClock

Factory = pytest.TempPathFactory
REPS = [number for number, _, _, role in PEOPLE if role is Role.SALES_REP]
SERVICE = "D016"
#: a Sunday night, and a working morning after a long holiday.
MOMENTS = ("2026-11-29T03:00+08:00", "2027-02-15T10:30+08:00")
OWN_LISTS = {"sources": ["本店"], "industries": {"渔业": ["捕捞"]}}


@pytest.fixture
def settings() -> Settings:
    return Settings(playground=Playground(enabled=True))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def loaded(request: pytest.FixtureRequest, kin: Kin, sqlite_file: Path, tmp_path_factory: Factory) -> Iterator[Works]:
    """One demo, its cards posted, for all who only look at it; the company has option lists of its own."""
    if request.param == "postgresql":
        with request.getfixturevalue("server").lent() as url:
            yield from demonstrated(kin.engine(url))
    else:
        file = shutil.copy(sqlite_file, tmp_path_factory.mktemp("demo"))
        yield from demonstrated(kin.engine(f"sqlite:///{file}"))


def demonstrated(engine: Engine) -> Iterator[Works]:
    works = Works(engine, HandClock(START), Settings.model_validate({"entry": OWN_LISTS}))

    def load(work: Work) -> None:
        assert demo.load(work)
        posting.post_notices(work)

    works.perform(load)
    yield works
    engine.dispose()


def me(work: Work, staff_no: str) -> people.Me:
    found = people.by_account(work, "playground", staff_no)
    assert found
    return found


def count(work: Work, table: type[Base]) -> int:
    return work.db.scalar(select(func.count()).select_from(table)) or 0


def content(work: Work) -> list[list[tuple[object, ...]]]:
    """What people see of it, without the keys of rows."""
    said = select(FollowUp.at, FollowUp.content, FollowUp.next_step, FollowUp.next_at, User.name).join(User)
    entered = select(Customer.number, Customer.name, Customer.uscc, Customer.status, Customer.funnel_stage, User.name)
    planned = select(Timer.kind, Timer.due_at, Timer.state)
    asked = [said, entered.join(User), planned, select(Contact.name, Contact.mobile), select(Identity.account)]
    asked += [select(Deal.at, Deal.product, Deal.amount_fen, Customer.name).join(Customer)]
    asked += [select(Survey.at, Survey.answered_at, Survey.score, Survey.comment, Customer.name).join(Customer)]
    asked += [select(Complaint.number, Complaint.opened_at, Complaint.contacted_at, Complaint.content, Complaint.state)]
    rows = [[tuple(row) for row in work.db.execute(each)] for each in asked]
    rows[0] = [(at, re.sub(r":\d+⟧", "⟧", words), *rest) for at, words, *rest in rows[0]]
    return [sorted(each, key=repr) for each in rows]


def test_twenty_people_lead_and_serve_sixty_customers_in_every_state(loaded: Works) -> None:
    with loaded.read() as work:
        assert [count(work, each) for each in (User, Identity, Department, Customer)] == [20, 20, len(DEPARTMENTS), 60]
        assert len(REPS) == 9
        assert set(work.db.scalars(select(Customer.status))) == set(Status)
        archived = work.db.scalars(select(Customer.funnel_stage).where(Customer.status == Status.ARCHIVED))
        assert set(archived) == set(FunnelStage) - {FunnelStage.LEAD, FunnelStage.LOST}
        assert set(work.db.scalars(select(Review.state))) == set(ReviewState)
        assert set(work.db.scalars(select(Customer.kind))) == set(Kind)
        every = work.db.scalars(select(Customer)).all()
        for column in ("industry", "source", "city"):
            assert len({getattr(each, column) for each in every}) >= 8, column
        assert all(each.district and (each.city or each.province) for each in every if each.address)
        assert {"杭州市", "广州市", "苏州市"} <= {each.city for each in every}
        assert count(work, Requirement) >= 20


def test_everybody_opens_his_own_customers_and_nobody_elses(loaded: Works) -> None:
    with loaded.read() as work:
        owned = work.db.execute(select(Customer, User.staff_no).join(User)).all()
        assert {owner for _, owner in owned} == set(REPS)
        for customer, owner in owned:
            found = access.search(work, me(work, owner), customer.name)
            assert [each.id for each in found] == [customer.id]
            page = customers.page(work, me(work, owner), found[0])
            assert page.contacts[0].mobile and "*" not in page.contacts[0].mobile
            stranger = REPS[(REPS.index(owner) + 3) % len(REPS)]
            assert not access.search(work, me(work, stranger), customer.name)
            assert access.search(work, me(work, "D001"), customer.name)
        pending = [entries.pending_fields(each, entries.primary_contact(work, each.id)) for each, _ in owned]
        assert any(pending) and not all(pending)


def test_every_number_has_its_check_digit_and_is_nobodys(loaded: Works) -> None:
    with loaded.read() as work:
        every = work.db.scalars(select(Customer)).all()
        codes = [each.uscc for each in every if each.uscc]
        assert len(codes) == len(set(codes)) >= 35
        assert all(identifiers.uscc(code) == code and "DEM0" in code for code in codes)
        numbers = [each.id_number for each in every if each.id_number]
        assert len(numbers) >= 5
        assert all(identifiers.resident_id(number, work.now.date())[2:6] == "0199" for number in numbers)
        contacts = work.db.scalars(select(Contact)).all()
        mobiles = [each.mobile or "" for each in contacts]
        assert len(set(mobiles)) == 60 and all(identifiers.mobile(each) == each for each in mobiles)
        phones = [each.phone for each in contacts if each.phone]
        assert phones and all(identifiers.phone(each) == each for each in phones)


def test_a_mobile_with_0086_in_the_middle_is_a_mobile() -> None:
    assert identifiers.mobile("139 0000 8600") == "13900008600"


def test_customers_are_numbered_month_by_month_without_a_gap_in_the_order_of_approval(loaded: Works) -> None:
    approved = select(Customer.number, Review.decided_at).join(Review).where(Review.state == ReviewState.APPROVED)
    with loaded.read() as work:
        zone = work.office.zone
        seen: Counter[str] = Counter()
        for number, at in work.db.execute(approved.order_by(Review.decided_at, Customer.number)):
            month = f"C{at.astimezone(zone):%Y%m}"
            seen[month] += 1
            assert number == f"{month}{seen[month]:03}"
        assert seen.total() == 48 and len(seen) >= 3


@ON_SQLITE
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_history_is_ninety_days_of_office_hours_whenever_it_is_loaded(
    works: Works, clock: HandClock, moment: str
) -> None:
    clock.at = dt.datetime.fromisoformat(moment)
    works.perform(demo.load)
    with works.read() as work:
        talks = work.db.execute(select(FollowUp, Customer).join(Customer)).all()
        assert len(talks) > 250
        assert len({entry.content for entry, _ in talks}) > len(talks) / 2
        decided = select(Review.customer_id, func.max(Review.decided_at)).group_by(Review.customer_id)
        approved = {customer: at for customer, at in work.db.execute(decided)}
        for entry, customer in talks:
            assert work.now - dt.timedelta(days=90) <= approved[customer.id] < entry.at <= work.now
            assert work.office.is_working(entry.at.astimezone(work.office.zone).date())
            assert entry.next_at is None or entry.next_at > entry.at
            assert customer.last_follow_up_at and entry.at <= customer.last_follow_up_at
        assert max(work.db.scalars(select(Audit.at))) <= work.now
        today = work.office.add(work.now, work.office.minutes_per_day).due
        coming = work.db.scalars(select(Timer.due_at).where(Timer.state == TimerState.PENDING)).all()
        assert min(coming) > work.now and sum(at <= today for at in coming) >= 6
        waiting = work.db.scalars(select(Review.due_at).where(Review.state == ReviewState.PENDING)).all()
        late = sum(at <= work.now for at in waiting)
        soon = sum(work.now < at <= work.office.add(work.now, 60).due for at in waiting)
        assert (len(waiting), late, soon) == (5, 1, 1)


def test_cards_come_for_what_is_open_and_for_nothing_else(loaded: Works) -> None:
    with loaded.read() as work:
        shown = Counter(work.db.scalars(select(Outbox.kind)))
        assert shown == {"review": 6, "complaint": 3}  # the late review is at its second level too
        assert Counter(work.db.scalars(select(Held.kind))) == {"reminder": 6}
        read = select(User.staff_no).join(Outbox, Outbox.user_id == User.id)
        readers = {*work.db.scalars(read), *work.db.scalars(select(User.staff_no).join(Held))}
        assert {"D001", "D003", "D007", "D011", SERVICE} <= readers <= {*REPS, "D001", "D003", "D007", "D011", SERVICE}
        complained = read.where(Outbox.kind == "complaint").order_by(User.staff_no)
        assert [*work.db.scalars(complained)] == ["D006", "D010", SERVICE]
    assert loaded.perform(lambda work: due.fire(work, {})) == 0


@ON_SQLITE
def test_what_follows_a_sale_is_told_whole_whenever_it_is_loaded(works: Works, clock: HandClock) -> None:
    for moment in MOMENTS:
        clock.at = dt.datetime.fromisoformat(moment)
        works.perform(demo.reset)
        with works.read() as work:
            sold_and_asked(work)
            complained_and_answered(work)


def sold_and_asked(work: Work) -> None:
    """Eight deals in office hours, each with its survey three days later; four of those were answered."""
    catalogue = set(work.db.scalars(select(Product.name).where(Product.active)))
    owners = select(Customer, User.staff_no).join(User, User.id == Customer.owner_id)
    deals = work.db.execute(owners.add_columns(Deal).join(Deal, Deal.customer_id == Customer.id))
    sold = {customer.id: deal for customer, owner, deal in deals if owner not in SEATED and customer.number}
    assert len(sold) == count(work, Deal) == 8 and {deal.product for deal in sold.values()} <= catalogue
    asked = {each.customer_id: each for each in work.db.scalars(select(Survey))}
    for customer, deal in sold.items():
        assert work.office.intervals(deal.at, deal.at + dt.timedelta(minutes=1))
        assert asked[customer].at == deal.at + dt.timedelta(days=3)
        assert 1_000_000 <= deal.amount_fen <= 50_000_000
    assert Counter(each.score for each in asked.values()) == {5: 2, 4: 1, 3: 1, None: 4}
    assert all(each.answered_at <= work.now for each in asked.values() if each.answered_at)


def complained_and_answered(work: Work) -> None:
    """Four contacted in time, one late with its reason, two that wait, neither of them late yet."""
    owned = select(Complaint, User.staff_no).select_from(Complaint).join(Customer)
    every = work.db.execute(owned.join(User, User.id == Customer.owner_id)).all()
    assert not {owner for _, owner in every} & {*SEATED}
    settled = [each for each, _ in every if each.contacted_at]
    late = [each for each in settled if each.contacted_at >= each.due_at]
    assert len(settled) == 5 and len(late) == 1
    assert [bool(each.late_reason) for each in settled] == [each in late for each in settled]
    for moment in (moment for each in settled for moment in (each.opened_at, each.contacted_at)):
        assert work.office.intervals(moment, moment + dt.timedelta(minutes=1))
    waiting = sorted(work.now - each.opened_at for each, _ in every if not each.contacted_at)
    assert waiting == [dt.timedelta(minutes=35), dt.timedelta(minutes=70)]
    rungs = select(Timer).where(Timer.kind.startswith("complaint."), Timer.state != TimerState.CANCELLED)
    for rung in work.db.scalars(rungs):
        assert (rung.state is TimerState.PENDING) == (rung.due_at > work.now)


def test_loading_a_second_time_changes_nothing(loaded: Works) -> None:
    with loaded.read() as work:
        before = {table: count(work, table) for table in Base.__subclasses__()}

    def again(work: Work) -> None:
        assert not demo.load(work)
        assert not work.notices

    loaded.perform(again)
    with loaded.read() as work:
        assert {table: count(work, table) for table in Base.__subclasses__()} == before


def test_a_reset_gives_the_same_again_and_the_clock_shows_real_time(works: Works) -> None:
    works.perform(demo.load)
    with works.read() as work:
        before = content(work)

    def spoil(work: Work) -> None:
        posting.post_notices(work)
        for table in (FollowUp, Contact):
            row = work.db.scalars(select(table).limit(1)).one()
            row.content = row.name = "别的"  # type: ignore[union-attr]
        playground.forward(work, dt.timedelta(days=3))

    works.perform(spoil)
    works.perform(demo.reset)
    with works.read() as work:
        assert content(work) == before
        assert work.now == work.real
        assert not count(work, Outbox)


def test_no_column_holds_contact_data_in_clear(loaded: Works) -> None:
    with loaded.read() as work:
        secrets = {*work.db.scalars(select(Contact.mobile)), *work.db.scalars(select(PrivateValue.value))}
        secrets |= {*work.db.scalars(select(User.mobile)), *work.db.scalars(select(Contact.email))}
        secrets |= {*work.db.scalars(select(Customer.id_number)), *work.db.scalars(select(Contact.phone))}
        assert count(work, PrivateValue) >= 5 and len(secrets) > 120
        hidden = re.compile("|".join(re.escape(each) for each in secrets if each).encode())
        for table in Base.metadata.tables:
            for row in work.connection.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608 (our own names)
                kept = b"|".join(each if isinstance(each, bytes) else str(each).encode() for each in row)
                assert not hidden.search(kept), table


def test_the_option_lists_of_a_company_do_not_stop_its_demo(loaded: Works) -> None:
    assert loaded.settings.entry.sources == OWN_LISTS["sources"]
    with loaded.read() as work:
        assert not set(work.db.scalars(select(Customer.source))) & set(OWN_LISTS["sources"])
