"""a reminder knows its customer: the one still waiting is found without looking at all of a person's reminders"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PENDING = "state = 'pending'"
KNOWN = """
UPDATE timers SET customer_id = (SELECT follow_ups.customer_id FROM follow_ups WHERE follow_ups.id = timers.subject_id)
WHERE kind = 'follow_up'
"""
#: most rows have nothing there, and nobody looks for them by it
SPARSE = (("timers", "deadline_id"), ("outbox", "card_message_id"))


def upgrade() -> None:
    with op.batch_alter_table("timers") as timers:
        timers.add_column(sa.Column("customer_id", KEY, nullable=True))
        timers.create_foreign_key(op.f("fk_timers_customer_id"), "customers", ["customer_id"], ["id"])
    op.execute(KNOWN)
    op.drop_index("ix_timers_person_id", "timers")
    index("timers", ["customer_id", "person_id"], PENDING)
    for table, column in SPARSE:
        op.drop_index(f"ix_{table}_{column}", table)
        index(table, [column], f"{column} IS NOT NULL")


def downgrade() -> None:
    for table, column in SPARSE:
        op.drop_index(f"ix_{table}_{column}", table)
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.drop_index("ix_timers_customer_id", "timers")
    index("timers", ["person_id", "kind"], PENDING)
    with op.batch_alter_table("timers") as timers:
        timers.drop_constraint(op.f("fk_timers_customer_id"), type_="foreignkey")
        timers.drop_column("customer_id")


def index(table: str, columns: list[str], where: str) -> None:
    """An index of the rows that somebody looks for by it."""
    only = sa.text(where)
    op.create_index(f"ix_{table}_{columns[0]}", table, columns, sqlite_where=only, postgresql_where=only)
