"""Bulk files for tests: CSV, workbooks, and workbooks taken apart and put together by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook, load_workbook

from payments.bulk.read import read
from payments.bulk.rows import COLUMNS, Entry, Fault
from payments.models import Kind

HEADER = ",".join(COLUMNS)
# Behind a withdrawal's comment: who is paid, and where.
TO = ",Anna Kowalska,DE89370400440532013000"
ROW = "100234,deposit,1234.50,USD,SEPA-1,March"


def as_written(entry: Entry, column: str) -> str:
    """What a file says for a payment: the kind of a correction is in its sign."""
    if column == "kind" and entry.kind in (Kind.CORRECTION_IN, Kind.CORRECTION_OUT):
        return "Correction"
    if column == "amount" and entry.kind is Kind.CORRECTION_OUT:
        return f"-{entry.amount}"
    return str(getattr(entry, column))


def csv_of(*lines: str, header: str = HEADER) -> bytes:
    """A CSV file: the header and these lines."""
    return "\n".join([header, *lines, ""]).encode()


def workbook_of(*rows: Sequence[Any], header: Sequence[str] = COLUMNS) -> bytes:
    """A workbook with one sheet: the header and these rows."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    return saved(book)


def saved(book: Workbook) -> bytes:
    """The bytes of a workbook."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def opened(data: bytes) -> Workbook:
    """A workbook, to change a cell in it."""
    return load_workbook(io.BytesIO(data))


def with_parts(data: bytes, parts: dict[str, bytes]) -> bytes:
    """An archive with some parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def found(data: bytes, *, pasted: bool = False) -> tuple[list[Entry], list[Fault]]:
    """What reading finds: payments, and faults."""
    all_of_it = list(read(io.BytesIO(data), pasted=pasted))
    return (
        [one for one in all_of_it if isinstance(one, Entry)],
        [one for one in all_of_it if isinstance(one, Fault)],
    )


def places(faults: Iterable[Fault]) -> list[tuple[int, str]]:
    """Line and column of each fault."""
    return [(fault.line, fault.column) for fault in faults]
