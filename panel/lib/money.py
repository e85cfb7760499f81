"""Amounts of money: always Decimal, always in the decimals of their currency, as MT4 keeps them."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
LARGEST = Decimal("99999999999.99")
"""Above this MT4's doubles begin to lose cents in sums."""

DECIMALS = 2
"""Decimals of a currency that `WHOLE` does not name."""
WHOLE = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905
)
"""Currencies without a smaller unit (ISO 4217): MT4 keeps accounts in yen to the whole yen, in
balance, profit, swap, commission and margin alike."""


def decimals(currency: str) -> int:
    """How many decimals MT4 keeps on accounts in this currency."""
    return 0 if currency.upper() in WHOLE else DECIMALS


def quantize(amount: Decimal, currency: str, *, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Round to the decimals of a currency, halves away from zero.

    The result of a currency without decimals has none: ``Decimal("101")`` for 100.55 JPY.
    """
    return amount.quantize(Decimal(1).scaleb(-decimals(currency)), rounding)


def has_too_many_decimals(amount: Decimal, currency: str) -> bool:
    """Whether the amount has more decimals that matter than its currency has: 100.55 JPY."""
    return amount != quantize(amount, currency, rounding=ROUND_DOWN)


def cents(amount: Decimal) -> Decimal:
    """Round to the cent, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def cents_down(amount: Decimal) -> Decimal:
    """Cut to the cent towards zero: for what may be taken at most."""
    return amount.quantize(CENT, ROUND_DOWN)


def has_part_cents(amount: Decimal) -> bool:
    """Whether the amount has more than two decimals that matter."""
    return amount != amount.quantize(CENT, ROUND_DOWN)


def show(amount: Decimal, currency: str = "") -> str:
    """``-1,234.50 USD``, with a true minus left to the pages."""
    text = f"{cents(amount):,.2f}"
    return f"{text} {currency}" if currency else text
