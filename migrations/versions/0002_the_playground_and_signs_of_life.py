"""the playground and signs of life"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "playground_shown",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chat", sa.String(length=128), nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=True),
        sa.Column("face", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playground_shown")),
        sa.UniqueConstraint("token", name=op.f("uq_playground_shown_token")),
    )
    with op.batch_alter_table("playground_shown", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_playground_shown_message_id"), ["message_id"], unique=False)

    pending = sa.text("state = 'pending'")
    op.create_index(
        "ix_timers_person_id", "timers", ["person_id", "kind"], sqlite_where=pending, postgresql_where=pending
    )


def downgrade() -> None:
    op.drop_index("ix_timers_person_id", "timers")
    with op.batch_alter_table("playground_shown", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_playground_shown_message_id"))

    op.drop_table("playground_shown")
    op.drop_table("heartbeats")
