"""fewer waits on PostgreSQL: ids of follow-ups come in blocks, and no commit notifies"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TELL = """
CREATE OR REPLACE FUNCTION keban_tell() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('keban_outbox', ''); RETURN NULL; END $$
"""
TRIGGER = "CREATE TRIGGER keban_tell AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION keban_tell()"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER SEQUENCE follow_ups_id_seq INCREMENT BY 32")
        op.execute("DROP TRIGGER keban_tell ON outbox")
        op.execute("DROP FUNCTION keban_tell")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(TELL)
        op.execute(TRIGGER)
        op.execute("ALTER SEQUENCE follow_ups_id_seq INCREMENT BY 1")
