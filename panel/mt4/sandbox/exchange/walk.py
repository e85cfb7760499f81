"""Prices that wander as real ones do, and come back, so that a demo stays plausible for months.

Every currency has a value against the dollar, and metals, oil and indices one of their own. Each
value is a random walk with a pull towards where it began (an Ornstein-Uhlenbeck process), and a
pair is the quotient of two of them, so that crosses always agree with the majors.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from decimal import Decimal

from panel.mt4.protocol.records import SymbolConfig
from panel.mt4.rules import round_price
from panel.mt4.sandbox.records import Quote

DAY = 86_400.0
PULL = math.log(2) / 3
"""By day: half of a deviation is gone after three days."""
LONGEST_STEP = 3 * DAY

_A_DAY: Mapping[str, float] = {
    "EUR": 0.0040, "GBP": 0.0045, "JPY": 0.0050, "CHF": 0.0042, "CAD": 0.0036, "AUD": 0.0055,
    "NZD": 0.0058, "gold": 0.0080, "silver": 0.0150, "platinum": 0.0120, "stocks": 0.0075,
    "oil": 0.0170,
}  # fmt: skip
"""The usual move of each value in a day, as a part of it."""
_OF_ITS_OWN = 0.0035

_MADE_OF: Mapping[str, tuple[str, ...]] = {
    "XAUUSD": ("gold",),
    "XAGUSD": ("silver",),
    "XPTUSD": ("platinum",),
    "US30": ("stocks", "US30"),
    "US500": ("stocks",),
    "ESFRONT": ("stocks",),
    "NAS100": ("stocks", "NAS100"),
    "DE40": ("stocks", "DE40"),
    "UK100": ("stocks", "UK100"),
    "JP225": ("stocks", "JP225"),
    "USOIL": ("oil",),
    "UKOIL": ("oil", "UKOIL"),
}


def _makeup(name: str) -> tuple[tuple[str, int], ...]:
    """The values that a symbol is made of, and which way each counts."""
    if name in _MADE_OF:
        return tuple((value, 1) for value in _MADE_OF[name])
    base, quote = name[:3], name[3:6]
    if (base == "USD" or base in _A_DAY) and (quote == "USD" or quote in _A_DAY):
        return tuple((each, sign) for each, sign in ((base, 1), (quote, -1)) if each != "USD")
    return ((name, 1),)


class Walk:
    """The state of all values. A price moved by hand is where its symbol goes on from."""

    def __init__(
        self, seed: int, anchors: Mapping[str, Decimal], quotes: Mapping[str, Quote]
    ) -> None:
        """Go on from these quotes; the anchors are where their symbols are drawn to."""
        self._chance = random.Random(seed)
        self._anchors = {name: float(price) for name, price in anchors.items()}
        self._values: dict[str, float] = {}
        self._makeup: dict[str, tuple[tuple[str, int], ...]] = {}
        self._gaps: dict[str, float] = {}
        self._last: dict[str, Decimal] = {}
        for name, quote in quotes.items():
            self._level(name)
            self._go_on_from(name, quote)

    def step(self, seconds: float) -> None:
        """Let time pass."""
        days = min(max(seconds, 0.0), LONGEST_STEP) / DAY
        kept = math.exp(-PULL * days)
        spread = math.sqrt((1 - kept * kept) / (2 * PULL))
        for name, value in self._values.items():
            a_day = _A_DAY.get(name, _OF_ITS_OWN)
            self._values[name] = value * kept + a_day * spread * self._chance.gauss(0, 1)
        for name in self._gaps:
            self._gaps[name] *= kept

    def ticks_now(self, seconds: float) -> bool:
        """Whether a symbol gets a tick in a step of so many seconds."""
        return self._chance.random() < 0.4 + seconds / 10

    def prices(self, symbol: SymbolConfig, before: Quote) -> tuple[Decimal, Decimal]:
        """Bid and ask of a symbol after the last step; the spread stays as it was."""
        name = symbol.symbol
        if self._last.get(name) != before.bid:
            self._go_on_from(name, before)
        price = self._anchors[name] * math.exp(self._level(name) + self._gaps[name])
        bid = self._last[name] = round_price(symbol, Decimal(price))
        return bid, bid + (before.ask - before.bid)

    def _go_on_from(self, name: str, quote: Quote) -> None:
        bid = float(quote.bid)
        anchor = self._anchors.setdefault(name, bid)
        self._gaps[name] = math.log(bid / anchor) - self._level(name)
        self._last[name] = quote.bid

    def _level(self, name: str) -> float:
        makeup = self._makeup.get(name)
        if makeup is None:
            makeup = self._makeup[name] = _makeup(name)
        return sum(self._values.setdefault(value, 0.0) * sign for value, sign in makeup)
