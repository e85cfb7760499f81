"""A past that never was, the same at every ask.

Days are a random walk that ends at the price of the first start. A day is split into bars of four
hours, those into hours, and so on down to minutes, each split deciding by chance which child has
the high and which the low: so all periods agree without any of them being kept.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise, takewhile

from panel.mt4.protocol.enums import ChartPeriod
from panel.mt4.sandbox.charts.bars import DAY, MINUTE, MINUTES_A_DAY, Bar, grouped

DAYS = 1100
DAILY_MOVE = 0.006
TICKS_A_DAY = 30_000

_LEVELS = (MINUTES_A_DAY, 240, 60, 30, 15, 5, 1)


class Past:
    """One symbol before `origin`, the moment from which real ticks count."""

    def __init__(self, symbol: str, anchor: int, origin: datetime) -> None:
        self._symbol = symbol
        self.origin = origin
        self._days = self._walk(anchor)
        last = self._last_minute()
        if last is not None and last != anchor:
            # The day of the origin was cut short: move all of it, so that no gap is left.
            self._days = self._walk(round(anchor * anchor / last))

    def _chance(self, *what: object) -> random.Random:
        return random.Random(f"{self._symbol} {what}")

    def _walk(self, close: int) -> dict[datetime, Bar]:
        """The days by their beginning, without weekends, from the origin's back."""
        day = self.origin.replace(hour=0, minute=0, second=0, microsecond=0)
        days = {}
        for _ in range(DAYS):
            if day.weekday() < 5:
                chance = self._chance(day.toordinal())
                open_ = max(1, round(close / (1 + chance.gauss(0, DAILY_MOVE))))
                reach = close * DAILY_MOVE / 2
                high = max(open_, close) + round(abs(chance.gauss(0, 1)) * reach)
                low = max(1, min(open_, close) - round(abs(chance.gauss(0, 1)) * reach))
                volume = round(TICKS_A_DAY * chance.uniform(0.6, 1.4))
                days[day] = Bar(day, open_, high, low, close, volume)
                close = open_
            day -= DAY
        return dict(reversed(days.items()))

    def _last_minute(self) -> int | None:
        day = self.origin.replace(hour=0, minute=0, second=0, microsecond=0)
        minutes = list(self.bars(ChartPeriod.M1, day, self.origin))
        return minutes[-1].close if minutes else None

    def bars(self, period: ChartPeriod, since: datetime, until: datetime) -> Iterator[Bar]:
        """Bars that begin from `since` up to before `until`, and are over before the origin's day,
        or are minutes before the origin."""
        until = min(until, self.origin)
        if period in (ChartPeriod.W1, ChartPeriod.Mn1):
            yield from grouped(self.bars(ChartPeriod.D1, since, until), period)
            return
        begin = since.replace(hour=0, minute=0, second=0, microsecond=0)
        for day, bar in self._days.items():
            if day < begin or day >= until:
                continue
            found = self._split(bar, 0, int(period), since, until)
            yield from takewhile(lambda each: each.time < until, found)

    def _split(
        self, bar: Bar, level: int, minutes: int, since: datetime, until: datetime
    ) -> Iterator[Bar]:
        """The bars of `minutes` inside of a bar of this level, those of the window alone."""
        length = _LEVELS[level]
        if bar.time >= until or bar.time + MINUTE * length <= since:
            return
        if length == minutes:
            if bar.time >= since:
                yield bar
            return
        for child in self._children(bar, length, _LEVELS[level + 1]):
            yield from self._split(child, level + 1, minutes, since, until)

    def _children(self, bar: Bar, length: int, shorter: int) -> Iterator[Bar]:
        count = length // shorter
        chance = self._chance(shorter, bar.time.isoformat())
        reach = bar.high - bar.low
        top, bottom = chance.randrange(count), chance.randrange(count)
        edges = self._edges(bar, count, chance)
        volumes = _shares(bar.volume, count, chance)
        for index, (open_, close) in enumerate(pairwise(edges)):
            spare = reach / count
            high = min(bar.high, max(open_, close) + int(chance.random() * spare))
            low = max(bar.low, min(open_, close) - int(chance.random() * spare))
            yield Bar(
                bar.time + MINUTE * shorter * index,
                open_,
                bar.high if index == top else high,
                bar.low if index == bottom else low,
                close,
                volumes[index],
            )

    def _edges(self, bar: Bar, count: int, chance: random.Random) -> list[int]:
        """Where the children begin and end: a straight line from open to close, shaken."""
        shake = (bar.high - bar.low) / 4
        between = (
            round(bar.open + (bar.close - bar.open) * step / count + chance.gauss(0, shake))
            for step in range(1, count)
        )
        return [bar.open, *(max(bar.low, min(bar.high, edge)) for edge in between), bar.close]


def _shares(total: int, count: int, chance: random.Random) -> Sequence[int]:
    """A whole number in parts that add up to it."""
    weights = [chance.uniform(0.5, 1.5) for _ in range(count)]
    parts = [int(total * weight / sum(weights)) for weight in weights]
    parts[-1] += total - sum(parts)
    return parts
