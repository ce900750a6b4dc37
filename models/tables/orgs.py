"""What we remember of the organisations at the platforms (P8)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Word
from models.tables.people import Department
from models.tables.sealed import Sealed


class OrgKind(StrEnum):
    ALL = "all"
    UNIT = "unit"
    MEMBER = "member"


class OrgLink(Base):
    """What a department or a person of ours is called at a platform.

    `missed` counts the whole readings in a row without this person. `leaders` are the people who lead this department
    there: when one of them does not any more, he does not here either; others were named by hand, and stay.
    """

    __tablename__ = "org_links"
    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[OrgKind] = mapped_column(Word(OrgKind), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    subject_id: Mapped[int]
    missed: Mapped[int] = mapped_column(SmallInteger, default=0)
    leaders: Mapped[str] = mapped_column(Text, default="")


class OrgDirty(Base):
    """What has to be read anew. `marks` rises with each event, so that one that comes meanwhile is not forgotten."""

    __tablename__ = "org_dirty"
    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[OrgKind] = mapped_column(Word(OrgKind), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    marks: Mapped[int] = mapped_column(default=1)
    leased_until: Mapped[dt.datetime | None]


class OrgState(Base):
    """How the last reading of a platform ended: what it changed, or why it changed nothing; what we could see then."""

    __tablename__ = "org_states"
    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[dt.datetime]
    result: Mapped[dict[str, Any]]
    scope: Mapped[dict[str, Any]]


class ProposalState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class OrgProposal(Base):
    """Somebody at a platform whom we do not know yet; an administrator decides."""

    __tablename__ = "org_proposals"
    __table_args__ = (UniqueConstraint("platform", "account"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(64))
    mobile: Mapped[str] = mapped_column(Sealed("org_proposals.mobile"))
    staff_no: Mapped[str] = mapped_column(String(32))
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id))
    state: Mapped[ProposalState] = mapped_column(Word(ProposalState), default=ProposalState.OPEN, index=True)
