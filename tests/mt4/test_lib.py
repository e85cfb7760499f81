"""Money as people type it, and secrets as nobody may read them."""

from __future__ import annotations

from decimal import Decimal

from panel.lib import money
from panel.lib.redact import MASK, redact


def test_amounts_are_shown_with_separators_and_currency() -> None:
    assert money.show(Decimal("-1234.5"), "USD") == "-1,234.50 USD"


def test_rounding_to_the_cent() -> None:
    assert money.cents(Decimal("2.675")) == Decimal("2.68")
    assert money.cents_down(Decimal("2.679")) == Decimal("2.67")
    assert money.has_part_cents(Decimal("1.001"))
    assert not money.has_part_cents(Decimal("1.10000"))


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
