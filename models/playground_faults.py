"""What fails at the playground's platform, because somebody wants to see what then happens (X6)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.errors import Refused
from models.outbox import REFRESH
from models.tables import Fault, Identity, Outbox, OutboxState
from models.work import Work

#: it takes no message at all; it refuses one call, until the caller has renewed its token.
DOWN, TOKEN = "down", "token"
NAMES = (DOWN, TOKEN)
PLATFORM = "playground"

FOUND = select(Fault.name, Fault.on, Fault.mended)
WHICH = select(Fault.name).where(Fault.on)
MEND = update(Fault).where(Fault.name == bindparam("which"), Fault.on).values(on=False, mended=Fault.mended + 1)
HERE = select(Identity.id).where(Identity.user_id == Outbox.user_id, Identity.platform == PLATFORM).exists()
WAITING = select(func.count()).where(
    Outbox.state == OutboxState.QUEUED, Outbox.kind != REFRESH, or_(Outbox.platform == PLATFORM, HERE)
)


def _switch(kind: type[sqlite.Insert] | type[postgresql.Insert]) -> sqlite.Insert | postgresql.Insert:
    first = kind(Fault).values(name=bindparam("which"), on=bindparam("now_on"), mended=0)
    return first.on_conflict_do_update(index_elements=[Fault.name], set_={"on": first.excluded.on})


SWITCH = {"sqlite": _switch(sqlite.Insert), "postgresql": _switch(postgresql.Insert)}


class Failing(Exception):
    """The platform does not do what it was asked; `name` says why."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Faults:
    """How things stand: whether it is down, how many messages wait for it, and how often a token was renewed."""

    down: bool
    expired: bool
    waiting: int
    renewed: int


def switch(work: Work, name: str, *, on: bool) -> None:
    """Let a fault begin or end. Raises Refused for one that does not exist."""
    if name not in NAMES:
        raise Refused("演练场只会两种平台故障：断线、令牌过期。")
    work.run(SWITCH[work.connection.dialect.name], which=name, now_on=on)


def check(work: Work) -> None:
    """Raises Failing where the platform fails now."""
    on = {each.name for each in work.run(WHICH)}
    for name in NAMES:
        if name in on:
            raise Failing(name)


def renew(work: Work) -> None:
    """A new token: the calls after it are taken."""
    work.run(MEND, which=TOKEN)


def stand(work: Work) -> Faults:
    """How things stand."""
    found = {each.name: each for each in work.run(FOUND)}
    on = {name for name, each in found.items() if each.on}
    waiting = int(work.run(WAITING).scalar() or 0) if DOWN in on else 0
    return Faults(DOWN in on, TOKEN in on, waiting, found[TOKEN].mended if TOKEN in found else 0)
