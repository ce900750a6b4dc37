"""views that people keep, who is told of them, and the reminders of a customer that were missed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MISSED = sa.text("state = 'fired' AND customer_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "views",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("name_key", sa.String(length=20), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_views_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_views")),
        sa.UniqueConstraint("user_id", "name_key", name=op.f("uq_views_user_id_name_key")),
    )
    op.create_table(
        "view_subscriptions",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("view", sa.String(length=32), nullable=False),
        sa.Column("weekly", sa.Boolean(), nullable=False),
        sa.Column("told", KEY, nullable=False),
        sa.Column("before", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_view_subscriptions_user_id")),
        sa.ForeignKeyConstraint(["run_id"], ["calendar_runs.id"], name=op.f("fk_view_subscriptions_run_id")),
        sa.PrimaryKeyConstraint("user_id", "view", name=op.f("pk_view_subscriptions")),
    )
    op.create_index(
        "ix_timers_customer_id_due_at",
        "timers",
        ["customer_id", "due_at"],
        sqlite_where=MISSED,
        postgresql_where=MISSED,
    )


def downgrade() -> None:
    op.drop_index("ix_timers_customer_id_due_at", "timers")
    op.drop_table("view_subscriptions")
    op.drop_table("views")
