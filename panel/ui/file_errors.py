"""What is wrong with a file: where, which value, and why; the first on the page, all as CSV."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from panel.ui.csv_answer import csv_answer

SHOWN = 200
"""Errors on the page; nobody mends more than that by reading."""
EXCERPT = 60
"""Characters of a value that are shown."""


class Fault(Protocol):
    """One thing that is wrong: a model's row or a dataclass."""

    @property
    def line(self) -> int:
        """The line in the file, from 1; 0 for the file as a whole."""

    @property
    def column(self) -> str:
        """The column by its name or letter; empty for the whole line."""

    @property
    def value(self) -> str:
        """What stands there."""

    @property
    def message(self) -> str:
        """What is wrong with it and what to do, in a sentence."""


@dataclass(frozen=True, slots=True)
class FileErrors:
    """What `ui/file_errors.html` draws."""

    rows: Sequence[Fault]
    total: int
    csv_url: str

    @property
    def cut(self) -> bool:
        """Whether there are more than are shown."""
        return self.total > len(self.rows)


def file_errors(faults: QuerySet[Any] | Sequence[Fault], csv_url: str) -> FileErrors:
    """The first errors, in the order given, and how many there are in all."""
    total = faults.count() if isinstance(faults, QuerySet) else len(faults)
    return FileErrors(list(faults[:SHOWN]), total, csv_url)


def excerpt(value: str) -> SafeString:
    """A value as it stands in the file: cut, its spaces kept, what cannot be seen made visible."""
    if not value:
        return format_html('<span class="dim">{}</span>', "empty")
    text = "".join(map(_seen, value[:EXCERPT]))
    more = "…" if len(value) > EXCERPT else ""
    return format_html('<code class="ui-excerpt"><bdi>{}</bdi>{}</code>', text, more)


def _seen(character: str) -> str:
    if not unicodedata.category(character).startswith("C"):
        return character
    return {"\t": "[tab]", "\n": "[line break]"}.get(character, f"[U+{ord(character):04X}]")


def file_errors_csv(faults: Iterable[Fault], name: str) -> StreamingHttpResponse:
    """All errors as a file, a row at a time: hundreds of thousands take no memory."""
    rows = faults.iterator(chunk_size=2000) if isinstance(faults, QuerySet) else faults
    return csv_answer(
        ("line", "column", "value", "error"),
        ((fault.line or "", fault.column, fault.value, fault.message) for fault in rows),
        name,
    )
