"""Ticks and chart bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4.protocol.wire import NO_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class TickInfo:
    """The last prices of a symbol."""

    symbol: str = ""
    time: datetime = NO_TIME
    bid: Decimal = ZERO
    ask: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRecord:
    """A tick of the past."""

    time: datetime = NO_TIME
    bid: Decimal = ZERO
    ask: Decimal = ZERO
    data_feed: int = 0
    flags: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartBar:
    """A bar of a chart."""

    time: datetime = NO_TIME
    open: Decimal = ZERO
    high: Decimal = ZERO
    low: Decimal = ZERO
    close: Decimal = ZERO
    volume: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartWriteRequest:
    """Bars to add, update or delete."""

    rates: tuple[ChartBar, ...] = ()
