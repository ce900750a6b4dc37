"""The playground's chats, and the clock that is moved there (X6). On only where the settings say so."""

from __future__ import annotations

import datetime as dt
import math

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from models.crm import access, mornings
from models.crm.people import Me
from models.errors import NotFound, Refused
from models.tables import Clock, Customer, Identity, Shown, Status, Timer, TimerState, User
from models.work import AnyRow, Work

PAGE = 200

SHOW = insert(Shown).returning(Shown.id)
#: the same words may arrive twice in one moment.
SAY = {
    name: kind.insert(Shown).on_conflict_do_nothing(index_elements=[Shown.token])
    for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))
}
BY_TOKEN = select(Shown.message_id, Shown.chat).where(Shown.token == bindparam("token"))
BY_MESSAGE = select(Shown.chat).where(Shown.message_id == bindparam("message")).limit(1)
SINCE = select(Shown).where(Shown.id > bindparam("after")).order_by(Shown.id).limit(PAGE)
NEXT_TIMER = select(func.min(Timer.due_at)).where(Timer.state == TimerState.PENDING)
SEATED = (
    select(Identity.account)
    .join(User, User.id == Identity.user_id)
    .where(Identity.platform == bindparam("platform"), User.active)
    .order_by(User.staff_no)
)

EXAMPLE = (
    select(Customer.name)
    .where(access.MINE, Customer.status == Status.ARCHIVED)
    .order_by(Customer.owner_id != bindparam("me"), Customer.id)
    .limit(1)
)
OFF = (
    "只有打开演练场（[playground] enabled = true）才能拨快时钟。make run 开的演练场用网页上的按钮拨，"
    "或者先 export KEBAN__PLAYGROUND__ENABLED=true 再执行。"
)


def seated(work: Work, platform: str) -> list[str]:
    """Every account of active people, by staff number."""
    return [str(account) for account in work.run(SEATED, platform=platform).scalars()]


def _move(kind: type[sqlite.Insert] | type[postgresql.Insert]) -> sqlite.Insert | postgresql.Insert:
    first = kind(Clock).values(id=1, ahead_seconds=bindparam("start"))
    further = {"ahead_seconds": Clock.ahead_seconds + bindparam("more")}
    return first.on_conflict_do_update(index_elements=[Clock.id], set_=further)


MOVE = {"sqlite": _move(sqlite.Insert), "postgresql": _move(postgresql.Insert)}


def chat_of(account: str) -> str:
    """A person's own chat with the bot."""
    return f"pc_{account}"


def example(work: Work, me: Me) -> str:
    """A customer this person may work with, his own first: for a sentence to try."""
    return str(work.run(EXAMPLE, **access.scope(me)).scalar() or "")


def complaint(work: Work, me: Me) -> str:
    """The number of the most urgent complaint this person may answer: for a sentence to try."""
    return next((each.number for each in access.waiting_complaints(work, me)), "")


def said(work: Work, account: str, chat: str, text: str, token: str) -> None:
    """A person's words appear in the chat, once for each token."""
    statement = SAY[work.connection.dialect.name]
    work.run(statement, at=work.now, chat=chat, message_id=f"pp_{token}", account=account, token=token, face=text)


def show(work: Work, chat: str, face: str, token: str) -> str:
    """A card appears in a chat; the same token shows it once. Returns the message id."""
    if (known := work.run(BY_TOKEN, token=token).first()) is not None:
        return str(known.message_id)
    message = f"pm_{token}"
    work.add(SHOW, at=work.now, chat=chat, message_id=message, account="", token=token, face=face)
    return message


def change(work: Work, message: str, face: str) -> None:
    """A card gets a newer face. Raises NotFound for a message that is not there (any more)."""
    found = work.run(BY_MESSAGE, message=message).first()
    if found is None:
        raise NotFound("没有这条消息。")
    work.add(SHOW, at=work.now, chat=found.chat, message_id=message, account="", token=None, face=face)


def since(work: Work, after: int) -> list[AnyRow]:
    """What appeared after `after`, oldest first."""
    return work.run(SINCE, after=after).all()


def forward(work: Work, by: dt.timedelta) -> None:
    """Let business time run ahead; it never runs back. Raises Refused where there is no playground.

    A morning that was jumped over is planned at once: no scheduler may look before the next move.
    """
    if not work.settings.playground.enabled:
        raise Refused(OFF)
    if by <= dt.timedelta():
        raise Refused("时钟只能往前拨。")
    seconds = math.ceil(by.total_seconds())  # it counts whole seconds, and comes no moment too early
    work.run(MOVE[work.connection.dialect.name], start=seconds, more=seconds)
    work.now += dt.timedelta(seconds=seconds)
    mornings.plan(work)


def to_next_morning(work: Work) -> None:
    """Let business time run to 9:00 of the next working day."""
    today = work.now.astimezone(work.office.zone).date()
    forward(work, work.office.at(work.office.next_working_day(today), dt.time(9)) - work.now)


def to_next_timer(work: Work) -> None:
    """Let business time run to the next moment at which something is due. Raises Refused where nothing is."""
    due_at: dt.datetime | None = work.run(NEXT_TIMER).scalar()
    if due_at is None:
        raise Refused("现在没有任何定时的事。")
    forward(work, max(due_at - work.now, dt.timedelta()) + dt.timedelta(seconds=1))
