"""Records as rows of SQLite: which column each field takes, and the way there and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, IntFlag
from operator import attrgetter
from typing import Any, get_type_hints

Convert = Callable[[Any], Any]

# The process is the sandbox's own, so process-wide adapters disturb nobody.
sqlite3.register_adapter(Decimal, str)
sqlite3.register_adapter(datetime, lambda time: time.isoformat(" "))


def _reader(kind: Any) -> Convert | None:
    if kind is Decimal:
        return Decimal
    if kind is datetime:
        return datetime.fromisoformat
    if isinstance(kind, type) and issubclass(kind, IntEnum):
        return kind._value2member_map_.__getitem__
    if isinstance(kind, type) and issubclass(kind, IntFlag):
        return kind
    return None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a flat record class; the first one is the primary key."""

    record: Callable[..., Any]
    names: tuple[str, ...]
    row: Callable[[Any], tuple[Any, ...]]
    _readers: tuple[tuple[str, Convert], ...]

    @classmethod
    def of(cls, record: type[Any]) -> Columns:
        hints = get_type_hints(record)
        names = tuple(column.name for column in fields(record))
        readers = tuple((name, reader) for name in names if (reader := _reader(hints[name])))
        return cls(record, names, attrgetter(*names), readers)

    def table(self, name: str, *more: str) -> str:
        """The statement that creates a table with these columns and some more."""
        first, *rest = (f'"{column}"' for column in (*self.names, *more))
        return f"CREATE TABLE IF NOT EXISTS {name} ({first} INTEGER PRIMARY KEY, {', '.join(rest)})"

    def insert(self, name: str, *more: str) -> str:
        marks = ", ".join("?" * (len(self.names) + len(more)))
        return f"INSERT OR REPLACE INTO {name} VALUES ({marks})"  # noqa: S608 - names of ours

    def read(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
        """Each row as its record, with the values of the columns beyond it."""
        width = len(self.names)
        for row in rows:
            values = dict(zip(self.names, row, strict=False))
            for name, convert in self._readers:
                values[name] = convert(values[name])
            yield self.record(**values), row[width:]
