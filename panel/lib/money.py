"""Amounts of money: always Decimal, always to the cent, as MT4 keeps them in every currency."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
LARGEST = Decimal("99999999999.99")
"""Above this MT4's doubles begin to lose cents in sums."""

_AMOUNT = re.compile(r"[+-]?(\d+|\d{1,3}([ ,\u00a0\u202f]\d{3})+)(\.\d+)?")


def cents(amount: Decimal) -> Decimal:
    """Round to the cent, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def cents_down(amount: Decimal) -> Decimal:
    """Cut to the cent towards zero: for what may be taken at most."""
    return amount.quantize(CENT, ROUND_DOWN)


def has_part_cents(amount: Decimal) -> bool:
    """Whether the amount has more than two decimals that matter."""
    return amount != amount.quantize(CENT, ROUND_DOWN)


def parse(text: str) -> Decimal:
    """An amount typed by a person: ``1234.5``, ``1,234.50`` or ``1 234.50``.

    Raises ValueError, with words for the person, on anything else: a comma as decimal sign
    is refused rather than guessed, since the guess could be off by a thousand.
    """
    text = text.strip()
    if not _AMOUNT.fullmatch(text):
        raise ValueError("Enter an amount such as 1,234.50, with a point before the cents.")
    amount = Decimal(re.sub(r"[ ,\u00a0\u202f]", "", text))
    if abs(amount) > LARGEST:
        raise ValueError(f"The amount must not exceed {show(LARGEST)}.")
    if has_part_cents(amount):
        raise ValueError("Use at most two decimals.")
    return cents(amount)


def show(amount: Decimal, currency: str = "") -> str:
    """``-1,234.50 USD``, with a true minus left to the pages."""
    text = f"{cents(amount):,.2f}"
    return f"{text} {currency}" if currency else text
