"""calendar jobs: a row makes one run of each, and a person's open timers are found by an index"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN = "state IN ('pending', 'fired')"


def upgrade() -> None:
    op.create_table(
        "calendar_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_runs")),
        sa.UniqueConstraint("job", "planned_at", name=op.f("uq_calendar_runs_job_planned_at")),
    )
    only = sa.text(OPEN)
    op.create_index("ix_timers_person_id", "timers", ["person_id", "due_at"], sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    op.drop_index("ix_timers_person_id", "timers")
    op.drop_table("calendar_runs")
