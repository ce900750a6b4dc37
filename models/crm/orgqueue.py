"""What has to be read anew of an organisation, and who reads it: marked by events, by a person and every night (P8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models import calendar_jobs
from models.tables import OrgDirty, OrgKind, OrgState
from models.work import Work

#: the platforms that have an organisation to read.
ORGANISED = ("feishu", "dingtalk")
#: when a working day's whole reading is due, in the company's zone.
NIGHTLY = "03:00"
#: how long one worker may read before another one takes over.
LEASE = dt.timedelta(minutes=30)

READ_ONCE = select(OrgState.platform).where(OrgState.platform == bindparam("on"))
HERE = OrgDirty.platform == bindparam("on")
ONE = HERE, OrgDirty.kind == bindparam("what"), OrgDirty.key == bindparam("called")
BEING_READ = select(OrgDirty.key).where(HERE, OrgDirty.leased_until > bindparam("now"))
TAKE = (
    update(OrgDirty)
    .where(HERE, or_(OrgDirty.leased_until.is_(None), OrgDirty.leased_until <= bindparam("now")))
    .values(leased_until=bindparam("until"))
    .returning(OrgDirty.kind, OrgDirty.key, OrgDirty.marks)
)
DONE = delete(OrgDirty).where(*ONE, OrgDirty.marks == bindparam("times"))
AGAIN = update(OrgDirty).where(*ONE).values(leased_until=bindparam("until"))


def _mark(kind: Any) -> Any:
    first = kind.insert(OrgDirty).values(
        platform=bindparam("on"), kind=bindparam("what"), key=bindparam("called"), marks=1, leased_until=None
    )
    return first.on_conflict_do_update(
        index_elements=[OrgDirty.platform, OrgDirty.kind, OrgDirty.key], set_={"marks": OrgDirty.marks + 1}
    )


MARK = {name: _mark(kind) for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))}


@dataclass(frozen=True, slots=True)
class Taken:
    """What one worker reads now, and how often each had been marked by then."""

    platform: str
    marks: Mapping[tuple[OrgKind, str], int]

    @property
    def whole(self) -> bool:
        return (OrgKind.ALL, "") in self.marks

    def keys(self, kind: OrgKind) -> list[str]:
        return sorted(key for what, key in self.marks if what is kind)


def ask(work: Work, platforms: Iterable[str]) -> None:
    """Let all of these platforms be read soon."""
    for platform in platforms:
        _put(work, platform, OrgKind.ALL, "")


def unit(work: Work, platform: str, key: str) -> None:
    """A department changed. Whoever never read the organisation is not bothered by what changes in it."""
    _changed(work, platform, OrgKind.UNIT, key)


def member(work: Work, platform: str, account: str) -> None:
    """A person came or changed."""
    _changed(work, platform, OrgKind.MEMBER, account)


def scope(work: Work, platform: str, _: str) -> None:
    """What we may see changed."""
    _changed(work, platform, OrgKind.ALL, "")


def _changed(work: Work, platform: str, kind: OrgKind, key: str) -> None:
    if work.run(READ_ONCE, on=platform).first() is not None:
        _put(work, platform, kind, key)


def _put(work: Work, platform: str, kind: OrgKind, key: str) -> None:
    work.run(MARK[work.connection.dialect.name], on=platform, what=kind, called=key)


def take(work: Work, platform: str) -> Taken | None:
    """What is to be read now, for whoever asks first; None while another worker reads, and when there is nothing."""
    if calendar_jobs.claim(work, f"org:{platform}", NIGHTLY) is not None:
        _changed(work, platform, OrgKind.ALL, "")
    if work.run(BEING_READ, on=platform, now=work.real).first() is not None:
        return None
    rows = work.run(TAKE, on=platform, now=work.real, until=work.real + LEASE).all()
    return Taken(platform, {(row.kind, row.key): row.marks for row in rows}) if rows else None


def done(work: Work, taken: Taken) -> None:
    """It was read; what was marked meanwhile is read once more."""
    for (kind, key), marks in taken.marks.items():
        work.run(DONE, on=taken.platform, what=kind, called=key, times=marks)
    later(work, taken, None)


def later(work: Work, taken: Taken, pause: dt.timedelta | None) -> None:
    """It is read again, after a pause."""
    until = None if pause is None else work.real + pause
    for kind, key in taken.marks:
        work.run(AGAIN, on=taken.platform, what=kind, called=key, until=until)
