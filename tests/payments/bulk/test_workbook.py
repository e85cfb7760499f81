"""Workbooks: the same rows as in CSV, values only, and none that unfolds into more than it is."""

from __future__ import annotations

import datetime as dt
import io
import struct
import time
import tracemalloc
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panel.lib.text import clean
from payments.bulk.rows import COLUMNS, Entry
from payments.bulk.workbook import number_text
from payments.models import Kind
from tests.payments.bulk.files import (
    as_written,
    found,
    opened,
    places,
    saved,
    with_parts,
    workbook_of,
)
from tests.payments.bulk.test_textfile import entries as any_entries

ROW = (100234, "deposit", 1234.5, "USD", "SEPA-1", "March")
ENTRY = Entry(2, 100234, Kind.DEPOSIT, Decimal("1234.50"), "USD", "SEPA-1", "March")
SHEET = "xl/worksheets/sheet1.xml"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def sheet(rows: str, head: str = "") -> bytes:
    """A worksheet by hand."""
    return f"{head}<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>".encode()


def test_a_workbook_reads_like_a_file() -> None:
    texts = tuple(str(cell) for cell in ROW)
    data = workbook_of(ROW, texts, (), ROW)
    entries, faults = found(data)
    assert faults == []
    assert [entry.line for entry in entries] == [2, 3, 5]
    assert entries[0] == ENTRY
    assert entries[1].amount == ENTRY.amount


def test_what_a_spreadsheet_writes_of_a_double_is_what_was_typed() -> None:
    assert number_text("1234.5599999999999") == "1234.56"
    assert number_text("0.1") == "0.1"
    assert number_text("1.00234E5") == "100234"
    assert number_text("12345678901234567") is None


@pytest.mark.parametrize(
    ("column", "value", "number_format", "says"),
    [
        ("C", "=1+1", None, "Is a formula"),
        ("F", '=HYPERLINK("http://x","y")', None, "Is a formula"),
        ("C", dt.date(2026, 12, 3), None, "Is a date"),
        ("C", 46359, "dd/mm/yyyy", "Is a date"),
        ("C", 0.5, "0.00%", "Is a percentage"),
        ("C", 5000, "#,##0,", "in thousands"),
        ("C", 5000000, '0.0,,"m"', "in thousands"),
        ("C", True, None, "not a text and not a number"),
        ("C", "#REF!", None, "not a text and not a number"),
        ("C", 12.345, None, "3 decimals"),
        ("C", -5, None, "without a sign"),
        ("E", 12345678901234567, None, "more than 15 digits"),
        ("A", 100234.5, None, "digits only"),
    ],
)
def test_each_fault_of_a_cell_is_named(
    column: str, value: Any, number_format: str | None, says: str
) -> None:
    book = opened(workbook_of(ROW, ROW))
    page = book.active
    assert page is not None
    page[f"{column}3"] = value
    if number_format:
        page[f"{column}3"].number_format = number_format
    entries, faults = found(saved(book))
    assert [entry.line for entry in entries] == [2]
    assert places(faults) == [(3, COLUMNS["ABCDEF".index(column)])]
    assert says in faults[0].message


def test_a_text_that_begins_like_a_formula_is_one_in_a_workbook_too() -> None:
    book = opened(workbook_of(ROW))
    page = book.active
    assert page is not None
    page["E2"].data_type = "s"
    page["E2"].value = "@x"
    assert "like a formula" in found(saved(book))[1][0].message


def test_a_format_that_only_parts_thousands_or_rounds_changes_no_amount() -> None:
    book = opened(workbook_of(ROW, ROW, ROW))
    page = book.active
    assert page is not None
    for line, number_format in ((2, "#,##0"), (3, '#,##0.00 "a, b"'), (4, "0.00E+00")):
        page[f"C{line}"].number_format = number_format
    assert [entry.amount for entry in found(saved(book))[0]] == [ENTRY.amount] * 3


def test_a_row_that_nobody_sees_is_named_and_one_that_is_merged_lacks_its_cells() -> None:
    book = opened(workbook_of(ROW, ROW, ROW))
    page = book.active
    assert page is not None
    page.row_dimensions[3].hidden = True
    page.merge_cells("A2:A4")
    entries, faults = found(saved(book))
    assert [entry.line for entry in entries] == [2]
    assert places(faults) == [(3, ""), (4, "login")]
    assert "hidden" in faults[0].message


def test_more_than_one_sheet_is_refused_and_named() -> None:
    book = opened(workbook_of(ROW))
    book.create_sheet("Old").sheet_state = "hidden"
    assert "2 sheets, “Sheet”, “Old” (hidden):" in found(saved(book))[1][0].message


BOOK = workbook_of(ROW)


def _zip(parts: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _bomb(rows: bytes) -> bytes:
    start, end = sheet("X").split(b"X")
    return with_parts(BOOK, {SHEET: start + rows + end})


_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    f"<worksheet {MAIN}><sheetData><row><c t='inlineStr'><is><t>&b;</t></is></c></row></sheetData>"
    "</worksheet>"
).encode()
_CELL = b'<c t="inlineStr"><is><t>x</t></is></c>'

BOMBS = {
    "ratio": (_bomb(b" " * 60_000_000), "unfolds"),
    "declared sizes": (
        with_parts(BOOK, {f"x{i}": b"\0" * 50_000_000 for i in range(4)}),
        "unfolds",
    ),
    "many parts": (_zip({f"x{i}": b"" for i in range(5_000)}), "unfolds"),
    "entities": (with_parts(BOOK, {SHEET: _LAUGHS}), "entities"),
    "document type": (with_parts(BOOK, {SHEET: b"<!DOCTYPE x SYSTEM 'x'><x/>"}), "entities"),
    "external entity in styles": (
        with_parts(
            BOOK,
            {"xl/styles.xml": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'},
        ),
        "entities",
    ),
    "one row of many cells": (_bomb(b"<row>" + _CELL * 200 + b"</row>"), "beyond column 100"),
    "one long text": (_bomb(b'<row><c t="inlineStr"><is><t>' + b"x" * 900_000), "more text than"),
    "one long attribute": (_bomb(b'<row r="' + b"1" * 900_000), "damaged"),
    "row number": (_bomb(b'<row r="99999999"/>'), "damaged"),
    "rows backwards": (_bomb(b'<row r="2"/><row r="1"/>'), "damaged"),
    "cells backwards": (_bomb(b'<row><c r="B1"/><c r="A1"/></row>'), "damaged"),
    "string that is not there": (_bomb(b'<row><c t="s"><v>999</v></c></row>'), "damaged"),
    "no number": (_bomb(b"<row><c><v>1e999999999</v></c></row>"), "damaged"),
    "half of it": (BOOK[: len(BOOK) // 2], "damaged"),
    "another archive": (_zip({"a.txt": b"x"}), "not a workbook"),
    "macros": (with_parts(BOOK, {"xl/vbaProject.bin": b"x"}), "macros"),
    "binary": (with_parts(BOOK, {"xl/workbook.bin": b"x"}), ".xlsb"),
    "other packing": (_zip({"xl/workbook.xml": b"x"}, zipfile.ZIP_LZMA), "damaged"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_of_a_workbook_is_refused_quickly_and_in_little_memory(name: str) -> None:
    data, says = BOMBS[name]
    tracemalloc.start()
    started = time.monotonic()
    try:
        entries, faults = found(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert entries == []
    assert len(faults) == 1
    assert says in faults[0].message, faults
    assert time.monotonic() - started < 10
    assert peak < 60_000_000


def test_a_part_that_lies_about_its_size_is_damaged() -> None:
    data = bytearray(BOOK)
    with zipfile.ZipFile(io.BytesIO(BOOK)) as archive:
        real = archive.getinfo(SHEET).file_size
    at = data.find(b"PK\1\2")
    while at >= 0:
        if bytes(data[at + 46 : at + 46 + len(SHEET)]) == SHEET.encode():
            struct.pack_into("<L", data, at + 24, real - 30)
        at = data.find(b"PK\1\2", at + 1)
    faults = found(bytes(data))[1]
    assert "damaged" in faults[-1].message


@given(st.lists(any_entries, min_size=1, max_size=5))
@settings(max_examples=30)
def test_what_is_written_is_read_back(written: list[Entry]) -> None:
    rows = [[as_written(entry, name) for name in COLUMNS] for entry in written]
    back, faults = found(workbook_of(*rows))
    assert faults == []
    assert [(e.login, e.kind, e.amount, e.reference, e.comment) for e in back] == [
        (e.login, e.kind, e.amount, clean(e.reference), e.comment) for e in written
    ]


@given(st.data())
@settings(max_examples=100)
def test_no_change_of_its_bytes_brings_anything_but_named_faults(data: Any) -> None:
    book = bytearray(BOOK)
    for _ in range(data.draw(st.integers(1, 5))):
        book[data.draw(st.integers(4, len(book) - 1))] = data.draw(st.integers(0, 255))
    for fault in found(bytes(book))[1]:
        assert fault.message


@given(st.text(alphabet="<>/rcvist \"='=0129AZn", max_size=60))
@settings(max_examples=100)
def test_no_text_in_a_sheet_brings_anything_but_named_faults(text: str) -> None:
    entries, faults = found(_bomb(text.encode()))
    assert entries or faults
