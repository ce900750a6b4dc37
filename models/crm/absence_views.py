"""What the card of a leave shows, for one reader."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, select

from models.crm import absences, access_team
from models.crm.people import Me
from models.tables import Absence, User
from models.work import Work

NAME = select(User.name).where(User.id == bindparam("person"))


class State(StrEnum):
    AHEAD = "ahead"
    NOW = "now"
    OVER = "over"
    CALLED_OFF = "called_off"


@dataclass(frozen=True, slots=True)
class Away:
    """A leave as one reader sees it."""

    id: int
    name: str
    since: str
    until: str
    deputy: str
    entered_by: str
    state: State
    may_end: bool
    stands_in: bool


def away(work: Work, me: Me, absence_id: int) -> Away:
    """A leave, for whoever is away, stands in, or leads him. Raises NotFound."""
    absence, may_end = access_team.absence(work, me, absence_id)
    return Away(
        id=absence.id,
        name=_name(work, absence.user_id),
        since=work.shown(absence.since),
        until=absences.shown_end(work, absence.until),
        deputy=_name(work, absence.deputy_id),
        entered_by=_name(work, absence.entered_by) if absence.entered_by != absence.user_id else "",
        state=_state(work, absence),
        may_end=may_end,
        stands_in=absence.deputy_id == me.id,
    )


def mine(work: Work, me: Me) -> list[Away]:
    """One's own leaves that are not over."""
    return [away(work, me, each.id) for each in absences.ahead(work, me.id)]


def _name(work: Work, person: int | None) -> str:
    return str(work.run(NAME, person=person).scalar() or "") if person else ""


def _state(work: Work, absence: Absence) -> State:
    if absence.until <= absence.since:
        return State.CALLED_OFF
    if absence.until <= work.now:
        return State.OVER
    return State.NOW if absence.since <= work.now else State.AHEAD
