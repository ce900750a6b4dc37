"""what is not urgent is held until it disturbs least; who wants it at once"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITS = sa.text("told_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "held_notices",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_held_notices_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_notices")),
    )
    where = {"sqlite_where": WAITS, "postgresql_where": WAITS}
    about = ["user_id", "kind", "subject_id"]
    op.create_index("uq_held_notices_waits", "held_notices", about, unique=True, **where)
    op.create_index("ix_held_notices_look_at", "held_notices", ["look_at"], **where)
    op.create_index("ix_held_notices_user_id_told_at", "held_notices", ["user_id", "told_at"])
    op.add_column("preferences", sa.Column("hourly", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.drop_column("preferences", "hourly")
    op.drop_table("held_notices")
