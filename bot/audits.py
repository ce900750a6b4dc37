"""`audit verify` and `audit export`: the audit checked here, or by somebody who trusts nobody here (P6)."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
from itertools import takewhile
from pathlib import Path
from typing import Any, TextIO

from models import heads, seal_checks, seals
from models.errors import Refused
from models.seal_checks import Checked
from models.work import Work, Works

#: what is printed of a chain that is broken everywhere, as it is with a wrong key.
SHOWN = 50
HOW = (
    "link = hex(SHA-256(previous link + JSON of row)): ASCII only, keys sorted, separators ',' and ':'; "
    "numbers have no gap"
)
EARLIEST, LATEST = dt.date(1970, 1, 1), dt.date(9998, 12, 31)


def verify(works: Works, said: argparse.Namespace) -> int:
    """核对审计日志：改过、删掉、插进、调换、截断的行，和没有封存的行，一处一行；有就以 1 结束。"""
    found, checked = 0, Checked(0, seals.BEGINNING)
    lines = heads.lines(Path(works.settings.audit.heads)) if works.settings.audit.heads else ()
    with works.read() as work:
        for each in seal_checks.check(work, lines):
            if isinstance(each, Checked):
                checked = each
                continue
            found += 1
            if found <= SHOWN:
                print(each)
    if found > SHOWN:
        print(f"另外还有 {found - SHOWN} 处。")
    state = f"发现 {found} 处" if found else "没有发现问题"
    print(f"核对到第 {checked.number} 号，{state}；链头 {checked.link}")
    return int(found > 0)


def export(works: Works, said: argparse.Namespace) -> int:
    """把审计日志导出成文件，一行一条，第三方可以自己核对；--from 和 --to 是起止的日子，都包括在内。"""
    zone = works.office.zone
    since = dt.datetime.combine(said.since or EARLIEST, dt.time(), zone)
    until = dt.datetime.combine((said.until or LATEST) + dt.timedelta(days=1), dt.time(), zone)
    with works.read() as work:
        if (span := seals.span(work, since, until)) is None:
            raise Refused("这段时间里没有封存过的审计记录。")
        with _new(Path(said.file)) as out:
            _write(work, out, *span)
    print(f"已导出第 {span[0]} 到 {span[1]} 号：{said.file}")
    return 0


def _new(file: Path) -> TextIO:
    """A file for the eyes of whoever runs this. Raises Refused where it is there already or cannot be made."""
    try:
        return open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii")
    except OSError as no:
        raise Refused(f"文件 {file} 写不了：{no.strerror}") from None


def _write(work: Work, out: TextIO, first: int, last: int, before: str) -> None:
    made = work.real.astimezone(dt.UTC).isoformat(timespec="seconds")
    _line(out, {"keban": "audit", "made": made, "first": first, "last": last, "previous": before, "how": HOW})
    for row in takewhile(lambda row: row.number <= last, seals.rows(work, first)):
        _line(out, {"number": row.number, "link": row.link, "row": seals.plain(row)})


def _line(out: TextIO, said: dict[str, Any]) -> None:
    out.write(json.dumps(said, sort_keys=True) + "\n")
