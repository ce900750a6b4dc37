"""`make bench`: what a follow-up costs on the real server, beside a bare route on the same machine in the same minute.

Only the ratio of a run counts: machines differ, and one machine differs from itself an hour later.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import requests
from sqlalchemy import func, select

import bench_bare
import postgres
from conftest import APP, SECRET, Inside
from driver import noted, work_of
from kill import migrate
from makers import Make
from models.engine import connect
from models.settings import Settings
from models.tables import FollowUp
from models.tables.sealed import Keyring
from models.work import Works
from process import Outside, free_port
from standins.feishu_api import FeishuApi
from standins.feishu_says import Request
from test_story import ENTRY
from world import APP_SECRET, Feishu, HandClock

HERE = Path(__file__).parent
WORKERS, THREADS = 2, 8
WARM_UP = 1.0
AT_MOST = 1500  # requests a second that are prepared; a round ends early where they do not last
DRAIN_SECONDS = 15.0
PATIENCE = 40.0  # a machine with other work on it stops slowly
PEOPLE = ("王敏", "陈晨", "周舟", "李娜", "孙涛", "何静", "吴磊", "郑爽")
PLACES = tuple("晨光 海蓝 金石 东风 绿野 云帆 远景 华星 长青 天元 宏达 瑞丰 恒信 嘉禾 启明".split())
TRADES = ("机械", "软件", "贸易", "物流", "食品", "教育", "医药", "纺织")
LINE = "/跟进 {} 谈到第 {} 点，已报价 方式:电话 下次:周五"
HEAD = ("database", "req/s", "bare", "ratio from–to", "p50 ms", "p99 ms", "CPU µs", "bare", "SQL", "PSS MB", "start s")
TABLE = "{:<10} {:>6} {:>6}  {:>13}  {:>6}  {:>6}  {:>6} {:>6}  {:>3}  {:>6}  {:>7}  {:>7}"


@dataclass
class Side:
    """One of the two servers over all rounds."""

    port: int
    path: str
    master: int
    a_second: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    answered: int = 0
    cpu: float = 0.0

    def round(self, prepared: Path, seconds: float) -> None:
        """Load it once. A fault of any request ends the bench."""
        load = [sys.executable, str(HERE / "bench_load.py"), "--port", str(self.port), "--path", self.path]
        load += ["--requests", str(prepared), "--warm-up", str(WARM_UP), "--seconds", str(seconds)]
        before = cpu(self.master)
        done = subprocess.run(load, stdout=subprocess.PIPE, check=True, timeout=60)  # noqa: S603
        found = json.loads(done.stdout)
        assert not found["faults"], f"{self.path}: {len(found['faults'])} faults, {found['faults'][:3]}"
        self.cpu += cpu(self.master) - before
        self.a_second.append(found["a_second"])
        self.seconds += found["seconds"]
        self.answered += found["answered"]

    @property
    def cpu_each(self) -> float:
        return self.cpu / self.answered * 1e6


@dataclass
class Row:
    """The figures of a database."""

    database: str
    real: Side
    bare: Side
    statements: int
    pss: float
    start: float
    drained: float

    @property
    def ratios(self) -> list[float]:
        return [real / bare for real, bare in zip(self.real.a_second, self.bare.a_second, strict=True)]

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.real.seconds, n=100)
        return TABLE.format(
            self.database,
            f"{statistics.median(self.real.a_second):.0f}",
            f"{statistics.median(self.bare.a_second):.0f}",
            f"{min(self.ratios):.2f}–{max(self.ratios):.2f}",
            f"{cuts[49] * 1000:.0f}",
            f"{cuts[98] * 1000:.0f}",
            f"{self.real.cpu_each:.0f}",
            f"{self.bare.cpu_each:.0f}",
            self.statements,
            f"{self.pss:.0f}",
            f"{self.start:.2f}",
            f"{self.drained:.0f}",
        )


# --- what the machine tells ---


def workers(master: int) -> list[int]:
    """The processes that gunicorn forked."""
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def cpu(master: int) -> float:
    """Seconds of CPU that the workers have used."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in workers(master)]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def pss(pid: int) -> float:
    """Megabytes of a process, what it shares with others divided among them."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024


# --- the real side ---


class Bench:
    """The program on one database, with a company in it."""

    def __init__(self, folder: Path, url: str, api: FeishuApi) -> None:
        self.folder, self.url, self.api = folder, url, api
        self.program = Outside(folder, url, Feishu(api), ("web", "worker"), WORKERS)
        config = self.program.config.read_text(encoding="utf-8")
        config = config.replace("[server]", f"[server]\nthreads = {THREADS}").replace(
            "enabled = true", "enabled = false"
        )
        self.program.config.write_text(config, encoding="utf-8")
        migrate(url)
        make = Make(self.program.works)
        make.user("林总", "总公司", "manager")
        self.accounts = [make.user(name, "销售一部", "sales_rep") for name in PEOPLE]
        self.customers = [f"{place}{trade}" for trade in TRADES for place in PLACES]
        for number, customer in enumerate(self.customers):
            make.customer(PEOPLE[number // len(PLACES)], f"{customer}有限公司", 手机=f"1391234{number:04}")
        self.said = 0

    def messages(self, count: int) -> Iterator[Request]:
        """Unique follow-ups of all people on all their customers."""
        pairs = [(self.accounts[number // len(PLACES)], each) for number, each in enumerate(self.customers)]
        for account, customer in islice(cycle(pairs), count):
            self.said += 1
            yield APP.message(account, LINE.format(customer, self.said))

    def prepared(self, count: int) -> Path:
        """A file of messages for one load."""
        file = self.folder / "requests.jsonl"
        lines = (json.dumps((each.body.decode(), each.headers)) for each in self.messages(count))
        file.write_text("\n".join(lines), encoding="utf-8")
        return file

    def stored(self) -> int:
        """How many follow-ups there are."""
        with self.program.works.read() as work:
            return int(work.connection.execute(select(func.count()).select_from(FollowUp)).scalar_one())

    def statements(self) -> int:
        """How many statements a follow-up takes, seen at the driver, in this process."""
        engine = connect(self.url, Keyring.derived(SECRET))
        sent = noted(engine)
        clock = HandClock(self.program.works.clock())
        keban = Inside(Works(engine, clock, Settings()), Feishu(self.api), clock)
        for request in self.messages(2):
            sent.clear()
            assert keban.post("/feishu/events", request)[0] == 200
        engine.dispose()
        return len(work_of(sent))

    def memory(self) -> float:
        """Both workers, each after one entry and one follow-up."""
        self.program.start()
        both = workers(self.program.running[0].pid)
        rep = self.program.somebody(self.accounts[0])
        for number, pid in enumerate(both):
            with asleep(pid):
                rep.says("/新客户")
                entry = {"客户全称": f"远山仪器{'甲乙'[number]}有限公司", "手机": f"1371234567{number}"}
                assert rep.presses("提交", ENTRY | entry).status == 200
                rep.says(LINE.format(self.customers[0], self.said + number))
        found = sum(map(pss, both))
        self.program.drained()
        self.program.stop(PATIENCE)
        return found

    def drain(self) -> float:
        """Messages a second that one worker sends, until nothing waits or the time is over."""
        self.api.keep = False
        self.program.parts = ("web", "worker")
        waiting, began = self.program.queued(), time.monotonic()
        self.program.start()
        self.program.wait(lambda: self.program.queued() < waiting, "the first is sent")
        waiting, began = self.program.queued(), time.monotonic()
        while (left := self.program.queued()) and time.monotonic() < began + DRAIN_SECONDS:
            time.sleep(0.2)
        rate = (waiting - left) / (time.monotonic() - began)
        self.program.stop(PATIENCE)
        return rate


@contextmanager
def asleep(pid: int) -> Iterator[None]:
    """All but this worker; whoever sleeps takes no connection."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


# --- the bare side ---


@contextmanager
def bare(folder: Path, url: str) -> Iterator[Side]:
    """The bare route under a gunicorn of the same size."""
    bench_bare.prepare(url)
    port = free_port()
    line = [sys.executable, "-m", "gunicorn", "bench_bare:create()", "--bind", f"127.0.0.1:{port}"]
    line += ["--workers", str(WORKERS), "--threads", str(THREADS), "--worker-class", "gthread"]
    line += ["--log-level", "warning", "--no-control-socket", "--chdir", str(HERE)]
    with (folder / "bare.err").open("ab") as complaints:
        server = subprocess.Popen(line, env=os.environ | {"BARE_DATABASE": url}, stderr=complaints)  # noqa: S603
    try:
        wait(lambda: requests.post(f"http://127.0.0.1:{port}/", b"first", timeout=20).ok, server)
        yield Side(port, "/", server.pid)
    finally:
        server.terminate()
        server.wait(10)


def wait(answers: Callable[[], bool], server: subprocess.Popen[bytes]) -> None:
    """Until it answers, half a minute at most."""
    until = time.monotonic() + 30
    while time.monotonic() < until and server.poll() is None:
        with suppress(requests.RequestException):
            if answers():
                return
        time.sleep(0.03)
    raise SystemExit("the bare route does not answer")


# --- the bench ---


def measure(database: str, folder: Path, urls: tuple[str, str], rounds: int, seconds: float) -> Row:
    """Everything about one database."""
    with FeishuApi(APP.app_id, APP_SECRET) as api:
        bench = Bench(folder, urls[0], api)
        program = bench.program
        try:
            statements, memory = bench.statements(), bench.memory()
            program.parts = ("web",)
            began = time.monotonic()
            program.start()
            start = time.monotonic() - began
            real = Side(program.port, "/feishu/events", program.running[0].pid)
            before = bench.stored()
            with bare(folder, urls[1]) as other:
                for _ in range(rounds):
                    prepared = bench.prepared(round(AT_MOST * (WARM_UP + seconds)))
                    for side in (real, other):
                        side.round(prepared, seconds)
            assert bench.stored() - before == real.answered, "every follow-up that was answered is there, once"
            program.stop(PATIENCE)
            row = Row(database, real, other, statements, memory, start, bench.drain())
            assert not api.problems, api.problems[:3]
            return row
        finally:
            program.close()


def main() -> int:
    """Bench one database after the other; a table, then a line with the ratio of each."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--rounds", type=int, default=3)
    said.add_argument("--seconds", type=float, default=3.0, help="of each round and side, after a second of warm-up")
    said.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    given = said.parse_args()
    kinds = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the bench adds its own", flush=True)
    print(TABLE.format(*HEAD, "drain/s"), flush=True)
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        for kind in kinds:
            with databases(kind, Path(name)) as urls:
                rows.append(measure(kind, Path(name) / kind, urls, given.rounds, given.seconds))
            print(rows[-1], flush=True)
    for row in rows:
        print(f"ratio {row.database} {statistics.median(row.ratios):.2f}")
    return 0


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Two empty databases on the same disk or server, one for each side; nothing is less durable than in earnest."""
    if kind == "sqlite":
        (folder / kind).mkdir()
        yield f"sqlite:///{folder}/{kind}/keban.db", f"sqlite:///{folder}/{kind}/bare.db"
        return
    server = postgres.start(fast=False)
    try:
        yield server.clone(), server.clone()
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
