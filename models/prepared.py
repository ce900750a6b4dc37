"""Statements compiled once to SQL text and run on the driver's cursor, past SQLAlchemy's cost for each execution."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, cast

from sqlalchemy import ColumnDefault, Connection, Dialect, Executable, Insert, Select, Table
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler

Process = Callable[[Any], Any]
Values = Mapping[str, object]
#: where a text for PostgreSQL has a value
PLACE = re.compile(r"\$(\d+)")


class Cursor(Protocol):
    """What a statement needs of a driver's cursor."""

    def execute(self, text: Any, values: Sequence[Any] = ..., /) -> object:
        """Run it."""

    def fetchall(self) -> Sequence[Any]:
        """What it found."""


class Rows:
    """What a statement returned, already fetched; each row has its columns as attributes."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        return list(self._rows)

    def first(self) -> Any:
        """The first row, or None."""
        return self._rows[0] if self._rows else None

    def scalars(self) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in self._rows]

    def scalar(self) -> Any:
        """The first column of the first row, or None."""
        return self._rows[0][0] if self._rows else None


NOTHING = Rows(())


class Prepared:
    """One statement for one dialect and one set of named values."""

    def __init__(self, statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> None:
        compiled = _compile(statement, dialect, names)
        self.usable = not compiled.post_compile_params and not compiled.literal_execute_params
        if not self.usable:
            return  # holds a list whose length is known only when it is run
        self.text = compiled.string
        self._sent = _sent(self.text, dialect)
        processors = cast(Mapping[str, Process], compiled._bind_processors)
        fixed = {
            name: processors[name](value) if name in processors else value
            for name, value in {**compiled.params, **_defaults(compiled)}.items()
            if name not in names
        }
        order = compiled.positiontup or []
        self._given = [(place, name, processors.get(name)) for place, name in enumerate(order) if name in names]
        self._bound = [fixed.get(name) for name in order]
        self._row, self._readers = _result(compiled, dialect)
        if unknown := set(names) - set(compiled.params):
            raise TypeError(f"a statement has no place for {sorted(unknown)}")
        if missing := {bind.key for bind in compiled.bind_names if bind.required} - set(names):
            raise TypeError(f"a statement misses {sorted(missing)}")

    @property
    def places(self) -> int:
        """How many values the text has a place for."""
        return len(self._bound)

    def bind(self, values: Values) -> list[Any]:
        """What the driver gets: the values as their column types say, in the order of their places."""
        bound = self._bound.copy()
        for place, name, process in self._given:
            value = values[name]
            bound[place] = value if process is None else process(value)
        return bound

    def run(self, cursor: Cursor, values: Values) -> Rows:
        """Execute, fetch, and turn values into what their column types say."""
        cursor.execute(self._sent, self.bind(values))
        if self._row is None:
            return NOTHING
        return Rows([self._row(*self._read(row)) for row in cursor.fetchall()])

    def _read(self, row: Sequence[Any]) -> Sequence[Any]:
        if not self._readers:
            return row
        read = list(row)
        for place, process in self._readers:
            read[place] = process(read[place])
        return read


def _compile(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> SQLCompiler:
    keys = list(names) if isinstance(statement, Insert) else None
    compiled = statement.compile(dialect=dialect, column_keys=keys)  # type: ignore[attr-defined]
    return cast(SQLCompiler, compiled)


def _defaults(compiled: SQLCompiler) -> dict[str, Any]:
    """Values a column has by itself when none is given."""
    return {column.key: cast(ColumnDefault, column.default).arg for column in compiled.insert_prefetch}


def _result(compiled: SQLCompiler, dialect: Dialect) -> tuple[Any, list[tuple[int, Process]]]:
    columns = compiled._result_columns
    if not columns:
        return None, []
    processors = [entry.type._cached_result_processor(dialect, None) for entry in columns]
    row = namedtuple("row", [entry.keyname for entry in columns], rename=True)  # type: ignore[misc]
    return row, [(place, process) for place, process in enumerate(processors) if process]


class Cache:
    """The prepared statements of one engine."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[tuple[Any, ...], Prepared] = {}
        self._together: dict[tuple[Prepared, ...], Any] = {}
        self._reads: dict[Executable, Any] = {}

    def run(self, connection: Connection, cursor: Cursor, statement: Executable, values: Values) -> Rows:
        """Run a statement built at import on a cursor of the connection."""
        prepared = self._prepared(statement, values)
        if prepared.usable:
            return prepared.run(cursor, values)
        result = connection.execute(statement, values)
        return Rows(result.fetchall()) if result.returns_rows else NOTHING

    def reads(self, statement: Executable) -> frozenset[Any] | None:
        """The tables of a statement that only looks at them; None for one that changes or locks something."""
        known = self._reads.get(statement, NOTHING)
        if known is NOTHING:
            known = self._reads[statement] = _reads(statement)
        return cast(frozenset[Any] | None, known)

    def run_together(self, cursor: Cursor, writes: Sequence[tuple[Executable, Values]]) -> None:
        """Run writes that return nothing as one statement of PostgreSQL."""
        parts = tuple(self._prepared(*write) for write in writes)
        text = self._together.get(parts)
        if text is None:
            text = self._together[parts] = _sent(_joined(parts), self._dialect)
        bound = [value for part, (_, values) in zip(parts, writes, strict=True) for value in part.bind(values)]
        cursor.execute(text, bound)

    def _prepared(self, statement: Executable, values: Values) -> Prepared:
        key = (statement, *values)
        prepared = self._known.get(key)
        if prepared is None:
            prepared = self._known[key] = Prepared(statement, self._dialect, tuple(values))
        return prepared


def _reads(statement: Executable) -> frozenset[Any] | None:
    if not isinstance(statement, Select) or statement._for_update_arg is not None:
        return None
    return frozenset(part for part in visitors.iterate(statement) if isinstance(part, Table))


def _sent(text: str, dialect: Dialect) -> Any:
    """What the driver is given: psycopg would encode and hash a text anew each time."""
    return text if dialect.name == "sqlite" else text.encode()


def _joined(parts: Sequence[Prepared]) -> str:
    """All but the last are common table expressions of the last; places are counted through."""
    texts, before = [], 0
    for part in parts:
        texts.append(PLACE.sub(lambda place, before=before: f"${int(place[1]) + before}", part.text))  # type: ignore[misc]
        before += part.places
    first, last = [f"w{number} AS ({text})" for number, text in enumerate(texts[:-1])], texts[-1]
    return f"WITH {', '.join(first)} {last}" if first else last
