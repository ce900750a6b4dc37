"""doors for answers: addresses that take them in one chat for a while"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reply_doors",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("chat", sa.String(length=128), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", "chat", name=op.f("pk_reply_doors")),
    )
    op.create_index(op.f("ix_reply_doors_until"), "reply_doors", ["until"])


def downgrade() -> None:
    op.drop_table("reply_doors")
