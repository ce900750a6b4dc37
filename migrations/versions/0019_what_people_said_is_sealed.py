"""what buttons say and what the playground showed is sealed; indexes of last digits tell less"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SEALED = (("codes", ("title", "value")), ("playground_shown", ("face",)))


def upgrade() -> None:
    ring = op.get_bind().dialect.keyring  # type: ignore[attr-defined]
    if op.get_bind().dialect.name == "sqlite":  # what was clear must not stay in the file's free pages
        op.get_bind().exec_driver_sql("PRAGMA secure_delete=ON")
    _rewrite(sa.LargeBinary(), ring.seal)
    op.execute("UPDATE contacts SET mobile_last4_key = substr(mobile_last4_key, 1, 3)")
    # he is known by his code, and the digits compared with the mobile; not in a batch, which would drop the table
    op.drop_column("users", "mobile_last4_key")


def downgrade() -> None:
    """What the indexes said is not made anew: customers are not found by last digits then, and nobody binds."""
    op.add_column("users", sa.Column("mobile_last4_key", sa.String(length=32), nullable=False, server_default=""))
    ring = op.get_bind().dialect.keyring  # type: ignore[attr-defined]
    _rewrite(sa.Text(), lambda value, purpose: ring.open(bytes(value), purpose))


def _rewrite(kind: sa.types.TypeEngine[Any], change: Callable[[Any, str], Any]) -> None:
    for name, columns in SEALED:
        rows = _rows(name, columns)
        with op.batch_alter_table(name) as batch:
            for column in columns:
                batch.drop_column(column)
                batch.add_column(sa.Column(column, kind, nullable=True))
        table = _table(name, columns)
        for row in rows:
            made = {each: change(getattr(row, each), f"{name}.{each}") for each in columns}
            op.get_bind().execute(sa.update(table).where(table.c.id == row.id).values(made))
        with op.batch_alter_table(name) as batch:
            for column in columns:
                batch.alter_column(column, existing_type=kind, nullable=False)


def _rows(name: str, columns: tuple[str, ...]) -> list[Any]:
    return list(op.get_bind().execute(sa.select(_table(name, columns))))


def _table(name: str, columns: tuple[str, ...]) -> sa.TableClause:
    return sa.table(name, sa.column("id"), *map(sa.column, columns))
