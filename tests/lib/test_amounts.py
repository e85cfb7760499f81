"""Amounts and rates as people type them: read where they can be one thing only."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from panel.lib.amounts import parse_amount, parse_paid, parse_rate

SPACES = [" ", "\u00a0", "\u202f", "\u2009", "\u2007", "\u3000", "\u2002"]
"""The plain one, no-break, narrow no-break, thin, of a figure's width, ideographic, en."""


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", "0.00"),
        ("7", "7.00"),
        ("1234.5", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234.50", "1234.50"),
        (" 1 234 567 ", "1234567.00"),
        ("1,234,567", "1234567.00"),
        ("12,345,678.9", "12345678.90"),
        ("0.05", "0.05"),
        ("-3.1", "-3.10"),
        ("\u22121,234.00", "-1234.00"),
        ("+5", "5.00"),
        ("-0", "0.00"),
    ],
)
def test_an_amount_that_can_be_one_thing_only_is_read(text: str, amount: str) -> None:
    assert str(parse_amount(text, "USD")) == amount


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("1,234", "write 1234 or 1,234.00"),
        ("1 234", "write 1234 or 1 234.00"),
        ("1\u202f234", "write 1234 or 1 234.00"),
        ("0,125", "is a decimal sign, write 0.125"),
        ("0 125", "is a decimal sign, write 0.125"),
        ("12,50", "is a decimal sign, write 12.50"),
        ("12,5", "is a decimal sign, write 12.5"),
        ("1234,567", "is a decimal sign, write 1234.567"),
        ("1 234,567 890", "such as 1,234.50"),
        ("1.234,50", "such as 1,234.50"),
        ("0,125.00", "such as 1,234.50"),
        ("0 125.00", "such as 1,234.50"),
        ("12,34.5", "such as 1,234.50"),
        ("1,234 567.00", "such as 1,234.50"),
        ("1  234.00", "such as 1,234.50"),
        ("1.234.567", "such as 1,234.50"),
        ("1'234.50", "such as 1,234.50"),
        ("0125", "such as 1,234.50"),
        ("1.", "such as 1,234.50"),
        (".5", "such as 1,234.50"),
        ("1e5", "such as 1,234.50"),
        ("1_000", "such as 1,234.50"),
        ("NaN", "such as 1,234.50"),
        ("", "such as 1,234.50"),
        ("abc", "such as 1,234.50"),
        ("--5", "such as 1,234.50"),
        ("\uff11\uff12\uff13", "such as 1,234.50"),
        ("\u0661\u0662\u0663", "such as 1,234.50"),
        ("1.001", "Has 3 decimals: use at most two"),
        ("1.000", "Has 3 decimals: use at most two"),
        ("100,000,000,000.00", "must not exceed 99,999,999,999.99"),
        ("9" * 400, "must not exceed"),
    ],
)
def test_an_amount_that_could_be_another_is_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=re.escape(advice)):
        parse_amount(text, "USD")


@pytest.mark.parametrize("space", SPACES)
def test_every_kind_of_space_is_a_space(space: str) -> None:
    assert parse_amount(f"{space}1{space}234{space}567.50{space}") == Decimal("1234567.50")
    with pytest.raises(ValueError, match="space could be a decimal sign"):
        parse_amount(f"1{space}234")
    with pytest.raises(ValueError, match="nothing between thousands"):
        parse_rate(f"1{space}084")


def test_whole_yen_may_be_written_with_two_zeros() -> None:
    assert str(parse_amount("1,234.00", "JPY")) == "1234"
    with pytest.raises(ValueError, match="3 decimals"):
        parse_amount("1.000", "JPY")


def test_yen_have_no_decimals_so_a_comma_can_only_part_thousands() -> None:
    assert str(parse_amount("1,234", "JPY")) == "1234"
    assert str(parse_amount("1 234 567", "jpy")) == "1234567"
    for text in ("100.55", "12,50", "0,125"):
        with pytest.raises(ValueError, match=r"JPY has no decimals|decimal sign"):
            parse_amount(text, "JPY")


def test_what_is_paid_in_another_currency_keeps_its_decimals() -> None:
    assert parse_paid("0.00012345") == Decimal("0.00012345")
    assert parse_paid("1,500.125") == Decimal("1500.125")
    with pytest.raises(ValueError, match=r"0\.125"):
        parse_paid("0,125")


@pytest.mark.parametrize("text", ["1.084", "1084", "0.00012345", "1"])
def test_a_rate_is_digits_and_a_point(text: str) -> None:
    assert parse_rate(f" {text}\u00a0") == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        "1,084",
        "1 084",
        "1,084.5",
        "1,084,000",
        "1.0,8",
        "-1",
        "+1",
        "01.5",
        "1.",
        "1e3",
        "",
        "\uff11",
    ],
)
def test_a_rate_with_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        parse_rate(text)
