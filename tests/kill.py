"""`make kill`: end the program by force in the middle of its work, again and again, and count what became of it all.

A round: the real program under load, the platform slowed down so that messages pile up, `kill -9` of every process at a
random moment, a new start, some events delivered again as the platform does, and waiting until everything is sent.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import string
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from pathlib import Path

from sqlalchemy import select

import app
import postgres
from conftest import APP, SECRET
from makers import Make
from models import delivery
from models.settings import Settings
from models.tables import FollowUp
from process import Outside
from standins.feishu_api import FeishuApi
from standins.feishu_says import Request, p2p_chat
from world import APP_SECRET, Feishu

CLIENTS = 32
LEAST_IN_FLIGHT, LEAST_QUEUED = 16, 100
LATENCY = 0.8  # of the platform until the kill, seconds
LATEST = 2.0  # the kill comes so many seconds after enough is queued, at the latest
PATIENCE = 60.0  # a machine with many rounds on it at once starts and stops slowly
MARKER = re.compile(r"mark[a-z]{12}")
GROUPS = ("oc_group_of_the_first_team", "oc_group_of_the_second_team")
PEOPLE = {
    "王敏": "晨光机械",
    "陈晨": "海蓝软件",
    "周舟": "金石贸易",
    "李娜": "东风物流",
    "孙涛": "绿野食品",
    "何静": "云帆教育",
}
TABLE = "{:>5}  {:<10}  {:>6}  {:>9}  {:>6}  {:>5}  {:>6}  {:>9}  {:>4}  {:>7}"
HEAD = ("round", "database", "ms", "in flight", "queued", "acked", "stored", "delivered", "lost", "doubled")


@dataclass(frozen=True)
class Shot:
    """One `/跟进`, recognised everywhere by its marker; delivered again it is the same bytes."""

    marker: str
    request: Request


@dataclass
class Row:
    """What became of a round."""

    number: int
    database: str
    ms: int
    in_flight: int
    queued: int
    acked: int
    stored: int
    delivered: int
    lost: int
    doubled: int
    trouble: str = ""

    @property
    def good(self) -> bool:
        enough = self.in_flight >= LEAST_IN_FLIGHT and self.queued >= LEAST_QUEUED
        return enough and not self.lost and not self.doubled and not self.trouble

    def __str__(self) -> str:
        words = list(vars(self).values())
        return TABLE.format(*words[: len(HEAD)]) + f"  {self.trouble}"


@dataclass
class Load:
    """Client threads that post one shot after the other, each on its own connection, until told that it is over."""

    port: int
    shots: Iterator[Shot]
    sent: dict[str, float] = field(default_factory=dict)  # marker → when its last byte left
    answered: dict[str, tuple[float, int]] = field(default_factory=dict)  # marker → when, status
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """One client."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.over.is_set():
            with self._lock:
                shot = next(self.shots)
            try:
                self._post(connection, shot)
            except (OSError, HTTPException):
                connection.close()  # cut; the next shot opens it anew, or finds nobody there
        connection.close()

    def _post(self, connection: HTTPConnection, shot: Shot) -> None:
        connection.request("POST", "/feishu/events", shot.request.body, shot.request.headers)
        self.sent[shot.marker] = time.monotonic()
        response = connection.getresponse()
        response.read()
        self.answered[shot.marker] = time.monotonic(), response.status

    @property
    def acked(self) -> set[str]:
        return {marker for marker, (_, status) in self.answered.copy().items() if status == 200}

    def in_flight(self, moment: float) -> set[str]:
        """What had left its client at this moment and had no answer."""
        left = {marker for marker, at in self.sent.items() if at < moment}
        return left - {marker for marker, (at, _) in self.answered.items() if at <= moment}


class Round:
    """One kill; `turn` lets only one round of a database work at a time, while others only wait for leases."""

    def __init__(self, number: int, seed: int, url: str, folder: Path, turn: threading.Semaphore) -> None:
        self.number, self.url, self.folder, self.turn = number, url, folder, turn
        self.database = url.partition("+")[0].partition(":")[0]
        self.random = random.Random(f"{seed}/{number}")  # noqa: S311
        self.shots: dict[str, Shot] = {}

    def run(self) -> Row:
        """The whole round; what goes wrong with the program itself is a row too."""
        parts = ("run",) if self.database == "sqlite" else ("web", "worker")
        with FeishuApi(APP.app_id, APP_SECRET, latency=LATENCY) as api:
            program = Outside(self.folder, self.url, Feishu(api), parts, workers=2)
            try:
                return self._judged(program)
            except Exception as fault:
                return Row(self.number, self.database, 0, 0, 0, 0, 0, 0, 0, 0, f"{type(fault).__name__}: {fault}")
            finally:
                program.close()

    def _judged(self, program: Outside) -> Row:
        with self.turn:
            load, killed, ms = self._kill(program, self._shots(self._prepare(program)))
            queued = program.queued()
            acked, in_flight = load.acked, load.in_flight(killed)
            program.api.latency = 0
            program.start()
            acked |= self._deliver_again(program, acked, set(load.sent) - acked)
        program.drained(3 * delivery.LEASE.total_seconds())
        stored, delivered = self._stored(program), self._delivered(program.api)
        program.stop(PATIENCE)
        lost = (acked - set(stored)) | (set(stored) - set(delivered))
        doubled = {marker for counted in (stored, delivered) for marker, times in counted.items() if times > 1}
        counts = [len(each) for each in (acked, stored, delivered, lost, doubled)]
        trouble = "; ".join(program.api.problems[:1])
        return Row(self.number, self.database, ms, len(in_flight), queued, *counts, trouble)

    def _prepare(self, program: Outside) -> dict[str, str]:
        """Start it with a company that has a customer for each of its people; returns their accounts."""
        program.start()
        make = Make(program.works)
        make.user("林总", "总公司", "manager")
        accounts = {name: make.user(name, "销售一部", "sales_rep") for name in PEOPLE}
        for number, (name, customer) in enumerate(PEOPLE.items()):
            make.customer(name, f"{customer}有限公司", 手机=f"1391234567{number}")
        program.drained()
        return accounts

    def _shots(self, accounts: dict[str, str]) -> Iterator[Shot]:
        """People say things, in their own chat or in one of two groups."""
        for name in cycle(PEOPLE):
            marker = "mark" + "".join(self.random.choices(string.ascii_lowercase, k=12))
            group = self.random.random() < 0.3
            chat = self.random.choice(GROUPS) if group else p2p_chat(accounts[name])
            text = f"/跟进 {PEOPLE[name]} 谈了 {marker} 方式:电话 下次:明天下午"
            self.shots[marker] = Shot(marker, APP.message(accounts[name], text, chat, group))
            yield self.shots[marker]

    def _kill(self, program: Outside, shots: Iterator[Shot]) -> tuple[Load, float, int]:
        """Load the program and end it; returns when, by the clock of the load, and how long after its start."""
        load = Load(program.port, shots)
        clients = [threading.Thread(target=load.run) for _ in range(CLIENTS)]
        began = time.monotonic()
        for client in clients:
            client.start()
        try:
            program.wait(lambda: program.queued() >= LEAST_QUEUED * 1.2, "enough is queued", 60)
            time.sleep(self.random.uniform(0, LATEST))
            killed = time.monotonic()
            program.kill()
        finally:
            load.over.set()
            for client in clients:
                client.join()
        return load, killed, round((killed - began) * 1000)

    def _deliver_again(self, program: Outside, acked: set[str], unanswered: set[str]) -> set[str]:
        """As the platform does: most of what got no answer, some of what got one, here and there twice at once."""
        again = [self.shots[marker] for marker in sorted(unanswered) if self.random.random() < 0.7]
        again += [self.shots[marker] for marker in sorted(acked) if self.random.random() < 0.2]
        again += self.random.sample(again, len(again) // 3)
        self.random.shuffle(again)
        with ThreadPoolExecutor(CLIENTS // 2) as clients:
            statuses = list(clients.map(lambda shot: program.post("/feishu/events", shot.request)[0], again))
        return {shot.marker for shot, status in zip(again, statuses, strict=True) if status == 200}

    def _stored(self, program: Outside) -> Counter[str]:
        with program.works.read() as work:
            contents = work.connection.execute(select(FollowUp.content)).scalars().all()
        return Counter(marker for content in contents for marker in MARKER.findall(content))

    def _delivered(self, api: FeishuApi) -> Counter[str]:
        """In how many messages each marker is; the platform's idempotency has already been at work."""
        each = (set(MARKER.findall(json.dumps(message.card))) for message in api.messages)
        return Counter(marker for markers in each for marker in markers)


def main() -> int:
    """Run the rounds, half of them on each database, and print a row for each."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--rounds", type=int, default=20)
    said.add_argument("--seed", type=int, default=int(time.time()))
    said.add_argument("--only", choices=["sqlite", "postgresql"], help="only this database")
    given = said.parse_args()
    print(f"seed {given.seed}; a lease is {delivery.LEASE.total_seconds():.0f} s, and is waited for", flush=True)
    print(TABLE.format(*HEAD), flush=True)
    kinds = [given.only] if given.only else ["sqlite", "postgresql"]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kill-") as folder:
        rows = run(given.rounds, given.seed, kinds, Path(folder))
    bad = [row for row in rows if not row.good]
    verdict = f"{len(bad)} went wrong" if bad else "nothing acked was lost, nothing came twice"
    print(f"{len(rows)} kills in {time.monotonic() - began:.0f} s: {verdict}")
    return 1 if bad or len(rows) < given.rounds else 0


def run(rounds: int, seed: int, kinds: list[str], folder: Path) -> list[Row]:
    """Every round on a database, a port and a platform of its own; rows are printed as they come."""
    turns = {kind: threading.Semaphore() for kind in kinds}
    server = postgres.start(fast=True) if "postgresql" in kinds else None
    if server:
        server.template("migrated", migrate)

    def one(number: int) -> Row:
        kind = kinds[number % len(kinds)]
        place = folder / str(number)
        url = server.clone() if server and kind == "postgresql" else f"sqlite:///{place}/var/keban.db"
        row = Round(number + 1, seed, url, place, turns[kind]).run()
        print(row, flush=True)
        return row

    try:
        with ThreadPoolExecutor(3 * len(kinds)) as pool:
            return list(pool.map(one, range(rounds)))
    finally:
        if server:
            server.stop()


def migrate(url: str) -> None:
    """Make the tables as `db upgrade` does."""
    app.upgrade(Settings.model_validate({"database": {"url": url}, "security": {"secret_key": SECRET}}))


if __name__ == "__main__":
    sys.exit(main())
