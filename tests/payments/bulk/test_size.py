"""100,000 lines are read as they come: what is held at a time does not grow with the file."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from openpyxl import Workbook

from payments.bulk.read import MOST_ROWS, read
from payments.bulk.rows import COLUMNS, Entry
from tests.payments.bulk.files import csv_of, saved

pytestmark = pytest.mark.slow
MIB = 1024 * 1024


def row(number: int) -> tuple[object, ...]:
    """A line with texts of its own, so that a workbook has to share as many."""
    return (100_000 + number, "deposit", number + 0.25, "USD", f"SEPA-{number}", f"March {number}")


def as_csv() -> bytes:
    """100,000 lines of text."""
    return csv_of(*(",".join(map(str, row(number))) for number in range(MOST_ROWS)))


def as_workbook() -> bytes:
    """100,000 rows of a sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(COLUMNS)
    for number in range(1, MOST_ROWS + 1):
        sheet.append(row(number))
    return saved(book)


@pytest.mark.parametrize(("kind", "most"), [("csv", 2 * MIB), ("xlsx", 60 * MIB)])
def test_the_largest_file_is_read_in_little_memory(kind: str, most: int) -> None:
    source = io.BytesIO(as_csv().replace(b",0.25,", b",1.25,") if kind == "csv" else as_workbook())
    tracemalloc.start()
    try:
        found = sum(isinstance(one, Entry) for one in read(source))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == MOST_ROWS
    assert peak < most
