"""The real program in processes of its own, with a config file, a database and a stand-in of the platform."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import func, select

import app
import bytecode
from conftest import SECRET, ZONE
from models.engine import connect
from models.settings import Settings
from models.tables import Clock, Held, Outbox, OutboxState, Timer, TimerState
from models.tables.sealed import Keyring
from models.work import Works
from standins.caller import in_time
from world import JSON, End

PROGRAM = Path(__file__).resolve().parents[1] / "app.py"
OURS = (15_000, 32_000)
STARTS_WITHIN = 60.0
STOPS_WITHIN = 10.0
QUEUED = select(func.count()).where(Outbox.state == OutboxState.QUEUED)
DUE = select(func.count()).where(Timer.state == TimerState.PENDING)
HELD = select(func.count()).where(Held.told_at.is_(None))


def free_port() -> int:
    """A port nobody listens at, of those the system gives to nobody by itself: it is still free a moment later."""
    while True:
        port = random.randrange(*OURS)  # noqa: S311 (no secret)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Outside:
    """The program as people start it. `parts` are the commands that together serve: `run`, or `web` and `worker`.

    They form one process group, so that one signal reaches all of them. The test looks at the database, and moves
    business time, through an engine of its own.
    """

    def __init__(self, folder: Path, url: str, end: End, parts: Sequence[str] = ("run",), workers: int = 1):
        self.folder, self.end, self.parts, self.port = folder, end, parts, free_port()
        self.api, self.app = end.api, end.app
        settings = {
            "server": {"port": self.port, "workers": workers},
            "database": {"url": url},
            end.name: end.section,
            "security": {"secret_key": SECRET},
            "playground": {"enabled": True},
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.config = folder / "config.toml"
        self.config.write_text(_toml(settings), encoding="utf-8")
        self.engine = connect(url, Keyring.derived(SECRET))
        self.works = Works(self.engine, lambda: dt.datetime.now(dt.UTC), Settings.model_validate(settings))
        self.running: list[subprocess.Popen[bytes]] = []

    # --- processes ---

    def upgrade(self) -> None:
        """Make the tables, as `db upgrade` does, without a process of its own."""
        app.upgrade(self.works.settings)

    def command(self, *words: str) -> str:
        """Run a command to its end; returns what it printed."""
        with self._log("commands.err").open("ab") as complaints:
            done = subprocess.run(self._line(*words), cwd=self.folder, env=_environment(), stdout=-1, stderr=complaints)  # noqa: S603
        assert done.returncode == 0, (words, done.returncode, self.complaints())
        return done.stdout.decode()

    def start(self) -> None:
        """Start every part and wait until the port answers."""
        self.running = []
        for part in self.parts:
            self._begin(part, part)
        self.wait(self._answers, "the port answers", STARTS_WITHIN)

    def join(self, part: str) -> subprocess.Popen[bytes]:
        """Start one more process beside those that run; its log has a number. A part may have options."""
        return self._begin(part, f"{part.split()[0]}-{len(self.running)}")

    def _begin(self, part: str, name: str) -> subprocess.Popen[bytes]:
        group = self.running[0].pid if self.running else 0
        with self._log(f"{name}.out").open("ab") as said, self._log(f"{name}.err").open("ab") as complaints:
            child = subprocess.Popen(  # noqa: S603
                self._line(*part.split()),
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complaints,
                process_group=group,
            )
        self.running.append(child)
        return child

    def told(self, number: int) -> None:
        """Send a signal to every process of the program at once."""
        os.killpg(self.running[0].pid, number)

    def kill(self) -> None:
        """What a power failure does to a process."""
        self.told(signal.SIGKILL)
        for child in self.running:
            child.wait(STOPS_WITHIN)
        self.running = []

    def stop(self, seconds: float = STOPS_WITHIN) -> None:
        """Ask every part to stop; it does so in time, without a complaint, and with 0."""
        for child in self.running:
            child.terminate()
        self.ended(seconds)

    def ended(self, seconds: float = STOPS_WITHIN) -> None:
        """Wait until every part has ended by itself."""
        until = time.monotonic() + seconds
        codes = [child.wait(max(0.1, until - time.monotonic())) for child in self.running]
        self.running = []
        complaints = self.complaints()
        assert not any(codes), (codes, complaints)
        assert '"level": "error"' not in complaints and "Traceback" not in complaints, complaints

    def close(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self.running:
            self.kill()
        self.engine.dispose()

    def said(self) -> str:
        """Everything the parts printed."""
        return "".join(self._log(f"{part}.out").read_text(encoding="utf-8") for part in self.parts)

    def complaints(self) -> str:
        """Everything that went to standard error."""
        return "".join(file.read_text(encoding="utf-8") for file in sorted(self.folder.glob("*.err")))

    def wait(self, until: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
        """Wait for something; fails with what the program complained of."""
        end = time.monotonic() + seconds
        while not until():
            dead = [child.args for child in self.running if child.poll() is not None]
            assert not dead, f"ended before {what}: {dead}\n{self.complaints()}"
            assert time.monotonic() < end, f"waited {seconds} s until {what}\n{self.complaints()}"
            time.sleep(0.03)

    def _answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def _line(self, *words: str) -> list[str]:
        return [sys.executable, str(PROGRAM), "--config", str(self.config), *words]

    def _log(self, name: str) -> Path:
        return self.folder / name

    # --- the host of a story ---

    def post(self, path: str, request: Any) -> tuple[int, JSON]:
        where = f"http://127.0.0.1:{self.port}{path}"
        got = in_time(request, lambda: requests.post(where, request.body, headers=request.headers, timeout=20))
        return got.status_code, got.json()

    def page(self, path: str, answers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Look at a page, or send its form."""
        got = requests.request(
            "POST" if answers else "GET", f"http://127.0.0.1:{self.port}{path}", data=answers, timeout=20
        )
        return got.status_code, got.text

    def somebody(self, account: str, name: str = "") -> Any:
        return self.end.somebody(self, account, name)

    def settle(self) -> None:
        """Wait until whatever is due now has been sent."""
        self.wait(lambda: not self.queued(now=True), "everything due is sent")

    def drained(self, seconds: float = 20.0) -> None:
        """Wait until nothing waits to be sent, not even what is for later."""
        self.wait(lambda: not self.queued(), "nothing waits any more", seconds)

    def queued(self, *, now: bool = False) -> int:
        """How many messages wait to be sent, with what the next tick may add."""
        with self.works.read() as work:
            waiting = QUEUED.where(Outbox.not_before <= work.real) if now else QUEUED
            untold = HELD.where(Held.look_at <= work.now)
            # in the order in which it moves: what is told meanwhile is counted where it comes to
            return sum(int(work.connection.execute(each).scalar_one()) for each in (untold, waiting))

    def forward(self, moment: dt.datetime) -> int:
        """Move business time forward to this moment, to the second; returns by how many it is ahead now."""
        with self.works.write() as work:
            before = work.db.get(Clock, 1)
            ahead = round((moment - work.real).total_seconds())
            assert ahead >= (before.ahead_seconds if before else 0), "business time only moves forward"
            work.db.merge(Clock(id=1, ahead_seconds=ahead))
        return ahead

    def until(self, moment: dt.datetime) -> None:
        """Move business time forward to this moment and let happen what is due by then."""
        self.forward(moment + dt.timedelta(seconds=1))
        self.wait(self._nothing_due, "every timer has fired")
        self.drained()

    def _nothing_due(self) -> bool:
        with self.works.read() as work:
            return not work.connection.execute(DUE.where(Timer.due_at <= work.now)).scalar_one()

    def wednesday(self) -> dt.datetime:
        """10:00 of a Wednesday to come that is an ordinary working day, as the day after it is."""
        with self.works.read() as work:
            day = work.now.astimezone(ZONE).replace(hour=10, minute=0, second=0, microsecond=0)
        while True:
            day += dt.timedelta(days=1)
            both = (day.date(), day.date() + dt.timedelta(days=1))
            if day.weekday() == 2 and all(self.works.office.is_working(each) for each in both):
                return day


def _environment() -> dict[str, str]:
    """Nobody's settings but those in the file."""
    bytecode.keep()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEBAN")}
    return kept | {"PYTHONUNBUFFERED": "1"}


def _toml(sections: dict[str, dict[str, object]]) -> str:
    lines = []
    for name, values in sections.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""]
    return "\n".join(lines)
