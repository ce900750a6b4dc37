"""senders keep the limits together: a row a platform, and messages that know where they go"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

QUEUED, DEAD = sa.text("state = 'queued'"), sa.text("state = 'dead'")
USED = "UPDATE users SET platform = (SELECT min(i.platform) FROM identities i WHERE i.user_id = users.id)"
UNUSED = "platform = '' AND EXISTS (SELECT 1 FROM identities i WHERE i.user_id = users.id)"
WHITHER = "UPDATE outbox SET platform = (SELECT u.platform FROM users u WHERE u.id = outbox.user_id)"


def upgrade() -> None:
    op.create_table(
        "platform_paces",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("pace", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("platform", name=op.f("pk_platform_paces")),
    )
    op.execute(f"{USED} WHERE {UNUSED}")
    op.execute(f"{WHITHER} WHERE state = 'queued' AND platform = '' AND user_id IS NOT NULL")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_index("ix_outbox_not_before")
        outbox.create_index(
            "ix_outbox_platform_lane_id", ["platform", "lane", "id"], sqlite_where=QUEUED, postgresql_where=QUEUED
        )
        outbox.create_index("ix_outbox_dead", ["id"], sqlite_where=DEAD, postgresql_where=DEAD)


def downgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_index("ix_outbox_dead", sqlite_where=DEAD, postgresql_where=DEAD)
        outbox.drop_index("ix_outbox_platform_lane_id", sqlite_where=QUEUED, postgresql_where=QUEUED)
        outbox.create_index("ix_outbox_not_before", ["not_before"], sqlite_where=QUEUED, postgresql_where=QUEUED)
    op.drop_table("platform_paces")
