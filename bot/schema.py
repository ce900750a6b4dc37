"""Whether a database has the tables that this program works on."""

from __future__ import annotations

from pathlib import Path

from models import health
from models.errors import Refused, Unavailable

VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"
UPGRADE = "执行 python app.py db upgrade"


def newest() -> str:
    """The migration that this program needs."""
    return max(path.name[:4] for path in VERSIONS.glob("[0-9]*.py"))


def wrong(url: str) -> str:
    """What is wrong with the tables of a database and how to mend it; empty where they fit. Raises Unavailable."""
    there, needed = health.revision(url), newest()
    if not there:
        return f"还没有建立；先{UPGRADE}"
    if there != needed:
        how = f"先停下，再{UPGRADE}" if there < needed else "换成新版本的程序"
        return f"结构是 {there}，这个程序要 {needed}；{how}"
    return ""


def demand(url: str) -> None:
    """Raises Refused where the tables do not fit. A database that is away is waited for by whoever needs it."""
    try:
        found = wrong(url)
    except Unavailable:
        return
    if found:
        raise Refused(f"数据库{found}。")
