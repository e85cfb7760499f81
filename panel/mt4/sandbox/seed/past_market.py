"""What prices may have been before the first start, and the rates that turn results into money."""

from __future__ import annotations

import random
from datetime import datetime
from decimal import Decimal

from panel.mt4 import rules
from panel.mt4.protocol.records import SymbolConfig
from panel.mt4.sandbox.seed.people import OLDEST_DAYS
from panel.mt4.sandbox.state import State


class PastMarket:
    """The market of a state's symbols before `now`, by `chance`."""

    def __init__(self, state: State, chance: random.Random, now: datetime) -> None:
        self.state = state
        self.chance = chance
        self.now = now
        self.names = list(state.symbols)
        self._weeks = {name: self._walk() for name in self.names}
        self._rates: dict[tuple[str, str, bool], tuple[rules.Ratio, Decimal]] = {}

    def _walk(self) -> list[float]:
        """What a symbol's price was each week, as a factor of today's; the last one is today."""
        factor, factors = 1.0, [1.0]
        for _ in range(OLDEST_DAYS // 7 + 1):
            factor *= 1 + self.chance.gauss(0, 0.008)
            factors.append(factor)
        return factors[::-1]

    def price_at(self, symbol: SymbolConfig, time: datetime) -> float:
        """A price that the symbol may have had then."""
        weeks = self._weeks[symbol.symbol]
        factor = weeks[max(0, len(weeks) - 1 - (self.now - time).days // 7)]
        wobble = 1 + self.chance.gauss(0, 0.002)
        return float(self.state.quotes[symbol.symbol].bid) * factor * wobble

    def rates(
        self, symbol: SymbolConfig, currency: str, is_buy: bool
    ) -> tuple[rules.Ratio, Decimal]:
        """Today's rates of a symbol's profit and margin currency for one side."""
        found = self._rates.get((symbol.symbol, currency, is_buy))
        if found is None:
            quotes = self.state.quotes
            bid, ask = quotes[symbol.symbol].bid, quotes[symbol.symbol].ask
            profit = rules.profit_rate(
                symbol, currency, quotes.get, is_buy=is_buy, price=bid if is_buy else ask
            )
            margin = rules.margin_rate(
                symbol, currency, quotes.get, is_buy=is_buy, open_price=ask if is_buy else bid
            )
            found = self._rates[symbol.symbol, currency, is_buy] = profit, margin
        return found
