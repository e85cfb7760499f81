"""Prices that wait to be reached, so that a tick finds those concerned without a search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.rules import TwoSided, is_pending

T = TypeVar("T", int, tuple[int, int])
_Heap = list[tuple[Decimal, T]]


class Levels(Generic[T]):
    """Levels of one symbol with what waits at each. Each is found once, and then forgotten."""

    def __init__(self) -> None:
        self._bid_falls: _Heap[T] = []
        self._bid_rises: _Heap[T] = []
        self._ask_falls: _Heap[T] = []
        self._ask_rises: _Heap[T] = []

    def __len__(self) -> int:
        return sum(map(len, self._heaps()))

    def _heaps(self) -> tuple[_Heap[T], ...]:
        return self._bid_falls, self._bid_rises, self._ask_falls, self._ask_rises

    def when_bid_falls(self, level: Decimal, item: T) -> None:
        """Wait for a bid at or below the level."""
        heappush(self._bid_falls, (-level, item))

    def when_bid_rises(self, level: Decimal, item: T) -> None:
        heappush(self._bid_rises, (level, item))

    def when_ask_falls(self, level: Decimal, item: T) -> None:
        heappush(self._ask_falls, (-level, item))

    def when_ask_rises(self, level: Decimal, item: T) -> None:
        heappush(self._ask_rises, (level, item))

    def reached(self, quote: TwoSided) -> list[T]:
        """What waits for these prices."""
        found: list[T] = []
        for heap, price in zip(
            self._heaps(), (-quote.bid, quote.bid, -quote.ask, quote.ask), strict=True
        ):
            while heap and heap[0][0] <= price:
                found.append(heappop(heap)[1])
        return found

    def keep(self, is_wanted: Callable[[T], bool]) -> None:
        """Forget what waits for nothing any more."""
        for heap in self._heaps():
            heap[:] = [entry for entry in heap if is_wanted(entry[1])]
            heapify(heap)


class OrderLevels:
    """The levels of all open orders by symbol, and the times at which pending ones expire.

    An entry stays behind when its order changes: whoever is told of a ticket looks at the order.
    """

    def __init__(self) -> None:
        self._by_symbol: dict[str, Levels[int]] = {}
        self._expirations: list[tuple[datetime, int]] = []
        self._added = 0

    def add(self, trade: Trade) -> None:
        """An open order, new or with other levels."""
        if is_pending(trade.trade_command):
            self._add_pending(self._of(trade.symbol), trade)
            if trade.expiration != NO_TIME:
                heappush(self._expirations, (trade.expiration, trade.order))
        elif trade.sl or trade.tp:
            self._add_stops(self._of(trade.symbol), trade)

    def _of(self, symbol: str) -> Levels[int]:
        self._added += 1
        levels = self._by_symbol.get(symbol)
        if levels is None:
            levels = self._by_symbol[symbol] = Levels()
        return levels

    def _add_pending(self, levels: Levels[int], trade: Trade) -> None:
        command = trade.trade_command
        if command is TradeCommand.BuyLimit:
            levels.when_ask_falls(trade.open_price, trade.order)
        elif command is TradeCommand.SellLimit:
            levels.when_bid_rises(trade.open_price, trade.order)
        elif command is TradeCommand.BuyStop:
            levels.when_ask_rises(trade.open_price, trade.order)
        else:
            levels.when_bid_falls(trade.open_price, trade.order)

    def _add_stops(self, levels: Levels[int], trade: Trade) -> None:
        is_buy = trade.trade_command is TradeCommand.Buy
        if trade.sl and is_buy:
            levels.when_bid_falls(trade.sl, trade.order)
        elif trade.sl:
            levels.when_ask_rises(trade.sl, trade.order)
        if trade.tp and is_buy:
            levels.when_bid_rises(trade.tp, trade.order)
        elif trade.tp:
            levels.when_ask_falls(trade.tp, trade.order)

    def reached(self, symbol: str, quote: TwoSided) -> list[int]:
        """Tickets whose order may be due at these prices, ascending."""
        levels = self._by_symbol.get(symbol)
        return sorted(set(levels.reached(quote))) if levels else []

    def expired(self, now: datetime) -> list[int]:
        """Tickets whose order may have expired by now."""
        found = []
        while self._expirations and self._expirations[0][0] <= now:
            found.append(heappop(self._expirations)[1])
        return found

    def tidy(self, is_open: Callable[[int], bool], open_orders: int) -> None:
        """Drop what closed orders left behind, once there is much of it."""
        if self._added <= 4 * open_orders + 10_000:
            return
        for levels in self._by_symbol.values():
            levels.keep(is_open)
        self._added = sum(map(len, self._by_symbol.values()))
