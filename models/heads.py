"""Heads of the audit's chain in a file outside the database: who can rewrite the one does not reach the other (P6)."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models import seals
from models.seals import Seal
from models.work import Work


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file by its number, from 1; without a seal it is none of ours."""

    number: int
    at: dt.datetime | None = None
    seal: Seal | None = None


def keep(work: Work) -> None:
    """Add the head of today, once a day and file; nothing where no file is set or nothing was sealed yet.

    Every machine that has a file keeps its own: no row of the database, which may be what is rewritten, decides
    about it. Raises OSError.
    """
    if not work.settings.audit.heads:
        return
    file = Path(work.settings.audit.heads)
    if _written_today(work, file) or (head := seals.head(work)) is None:
        return
    at = work.real.astimezone(dt.UTC).isoformat(timespec="seconds")
    said = {"at": at, "number": head.number, "link": head.link, "mac": head.mac}
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w", encoding="utf-8") as end:
        end.write(json.dumps(said) + "\n")


def _written_today(work: Work, file: Path) -> bool:
    zone = work.office.zone
    days = [line.at.astimezone(zone).date() for line in lines(file) if line.at]
    return bool(days) and max(days) >= work.real.astimezone(zone).date()


def lines(file: Path) -> Iterator[Line]:
    """Every line of the file; none where there is no file."""
    if not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace") as said:
        for number, text in enumerate(said, 1):
            yield _line(number, text)


def _line(number: int, text: str) -> Line:
    try:
        said = json.loads(text)
        at = dt.datetime.fromisoformat(said["at"]).astimezone(dt.UTC)
        return Line(number, at, Seal(int(said["number"]), str(said["link"]), str(said["mac"])))
    except (ValueError, KeyError, TypeError, OverflowError):
        return Line(number)
