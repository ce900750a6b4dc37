"""Changing the data key while the program serves, with a rotation that is killed in the middle (P5)."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, insert, select

from models.crm import indexes
from models.engine import connect
from models.tables import FollowUp, PrivateValue
from models.tables.sealed import Keyring
from models.work import Works
from process import Outside
from test_private_data import NEW, NUMBER
from test_process_story import WHOLE, archived, blank_url, end, program, started, surface, ways
from test_rotation import OLD, heads
from world import Somebody

__all__ = ["blank_url", "end", "program", "surface"]  # fixtures
pytestmark = pytest.mark.slow
#: enough that a rotation takes a while.
MENTIONED = 4_000


def configured(program: Outside, *keys: str) -> Works:
    """The program with other data keys, running again, and the same database under them."""
    if program.running:
        program.stop()
    plain = re.sub(r"data_keys = .*\n", "", program.config.read_text(encoding="utf-8"))
    given = f"[security]\ndata_keys = {json.dumps(keys)}\n"
    program.config.write_text(plain.replace("[security]\n", given), encoding="utf-8")
    program.start()
    program.engine.dispose()
    program.engine = connect(program.engine.url.render_as_string(hide_password=False), Keyring(keys))
    program.works = Works(program.engine, program.works.clock, program.works.settings)
    return program.works


def mentioned(works: Works) -> None:
    """Numbers that stood in texts about a customer."""
    with works.write() as work:
        customer = work.connection.execute(select(FollowUp.customer_id)).scalar()
        values = map(mobile, range(MENTIONED))
        rows = [
            {
                "customer_id": customer,
                "kind": "mobile",
                "value": each,
                "value_key": indexes.of_private(work.keys, "mobile", each),
            }
            for each in values
        ]
        work.connection.execute(insert(PrivateValue), rows)


def killed_in_the_middle(program: Outside, works: Works) -> None:
    """A rotation that a power cut ends when some rows have gone over and others have not."""
    rotating = program.join("keys rotate")
    program.wait(lambda: gone_over(works, 0), "the rotation has begun", 60)
    rotating.kill()
    rotating.wait()
    program.running.remove(rotating)
    assert not gone_over(works, MENTIONED - 1), "in the middle"


def gone_over(works: Works, number: int) -> bool:
    """Whether one of the mentioned numbers is found under the new key."""
    key = indexes.of_private(Keyring([NEW]), "mobile", mobile(number))
    with works.read() as work:
        return work.connection.execute(select(PrivateValue.id).where(PrivateValue.value_key == key)).first() is not None


def mobile(number: int) -> str:
    return f"137{number:08}"


class Load:
    """A salesperson who writes down a number with every word while it runs."""

    def __init__(self, rep: Somebody, place: int) -> None:
        self.rep, self.place, self.written, self.stop = rep, place, list[str](), threading.Event()

    def run(self) -> None:
        for turn in range(10_000):
            if self.stop.is_set():
                return
            number = f"13{self.place}{turn:08}"
            status, _ = self.rep.host.post(
                "/feishu/events", self.rep.host.app.message(self.rep.account, f"/跟进 {NUMBER} 打 {number}")
            )
            assert status == 200
            self.written.append(number)
            self.stop.wait(0.4)  # a chat takes five answers a second


@ways(("sqlite", WHOLE))
def test_a_new_key_takes_over_under_load_though_the_rotation_is_killed(
    program: Outside, parts: tuple[str, ...]
) -> None:
    rep = archived(started(program, *parts))
    rep.says(f"/跟进 {NUMBER} 已报价")
    program.drained()
    mentioned(program.works)
    both = configured(program, NEW, OLD)
    loads = [Load(rep, place) for place in (5, 6)]
    with ThreadPoolExecutor(len(loads)) as pool:
        running = [pool.submit(load.run) for load in loads]
        try:
            killed_in_the_middle(program, both)
            said = program.command("keys", "rotate")
        finally:
            for load in loads:
                load.stop.set()
        for each in running:
            each.result()
    assert "数据都用 data_keys 的第一个密钥了" in said
    program.drained(60)
    alone = configured(program, NEW)
    assert set(heads(alone)) == {"k2"}
    written = [each for load in loads for each in load.written]
    with alone.read() as work:
        assert set(written) <= set(work.db.scalars(select(PrivateValue.value))) and len(written) > 10
        assert work.connection.execute(select(func.count()).select_from(FollowUp)).scalar() == len(written) + 1
    assert rep.says(f"/查 {written[-1]}").title, "it serves"
    assert "没有发现问题" in program.command("audit", "verify")
    program.stop()
