"""What fails at the playground's platform, because somebody wants to see what then happens (X6)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, insert, select, update

from models.errors import Refused
from models.outbox import REFRESH
from models.tables import Fault, Outbox, OutboxState
from models.work import Work

#: it takes no message at all; it refuses one call, until the caller has renewed its token.
DOWN, TOKEN = "down", "token"
NAMES = (DOWN, TOKEN)

FOUND = select(Fault.name, Fault.on, Fault.met)
WHICH = select(Fault.name).where(Fault.on)
SWITCH = update(Fault).where(Fault.name == bindparam("which")).values(on=bindparam("now_on")).returning(Fault.name)
ADD = insert(Fault)
MET = update(Fault).where(Fault.name == bindparam("which")).values(met=Fault.met + 1)
WAITING = select(func.count()).where(Outbox.state == OutboxState.QUEUED, Outbox.kind != REFRESH)


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
    if work.run(SWITCH, which=name, now_on=on).first() is None:
        work.add(ADD, name=name, on=on, met=0)


def check(work: Work) -> None:
    """Raises Failing where the platform fails now."""
    on = {each.name for each in work.run(WHICH)}
    for name in NAMES:
        if name in on:
            raise Failing(name)


def renew(work: Work) -> None:
    """A new token: the calls after it are taken."""
    work.run(MET, which=TOKEN)
    switch(work, TOKEN, on=False)


def stand(work: Work) -> Faults:
    """How things stand."""
    found = {each.name: each for each in work.run(FOUND)}
    on = {name for name, each in found.items() if each.on}
    waiting = int(work.run(WAITING).scalar() or 0) if DOWN in on else 0
    return Faults(DOWN in on, TOKEN in on, waiting, found[TOKEN].met if TOKEN in found else 0)
