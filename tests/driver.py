"""What really goes to the database, noted below SQLAlchemy."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from models.direct import Direct
from models.kept import DIRECT

#: what opens and ends transactions, and settings
CONTROL = ("BEGIN", "PRAGMA", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def noted(engine: Engine) -> list[str]:
    """Every statement that this engine's connections run from now on; they are opened anew for it."""
    sent: list[str] = []

    class Noting(psycopg.RawCursor[tuple[object, ...]]):
        def execute(self, query: str | bytes, *given: object, **named: object) -> Noting:  # type: ignore[override]
            sent.append(query if isinstance(query, str) else query.decode())
            return super().execute(query, *given, **named)  # type: ignore[arg-type]

    class NotingDirect(Direct):
        def execute(self, text: bytes, values: Sequence[object] = ()) -> None:
            sent.append(text.decode())
            super().execute(text, values)

    def watch(connection: object, record: ConnectionPoolEntry) -> None:
        if isinstance(connection, psycopg.Connection):
            connection.cursor_factory = Noting
            record.info[DIRECT] = NotingDirect(connection)
        else:
            connection.set_trace_callback(sent.append)  # type: ignore[attr-defined]

    event.listen(engine, "connect", watch)
    engine.dispose()
    return sent


def work_of(sent: list[str]) -> list[str]:
    """Those that look at or change something."""
    return [statement for statement in sent if not statement.startswith(CONTROL)]
