"""Amounts of money: always Decimal, always in the decimals of their currency, as MT4 keeps them."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
LARGEST = Decimal("99999999999.99")
"""Above this MT4's doubles begin to lose cents in sums."""

ANY = ""
"""Stands for the currency where none is known: on the wire, in what is typed before the account is
known. It has as many decimals as any currency of MT4 has."""
DECIMALS = 2
"""Decimals of a currency that `WHOLE` does not name."""
WHOLE = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905
)
"""Currencies without a smaller unit (ISO 4217): MT4 keeps accounts in yen to the whole yen, in
balance, profit, swap, commission and margin alike."""

_STEPS = {places: Decimal(1).scaleb(-places) for places in (0, DECIMALS)}


def decimals(currency: str) -> int:
    """How many decimals MT4 keeps on accounts in this currency."""
    return 0 if currency.upper() in WHOLE else DECIMALS


def quantize(amount: Decimal, currency: str, *, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Round to the decimals of a currency, halves away from zero.

    The result of a currency without decimals has none: ``Decimal("101")`` for 100.55 JPY.
    """
    return amount.quantize(_STEPS[decimals(currency)], rounding)


def has_too_many_decimals(amount: Decimal, currency: str) -> bool:
    """Whether the amount has more decimals that matter than its currency has: 100.55 JPY."""
    return amount != quantize(amount, currency, rounding=ROUND_DOWN)


def decimals_problem(amount: Decimal, currency: str) -> str:
    """What to tell a person whose amount has too many decimals for its currency; else nothing."""
    if not has_too_many_decimals(amount, currency):
        return ""
    if decimals(currency):
        return "Use at most two decimals."
    return f"{currency} has no decimals: use a whole amount."


def as_kept(amount: Decimal, currency: str) -> Decimal:
    """The same amount with as many digits as its currency has: ``101.00`` of a column is 101 JPY.

    One that has more decimals than its currency keeps them: 100.55 JPY is wrong, and to be seen.
    """
    return quantize(amount, ANY if has_too_many_decimals(amount, currency) else currency)


def show(amount: Decimal, currency: str = ANY, *, named: bool = True) -> str:
    """``-1,234.50 USD``, ``-1,234 JPY``, with a true minus left to the pages.

    ``named=False`` leaves the currency's name out, and its decimals as they are.
    """
    # Plus zero: what rounds to nothing has no sign.
    text = f"{as_kept(amount, currency) + 0:,f}"
    return f"{text} {currency}" if currency and named else text
