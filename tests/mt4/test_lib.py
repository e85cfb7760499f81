"""Money as people type it, and secrets as nobody may read them."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

import pytest

from panel.lib import money
from panel.lib.redact import MASK, redact


def test_amounts_are_shown_with_separators_and_currency() -> None:
    assert money.show(Decimal("-1234.5"), "USD") == "-1,234.50 USD"


def test_rounding_to_the_cent() -> None:
    assert money.quantize(Decimal("2.675"), "USD") == Decimal("2.68")
    assert money.quantize(Decimal("2.679"), "USD", rounding=ROUND_DOWN) == Decimal("2.67")
    assert money.has_too_many_decimals(Decimal("1.001"), "USD")
    assert not money.has_too_many_decimals(Decimal("1.10000"), "USD")


def test_secrets_are_masked_at_any_depth() -> None:
    masked = redact(
        {
            "login": 5,
            "password": "Abc123",
            "investor_password": "",
            "connection": {"clientSecret": "s", "headers": [{"Authorization": "Bearer t"}]},
        }
    )
    assert masked == {
        "login": 5,
        "password": MASK,
        "investor_password": "",
        "connection": {"clientSecret": MASK, "headers": [{"Authorization": MASK}]},
    }


@pytest.mark.parametrize(
    ("amount", "currency", "places", "shown"),
    [
        ("1234.5", "USD", 2, "1,234.50 USD"),
        ("1234.00", "JPY", 0, "1,234 JPY"),
        ("-0.4", "KRW", 0, "-0.40 KRW"),  # more than the currency has: it is to be seen
        ("100.55", "JPY", 0, "100.55 JPY"),
        ("-0.001", "USD", 2, "0.00 USD"),
        ("1234.5", money.ANY, 2, "1,234.50"),
    ],
)
def test_a_currency_has_its_own_decimals(
    amount: str, currency: str, places: int, shown: str
) -> None:
    assert money.decimals(currency) == places
    assert money.show(Decimal(amount), currency) == shown


@pytest.mark.parametrize(
    ("amount", "currency", "down", "up"),
    [
        ("100.55", "JPY", "100", "101"),
        ("-100.50", "JPY", "-100", "-101"),
        ("2.675", "USD", "2.67", "2.68"),
    ],
)
def test_rounding_by_currency(amount: str, currency: str, down: str, up: str) -> None:
    assert str(money.quantize(Decimal(amount), currency)) == up
    assert str(money.quantize(Decimal(amount), currency, rounding=ROUND_DOWN)) == down


@pytest.mark.parametrize(
    ("amount", "currency", "says"),
    [
        ("100.55", "JPY", "JPY has no decimals: use a whole amount."),
        ("100.00", "JPY", ""),
        ("100.55", "USD", ""),
        ("100.555", "USD", "Use at most two decimals."),
        ("100.555", money.ANY, "Use at most two decimals."),
    ],
)
def test_too_many_decimals_are_told_in_words(amount: str, currency: str, says: str) -> None:
    assert money.decimals_problem(Decimal(amount), currency) == says
