"""Errors of a file: the first on the page, all as CSV, no value that fools or harms its reader."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import pytest
from django.template.loader import render_to_string

from panel.ui.file_errors import SHOWN, Fault, excerpt, file_errors, file_errors_csv


@dataclass(frozen=True)
class Wrong:
    """One error."""

    line: int = 7
    column: str = "amount"
    value: str = "12,5O"
    message: str = "This is not an amount: write 12.50."


def drawn(*faults: Fault) -> str:
    return render_to_string(
        "ui/file_errors.html", {"errors": file_errors(faults, "/files/1/errors.csv")}
    )


def read_csv(*faults: Fault) -> list[list[str]]:
    body = b"".join(file_errors_csv(faults, "errors.csv")).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(body)))


def test_no_error_no_table() -> None:
    assert drawn().strip() == ""


def test_the_place_the_value_and_what_to_do_are_named() -> None:
    html = drawn(Wrong())
    for text in ("1</span> error<", ">7<", ">amount<", "12,5O", "write 12.50", "/files/1/errors"):
        assert text in html


def test_the_first_are_shown_and_all_are_counted_and_fetched() -> None:
    faults = [Wrong(line=number) for number in range(1, SHOWN + 51)]
    html = drawn(*faults)
    assert html.count("<tr>") == SHOWN + 1
    assert "All 250 as CSV" in html
    assert "the first 200 are shown" in html
    assert len(read_csv(*faults)) == len(faults) + 1


def test_a_value_is_shown_as_it_stands() -> None:
    assert "empty" in excerpt("")
    assert "<bdi> 100 </bdi>" in excerpt(" 100 ")
    assert "&lt;script&gt;" in excerpt("<script>")
    assert "[U+0000]1[tab]2[line break]" in excerpt("\x001\t2\n")
    assert "[U+202E]" in excerpt("\u202e001")
    assert excerpt("9" * 500).count("9") == 60


@pytest.mark.parametrize("value", ["=1+1", "@SUM(A1)", "+A1", "-cmd|x", "\t=1"])
def test_a_spreadsheet_runs_nothing_of_it(value: str) -> None:
    assert read_csv(Wrong(value=value))[1][2] == f"'{value}"


def test_a_figure_keeps_its_sign() -> None:
    assert read_csv(Wrong(value="-500.00"))[1] == [
        "7", "amount", "-500.00", "This is not an amount: write 12.50.",
    ]  # fmt: skip


def test_an_error_of_the_whole_file_has_no_line() -> None:
    whole = Wrong(line=0, column="", value="", message="The file has no rows.")
    assert ">Whole file<" in drawn(whole)
    assert "empty" not in drawn(whole)
    assert read_csv(whole)[1] == ["", "", "", "The file has no rows."]


def test_the_files_name_is_harmless_in_the_header() -> None:
    answer = file_errors_csv([], 'pay"roll\r\n ü.csv')
    assert answer["Content-Disposition"] == 'attachment; filename="pay-roll-.csv"'
