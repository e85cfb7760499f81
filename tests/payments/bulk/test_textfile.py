"""CSV files and pasted rows: every way to write one, and each fault by line and column."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.lib.money import quantize
from panel.lib.text import clean
from payments.bulk.read import MOST_ROWS
from payments.bulk.rows import COLUMNS, Entry
from payments.models import BULK_KINDS, Kind
from tests.payments.bulk.files import HEADER, ROW, as_written, csv_of, found, places

ENTRY = Entry(2, 100234, Kind.DEPOSIT, Decimal("1234.50"), "USD", "SEPA-1", "March")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_marks_and_line_ends_make_no_difference(
    separator: str, mark: bytes, end: str
) -> None:
    text = end.join([HEADER, ROW, ""]).replace(",", separator)
    assert found(mark + text.encode()) == ([ENTRY], [])


def test_columns_come_in_any_order_and_the_optional_ones_may_be_left_out() -> None:
    data = csv_of("usd,12,Credit Out,7", header="Currency, AMOUNT ,kind,login")
    assert found(data)[0] == [Entry(2, 7, Kind.CREDIT_OUT, Decimal("12.00"), "USD")]


@pytest.mark.parametrize(
    ("cells", "column", "says"),
    [
        ("1e5,deposit,1,USD", "login", "digits only"),
        ("0123,deposit,1,USD", "login", "without a zero in front"),
        ("99999999999,deposit,1,USD", "login", "digits only"),
        (",deposit,1,USD", "login", "missing"),
        ("1,gift,1,USD", "kind", "deposit, withdrawal, credit_in, credit_out, correction."),
        ("1,transfer,1,USD", "kind", "between two accounts"),
        ("1,Transfer out,1,USD", "kind", "between two accounts"),
        ("1,chargeback,1,USD", "kind", "belongs to its deposit"),
        ("1,negative_reset,1,USD", "kind", "reset on the account"),
        ("1,withdrawal return,1,USD", "kind", "withdrawal desk"),
        ("1,correction,+5,USD", "amount", "-5.00 to take it out"),
        ("1,correction,\u22125,USD", "amount", "-5.00 to take it out"),
        ("1,correction,-0.00,USD", "amount", "more than zero"),
        ("1,correction,-1.234,USD", "amount", "3 decimals"),
        ("1,correction,--5,USD", "amount", "without a sign"),
        ("1,deposit,1.234,USD", "amount", "3 decimals"),
        ("1,deposit,1.000,USD", "amount", "3 decimals"),
        ("1,deposit,0,USD", "amount", "more than zero"),
        ("1,deposit,0.00,USD", "amount", "more than zero"),
        ("1,deposit,-5,USD", "amount", "without a sign"),
        ("1,deposit,+5,USD", "amount", "without a sign"),
        ('1,deposit,"1,50",USD', "amount", "comma is a decimal sign, write 1.50"),
        ('1,deposit,"1,234",USD', "amount", "comma could be a decimal sign: write 1234 or"),
        ('1,deposit,"0,125",USD', "amount", "comma is a decimal sign, write 0.125"),
        ('1,deposit,"1 234,567 890",USD', "amount", "such as 1,234.50"),
        ("1,deposit,1 234,USD", "amount", "space could be a decimal sign: write 1234 or"),
        ("1,deposit,1\u00a0234,USD", "amount", "space could be a decimal sign: write 1234 or"),
        ("1,deposit,100.55,JPY", "amount", "JPY has no decimals"),
        ("1,deposit,1'234.50,USD", "amount", "such as 1,234.50"),
        ("1,deposit,1.234.567,USD", "amount", "such as 1,234.50"),
        ("1,deposit,1E+05,USD", "amount", "such as 1,234.50"),
        ("1,deposit,1e3,USD", "amount", "such as 1,234.50"),
        ("1,deposit,NaN,USD", "amount", "such as 1,234.50"),
        ("1,deposit,١٢,USD", "amount", "such as 1,234.50"),
        ("1,deposit,=1+1,USD", "amount", "like a formula"),
        ("1,deposit,999999999999,USD", "amount", "must not exceed"),
        ("1,deposit,1,", "currency", "missing"),
        ("1,deposit,1,€", "currency", "such as USD"),
        ("1,deposit,1,USD,=cmd()", "reference", "like a formula"),
        ("1,deposit,1,USD,@SUM(A1)", "reference", "like a formula"),
        ("1,deposit,1,USD,-1", "reference", "like a formula"),
        ("1,deposit,1,USD,a\ue000b", "reference", "cannot be seen"),
        (f"1,deposit,1,USD,{'x' * 65}", "reference", "65 now"),
        ("1,deposit,1,USD,,Zahlung für März", "comment", "plain ASCII"),
        (f"1,deposit,1,USD,,{'x' * 20}", "comment", "20 now"),
    ],
)
def test_each_fault_of_a_cell_is_named_by_line_and_column(
    cells: str, column: str, says: str
) -> None:
    entries, faults = found(csv_of(ROW, cells))
    assert entries == [ENTRY]
    assert places(faults) == [(3, column)]
    assert says in faults[0].message


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("login,kind,amount,currency", "1,deposit,12,50,USD"),
        (HEADER, "1,deposit,12,50,USD"),
        ("login,kind,currency,amount", "1,deposit,USD,12,50"),
        ("login,kind,currency,amount,reference", "1,deposit,USD,12,50"),
        ("login,kind,currency,amount,reference", "1,deposit,USD,1,234.50"),
        ("login,kind,currency,amount,reference,comment", "1,deposit,USD, 1,234 ,SEPA"),
    ],
)
def test_an_amount_that_its_comma_took_apart_is_never_a_smaller_one(
    header: str, cells: str
) -> None:
    entries, faults = found(csv_of(cells, header=header))
    assert entries == []
    assert places(faults) == [(2, "amount")]
    assert "one amount with a comma" in faults[0].message


def test_a_short_reference_behind_an_amount_is_no_part_of_it() -> None:
    header = "login,kind,currency,amount,reference"
    for cells in ("1,deposit,USD,12.00,50", '1,deposit,USD,"12","50"', "1,deposit,USD,12,50000"):
        entries, faults = found(csv_of(cells, header=header))
        assert ([entry.amount for entry in entries], faults) == ([Decimal("12.00")], [])
    data = csv_of(cells, header=header).replace(b",", b";")
    assert [entry.amount for entry in found(data)[0]] == [Decimal("12.00")]


def test_all_faults_of_a_line_are_named_at_once() -> None:
    faults = found(csv_of("x,gift,1.234,,=1,ü"))[1]
    assert places(faults) == [(2, name) for name in COLUMNS]


def test_a_wrong_encoding_is_named_with_line_column_and_byte() -> None:
    data = csv_of(ROW, "1,deposit,1,USD,Müller").decode().encode("cp1252")
    entries, faults = found(data)
    assert entries == [ENTRY]
    assert places(faults) == [(3, "reference")]
    assert "byte 0xFC" in faults[0].message
    assert faults[0].value == "M\ufffdller"
    assert "UTF-16" in found(csv_of(ROW).decode().encode("utf-16"))[1][0].message


def test_an_unclosed_quote_spoils_its_line_alone() -> None:
    entries, faults = found(csv_of('1,deposit,1,USD,"abc', ROW))
    assert [entry.line for entry in entries] == [3]
    assert places(faults) == [(2, "")]
    assert "quotes" in faults[0].message


def test_lines_are_counted_as_an_editor_shows_them() -> None:
    assert [entry.line for entry in found(csv_of("", ROW, "", "", ROW))[0]] == [3, 6]


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"", 0, "empty"),
        (csv_of(), 0, "no payments"),
        (csv_of(ROW, header="login,kind,amount"), 1, "currency is missing"),
        (csv_of(ROW, header="login,kind,sum,currency"), 1, "is called “sum”"),
        (csv_of(ROW, header=HEADER + ",login"), 1, "there twice"),
        (b"login,kind\xff,amount", 1, "is called"),
        (b'login,"kind', 1, "quotes"),
        (csv_of(ROW).replace(b"\n", b"\r"), 1, "carriage return"),
        (csv_of(*[ROW] * 1_000).replace(b"\n", b"\r"), 1, "carriage return"),
        (csv_of(ROW + "\r" + ROW), 2, "carriage return"),
        (csv_of(ROW).decode().encode("utf-16-be"), 1, "UTF-16"),
        (csv_of(ROW).decode().encode("utf-16-le"), 1, "UTF-16"),
        (b"x" * 1_000_000, 1, "longer than"),
        (csv_of("1" * 20_000), 2, "longer than"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, 0, ".xls"),
    ],
)
def test_what_cannot_be_read_at_all_is_one_fault(data: bytes, line: int, says: str) -> None:
    entries, faults = found(data)
    assert entries == []
    assert places(faults) == [(line, "")]
    assert says in faults[0].message


def test_cells_beyond_the_header_are_a_fault_unless_empty() -> None:
    entries, faults = found(csv_of(ROW + ",,", ROW + ",,more"))
    assert [entry.line for entry in entries] == [2]
    assert places(faults) == [(3, "")]


def test_one_row_too_many_is_named_with_its_line() -> None:
    faults = found(csv_of(*[ROW] * (MOST_ROWS + 1)))[1]
    assert places(faults) == [(MOST_ROWS + 2, "")]
    assert "more than 100,000 rows" in faults[0].message


def test_pasted_rows_need_no_header() -> None:
    assert found(ROW.replace(",", "\t").encode(), pasted=True)[0] == [
        Entry(1, 100234, Kind.DEPOSIT, Decimal("1234.50"), "USD", "SEPA-1", "March")
    ]
    assert found(csv_of(ROW), pasted=True) == ([ENTRY], [])
    assert "must name the columns" not in found(ROW.encode())[1][0].message
    assert "is called “100234”" in found(ROW.encode())[1][0].message


_texts = st.text(
    st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Co", "Cn")),
    max_size=19,
).filter(lambda text: not text.startswith(("=", "+", "-", "@")))
_ascii = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=19).filter(
    lambda text: not text.startswith(("=", "+", "-", "@"))
)


def _in_its_decimals(entry: Entry) -> Entry:
    """Whole yen; the wire and the database keep two decimals of everything."""
    amount = quantize(entry.amount, entry.currency, rounding=ROUND_DOWN)
    return replace(entry, amount=max(amount, Decimal(1)) if amount != entry.amount else amount)


entries = st.builds(
    Entry,
    line=st.just(0),
    login=st.integers(1, 2**31 - 1),
    kind=st.sampled_from(BULK_KINDS),
    amount=st.decimals("0.01", "99999999999.99", places=2),
    currency=st.sampled_from(["USD", "EUR", "USDT"]),
    reference=_texts,
    comment=_ascii,
).map(_in_its_decimals)


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f", "\u2009"])
def test_thousands_are_parted_in_files_as_they_are_in_forms(space: str) -> None:
    written = f'1,deposit,"1,234.50",USD\n1,deposit,1{space}234{space}567.50{space},USD'
    back, faults = found(csv_of(*written.split("\n")))
    assert faults == []
    assert [entry.amount for entry in back] == [Decimal("1234.50"), Decimal("1234567.50")]


@given(st.lists(entries, min_size=1, max_size=8), st.permutations(COLUMNS), st.sampled_from(",;\t"))
def test_what_is_written_is_read_back(
    written: list[Entry], order: list[str], separator: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow(order)
    writer.writerows([[as_written(entry, name) for name in order] for entry in written])
    back, faults = found(out.getvalue().encode())
    assert faults == []
    wanted = [
        (e.login, e.kind, e.amount, e.currency, clean(e.reference), e.comment) for e in written
    ]
    assert [(e.login, e.kind, e.amount, e.currency, e.reference, e.comment) for e in back] == wanted
    assert [entry.line for entry in back] == list(range(2, len(written) + 2))


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_bring_anything_but_payments_and_named_faults(data: bytes, pasted: bool) -> None:
    for raw in (data, csv_of().rstrip() + b"\n" + data):
        entries, faults = found(raw, pasted=pasted)
        assert entries or faults
        for fault in faults:
            assert fault.message
            assert fault.line >= 0
            assert fault.column in ("", *COLUMNS)
            assert fault.value.isprintable()
        for entry in entries:
            assert entry.amount > 0
