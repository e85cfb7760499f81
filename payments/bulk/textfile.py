"""Lines of a CSV file or of pasted rows: UTF-8, separated by comma, semicolon or tab.

Each physical line is read by itself, so that a fault names the line one sees in an editor, and an
unclosed quote spoils one line, not the rest of the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from payments.bulk.rows import COLUMNS, Fault, Line, Refused, fault

LONGEST_LINE = 16_384
SEPARATORS = (",", ";", "\t")
_BOM = b"\xef\xbb\xbf"
_SURROGATES = range(0xDC80, 0xDD00)
NOT_UTF8 = "Is not UTF-8 (byte 0x{:02X}): save the file as “CSV UTF-8”."
RETURNS = (
    "Has a carriage return where no line ends: save the file as “CSV UTF-8” (old “Macintosh” line "
    "ends cannot be read)."
)


def lines(source: BinaryIO) -> Iterator[Line | Fault]:
    """The lines from a binary stream, the first one (the header) included.

    Lines that cannot be taken apart come as faults; raises `Refused` where no line can be made
    out. Memory is bounded by the longest line.
    """
    separator = ""
    number = 0
    while raw := source.readline(LONGEST_LINE + 2):
        number += 1
        if number == 1:
            raw = _without_mark(raw)
        if b"\r" in raw.rstrip(b"\r\n"):
            raise Refused(RETURNS, number)
        if len(raw.rstrip(b"\r\n")) > LONGEST_LINE:
            raise Refused(
                f"Is longer than {LONGEST_LINE:,} bytes. Is this a text file, with one payment "
                "on each line?",
                number,
            )
        text = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
        if not separator:
            if not text.strip():
                continue
            separator = separator_of(text)
        yield _taken_apart(number, text, separator)


def _without_mark(raw: bytes) -> bytes:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
        raise Refused("Is not UTF-8 but UTF-16, or no text: save the file as “CSV UTF-8”.", 1)
    return raw.removeprefix(_BOM)


def separator_of(header: str) -> str:
    """What separates the cells: that with which the header shows most of the columns' names."""

    def names(separator: str) -> int:
        cells = header.lower().split(separator)
        return sum(cell.strip(' "').replace(" ", "_") in COLUMNS for cell in cells)

    # Of equals, the one that is there most often: pasted rows need no header.
    return max(SEPARATORS, key=lambda separator: (names(separator), header.count(separator)))


def _taken_apart(number: int, text: str, separator: str) -> Line | Fault:
    try:
        cells = next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return fault(
            number,
            "",
            text,
            "The quotes do not match: a cell begins and ends with one or none, on the same line.",
        )
    line = Line(number, cells, text=text if separator == "," else "")
    if not text.isascii():
        for index, cell in enumerate(cells):
            bad = next((char for char in cell if ord(char) in _SURROGATES), "")
            if bad:
                line.wrong[index] = NOT_UTF8.format(ord(bad) - 0xDC00)
    return line
