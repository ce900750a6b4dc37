"""What every table shares: names of constraints, times in UTC, keys."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, ClassVar, TypeVar, cast

from sqlalchemy import DDL, JSON, BigInteger, DateTime, Dialect, Integer, MetaData, String, Table, event, literal_column
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
Key = BigInteger().with_variant(Integer, "sqlite")


class _Text(sqlite.DATETIME):
    """SQLAlchemy's own text for a moment, written ten times as fast."""

    def bind_processor(self, dialect: Dialect) -> Any:
        return lambda value: value and value.replace(tzinfo=None).isoformat(" ", "microseconds")


class Utc(TypeDecorator[dt.datetime]):
    """A moment: takes aware times only, stores UTC, gives aware UTC back (SQLite would drop the offset)."""

    impl = DateTime(timezone=True).with_variant(_Text(), "sqlite")  # type: ignore[no-untyped-call]
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


E = TypeVar("E", bound=StrEnum)


class Word(TypeDecorator[E]):
    """One of an enumeration, kept as its word (native enum types outlive their table on PostgreSQL)."""

    impl = String(32)
    cache_ok = True

    class comparator_factory(TypeDecorator.Comparator[Any]):
        """What it is compared with stands in the text: given as a value, PostgreSQL could use no partial index."""

        def operate(self, op: Any, *other: Any, **named: Any) -> Any:
            return super().operate(op, *map(_written, other), **named)

    def __init__(self, kind: type[E]) -> None:
        self.kind = kind
        super().__init__()

    def process_bind_param(self, value: E | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.kind(value)


def _written(value: Any) -> Any:
    if isinstance(value, list):
        return [_written(each) for each in value]
    return literal_column(f"'{value}'") if isinstance(value, StrEnum) else value


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {dt.datetime: Utc(), dict[str, Any]: JSON(), int: Key}


#: how many ids a process takes at once
BLOCK = 32


def in_blocks(kind: type[Base]) -> None:
    """Let a process fetch a table's ids in blocks on PostgreSQL: they say nothing about who came first."""
    table = cast(Table, kind.__table__)
    table.info["in_blocks"] = True
    told = DDL(f"ALTER SEQUENCE {table.name}_id_seq INCREMENT BY {BLOCK}")  # type: ignore[no-untyped-call]
    event.listen(table, "after_create", told.execute_if(dialect="postgresql"))
