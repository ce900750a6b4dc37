"""The digest: what happened in a leader's departments since the last one; every number opens its records (H1, H7)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from models import calendar_jobs, seals
from models.calendar import WEEKDAYS
from models.crm import access
from models.crm.figures import FIGURES, Figure
from models.crm.people import Me
from models.errors import Refused
from models.policy import Permission, Reach
from models.seals import Seal
from models.tables import CalendarRun, Department, Role, Timer, TimerState, User, UserRole
from models.work import AnyRow, Work

DIGEST = "digest"
PAGE = 10
BARS = 10
#: seconds since 1970 that a button may name; beyond them is no time of ours.
LATEST = 4_102_444_800
GONE = "这份简报已经失效，请重新发送 /简报。"


SELLING = (
    select(User.staff_no, User.name.label("who"), Department.name.label("team"))
    .join(Department, Department.id == User.department_id)
    .join(UserRole, UserRole.user_id == User.id)
    .where(User.active, UserRole.role == Role.SALES_REP, access.led(User.department_id))  # type: ignore[arg-type]
    .order_by(User.staff_no)
)
RUNS = select(CalendarRun.planned_at).where(CalendarRun.job == DIGEST, CalendarRun.planned_at < bindparam("before"))
TOLD = select(Timer.id).where(Timer.kind == DIGEST, Timer.subject_id == CalendarRun.id, Timer.state == TimerState.FIRED)
LAST = CalendarRun.planned_at.desc()
#: the last run that told this person, the last one that told anybody, and the one with which the job began.
TO_ME = RUNS.where(TOLD.where(Timer.person_id == bindparam("person")).exists()).order_by(LAST).limit(1)
TO_ANYBODY = RUNS.where(TOLD.exists()).order_by(LAST).limit(1)
FIRST = RUNS.order_by(CalendarRun.planned_at).limit(1)


@dataclass(frozen=True, slots=True)
class Period:
    """From one second to another, the second not included; as whole seconds, the way a button carries them."""

    since: int
    until: int

    def __post_init__(self) -> None:
        if not 0 <= self.since <= self.until <= LATEST:
            raise Refused(GONE)

    @property
    def last(self) -> dt.datetime:
        """Its last second."""
        return dt.datetime.fromtimestamp(max(self.until - 1, 0), dt.UTC)

    @property
    def bounds(self) -> dict[str, dt.datetime]:
        """Its ends as a statement takes them."""
        return {key: dt.datetime.fromtimestamp(getattr(self, key), dt.UTC) for key in ("since", "until")}


@dataclass(frozen=True, slots=True)
class Line:
    """A number with its parts by team."""

    key: str
    label: str
    total: int
    teams: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """What a leader reads; the bars are follow-ups, by team for who sees all of them, else by person.

    `seal` is the head of the audit's chain, for admins only.
    """

    period: Period
    date: str
    since: str
    now: str
    lines: tuple[Line, ...]
    bars: tuple[tuple[str, int], ...]
    by_team: bool
    seal: Seal | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nobody to tell about: nobody sells, nothing happened."""
        return not self.bars and not any(line.total for line in self.lines)


@dataclass(frozen=True, slots=True)
class Record:
    """One of those that were counted."""

    record: int
    customer: int
    name: str
    who: str
    team: str
    at: str
    word: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the records behind a number, and how it is counted."""

    figure: Figure
    period: Period
    total: int
    rows: tuple[Record, ...]
    page: int
    more: bool
    since: str
    as_of: str


def period(work: Work, me: Me, *, planned: bool = False) -> Period:
    """Since the last digest before the newest one, until now: nothing is left out, however long nobody was there.

    A `planned` one ends at the moment it was planned for, where the next one begins: nothing is counted twice.
    """
    newest = calendar_jobs.newest(work, work.settings.digest.at)
    last = (
        work.run(TO_ME, person=me.id, before=newest).scalar()
        or work.run(TO_ANYBODY, before=newest).scalar()
        or work.run(FIRST, before=newest).scalar()
        or calendar_jobs.before(work, newest)
    )
    since = int(last.timestamp())
    return Period(since, int(newest.timestamp())) if planned else until_now(work, since)


def until_now(work: Work, since: int) -> Period:
    """What happened up to and with this second. Raises Refused for a beginning that is none."""
    return Period(since, int(work.now.timestamp()) + 1)


def digest(work: Work, me: Me, of: Period) -> Digest:
    """Every figure of what this person leads."""
    lines = tuple(_line(each, _count(work, me, each, of)) for each in FIGURES.values())
    until = min(work.now, of.bounds["until"])
    seal = seals.head(work) if Role.ADMIN in me.roles else None
    since = moment(work, of.bounds["since"])
    return Digest(of, _date(work, work.now), since, moment(work, until), lines, *_bars(work, me, of), seal)


def listing(work: Work, me: Me, key: str, of: Period, page: int) -> Listing:
    """A page of the records of a figure, of what this person leads. Raises Refused for a figure that is none."""
    if key not in FIGURES:
        raise Refused(GONE)
    counted, values = FIGURES[key], _values(me, FIGURES[key], of)
    total = _line(counted, _count(work, me, counted, of)).total
    rows = work.run(counted.page, most=PAGE, skip=page * PAGE, **values)
    shown = tuple(_record(work, row) for row in rows)
    as_of = of.last if counted.dated else work.now
    more = total > (page + 1) * PAGE
    return Listing(counted, of, total, shown, page, more, moment(work, of.bounds["since"]), moment(work, as_of))


def moment(work: Work, at: dt.datetime) -> str:
    """A moment by its date: the card is read on other days as well."""
    local = at.astimezone(work.office.zone)
    return f"{_date(work, at)} {local.hour}:{local.minute:02}"


def _date(work: Work, at: dt.datetime) -> str:
    local = at.astimezone(work.office.zone)
    return f"{local.month}月{local.day}日 {WEEKDAYS[local.weekday()]}"


def _values(me: Me, counted: Figure, of: Period) -> dict[str, object]:
    return access.reach(me, Permission.DIGEST) | (of.bounds if counted.dated else {})


def _count(work: Work, me: Me, counted: Figure, of: Period) -> list[AnyRow]:
    return work.run(counted.teams, **_values(me, counted, of)).all()


def _line(counted: Figure, teams: list[AnyRow]) -> Line:
    parts = tuple((row.team, row.number) for row in teams)
    return Line(counted.key, counted.label, sum(number for _, number in parts), parts)


def _record(work: Work, row: AnyRow) -> Record:
    return Record(row.record, row.customer, row.name, row.who, row.team, moment(work, row.at), row.word or "")


def _bars(work: Work, me: Me, of: Period) -> tuple[tuple[tuple[str, int], ...], bool]:
    """Follow-ups by team or by person; who sells and wrote none has a bar as well."""
    selling, talks = work.run(SELLING, **access.reach(me, Permission.DIGEST)).all(), FIGURES["follow_ups"]
    counts: Counter[str] = Counter()
    if me.may(Permission.DIGEST) is Reach.ALL:
        counts.update({row.team: 0 for row in selling})
        counts.update({row.team: row.number for row in _count(work, me, talks, of)})
        return _highest(counts), True
    wrote = work.run(talks.people, **_values(me, talks, of)).all()
    names = _names([*selling, *wrote])
    counts.update({names[row.staff_no]: 0 for row in selling})
    counts.update({names[row.staff_no]: row.number for row in wrote})
    return _highest(counts), False


def _names(rows: list[AnyRow]) -> dict[str, str]:
    """What each is called; namesakes with their staff number."""
    people = {row.staff_no: row.who for row in rows}
    called = Counter(people.values())
    return {number: name if called[name] == 1 else f"{name} {number}" for number, name in people.items()}


def _highest(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """As many bars as fit; the last one holds the rest."""
    ranked = counts.most_common()
    if len(ranked) <= BARS:
        return tuple(ranked)
    rest = ranked[BARS - 1 :]
    return (*ranked[: BARS - 1], (f"其余 {len(rest)} 个", sum(number for _, number in rest)))
