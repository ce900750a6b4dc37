"""Alembic runs on the connection that `app.py db upgrade` opened."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import DateTime, LargeBinary, String

from models.tables import Base

#: a revision must not depend on today's code, so our column types are written as what they are in the database.
PLAIN = ((DateTime, "sa.DateTime(timezone=True)"), (LargeBinary, "sa.LargeBinary()"))


def plain_type(kind: str, item: Any, _: AutogenContext) -> str | bool:
    """How a column type is written into a new revision."""
    impl = getattr(item, "impl_instance", None)
    if kind != "type" or impl is None:
        return False
    if isinstance(impl, String) and not isinstance(impl, LargeBinary):
        return f"sa.String(length={impl.length})"
    return next(written for each, written in PLAIN if isinstance(impl, each))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=plain_type,
    compare_type=True,
)
context.run_migrations()
