"""How much of an account's money can leave it."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from panel.lib.money import ZERO, quantize
from panel.mt4.rules.base import HUNDRED


def withdrawable(
    *,
    balance: Decimal,
    credit: Decimal,
    equity: Decimal,
    margin: Decimal,
    currency: str,
    minimum_level: Decimal = HUNDRED,
    free: Decimal | None = None,
) -> Decimal:
    """The most that can be withdrawn, never below 0 and never out of credit.

    In the decimals of ``currency``, cut and not rounded up. What stays must carry the margin
    ``minimum_level`` percent over without credit; a level under 100 counts as 100, for free
    margin must not fall below zero. ``free`` is the server's free margin: given, it is not
    overdrawn either, for a group may leave floating profit out of it. The server's own check is
    open [U]: this one does not lean on it.
    """
    needed = margin * max(minimum_level, HUNDRED) / HUNDRED
    most = min(balance, equity - credit - needed)
    if free is not None:
        most = min(most, free - credit)
    return max(ZERO, quantize(most, currency, rounding=ROUND_DOWN))
