"""The audit at the command line: `audit verify`, and an export that a third party verifies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from conftest import HandClock
from models import seals
from models.settings import Settings
from models.work import Works
from scheduler.run import tick
from test_command_line import Say, logging_is_put_back, sayer  # noqa: F401 (a fixture for every test)
from test_docs import blocks
from test_seals import KEEP, sealed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the heads are kept."""
    return tmp_path / "heads.jsonl"


@pytest.fixture
def settings(file: Path) -> Settings:
    return Settings.model_validate({"audit": {"heads": str(file)}})


@pytest.fixture
def say(database_url: str, tmp_path: Path, file: Path) -> Say:
    """The command line, told where the heads are."""
    said = sayer(database_url, tmp_path)
    with (tmp_path / "settings.toml").open("a", encoding="utf-8") as more:
        more.write(f'[audit]\nheads = "{file}"\n')
    return said


def test_verify_says_what_it_found_by_its_status(say: Say, works: Works, engine: Engine, file: Path) -> None:
    sealed(works, "a", "b")
    tick(works, KEEP)
    assert say("audit verify") == 0
    file.write_text(file.read_text().replace('"number": 2', '"number": 3'))
    assert say("audit verify") == 1


def test_an_export_is_verified_by_who_has_nothing_of_ours(
    say: Say, works: Works, clock: HandClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed(works, "a", "b")
    clock.forward(days=1)
    sealed(works, "c", "d")
    clock.forward(days=1)
    sealed(works, "e")
    with works.read() as work:
        links = {row.number: row.link for row in seals.rows(work)}
    every, part = tmp_path / "every.jsonl", tmp_path / "part.jsonl"
    assert say("audit export", str(every)) == 0 and "第 1 到 5 号" in capsys.readouterr().out
    assert say("audit export --from 2026-11-26 --to 2026-11-26", str(part)) == 0
    assert every.stat().st_mode & 0o777 == 0o600 and len(part.read_text().splitlines()) == 3
    assert third_party(every, f"5:{links[5][:24]}") == "" and third_party(part, f"3:{links[3][:24]}") == ""
    assert third_party(part) == "" and "head" in third_party(every, f"4:{links[5][:24]}")
    assert "head" in third_party(part, f"5:{links[5][:24]}"), "one who leaves the end out cannot show the head"
    forged = tmp_path / "forged.jsonl"
    lines = every.read_text().splitlines(keepends=True)
    for tampered in (lines[:2] + lines[3:], [*lines[:3], lines[3].replace('"c"', '"x"'), *lines[4:]]):
        forged.write_text("".join(tampered))
        assert "line" in third_party(forged)
    assert say("audit export", str(every)) == 2 and "写不了" in capsys.readouterr().err
    assert say("audit export --from 2027-01-01", str(tmp_path / "none")) == 2
    assert say("audit export --from 1.1.", str(tmp_path / "none")) == 2


def third_party(export: Path, *sent: str) -> str:
    """What the script of our own document says of an export and the heads that were sent; empty where all is well."""
    script = blocks("docs/security.md", "python")[-1]
    run = subprocess.run([sys.executable, "-I", "-", str(export), *sent], input=script, text=True, capture_output=True)  # noqa: S603
    assert (run.returncode == 0) is not run.stderr, run
    return run.stderr.strip()
