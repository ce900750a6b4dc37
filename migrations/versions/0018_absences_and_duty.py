"""absences with their deputies, the duty roster, and complaints that came to who was on duty"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "absences",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("deputy_id", KEY, nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", KEY, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_absences_user_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["users.id"], name=op.f("fk_absences_deputy_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["users.id"], name=op.f("fk_absences_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index("ix_absences_user_id_until", "absences", ["user_id", "until"])
    op.create_index("ix_absences_deputy_id_until", "absences", ["deputy_id", "until"])
    op.create_table(
        "duty_shifts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("department_id", KEY, nullable=False),
        sa.Column("weekday", KEY, nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("opens", KEY, nullable=False),
        sa.Column("closes", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_duty_shifts_department_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_duty_shifts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shifts")),
    )
    op.create_index(op.f("ix_duty_shifts_department_id"), "duty_shifts", ["department_id"])
    op.create_table(
        "complaint_duties",
        sa.Column("complaint_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_complaint_duties_complaint_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_complaint_duties_user_id")),
        sa.PrimaryKeyConstraint("complaint_id", "user_id", name=op.f("pk_complaint_duties")),
    )


def downgrade() -> None:
    for table in ("complaint_duties", "duty_shifts", "absences"):
        op.drop_table(table)
