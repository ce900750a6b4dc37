"""A long connection of the program in this process, at the pace of tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.routing import Router
from bot.stream import Pace, Stream
from cards import common
from cards.kit import Card
from models.text import names
from models.work import Work

#: a living connection is pinged five times before it would count as dead.
PACE = Pace(silence=1.5, ping=0.3, steady=5.0, pause=0.02, longest=0.2, ending=5.0, beat=0.2)


@dataclass
class Running:
    """What stops it, and the thread that then ends."""

    stop: threading.Event
    thread: threading.Thread


@contextmanager
def running(stream: Stream) -> Iterator[Running]:
    """It receives while the block lasts."""
    names.initials("客伴")  # as the command does: loading its dictionaries stops every thread, ours and the gateway's
    stop = threading.Event()
    receiving = threading.Thread(target=stream.run, args=[stop])
    receiving.start()
    try:
        yield Running(stop, receiving)
    finally:
        stop.set()
        receiving.join(20)
        assert not receiving.is_alive()


class Slow:
    """A router whose one command, /慢, takes until `leave`."""

    def __init__(self) -> None:
        self.entered, self.leave, self.router = threading.Event(), threading.Event(), Router()

        @self.router.command("/慢", may=None)
        def slow(*, work: Work) -> Card:
            """慢。"""
            work.audit("slow", "test:1")
            self.entered.set()
            assert self.leave.wait(10)
            return common.done("做完了", "一次")
