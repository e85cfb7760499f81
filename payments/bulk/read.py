"""Reading a bulk file: what it is, by its content, and its lines as payments or faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Literal

from payments.bulk import textfile, workbook
from payments.bulk.rows import Entry, Fault, Glimpse, Header, Line, Refused

MOST_ROWS = 100_000
MOST_BYTES = 50 * 1024 * 1024

Source = Literal["csv", "xlsx", "paste"]
_ZIP = b"PK\3\4"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_workbook(source: BinaryIO) -> bool:
    """Whether the bytes begin as a workbook's do; the stream is at its start afterwards."""
    head = source.read(8)
    source.seek(0)
    return head.startswith(_ZIP)


def read(source: BinaryIO, *, pasted: bool = False) -> Iterator[Entry | Fault | Glimpse]:
    """Every line of a file as a payment or as what is wrong with it, in the file's order.

    Never raises for what the file holds: what makes it unreadable is the last fault. Pasted rows
    that begin with a login need no header: their columns are in the template's order.
    """
    try:
        yield from _read(source, pasted)
    except Refused as refused:
        yield refused.fault


def _lines(source: BinaryIO) -> Iterator[Line | Fault]:
    head = source.read(8)
    source.seek(0)
    if head.startswith(_OLE):
        raise Refused(
            "This is an old .xls workbook, or one with a password: save it as .xlsx without one."
        )
    return workbook.lines(source) if head.startswith(_ZIP) else textfile.lines(source)


def _read(source: BinaryIO, pasted: bool) -> Iterator[Entry | Fault | Glimpse]:
    header: Header | None = None
    rows = 0
    for line in _lines(source):
        if isinstance(line, Fault):
            if header is None:
                raise Refused(line.message, line.line)
            rows += 1
            yield line
        elif line.is_empty:
            continue
        elif header is None:
            if pasted and line.cells[0].strip().isdigit():
                header = Header.usual()
            else:
                header = Header.of(line)
                continue
        if isinstance(line, Line) and header is not None:
            rows += 1
            if rows <= MOST_ROWS:
                found = header.read(line)
                if isinstance(found, Entry):
                    yield found
                else:
                    yield from found
        if rows > MOST_ROWS:
            raise Refused(f"There are more than {MOST_ROWS:,} rows: part the file.", line_of(line))
    if not rows:
        raise Refused("There are no payments in it." if header else "It is empty.")


def line_of(line: Line | Fault) -> int:
    """The number of a line, read or not."""
    return line.number if isinstance(line, Line) else line.line
