"""organisations: what the platforms call our departments and people, what to read anew, and who may join"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "org_links",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("missed", sa.SmallInteger(), nullable=False),
        sa.Column("leaders", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "kind", "key", name=op.f("pk_org_links")),
    )
    op.create_table(
        "org_dirty",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("marks", KEY, nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("platform", "kind", "key", name=op.f("pk_org_dirty")),
    )
    op.create_table(
        "org_states",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("platform", name=op.f("pk_org_states")),
    )
    op.create_table(
        "org_proposals",
        sa.Column("id", KEY, nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("mobile", sa.LargeBinary(), nullable=False),
        sa.Column("staff_no", sa.String(length=32), nullable=False),
        sa.Column("department_id", KEY, nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_org_proposals_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_proposals")),
        sa.UniqueConstraint("platform", "account", name=op.f("uq_org_proposals_platform_account")),
    )
    op.create_index(op.f("ix_org_proposals_state"), "org_proposals", ["state"])


def downgrade() -> None:
    for name in ("org_proposals", "org_states", "org_dirty", "org_links"):
        op.drop_table(name)
