"""Statements compiled once to SQL text and run on the driver's cursor, past SQLAlchemy's cost for each execution."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnDefault, Connection, Dialect, Executable, Insert
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler

Process = Callable[[Any], Any]


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
        self._processors = cast(Mapping[str, Process], compiled._bind_processors)
        self._fixed = {
            name: self._processed(name, value)
            for name, value in {**compiled.params, **_defaults(compiled)}.items()
            if name not in names
        }
        self._order = compiled.positiontup
        self._given = [(name, self._processors.get(name)) for name in names]
        self._row, self._readers = _result(compiled, dialect)
        if unknown := set(names) - set(compiled.params):
            raise TypeError(f"a statement has no place for {sorted(unknown)}")
        if missing := {bind.key for bind in compiled.bind_names if bind.required} - set(names):
            raise TypeError(f"a statement misses {sorted(missing)}")

    def _processed(self, name: str, value: Any) -> Any:
        process = self._processors.get(name)
        return process(value) if process else value

    def run(self, cursor: DBAPICursor, values: Mapping[str, object]) -> Rows:
        """Execute, fetch, and turn values into what their column types say."""
        bound = dict(self._fixed)
        for name, process in self._given:
            bound[name] = process(values[name]) if process else values[name]
        cursor.execute(self.text, [bound[name] for name in self._order] if self._order else bound)
        if self._row is None:
            return NOTHING
        return Rows([self._row._make(self._read(row)) for row in cursor.fetchall()])

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

    def run(self, connection: Connection, statement: Executable, values: Mapping[str, object]) -> Rows:
        """Run a statement built at import."""
        key = (statement, *values)
        prepared = self._known.get(key)
        if prepared is None:
            prepared = self._known[key] = Prepared(statement, self._dialect, tuple(values))
        if not prepared.usable:
            result = connection.execute(statement, values)
            return Rows(result.fetchall()) if result.returns_rows else NOTHING
        cursor = connection.connection.cursor()
        try:
            return prepared.run(cursor, values)
        finally:
            cursor.close()
