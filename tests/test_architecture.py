"""The house rules, and for each of them an example that breaks it: a rule that cannot fail says nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: a folder imports from those below it, which are named beside it.
FLOORS: dict[str, set[str]] = {
    "models": set(),
    "cards": {"models"},
    "bot": {"models", "cards"},
    "handlers": {"models", "cards", "bot"},
    "scheduler": {"models", "cards", "bot"},
    "app": {"models", "cards", "bot", "handlers", "scheduler"},
    "migrations": {"models"},
    "tools": set(),
}
PRODUCT = ("app.py", "bot/*", "cards/*", "handlers/*", "models/*", "scheduler/*")
#: the doors to the outside, and the files that may open each.
LIBRARIES = {
    "flask": ("app.py", "bot/web.py", "bot/playground/page.py", "bot/pages/*"),
    "werkzeug": ("bot/web.py", "bot/doors.py", "bot/pages/*"),
    "gunicorn": ("app.py", "bot/server_lines.py"),
    "requests": ("bot/*/client.py",),
    "websocket": ("bot/stream.py",),
    "prometheus_client": ("bot/metrics.py",),
    "socket": ("bot/ports.py",),
    "segno": ("bot/pages/*", "cards/pictures.py"),
    "http": (),
    "urllib.request": (),
    "smtplib": (),
    "subprocess": ("tools/*",),
    "Crypto": ("bot/*/verify.py",),
    "cryptography": ("models/tables/sealed.py",),
    "apscheduler": ("scheduler/run.py",),
    "sqlalchemy": ("models/*", "migrations/*", "app.py"),
    "alembic": ("migrations/*", "app.py"),
    "sqlite3": ("models/*",),
    "psycopg": ("models/wake.py", "models/work.py", "models/engine.py", "models/kept.py", "models/direct.py"),
    "pydantic": ("bot/config.py", "bot/*/events.py", "models/settings.py"),
}
#: the unit of work, and what ends its transactions on SQLite and on PostgreSQL.
COMMITTING = ("models/work.py", "models/group_commit.py", "models/kept.py")
CLOCKS = {
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    *(f"time.{name}" for name in ("time", "time_ns", "localtime", "ctime")),
    *(f"sqlalchemy.func.{name}" for name in ("now", "current_timestamp", "localtimestamp", "current_date")),
    "datetime.date.today",
}
LINES, LINES_A_FUNCTION = 400, 40
REASON = re.compile(r"\.flush\(.*#\s*\S")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:home|root|Users|work)/\w|[A-Z]:\\{1,2}Users\b")
REGISTRY = re.compile(r"https?://[^\s/\"']*(?:pypi|pythonhosted|npmjs|registry|mirror|artifactory|nexus|devpi)", re.I)


@dataclass(frozen=True)
class Source:
    """A file as a rule sees it."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def within(self, patterns: tuple[str, ...]) -> bool:
        return any(fnmatch(self.path, pattern) for pattern in patterns)

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """(line, dotted name) of everything imported, wherever it stands."""
        found = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [(node.lineno, each.name) for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                found += [(node.lineno, f"{node.module or '.'}.{each.name}") for each in node.names]
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        """What a name of this file stands for: `dt` → `datetime`."""
        known = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                known |= {each.asname or each.name: each.name for each in node.names}
            elif isinstance(node, ast.ImportFrom):
                known |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
        return known

    def meant(self, node: ast.expr) -> str:
        """The full dotted name of an expression: `dt.datetime.now` → `datetime.datetime.now`."""
        first, _, rest = ast.unparse(node).partition(".")
        return ".".join(filter(None, (self.names.get(first, first), rest)))


Complaints = Iterator[str]
Rule = Callable[[Source], Complaints]


def floors(source: Source) -> Complaints:
    """A folder imports only from floors below it, and never by a name made up while running."""
    own = source.path.removesuffix(".py").split("/")[0]
    forbidden = FLOORS.keys() - FLOORS[own] - {own} | modules_of_tests()
    for line, name in source.imports:
        if name.split(".")[0] in forbidden:
            yield f"{source.path}:{line} imports {name}"
    for node in source.nodes:
        if (isinstance(node, ast.Name) and node.id == "__import__") or ast_name(node).endswith("import_module"):
            yield f"{source.path}:{node.lineno} imports by name"  # type: ignore[attr-defined]


def libraries(source: Source) -> Complaints:
    """Each door to the outside is opened in the few files that are made for it."""
    for line, name in source.imports:
        for library, places in LIBRARIES.items():
            if f"{name}.".startswith(f"{library}.") and not source.within(places):
                yield f"{source.path}:{line} imports {name}"


def transactions(source: Source) -> Complaints:
    """Only the unit of work ends a transaction; a handler cannot even name it."""
    for node in source.nodes:
        if ast_name(node) in ("commit", "rollback") and source.path not in COMMITTING:
            yield f"{source.path}:{node.lineno} names {ast_name(node)}"  # type: ignore[attr-defined]


def flushes(source: Source) -> Complaints:
    """A flush says on its line why it cannot wait."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if ".flush(" in line and not REASON.search(line):
            yield f"{source.path}:{number} flushes without a reason"


def clocks(source: Source) -> Complaints:
    """Only `app.py` looks at the clock; everybody else is given the time."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute | ast.Name) and source.meant(node) in CLOCKS and source.path != "app.py":
            yield f"{source.path}:{node.lineno} looks at the clock: {ast.unparse(node)}"


def zones(source: Source) -> Complaints:
    """No time without a zone is made."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and _naive(
            source.meant(node.func), len(node.args), {k.arg for k in node.keywords}
        ):
            yield f"{source.path}:{node.lineno} makes a time without a zone: {ast.unparse(node)}"


def _naive(call: str, given: int, keywords: set[str | None]) -> bool:
    match call.removeprefix("datetime.datetime"):
        case "":
            return given < 8 and "tzinfo" not in keywords
        case ".combine":
            return given < 3 and "tzinfo" not in keywords
        case ".fromtimestamp":
            return given < 2 and "tz" not in keywords
        case ".utcfromtimestamp" | ".strptime":
            return True
    return False


def sizes(source: Source) -> Complaints:
    """A file has at most 400 lines, a function 40."""
    if (lines := len(source.text.splitlines())) > LINES:
        yield f"{source.path} has {lines} lines"
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > LINES_A_FUNCTION:
                yield f"{source.path}:{node.lineno} {node.name} has {lines} lines"


def openings(source: Source) -> Complaints:
    """A file says what it is for; one that defines something reads its annotations late."""
    if not (ast.get_docstring(source.tree) or "").strip():
        yield f"{source.path} does not say what it is for"
    defines = any(isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AnnAssign) for node in source.nodes)
    if defines and ("annotations", "__future__.annotations") not in source.names.items():
        yield f"{source.path} lacks `from __future__ import annotations`"


def places(source: Source) -> Complaints:
    """No file names a place of somebody's machine or a package registry."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := MACHINE_PATH.search(line) or REGISTRY.search(line):
            yield f"{source.path}:{number} names {found[0]}"


def ast_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""


@cache
def modules_of_tests() -> frozenset[str]:
    return frozenset({"tests", "standins", *(path.stem for path in Path(__file__).parent.glob("*.py"))})


#: rule → where it holds, where it does not (the reason stands beside it).
SCOPE: dict[Rule, tuple[tuple[str, ...], tuple[str, ...]]] = {
    floors: ((*PRODUCT, "migrations/*", "tools/*"), ()),
    libraries: ((*PRODUCT, "migrations/*", "tools/*"), ()),
    transactions: ((*PRODUCT, "migrations/*", "tools/*"), ()),
    flushes: (PRODUCT, ()),
    clocks: ((*PRODUCT, "tools/*"), ()),
    zones: (PRODUCT, ()),
    sizes: (("*",), ("migrations/versions/*",)),  # a revision is as long as the change it makes
    openings: (("*",), ("tools/setup_env.py",)),  # has to be read by a Python that is too old, to say so
    places: (("*",), ()),
}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project; what .gitignore names is not part of it."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()] + [".git"]
    found: list[Path] = []
    waiting = [ROOT]
    while waiting:
        for path in waiting.pop().iterdir():
            if any(fnmatch(path.name, pattern) for pattern in ignored):
                continue
            (waiting if path.is_dir() else found).append(path)
    return tuple(sorted(found))


@cache
def sources() -> tuple[Source, ...]:
    texts = ((path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in files())
    return tuple(Source(path, raw.decode()) for path, raw in texts if b"\0" not in raw)


def complaints(rule: Rule, source: Source) -> list[str]:
    where, but = SCOPE[rule]
    readable = rule is places or source.path.endswith(".py")
    return list(rule(source)) if readable and source.within(where) and not source.within(but) else []


@pytest.mark.parametrize("rule", SCOPE, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Rule) -> None:
    found = [complaint for source in sources() for complaint in complaints(rule, source)]
    assert not found, f"{rule.__doc__}\n" + "\n".join(found)


HEAD = '"""What it is for."""\n'
LATE = "from __future__ import annotations\n"
DT = "import datetime as dt\n"
LONG = "def long():\n" + "    pass\n" * LINES_A_FUNCTION
#: rule, path, text, is it broken?
EXAMPLES: tuple[tuple[Rule, str, str, bool], ...] = (
    (floors, "models/a.py", "from cards.kit import Card", True),
    (floors, "models/a.py", "from models.work import Work", False),
    (floors, "cards/a.py", "import bot.event", True),
    (floors, "bot/a.py", "def late():\n    from handlers import router", True),
    (floors, "handlers/a.py", "from scheduler.jobs import JOBS", True),
    (floors, "scheduler/a.py", "from handlers import router", True),
    (floors, "scheduler/a.py", "from bot import posting", False),
    (floors, "handlers/a.py", "import app", True),
    (floors, "app.py", "from handlers import router", False),
    (floors, "bot/a.py", "from conftest import APP", True),
    (floors, "cards/a.py", "import importlib\nimportlib.import_module(name)", True),
    (floors, "cards/a.py", "__import__('bot')", True),
    (libraries, "handlers/a.py", "import requests", True),
    (libraries, "bot/feishu/client.py", "import requests", False),
    (libraries, "bot/dispatch.py", "from flask import request", True),
    (libraries, "cards/a.py", "from sqlalchemy.orm import Session", True),
    (libraries, "models/crm/a.py", "from sqlalchemy.orm import Session", False),
    (libraries, "models/crm/a.py", "from Crypto.Cipher import AES", True),
    (libraries, "bot/feishu/verify.py", "from Crypto.Cipher import AES", False),
    (libraries, "models/outbox.py", "import psycopg", True),
    (libraries, "scheduler/jobs.py", "import apscheduler", True),
    (libraries, "bot/web.py", "import gunicorn", True),
    (libraries, "bot/stream.py", "import websocket", False),
    (libraries, "bot/feishu/stream.py", "from websocket import WebSocket", True),
    (libraries, "bot/feishu/client.py", "from urllib.request import urlopen", True),
    (libraries, "bot/feishu/client.py", "from urllib.parse import quote", False),
    (transactions, "handlers/a.py", "work.db.commit()", True),
    (transactions, "models/crm/a.py", "work.after.append(session.rollback)", True),
    (transactions, "models/work.py", "transaction.rollback()", False),
    (transactions, "models/crm/a.py", "with work.savepoint():\n    pass", False),
    (flushes, "models/a.py", "work.db.flush()", True),
    (flushes, "models/a.py", "work.db.flush()  #", True),
    (flushes, "models/a.py", "work.db.flush()  # its id is used at once", False),
    (flushes, "app.py", "print(1, flush=True)", False),
    (clocks, "models/a.py", f"{DT}dt.datetime.now(dt.UTC)", True),
    (clocks, "models/a.py", "from datetime import datetime as D\nat = D.utcnow()", True),
    (clocks, "models/a.py", "from datetime import date\ndate.today()", True),
    (clocks, "bot/a.py", "import time\nclock = time.time", True),
    (clocks, "bot/a.py", "from time import time\nat = time()", True),
    (clocks, "bot/a.py", "import time\nspan = time.monotonic()", False),
    (clocks, "models/a.py", "from sqlalchemy import func\nat = func.now()", True),
    (clocks, "app.py", f"{DT}dt.datetime.now(dt.UTC)", False),
    (clocks, "models/a.py", "at = work.now", False),
    (zones, "models/a.py", f"{DT}dt.datetime(2026, 1, 1)", True),
    (zones, "models/a.py", f"{DT}dt.datetime(2026, 1, 1, tzinfo=dt.UTC)", False),
    (zones, "models/a.py", f"{DT}dt.datetime.combine(day, clock)", True),
    (zones, "models/a.py", f"{DT}dt.datetime.combine(day, clock, zone)", False),
    (zones, "models/a.py", f"{DT}dt.datetime.fromtimestamp(0)", True),
    (zones, "models/a.py", f"{DT}dt.datetime.fromtimestamp(0, dt.UTC)", False),
    (zones, "models/a.py", f"{DT}dt.datetime.strptime(text, form)", True),
    (zones, "models/a.py", f"{DT}dt.date(2026, 1, 1)", False),
    (sizes, "bot/a.py", "pass\n" * (LINES + 1), True),
    (sizes, "bot/a.py", "pass\n" * LINES, False),
    (sizes, "tests/test_a.py", LONG, True),
    (sizes, "tests/test_a.py", LONG.removesuffix("    pass\n"), False),
    (sizes, "bot/a.py", f"class A:\n    async {LONG.replace('    ', ' ' * 8)}", True),
    (sizes, "migrations/versions/a.py", LONG, False),
    (openings, "bot/a.py", "import os", True),
    (openings, "bot/__init__.py", HEAD, False),
    (openings, "bot/a.py", f"{HEAD}def act(): ...", True),
    (openings, "bot/a.py", f"{HEAD}{LATE}def act(): ...", False),
    (places, "docs/a.md", "see " + "/home" + "/someone/keban", True),
    (places, "Makefile", "PY := " + "/work" + "/main/.venv", True),
    (places, "docs/a.md", "`POST /feishu/events` · /usr/bin/env · models/work/a", False),
    (places, "requirements.txt", "--index-url https" + "://pypi.example.com/simple", True),
    (places, "README.md", "https" + "://open.feishu.cn", False),
)


@pytest.mark.parametrize(
    ("rule", "path", "text", "broken"), EXAMPLES, ids=[f"{rule.__name__}-{n}" for n, (rule, *_) in enumerate(EXAMPLES)]
)
def test_a_rule_sees_what_breaks_it_and_nothing_else(rule: Rule, path: str, text: str, broken: bool) -> None:
    assert len(complaints(rule, Source(path, text))) == int(broken)


def test_every_rule_has_an_example_that_breaks_it_and_one_that_keeps_it() -> None:
    shown = {(rule, broken) for rule, _, _, broken in EXAMPLES}
    assert shown == {(rule, broken) for rule in SCOPE for broken in (True, False)}


def test_the_rules_look_at_the_whole_project() -> None:
    seen = {source.path for source in sources()}
    assert {"app.py", "models/work.py", "bot/feishu/verify.py", "requirements.txt", ".ci/run", "Makefile"} <= seen
    assert not {path for path in seen if path.startswith((".venv/", ".git/", "var/"))}
    folders = {path.split("/")[0] for path in seen if path.endswith(".py")} - {"app.py", "tests"}
    assert folders == FLOORS.keys() - {"app"}, "a new folder needs a floor"


def test_a_door_that_is_allowed_is_used() -> None:
    """What nobody imports any more is not left open."""
    used = {(source.path, name) for source in sources() if source.path.endswith(".py") for _, name in source.imports}
    unused = [
        (library, place)
        for library, allowed in LIBRARIES.items()
        for place in allowed
        if not any(fnmatch(path, place) and f"{name}.".startswith(f"{library}.") for path, name in used)
    ]
    assert not unused


def test_the_sentence_a_person_gets_never_waits_for_pinyin_or_the_web_server() -> None:
    """What is heavy is imported where it is used, so that a command answers at once."""
    app = next(source for source in sources() if source.path == "app.py")
    at_import = {
        each.names[0].name.split(".")[0] if isinstance(each, ast.Import) else (each.module or "").split(".")[0]  # type: ignore[union-attr]
        for each in app.tree.body
        if isinstance(each, ast.Import | ast.ImportFrom)
    }
    assert not at_import & {"flask", "gunicorn", "sqlalchemy", "alembic", "pypinyin", "handlers", "scheduler"}
