"""Money paid in another currency: what it is worth on the account, and whether the rate is sane."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from panel.commands.base import Check
from panel.lib.money import quantize
from panel.mt4.errors import Rejected
from panel.mt4.read import Reader
from panel.mt4.rules.conversion import conversion_rate
from panel.ui.figures import money_text, percent_text

# Digits after the point that are kept of a rate, and of an amount in a currency that is not MT4's.
RATE_DIGITS = 10
PAID_DIGITS = 8
LARGEST_RATE = Decimal("9999999999")
# Percent off the market from which a rate is worth a warning.
SANE = Decimal(1)
# Percent within which one divided by the rate is taken for a rate entered the wrong way round.
INVERTED = Decimal(5)
CURRENCY = re.compile(r"[A-Z][A-Z0-9]{2,11}")


def worth(paid: Decimal, rate: Decimal, currency: str) -> Decimal:
    """`paid × rate` in the account's currency and its decimals, halves away from zero.

    `rate` is how much of the account's currency one unit of the paid currency is.
    """
    return quantize(paid * rate, currency)


def booked(paid: Decimal, rate: Decimal, fee: Decimal, currency: str, *, out: bool) -> Decimal:
    """What is booked on the account when `paid` changes hands, in the account's currency.

    Money in: `worth − fee`, for the fee is kept of what came. Money out:
    `worth + fee`, for the client is paid out in full and bears the fee.
    """
    value = worth(paid, rate, currency)
    return value + fee if out else value - fee


def plain_number(value: Decimal) -> str:
    """A rate or an amount in any currency without idle zeros: `0.92`, `1500`, `0.00012`."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def paid_text(value: Decimal, currency: str) -> str:
    """What changed hands: the decimals of its currency at least, more where they matter."""
    if value == quantize(value, currency):
        return money_text(value, currency)
    return f"{plain_number(value)} {currency}"


def market_rate(reader: Reader, source: str, target: str) -> Decimal | None:
    """The server's mid price of `source` in `target`; None where it has no pair that leads there.

    Raises `Unavailable` when MT4 cannot be asked.
    """

    def mid(pair: str) -> Decimal | None:
        try:
            tick = reader.tick(pair)
        except Rejected:
            return None
        return (tick.bid + tick.ask) / 2 if tick.bid and tick.ask else None

    return conversion_rate(source, target, mid)


def rate_checks(reader: Reader, source: str, target: str, rate: Decimal) -> Iterator[Check]:
    """How an entered rate stands to the market: `rate` units of `target` for one of `source`."""
    market = market_rate(reader, source, target)
    pair = f"1 {source} in {target}"
    if market is None:
        yield Check("warn", f"The trade server has no price of {pair}: check the rate elsewhere.")
        return
    shown = plain_number(round(market, 5))
    off = (rate / market - 1) * 100
    if abs(off) <= SANE:
        yield Check("ok", f"The rate is within {percent_text(SANE)} of the market, {shown}.")
        return
    text = f"The rate is {percent_text(abs(off), 1)} {'above' if off > 0 else 'below'} the market"
    if abs(1 / rate / market - 1) * 100 <= INVERTED:
        text += ", and looks as if it were entered the wrong way round"
    yield Check("warn", f"{text}: {pair} is {shown} now.")
