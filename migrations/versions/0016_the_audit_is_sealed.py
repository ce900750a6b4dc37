"""the audit is sealed: roles and outcome of each row, its place in the chain, and the head of the chain"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

UNSEALED, TROUBLE = sa.text("number IS NULL"), sa.text("outcome <> 'done'")


def upgrade() -> None:
    with op.batch_alter_table("audit") as audit:
        audit.add_column(sa.Column("roles", sa.String(length=300), nullable=False, server_default=""))
        audit.add_column(sa.Column("outcome", sa.String(length=32), nullable=False, server_default="done"))
        audit.add_column(sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
        audit.add_column(sa.Column("link", sa.String(length=64)))
        audit.add_column(sa.Column("mac", sa.String(length=64)))
    op.execute("UPDATE audit SET outcome = 'refused' WHERE operation = 'refused'")
    with op.batch_alter_table("audit") as audit:
        audit.alter_column("roles", server_default=None)
        audit.alter_column("outcome", server_default=None)
        audit.create_unique_constraint(op.f("uq_audit_number"), ["number"])
        audit.create_index("ix_audit_unsealed", ["id"], sqlite_where=UNSEALED, postgresql_where=UNSEALED)
        audit.create_index("ix_audit_trouble", ["id"], sqlite_where=TROUBLE, postgresql_where=TROUBLE)
    op.create_table(
        "audit_heads",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_heads")),
    )


def downgrade() -> None:
    op.drop_table("audit_heads")
    with op.batch_alter_table("audit") as audit:
        audit.drop_index("ix_audit_trouble", sqlite_where=TROUBLE, postgresql_where=TROUBLE)
        audit.drop_index("ix_audit_unsealed", sqlite_where=UNSEALED, postgresql_where=UNSEALED)
        audit.drop_constraint(op.f("uq_audit_number"), type_="unique")
        for name in ("mac", "link", "number", "outcome", "roles"):
            audit.drop_column(name)
