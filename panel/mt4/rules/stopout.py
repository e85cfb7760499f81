"""What a stop-out closes, and how it signs."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from panel.lib.money import ZERO, quantize
from panel.mt4.limits import TRADE_COMMENT
from panel.mt4.rules.base import HUNDRED
from panel.mt4.rules.valuation import Held

TENTH = Decimal("0.1")


def stopout_comment(equity: Decimal, margin: Decimal, currency: str) -> str:
    """``so: 47.7%/169.20/354.40``: level, equity, margin at the moment of closing. [S]

    Amounts in the decimals of the currency [I]; cut to what a comment holds.
    """
    percent = equity * HUNDRED / margin if margin else ZERO
    amounts = "/".join(f"{quantize(each, currency):f}" for each in (equity, margin))
    text = f"so: {percent.quantize(TENTH, ROUND_HALF_UP)}%/{amounts}"
    return text[:TRADE_COMMENT]


def most_losing(held: Iterable[Held]) -> Held | None:
    """The position that a stop-out closes next, before everything is computed anew. [S]

    Net results decide; of equals the oldest ticket goes. [I] None without positions.
    """
    return min(held, key=lambda each: (each.net, each.trade.order), default=None)
