"""Numbers people quote: issued in the transaction that needs them, none twice, none skipped (A7)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from models.tables import Counter, Customer
from models.work import Work


def _next(kind: type[sqlite.Insert] | type[postgresql.Insert]) -> sqlite.Insert | postgresql.Insert:
    statement = kind(Counter).values(prefix=bindparam("under"), value=1)
    return statement.on_conflict_do_update(index_elements=[Counter.prefix], set_={"value": Counter.value + 1})


NEXT = {
    name: _next(kind).returning(Counter.value)
    for name, kind in (("sqlite", sqlite.Insert), ("postgresql", postgresql.Insert))
}
TAKEN = select(Customer.id).where(Customer.number == bindparam("number"))


def issue(work: Work, pattern: str, today: dt.date, **parts: str) -> str:
    """The next number of a pattern such as `C{year}{month:02}{seq:03}`.

    Counts from 1 under each rendered prefix and grows past its width. The counter row is locked until commit.
    """
    values = {"year": today.year, "month": today.month, **parts}
    prefix = pattern.format(seq=Blank(), **values)
    number = work.run(NEXT[work.connection.dialect.name], under=prefix).scalar()
    return pattern.format(seq=number, **values)


def customer_number(work: Work, industry: str) -> str:
    """A customer's number; one that an imported record already bears is passed over."""
    today = _today(work)
    code = work.settings.entry.industry_codes.get(industry.partition("-")[0], "")
    while True:
        number = issue(work, work.settings.numbering.customer, today, industry_code=code.upper())
        if work.run(TAKEN, number=number).first() is None:
            return number


def complaint_number(work: Work) -> str:
    """A complaint's number."""
    return issue(work, work.settings.numbering.complaint, _today(work))


def _today(work: Work) -> dt.date:
    return work.now.astimezone(work.office.zone).date()


class Blank:
    """Stands for the sequence number while the prefix is rendered."""

    def __format__(self, spec: str) -> str:
        return "#"
