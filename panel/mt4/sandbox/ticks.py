"""The last ticks of each symbol, in memory: as many as a ring holds, gone after a restart."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from panel.mt4.sandbox.records import Quote

KEPT = 20_000


class Tick(NamedTuple):
    """A price of the past."""

    time: datetime
    bid: Decimal
    ask: Decimal


class Quotes(dict[str, Quote]):
    """The prices of now by symbol; whoever watches is told of each new one."""

    def __init__(self) -> None:
        super().__init__()
        self.watchers: list[Callable[[str, Quote], None]] = []

    def __setitem__(self, symbol: str, quote: Quote) -> None:
        super().__setitem__(symbol, quote)
        for watch in self.watchers:
            watch(symbol, quote)


class Ring:
    """What was watched of the prices."""

    def __init__(self) -> None:
        self._ticks: dict[str, deque[Tick]] = {}
        self.count = 0

    def add(self, symbol: str, quote: Quote) -> None:
        self.count += 1
        ticks = self._ticks.get(symbol)
        if ticks is None:
            ticks = self._ticks[symbol] = deque(maxlen=KEPT)
        ticks.append(Tick(quote.time, quote.bid, quote.ask))

    def between(self, symbol: str, since: datetime, until: datetime) -> list[Tick]:
        """Ticks of a window, both ends included, oldest first."""
        return [tick for tick in self._ticks.get(symbol, ()) if since <= tick.time <= until]
