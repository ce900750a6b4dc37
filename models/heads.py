"""Heads of the audit's chain in a file outside the database: who can rewrite the one does not reach the other (P6)."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

from models import seals
from models.seals import Seal
from models.tables.sealed import Keyring
from models.work import Work

HEX = re.compile(r"[0-9a-f]{64}")


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
    file.parent.mkdir(parents=True, exist_ok=True)
    with _open(file, os.O_APPEND) as end:
        end.write(_said(work.real.astimezone(dt.UTC), head) + "\n")


def prove(name: str, keys: Keyring) -> int:
    """Prove the heads in a file anew by the first key, those that any key of the ring proves; how many it was.

    Raises OSError.
    """
    file = Path(name)
    if not name or not file.exists():
        return 0
    with file.open(encoding="utf-8", errors="surrogateescape") as begun:
        said = [text.removesuffix("\n") for text in begun]
    anew = [_proven(text, keys) for text in said]
    if changed := sum(old != new for old, new in zip(said, anew, strict=True)):
        beside = file.with_name(f"{file.name}.new")
        with _open(beside, os.O_TRUNC) as end:
            end.write("".join(f"{text}\n" for text in anew))
        owner = file.stat()
        with suppress(PermissionError):  # whoever runs this may be somebody else than the program
            os.chown(beside, owner.st_uid, owner.st_gid)
        beside.replace(file)
    return changed


def _proven(text: str, keys: Keyring) -> str:
    line = _line(0, text)
    if line.at is None or line.seal is None or not line.seal.of_head(keys):
        return text
    return _said(line.at, replace(line.seal, mac=seals.head_proof(keys, line.seal.number, line.seal.link)))


def _open(file: Path, how: int) -> TextIO:
    return open(os.open(file, os.O_WRONLY | os.O_CREAT | how, 0o600), "w", encoding="utf-8", errors="surrogateescape")


def _said(at: dt.datetime, head: Seal) -> str:
    return json.dumps({"at": at.isoformat(timespec="seconds"), **asdict(head)})


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
        link, mac = (HEX.fullmatch(said[key])[0] for key in ("link", "mac"))  # type: ignore[index]
        return Line(number, at, Seal(int(said["number"]), link, mac))
    except (ValueError, KeyError, TypeError, OverflowError):
        return Line(number)
