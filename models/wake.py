"""A commit wakes the sender at once: an event inside the process, LISTEN/NOTIFY between processes on PostgreSQL."""

from __future__ import annotations

import logging
import threading

import psycopg
from sqlalchemy import DDL, Engine, event

from models.tables import Outbox

CHANNEL = "keban_outbox"
log = logging.getLogger(__name__)

#: the trigger costs the writer no round trip; SQLite has no channel, there polling is the way between processes.
TELL = f"""
CREATE OR REPLACE FUNCTION keban_tell() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('{CHANNEL}', ''); RETURN NULL; END $$
"""
TRIGGER = "CREATE TRIGGER keban_tell AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION keban_tell()"
for sentence in (TELL, TRIGGER):
    told = DDL(sentence)  # type: ignore[no-untyped-call]
    event.listen(Outbox.__table__, "after_create", told.execute_if(dialect="postgresql"))


class Wake:
    """What a sender waits at."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Until somebody calls `set`, at most `seconds`."""
        self._event.wait(seconds)
        self._event.clear()


def listen(engine: Engine, wake: Wake, stop: threading.Event) -> None:
    """Turn notifications of other processes into `wake.set()`, until `stop`. A lost connection is opened anew."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    while not stop.is_set():
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                _relay(connection, wake, stop)
        except psycopg.OperationalError as away:
            log.warning("listening for messages was interrupted: %s", type(away).__name__)
            stop.wait(2)


def _relay(connection: psycopg.Connection, wake: Wake, stop: threading.Event) -> None:
    while not stop.is_set():
        for _ in connection.notifies(timeout=1, stop_after=1):
            wake.set()
