"""When symbols are quoted and traded: their sessions, less the holidays.

A market that stands still is open around the clock, so that a test passes on a Sunday too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from panel.mt4.protocol.records import Holiday, SymbolConfig, SymbolDaySessions
from panel.mt4.rules import TradingHours

if TYPE_CHECKING:
    from panel.mt4.sandbox.state import State

STALE_SECONDS = 300
"""A price older than this is no price to deal at, while the market moves."""


@dataclass(frozen=True, slots=True)
class _Known:
    sessions: tuple[SymbolDaySessions, ...]
    holidays: list[Holiday]
    trade: TradingHours
    quote: TradingHours


class Hours:
    """The hours of every symbol, worked out again when sessions or holidays were replaced."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[str, _Known] = {}

    def _of(self, symbol: SymbolConfig) -> _Known:
        name, config = symbol.symbol, self._state.config
        sessions = config.sessions_of(name)
        known = self._known.get(name)
        if known is None or known.sessions != sessions or known.holidays is not config.holidays:
            groups = self._state.symbol_groups
            security = groups[symbol.type].name if symbol.type < len(groups) else ""
            trade, quote = (
                TradingHours.of(days, config.holidays, symbol=name, security=security)
                for days in (sessions, [replace(day, trade=day.quote) for day in sessions])
            )
            known = self._known[name] = _Known(sessions, config.holidays, trade, quote)
        return known

    def takes_orders(self, symbol: SymbolConfig, now: datetime) -> bool:
        """Whether the symbol is traded at this moment."""
        return not self._state.live or self._of(symbol).trade.is_open(now)

    def is_quoted(self, symbol: SymbolConfig, now: datetime) -> bool:
        """Whether prices come at this moment."""
        return not self._state.live or self._of(symbol).quote.is_open(now)

    def next_open(self, symbol: SymbolConfig, now: datetime) -> datetime | None:
        """When the symbol is traded again; None if not within a month."""
        return self._of(symbol).trade.next_open(now)

    def is_stale(self, symbol: SymbolConfig, now: datetime) -> bool:
        """Whether there is no fresh price, while prices should come."""
        quote = self._state.quotes.get(symbol.symbol)
        if quote is None:
            return True
        return self._state.live and (now - quote.time).total_seconds() > STALE_SECONDS
