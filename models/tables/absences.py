"""Who is away and who stands in, and who is on duty outside office hours (P9, P10)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base
from models.tables.complaints import Complaint
from models.tables.people import Department, User


class Absence(Base):
    """A person is away from `since` until `until`, which is not included; both are the same once it was called off."""

    __tablename__ = "absences"
    __table_args__ = (
        Index("ix_absences_user_id_until", "user_id", "until"),
        Index("ix_absences_deputy_id_until", "deputy_id", "until"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))


class DutyShift(Base):
    """Somebody is on duty every week on a `weekday` (0 is Monday), or on one `date`, where nobody may be named too.

    `opens` and `closes` are minutes of that day; what goes past midnight closes after 1440.
    """

    __tablename__ = "duty_shifts"
    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id), index=True)
    weekday: Mapped[int | None]
    date: Mapped[dt.date | None]
    opens: Mapped[int]
    closes: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))


class ComplaintDuty(Base):
    """A complaint came to whoever was on duty; it stays open to him."""

    __tablename__ = "complaint_duties"
    complaint_id: Mapped[int] = mapped_column(ForeignKey(Complaint.id), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    at: Mapped[dt.datetime]
