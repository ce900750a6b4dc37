"""What an administrator sees and does about messages: how each platform stands, and what could not be sent (O4, O8)."""

from __future__ import annotations

import calendar
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import aliased

from models import delivery, health, outbox
from models.crm import people
from models.crm.people import Me
from models.errors import AlreadyDone, NotAllowed
from models.outbox import Lane
from models.pace import Pace
from models.policy import Permission
from models.tables import Held, Outbox, OutboxState, PlatformPace, Role, User
from models.work import AnyRow, Work

QUOTA = "quota"
#: the shares of a month's calls at which administrators are told (O8).
TOLD_AT = (70, 90)
PAGE = 5
RETRIED_AT_ONCE = 500

WAITING = (
    select(Outbox.platform, func.count().label("waits"), func.min(Outbox.not_before).label("oldest"))
    .where(Outbox.state == OutboxState.QUEUED)
    .group_by(Outbox.platform)
)
PACES = select(PlatformPace.platform, PlatformPace.pace)
NEWER = aliased(Outbox)
#: of a card that has changed since, an older face is not sent any more.
OUTDATED = (
    select(NEWER.id)
    .where(
        NEWER.id > Outbox.id,
        Outbox.update,
        or_(
            NEWER.card_message_id == Outbox.card_message_id,
            and_(NEWER.message_id == Outbox.message_id, NEWER.platform == Outbox.platform),
        ),
    )
    .exists()
)
RETRIABLE = and_(Outbox.state == OutboxState.DEAD, Outbox.card.is_not(None), ~OUTDATED)
LETTERS = (
    select(
        Outbox.id,
        Outbox.kind,
        Outbox.platform,
        Outbox.created_at,
        Outbox.error,
        User.name,
        case((RETRIABLE, 1), else_=0).label("retriable"),
    )
    .outerjoin(User, User.id == Outbox.user_id)
    .where(Outbox.state == OutboxState.DEAD)
    .order_by(Outbox.id.desc())
)
PAGED = LETTERS.limit(bindparam("most")).offset(bindparam("skip"))
DEAD = select(func.count()).where(Outbox.state == OutboxState.DEAD)
LETTER = select(Outbox.id, Outbox.user_id, Outbox.kind, Outbox.platform, Outbox.chat, Outbox.update).where(RETRIABLE)
ONE, ALL = LETTER.where(Outbox.id == bindparam("letter")), LETTER.order_by(Outbox.id).limit(RETRIED_AT_ONCE)
RETRY = (
    update(Outbox)
    .where(Outbox.id == bindparam("letter"), Outbox.state == OutboxState.DEAD)
    .values(
        state=OutboxState.QUEUED,
        attempts=0,
        token=bindparam("key"),
        platform=bindparam("on"),
        not_before=bindparam("moment"),
        expires_at=bindparam("until"),
    )
    .returning(Outbox.id)
)
DROP = (
    update(Outbox)
    .where(Outbox.id == bindparam("letter"), Outbox.state == OutboxState.DEAD)
    .values(state=OutboxState.SUPERSEDED, card=None)
    .returning(Outbox.id)
)
TAKE_BACK = (
    update(Outbox)
    .where(
        Outbox.state == OutboxState.QUEUED,
        Outbox.platform == bindparam("on"),
        Outbox.user_id.is_not(None),
        Outbox.lane > Lane.ANSWER,
        ~Outbox.update,
        Outbox.lease_until.is_(None),
    )
    .values(state=OutboxState.SUPERSEDED, card=None)
    .returning(Outbox.user_id, Outbox.kind, Outbox.card_message_id)
)
HELD = select(func.count()).where(Held.told_at.is_(None))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a platform stands. `oldest`: since when the first message waits; `forecast`: the month's calls at its end;
    `totals`: what calls came to, ever; `stream`: how many seconds ago its long connection stood, None without one."""

    platform: str
    waiting: int
    oldest: str
    away: bool
    slow: bool
    calls: int
    monthly: int
    forecast: int
    totals: Mapping[str, int] = field(default_factory=dict)
    stream: int | None = None

    @property
    def cut(self) -> bool:
        """Whether its long connection does not stand any more."""
        return self.stream is not None and self.stream > health.STREAM_LATE

    @property
    def percent(self) -> int:
        """How much of the month's calls is used."""
        return self.calls * 100 // self.monthly if self.monthly else 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that was given up: for whom, when it was made, and why; `retriable` while it may be sent again."""

    id: int
    kind: str
    platform: str
    name: str
    at: str
    why: str
    retriable: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything about messages, as of a moment; a page of what was given up; how many wait to be told of (`held`)."""

    as_of: str
    platforms: tuple[Standing, ...]
    homeless: int
    dead: int
    letters: tuple[Letter, ...]
    page: int
    more: bool
    held: int = 0


def overview(work: Work, page: int) -> Overview:
    """How messages stand, and a page of those given up, the newest first."""
    rows = work.run(PAGED, most=PAGE + 1, skip=page * PAGE).all()
    waiting = {row.platform: row for row in work.run(WAITING)}
    homeless = waiting.pop("", None)
    letters = tuple(_letter(work, row) for row in rows[:PAGE])
    dead = given_up(work)
    streams = health.look(work).streams
    stands = tuple(replace(each, stream=streams.get(each.platform)) for each in standings(work, waiting))
    unbound, held = homeless.waits if homeless else 0, int(work.run(HELD).scalar() or 0)
    return Overview(work.shown(work.now), stands, unbound, dead, letters, page, len(rows) > PAGE, held)


def given_up(work: Work) -> int:
    """How many messages were given up and not yet handled."""
    return int(work.run(DEAD).scalar() or 0)


def standings(work: Work, waiting: dict[str, AnyRow] | None = None) -> list[Standing]:
    """How every platform stands that anything was ever sent to, by name."""
    found = waiting if waiting is not None else {row.platform: row for row in work.run(WAITING)}
    paces = {row.platform: Pace.of(row.pace) for row in work.run(PACES)}
    names = sorted({*paces, *found} - {""})
    return [_standing(work, name, paces.get(name, Pace()), found.get(name)) for name in names if work.serves(name)]


def _standing(work: Work, name: str, pace: Pace, waits: AnyRow | None) -> Standing:
    now, calls = work.real.timestamp(), pace.spent(delivery.month(work))
    count, oldest = (waits.waits, waits.oldest) if waits and waits.oldest <= work.real else (0, None)
    slow = pace.limited_until > now or pace.speed(now) < 1
    return Standing(
        name,
        count,
        work.shown(oldest) if oldest else "",
        pace.broken,
        slow,
        calls,
        work.settings.monthly_calls(name),
        _forecast(work, calls),
        pace.totals,
    )


def _forecast(work: Work, calls: int) -> int:
    """What the month comes to if it goes on as it went (O8)."""
    local = work.real.astimezone(work.office.zone)
    days = calendar.monthrange(local.year, local.month)[1]
    gone = local.day - 1 + (local.hour + 1) / 24
    return round(calls * days / gone)


def _letter(work: Work, row: AnyRow) -> Letter:
    return Letter(
        row.id, row.kind, row.platform, row.name or "", work.shown(row.created_at), row.error or "", bool(row.retriable)
    )


def retry(work: Work, me: Me, letter: int) -> None:
    """Send a message once more that was given up. Raises NotAllowed, AlreadyDone."""
    _allowed(me)
    row = work.run(ONE, letter=letter).first()
    if row is None or not _again(work, row):
        raise AlreadyDone("这条消息已经处理过，或者内容已经过时。")
    work.audit("message.retry", f"message:{letter}", kind=row.kind)


def retry_all(work: Work, me: Me) -> int:
    """Send everything once more that was given up and is still worth it; returns how many."""
    _allowed(me)
    count = sum(_again(work, row) for row in work.run(ALL).all())
    work.audit("message.retry_all", "messages", count=count)
    return count


def _again(work: Work, row: AnyRow) -> bool:
    where = row.platform if row.chat or row.update or not row.user_id else people.reach(work, row.user_id)
    until = work.real + outbox.lifetime(row.kind)
    found = work.run(RETRY, letter=row.id, on=where, moment=work.real, until=until, key=secrets.token_hex(16)).first()
    work.after.append(work.wake)
    return found is not None


def drop(work: Work, me: Me, letter: int) -> None:
    """Forget a message that was given up. Raises NotAllowed, AlreadyDone."""
    _allowed(me)
    if work.run(DROP, letter=letter).first() is None:
        raise AlreadyDone("这条消息已经处理过。")
    work.audit("message.drop", f"message:{letter}")


def _allowed(me: Me) -> None:
    if Permission.OPERATE not in me.rights:
        raise NotAllowed


# --- the month's calls (O8) ---


def watch(work: Work) -> None:
    """Tell the administrators, once a month each, that most of a platform's calls are used up."""
    month = delivery.month(work)
    for standing in standings(work):
        reached = [share for share in TOLD_AT if standing.monthly and standing.percent >= share]
        news = [
            share
            for share in reached
            if outbox.claim(work, f"{outbox.A_MONTH}{month}:quota:{standing.platform}:{share}")
        ]
        if news:
            work.notify(QUOTA, max(news), people.in_role(work, Role.ADMIN), anew=True)


def short(work: Work) -> list[str]:
    """The platforms whose last calls of the month are kept for what is urgent."""
    month, paces = delivery.month(work), [(row.platform, Pace.of(row.pace)) for row in work.run(PACES)]
    return [name for name, pace in paces if pace.tight(month, work.settings.monthly_calls(name))]


def taken_back(work: Work, platform: str) -> list[tuple[int, str, int]]:
    """What is not urgent and not yet under way there is not sent: whom it was for, its kind and its subject."""
    return [
        (row.user_id, row.kind, _subject(work, row.card_message_id)) for row in work.run(TAKE_BACK, on=platform).all()
    ]


def _subject(work: Work, copy_id: int | None) -> int:
    """What a copy was about, that is not sent any more; 0 for what is no record: digests."""
    copy = outbox.copy_by_id(work, copy_id) if copy_id else None
    if copy is None:
        return 0
    outbox.give_up(work, copy.id)
    return int(copy.subject.partition(":")[2] or 0)


def find_homes(work: Work) -> None:
    """Look once more for a way to everybody whose messages have none."""
    for person in outbox.homeless(work):
        if platform := people.reach(work, person):
            outbox.redirect(work, person, platform)
