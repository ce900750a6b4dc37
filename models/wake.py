"""A commit wakes the sender at once: an event inside the process, LISTEN/NOTIFY between processes on PostgreSQL."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import psycopg
from sqlalchemy import Engine

CHANNEL = "keban_outbox"
#: what is committed meanwhile goes with one notification.
TOGETHER = 0.1
log = logging.getLogger(__name__)


class Wake:
    """What senders wait at, each at an event of its own; `news` is for whoever tells the other processes."""

    def __init__(self) -> None:
        self._waiting: list[threading.Event] = []
        self.news = threading.Event()

    def waiter(self) -> threading.Event:
        """An event that is set by each commit that has something to send; whoever waits clears it."""
        event = threading.Event()
        self._waiting.append(event)
        return event

    def set(self) -> None:
        """Something was committed here."""
        self.heard()
        self.news.set()

    def heard(self) -> None:
        """Something was committed elsewhere."""
        for event in self._waiting:
            event.set()


def listen(engine: Engine, wake: Wake, stop: threading.Event) -> None:
    """Let notifications of other processes wake the senders here, until `stop`."""

    def relay(connection: psycopg.Connection) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        while not stop.is_set():
            for _ in connection.notifies(timeout=1, stop_after=1):
                wake.heard()

    _connected(engine, relay, stop)


def tell(engine: Engine, wake: Wake, stop: threading.Event) -> None:
    """Notify other processes of what was committed here, until `stop`.

    Not in the transaction itself: commits that notify wait for each other. One that is lost costs a second, for senders
    look that often.
    """

    def notify(connection: psycopg.Connection) -> None:
        while not stop.wait(TOGETHER):
            if wake.news.wait(1):
                wake.news.clear()
                connection.execute(f"NOTIFY {CHANNEL}")

    _connected(engine, notify, stop)


def _connected(engine: Engine, use: Callable[[psycopg.Connection], None], stop: threading.Event) -> None:
    """Use a connection of one's own; a lost one is opened anew."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    while not stop.is_set():
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                use(connection)
        except psycopg.OperationalError as away:
            log.warning("notices between processes were interrupted: %s", type(away).__name__)
            stop.wait(2)
