"""Bars in whole points, and how small ones make large ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from panel.mt4.protocol.enums import ChartPeriod
from panel.mt4.protocol.records import ChartBar

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
MINUTES_A_DAY = 1440


class Bar(NamedTuple):
    """Prices in points; volume is a count of ticks."""

    time: datetime
    open: int
    high: int
    low: int
    close: int
    volume: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing is above the high or below the low."""
        return self.low <= min(self.open, self.close) <= max(self.open, self.close) <= self.high

    def shown(self, digits: int) -> ChartBar:
        """The bar as it travels."""
        open_, high, low, close = (
            Decimal(price).scaleb(-digits) for price in (self.open, self.high, self.low, self.close)
        )
        return ChartBar(
            time=self.time, open=open_, high=high, low=low, close=close, volume=Decimal(self.volume)
        )

    @classmethod
    def read(cls, bar: ChartBar, digits: int) -> Bar:
        """A bar that came over the wire, rounded to the symbol's digits."""
        open_, high, low, close = (
            int(round(price, digits).scaleb(digits))
            for price in (bar.open, bar.high, bar.low, bar.close)
        )
        return cls(bar.time, open_, high, low, close, int(bar.volume))


def start_of(time: datetime, period: ChartPeriod) -> datetime:
    """When the bar of this moment begins: weeks on Sunday, months on the first."""
    day = time.replace(hour=0, minute=0, second=0, microsecond=0)
    if period is ChartPeriod.Mn1:
        return day.replace(day=1)
    if period is ChartPeriod.W1:
        return day - DAY * ((day.weekday() + 1) % 7)
    if period is ChartPeriod.D1:
        return day
    minutes = time.hour * 60 + time.minute
    return day + MINUTE * (minutes - minutes % period)


def end_of(start: datetime, period: ChartPeriod) -> datetime:
    """When the bar that begins then is over."""
    if period is ChartPeriod.Mn1:
        return (start + 31 * DAY).replace(day=1)
    return start + MINUTE * int(period)


def merge(time: datetime, bars: Iterable[Bar]) -> Bar:
    """One bar of several in a row, at least one."""
    first, *rest = bars
    return Bar(
        time,
        first.open,
        max(first.high, *(bar.high for bar in rest)) if rest else first.high,
        min(first.low, *(bar.low for bar in rest)) if rest else first.low,
        rest[-1].close if rest else first.close,
        first.volume + sum(bar.volume for bar in rest),
    )


def grouped(bars: Iterable[Bar], period: ChartPeriod) -> Iterator[Bar]:
    """Ascending bars of a shorter period as bars of this one."""
    start, held = None, list[Bar]()
    for bar in bars:
        begin = start_of(bar.time, period)
        if begin != start:
            if held and start is not None:
                yield merge(start, held)
            start, held = begin, []
        held.append(bar)
    if held and start is not None:
        yield merge(start, held)
