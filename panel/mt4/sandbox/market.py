"""Prices. They stand still until somebody moves them."""

from __future__ import annotations

from decimal import Decimal

from panel.mt4.protocol.enums import SymbolPriceDirection
from panel.mt4.sandbox.records import Quote
from panel.mt4.sandbox.state import State


class BadPriceError(ValueError):
    """A price that no market could show."""


def move(state: State, symbol: str, bid: Decimal, ask: Decimal) -> Quote:
    """Put new prices on a symbol, rounded to its digits; raises BadPriceError."""
    config = state.symbols.get(symbol)
    if config is None:
        raise BadPriceError(f"There is no symbol {symbol}.")
    bid, ask = round(bid, config.digits), round(ask, config.digits)
    if not 0 < bid <= ask:
        raise BadPriceError("The bid must be more than 0 and not above the ask.")
    before = state.quotes[symbol]
    direction = SymbolPriceDirection.None_
    if bid != before.bid:
        direction = SymbolPriceDirection.Up if bid > before.bid else SymbolPriceDirection.Down
    now = state.clock.now()
    high, low = max(before.high, bid), min(before.low, bid)
    if now.date() != before.time.date():
        high = low = bid
    quote = Quote(bid, ask, high, low, now, direction)
    state.quotes[symbol] = quote
    return quote
