"""Rows as a CSV file that a spreadsheet opens and runs nothing of."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

from panel.lib.text import FORMULA_SIGNS

_FIGURE = re.compile(r"[+-]?[\d.,\s]*")


def csv_answer(
    head: Sequence[str], rows: Iterable[Sequence[object]], name: str
) -> StreamingHttpResponse:
    """A download, a row at a time: hundreds of thousands take no memory."""
    return StreamingHttpResponse(
        _lines(head, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{plain_name(name)}"'},
    )


def harmless(text: str) -> str:
    """A spreadsheet would run what begins like a formula; figures may keep their sign."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) and not _FIGURE.fullmatch(text) else text


def plain_name(name: str) -> str:
    """A file name that every system and the header take."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "file.csv"


def _lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # A spreadsheet takes the file for UTF-8 only when it begins so.
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + writer.writerow(head)
    for row in rows:
        yield writer.writerow([harmless("" if cell is None else str(cell)) for cell in row])


class _Echo:
    """What the writer writes comes back from `writerow`."""

    def write(self, text: str) -> str:
        return text
