"""Writers on SQLite that share a COMMIT: when it fails nobody is told that his work was done, and all do it again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import Connection, Engine, event, insert, select

from models.tables import Department
from models.work import Work, Works

ADD = insert(Department)


@pytest.fixture
def broken(engine: Engine) -> Iterator[list[Connection]]:
    """The first COMMIT fails, whatever is in it."""
    failed: list[Connection] = []

    def fail(connection: Connection) -> None:
        if not failed:
            failed.append(connection)
            raise OSError("disk full")

    event.listen(engine, "commit", fail)
    yield failed
    event.remove(engine, "commit", fail)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_of_a_batch_that_is_not_committed_everybody_does_his_part_again(works: Works, broken: list[Connection]) -> None:
    inside, go = threading.Event(), threading.Event()
    tries: list[str] = []

    def add(name: str) -> str:
        def task(work: Work) -> str:
            tries.append(name)
            work.run(ADD, name=name)
            inside.set()
            assert go.wait(10)
            return name

        return works.perform(task)

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(add, "甲")
        assert inside.wait(10)
        others = [pool.submit(add, name) for name in "乙丙"]
        wait(others, timeout=0.3)
        go.set()
        assert [each.result(10) for each in (first, *others)] == ["甲", "乙", "丙"]
    with works.read() as work:
        assert sorted(work.run(select(Department.name)).scalars()) == sorted("甲乙丙")
    assert len(broken) == 1 and sorted(tries) == sorted("甲乙丙" * 2), "all three were in the batch that failed"
