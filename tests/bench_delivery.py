"""How fast messages go out: two sender processes, a platform that holds its limits, 10,000 messages to 2,000 people.

The platform's minute is `--speed` times shorter, and so are the program's own limits. At best the limits let
`count / (1000 a minute)` go out: evenly, so that an answer always finds room; the bench says how much longer it took.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import insert

import postgres
from cards import kit
from cards.kit import Card, Text
from kill import migrate
from makers import Make
from models.outbox import Lane, Parcel, enqueue
from models.tables import Department, Identity, User
from models.work import Work
from process import Outside
from standins.feishu_api import FeishuApi
from standins.feishu_limits import FeishuLimits
from world import APP, APP_SECRET, Feishu

PEOPLE, EACH = 2000, 5
SUBJECTS = 2
A_MINUTE = 1000
PATIENCE = 300.0
ASKED = 30
LANES = (Lane.DIGEST, Lane.REMINDER)


def hire(work: Work) -> list[tuple[int, str]]:
    """Many people at Feishu; their ids and accounts."""
    department = Department(name="销售部")
    work.db.add(department)
    work.db.flush()
    about = {"department_id": department.id, "mobile": "13800138000"}
    people = [User(staff_no=f"S{n}", name=f"销售{n}", **about) for n in range(PEOPLE)]
    work.db.add_all(people)
    work.db.flush()
    found = [(person.id, f"ou_{person.id:032}") for person in people]
    rows = [{"user_id": key, "platform": "feishu", "account": account, "private_chat": ""} for key, account in found]
    work.connection.execute(insert(Identity), rows)
    return found


def promise(work: Work, people: list[tuple[int, str]]) -> int:
    """Messages to all of them, each person's about a few subjects, in turn; returns how many."""
    made = itertools.count()
    for number in range(EACH):
        for key, _ in people:
            card = Card(f"第 {number} 条", (Text(f"该跟进了，编号 {next(made)}"),))
            subject, lane = number % SUBJECTS, LANES[number % SUBJECTS]
            enqueue(work, Parcel("reminder", kit.dumps(card), f"user:{key}:{subject}", lane, "feishu", user_id=key))
    return next(made)


def disorder(api: FeishuApi) -> list[str]:
    """Where a message overtook another of its subject."""
    last: dict[tuple[str, int], int] = {}
    wrong = list[str]()
    for message in api.messages:
        number = int(message.card["header"]["title"]["content"].split()[1])
        key = (message.receive_id, number % SUBJECTS)
        wrong += [f"{key}: {number}"] if number < last.get(key, -1) else []
        last[key] = number
    return wrong


def run(url: str, folder: Path, speed: float | None) -> tuple[int, float, Counter[int]]:
    """Send all of it, against the limits at this speed, or without any; how many, the seconds, and the refusals."""
    limits = FeishuLimits(speed) if speed else None
    with FeishuApi(APP.app_id, APP_SECRET, limits=limits) as api:
        program = Outside(folder, url, Feishu(api), ("web", "worker", "worker"))
        config = program.config.read_text(encoding="utf-8").replace("enabled = true", "enabled = false")
        program.config.write_text(f"{config}\n[delivery]\nspeed = {speed or 1000}\n", encoding="utf-8")
        migrate(url)
        try:
            people = program.works.perform(hire)
            program.start()
            time.sleep(2)  # both have started, and the machine is quiet again
            count = program.works.perform(lambda work: promise(work, people))
            began = time.monotonic()
            program.wait(lambda: api.sends >= count, "all of it is sent", PATIENCE)
            took = time.monotonic() - began
            program.drained()
            program.stop(30)
            again = {key: asked for key, asked in api.asked.items() if asked > 1}
            assert api.sends == count and not again, (api.sends, again)
            assert not disorder(api), disorder(api)[:5]
            return count, took, limits.rejected if limits else Counter()
        finally:
            program.close()


def answering(program: Outside, account: str) -> float:
    """Milliseconds that a message at the door takes, in the middle of several."""
    took = list[float]()
    for _ in range(ASKED):
        request = APP.message(account, "/帮助")
        began = time.perf_counter()
        assert program.post("/feishu/events", request)[0] == 200
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def hanging(url: str, folder: Path) -> tuple[float, float]:
    """How fast the door answers, all in one process: as usual, and while the platform takes calls and says nothing."""
    with FeishuApi(APP.app_id, APP_SECRET) as api:
        program = Outside(folder, url, Feishu(api), ("run",))
        migrate(url)
        try:
            account = Make(program.works).user("王敏", "销售一部", "sales_rep")
            program.start()
            answering(program, account)
            usual = answering(program, account)
            program.drained(PATIENCE)
            with api.holding():
                answering(program, account)
                found = usual, answering(program, account)
            program.drained(PATIENCE)
            program.stop(30)
            return found
        finally:
            program.close()


def main() -> int:
    """One line a database and speed."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--speed", type=float, default=10.0)
    said.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    said.add_argument("--limited", action="store_true", help="not also without limits")
    given = said.parse_args()
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="delivery-")))

        def place(name: str, kind: str) -> tuple[str, Path]:
            here = folder / name
            here.mkdir()
            if kind == "sqlite":
                return f"sqlite:///{here}/keban.db", here
            server = postgres.start(fast=False)
            held.callback(server.stop)
            return server.clone(), here

        for kind in ("sqlite", "postgresql") if given.database == "both" else (given.database,):
            for speed in (given.speed,) if given.limited else (given.speed, None):
                count, took, rejected = run(*place(f"{kind}-{speed}", kind), speed)
                print(told(kind, speed, count, took, rejected), flush=True)
            usual, hangs = hanging(*place(f"{kind}-hanging", kind))
            print(f"{kind:<10} the door answers in {usual:.1f} ms, in {hangs:.1f} while the platform hangs", flush=True)
    return 0


def told(kind: str, speed: float | None, count: int, took: float, rejected: Counter[int]) -> str:
    """A line of the bench."""
    rate = f"{kind:<10} {count} messages in {took:.1f} s, {count / took:.0f} a second"
    if speed is None:
        return f"{rate}, without limits"
    allowed = count / A_MINUTE * 60 / speed
    return f"{rate}, {took / allowed:.3f} of what the limits allow ({allowed:.0f} s), {rejected.total()} refused"


if __name__ == "__main__":
    sys.exit(main())
