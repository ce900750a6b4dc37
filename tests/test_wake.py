"""What one process commits wakes the senders of another."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import Engine, insert

from models.tables import Department
from models.wake import Wake, listen, tell
from models.work import Works

ADD = insert(Department).returning(Department.id)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_commit_here_wakes_a_sender_elsewhere_and_what_is_heard_is_not_told_again(
    works: Works, engine: Engine
) -> None:
    there, stop = Wake(), threading.Event()
    sender = there.waiter()
    threads = [
        threading.Thread(target=listen, args=[engine, there, stop]),
        threading.Thread(target=tell, args=[engine, works.wake, stop]),
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 20
    while not sender.is_set() and time.monotonic() < until:
        works.perform(lambda work: [work.add(ADD, name=f"{time.monotonic()}"), work.after.append(work.wake)])
        sender.wait(0.1)
    assert sender.is_set() and not there.news.is_set()
    stop.set()
    works.wake.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
