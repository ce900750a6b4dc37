"""permissions: what each person may stands with him, and what was changed for a role in a table"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "role_grants",
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("permission", sa.String(length=48), nullable=False),
        sa.Column("reach", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("role", "permission", name=op.f("pk_role_grants")),
    )
    for name in ("roles_held", "rights"):
        op.add_column("users", sa.Column(name, sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    for name in ("rights", "roles_held"):  # not in a batch, which would drop the table that others refer to
        op.drop_column("users", name)
    op.drop_table("role_grants")
