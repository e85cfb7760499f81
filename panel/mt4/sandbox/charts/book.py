"""All charts of a server: the past of each symbol, the minutes its ticks made, and corrections.

Each period has corrections of its own, as each is a file of its own in MT4: a minute that is
corrected does not change its hour until `correct` is asked to make them agree again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from panel.mt4.protocol.enums import ChartPeriod
from panel.mt4.sandbox.charts.bars import Bar, end_of, grouped, merge, start_of
from panel.mt4.sandbox.charts.past import Past
from panel.mt4.sandbox.clock import from_unix, unix_seconds
from panel.mt4.sandbox.records import Quote
from panel.mt4.sandbox.store import Store

ORIGINS = "chart origins"
TICKS = 0
"""Instead of a period: minutes that ticks made, where corrections have their period's number."""

_SCHEMA = """CREATE TABLE IF NOT EXISTS bars (
    symbol TEXT, period INTEGER, time INTEGER,
    open INTEGER, high INTEGER, low INTEGER, close INTEGER, volume INTEGER,
    PRIMARY KEY (symbol, period, time)) WITHOUT ROWID"""
_PUT = "INSERT OR REPLACE INTO bars VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM bars WHERE symbol = ? AND period = ? AND time = ?"
_MINUTES = """SELECT time, open, high, low, close, volume FROM bars
    WHERE symbol = ? AND period = 0 AND time >= ? AND time < ? ORDER BY time"""
_CORRECTIONS = """SELECT symbol, period, time, open, high, low, close, volume FROM bars
    WHERE period > 0"""

Changes = dict[datetime, Bar | None]
"""Corrections by the bar's beginning; None where a bar was deleted."""


class Book:
    """The charts. A symbol's digits are those of its first day; later ones only scale."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.define(_SCHEMA)
        self._origins: dict[str, tuple[int, int, datetime]] = {}
        self._pasts: dict[str, Past] = {}
        self._forming: dict[str, Bar] = {}
        self._closed: dict[str, list[Bar]] = {}
        self._fresh: set[str] = set()
        self._changes: dict[tuple[str, ChartPeriod], Changes] = {}
        for symbol, digits, anchor, origin in store.settings(ORIGINS):
            self._origins[symbol] = digits, anchor, datetime.fromisoformat(origin)
        for symbol, period, time, *values in store.query(_CORRECTIONS):
            start = from_unix(time)
            bar = None if values[0] is None else Bar(start, *values)
            self._changes.setdefault((symbol, ChartPeriod(period)), {})[start] = bar

    def begin(self, symbols: Iterable[tuple[str, int, Quote]], now: datetime) -> None:
        """Give symbols that have none a past that ends at their prices of now."""
        origin = now.replace(second=0, microsecond=0)
        for symbol, digits, quote in symbols:
            if symbol not in self._origins:
                self._origins[symbol] = digits, _points(quote.bid, digits), origin
        rows = ((name, *rest, at.isoformat()) for name, (*rest, at) in self._origins.items())
        with self._store.transaction():
            self._store.put_settings(ORIGINS, rows)

    def tick(self, symbol: str, quote: Quote) -> None:
        """A new price: part of the minute of its time."""
        if symbol not in self._origins:
            return
        price = _points(quote.bid, self.digits(symbol))
        minute = quote.time.replace(second=0)
        before = self._forming.get(symbol) or self._on_disk(symbol, minute)
        self._fresh.add(symbol)
        if before is not None and before.time == minute:
            _, open_, high, low, _, volume = before
            self._forming[symbol] = Bar(
                minute, open_, max(high, price), min(low, price), price, volume + 1
            )
            return
        if before is not None:
            self._closed.setdefault(symbol, []).append(before)
        self._forming[symbol] = Bar(minute, price, price, price, price, 1)

    def flush(self) -> None:
        """Write the minutes that ticks made, inside a transaction of the caller's."""
        if not self._fresh:
            return
        bars = [(name, bar) for name, closed in self._closed.items() for bar in closed]
        bars += ((name, self._forming[name]) for name in self._fresh)
        self._store.write_many(_PUT, (_row(name, TICKS, bar) for name, bar in bars))
        self._closed.clear()
        self._fresh.clear()

    def _on_disk(self, symbol: str, minute: datetime) -> Bar | None:
        """The bar of a minute in which this process was started again."""
        start = unix_seconds(minute)
        rows = self._store.query(_MINUTES, (symbol, start, start + 1))
        return next((Bar(minute, *values) for _, *values in rows), None)

    def digits(self, symbol: str) -> int:
        """How many decimals a point of this symbol's charts has."""
        return self._origins[symbol][0]

    def _past(self, symbol: str) -> Past:
        if symbol not in self._pasts:
            _, anchor, origin = self._origins[symbol]
            self._pasts[symbol] = Past(symbol, anchor, origin)
        return self._pasts[symbol]

    def _minutes(self, symbol: str, since: datetime, until: datetime) -> Iterator[Bar]:
        """Minutes that ticks made."""
        if self._fresh:
            with self._store.transaction():
                self.flush()
        window = unix_seconds(since), unix_seconds(until)
        for time, *values in self._store.query(_MINUTES, (symbol, *window)):
            yield Bar(from_unix(time), *values)

    def _plain(
        self, symbol: str, period: ChartPeriod, since: datetime, until: datetime
    ) -> Iterator[Bar]:
        """Bars without corrections, of whole periods."""
        past = self._past(symbol)
        # The period in which the origin lies is half past and half ticks: made of minutes.
        seam = start_of(past.origin, ChartPeriod.D1)
        if period in (ChartPeriod.W1, ChartPeriod.Mn1):
            days = self._plain(symbol, ChartPeriod.D1, since, until)
            yield from grouped(days, period)
            return
        yield from past.bars(period, since, min(until, seam))
        begin = max(since, seam)
        if begin >= until:
            return
        minutes = self._joined(symbol, past, begin, until)
        yield from minutes if period is ChartPeriod.M1 else grouped(minutes, period)

    def _joined(self, symbol: str, past: Past, since: datetime, until: datetime) -> Iterator[Bar]:
        yield from past.bars(ChartPeriod.M1, since, until)
        yield from self._minutes(symbol, max(since, past.origin), until)

    def bars(self, symbol: str, period: ChartPeriod, since: datetime, until: datetime) -> list[Bar]:
        """Bars that begin in the window, its beginning included, its end not."""
        begin, end = start_of(since, period), start_of(until, period)
        if end < until:
            end = end_of(end, period)
        found = {bar.time: bar for bar in self._plain(symbol, period, begin, end)}
        for time, bar in self._changes.get((symbol, period), {}).items():
            if bar is None:
                found.pop(time, None)
            else:
                found[time] = bar
        return [found[time] for time in sorted(found) if since <= time < until]

    def changed(self, symbol: str, period: ChartPeriod, changes: Changes) -> Changes:
        """The corrections of a chart with these on top."""
        return self._changes.get((symbol, period), {}) | changes

    def replace(self, symbol: str, period: ChartPeriod, changes: Changes) -> None:
        """These are the corrections of a chart now; they are on disk already."""
        self._changes[symbol, period] = changes

    def write(self, symbol: str, period: ChartPeriod, changes: Changes) -> None:
        """Write these corrections instead of the ones before, inside a transaction."""
        before = self._changes.get((symbol, period), {})
        gone = ((symbol, int(period), unix_seconds(time)) for time in before.keys() - changes)
        self._store.write_many(_DELETE, gone)
        self._store.write_many(
            _PUT,
            (
                (
                    symbol,
                    int(period),
                    unix_seconds(time),
                    *((None,) * 5 if bar is None else bar[1:]),
                )
                for time, bar in changes.items()
            ),
        )

    def corrections(self, symbol: str) -> tuple[int, dict[ChartPeriod, Changes]]:
        """What makes a symbol's charts sound and agree again, and how many bars that touches.

        1. Deleted minutes that had been there come back; unsound ones get the high and low that
           their prices ask for.
        2. Bars of longer periods become what their minutes make, where they have any; other
           unsound ones are mended too.
        """
        count, result = 0, dict[ChartPeriod, Changes]()
        minutes: Changes = {}
        for time, bar in self._changes.get((symbol, ChartPeriod.M1), {}).items():
            plain = self._one(symbol, ChartPeriod.M1, time)
            if bar is None and plain is not None:
                count += 1
            elif bar is not None:
                count += not bar.is_sound
                minutes[time] = _mended(bar)
        result[ChartPeriod.M1] = minutes
        for period in list(ChartPeriod)[1:]:
            changes: Changes = {}
            before = self._changes.get((symbol, period), {})
            for time in sorted({start_of(minute, period) for minute in minutes} | before.keys()):
                plain, now = self._one(symbol, period, time), before.get(time)
                shown = before.get(time, plain)
                made = self._made(symbol, period, time, minutes)
                right = made or plain or (now and _mended(now))
                count += shown != right
                if right != plain:
                    changes[time] = right
            result[period] = changes
        return count, result

    def _one(self, symbol: str, period: ChartPeriod, start: datetime) -> Bar | None:
        found = self._plain(symbol, period, start, end_of(start, period))
        return next((bar for bar in found if bar.time == start), None)

    def _made(
        self, symbol: str, period: ChartPeriod, start: datetime, minutes: Changes
    ) -> Bar | None:
        """The bar that the corrected minutes of its time make; None when none is corrected."""
        end = end_of(start, period)
        mine = {time: bar for time, bar in minutes.items() if start <= time < end and bar}
        if not mine:
            return None
        plain = {bar.time: bar for bar in self._plain(symbol, ChartPeriod.M1, start, end)}
        whole = plain | mine
        return merge(start, [whole[time] for time in sorted(whole)])


def _mended(bar: Bar) -> Bar:
    prices = bar[1:5]
    return bar._replace(high=max(prices), low=min(prices))


def _points(price: Decimal, digits: int) -> int:
    return int(round(price, digits).scaleb(digits))


def _row(symbol: str, period: int, bar: Bar) -> tuple[object, ...]:
    return symbol, period, unix_seconds(bar.time), *bar[1:]
