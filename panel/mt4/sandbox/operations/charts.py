"""Bars of charts, corrections of them, and ticks."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from panel.mt4.protocol.enums import ChartPeriod, RequestMode
from panel.mt4.protocol.flags import TickRequestFlags
from panel.mt4.protocol.records import ChartBar, ChartWriteRequest, TickRecord
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.sandbox.answers import invalid, invalid_data
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.charts.bars import MINUTE, Bar, start_of
from panel.mt4.sandbox.charts.book import Changes
from panel.mt4.sandbox.operations.symbols import config_of

MOST_BARS = 50_000
"""The newest of a window, as MT4 keeps and sends no endless history."""
BARS_AT_ONCE = 500
"""How many bars are made before other callers get their turn: some milliseconds."""
_WITH_WEEKENDS = 1.5
"""Times as long as its bars last is the time in which a symbol has that many of them."""

_MOMENT = timedelta(seconds=1)
_ALL_TICKS = TickRequestFlags.Raw | TickRequestFlags.Normal


def _symbol(call: Call) -> str:
    return config_of(call, call.params["symbol"]).symbol


def _period(call: Call) -> ChartPeriod:
    period = call.named("period", ChartPeriod)
    if period is None:
        raise invalid("period must be given.")
    return period


def _window(call: Call) -> tuple[datetime, datetime]:
    since, until = call.time("start") or NO_TIME, call.time("end") or call.now()
    if until < since:
        raise invalid("end must not be before start.")
    return since, until


def _latest(since: datetime, until: datetime, period: ChartPeriod) -> datetime:
    """The beginning of a window, later where more bars than are sent would fit into it."""
    length = MINUTE * int(period * MOST_BARS * _WITH_WEEKENDS)
    return since if until - since < length else until - length


async def _shown(
    call: Call, symbol: str, period: ChartPeriod, since: datetime, until: datetime
) -> list[ChartBar]:
    """The bars of a window, made piece by piece while others have their turns."""
    charts, found = call.state.charts, list[ChartBar]()
    digits, piece = charts.digits(symbol), MINUTE * int(period * BARS_AT_ONCE)
    while since < until:
        end = min(until, since + piece)
        found += (bar.shown(digits) for bar in charts.bars(symbol, period, since, end))
        since = end
        await asyncio.sleep(0)
    return found


async def bars(call: Call) -> list[ChartBar]:
    """RangeIn: also the bar that is under way at `start`; RangeOut: all that are not in the
    window; RangeLast: from `start` on to the newest."""
    symbol, period = _symbol(call), _period(call)
    since, until = _window(call)
    newest, mode = call.now() + _MOMENT, call.named("mode", RequestMode)
    if mode is RequestMode.RangeLast:
        found = await _shown(call, symbol, period, _latest(since, newest, period), newest)
    elif mode is RequestMode.RangeOut:
        found = await _shown(call, symbol, period, _latest(NO_TIME, newest, period), newest)
        found = [bar for bar in found if not since <= bar.time <= until]
    else:
        since = start_of(since, period) if mode is RequestMode.RangeIn else since
        end = until + _MOMENT
        found = await _shown(call, symbol, period, _latest(since, until, period), end)
    return found[-MOST_BARS:]


def _given(call: Call, symbol: str, period: ChartPeriod) -> list[Bar]:
    wanted = call.record(ChartWriteRequest)
    if not wanted.rates:
        raise invalid("rates must have at least one bar.")
    digits = call.state.charts.digits(symbol)
    found = [Bar.read(bar, digits) for bar in wanted.rates]
    for bar in found:
        if start_of(bar.time, period) != bar.time:
            raise invalid_data(f"rates: no bar of {period.wire} begins at {bar.time}.")
    return found


def _write(call: Call, symbol: str, period: ChartPeriod, changes: Changes) -> bool:
    _put(call, symbol, period, call.state.charts.changed(symbol, period, changes))
    return True


def _put(call: Call, symbol: str, period: ChartPeriod, changes: Changes) -> None:
    """These are a chart's corrections from now on."""
    charts = call.state.charts
    call.unit.then(
        lambda store: charts.write(symbol, period, changes),
        lambda: charts.replace(symbol, period, changes),
    )


def _exists(call: Call, symbol: str, period: ChartPeriod, bar: Bar) -> bool:
    return bool(call.state.charts.bars(symbol, period, bar.time, bar.time + _MOMENT))


def add(call: Call) -> bool:
    """Bars as they come: one that is there already is written over."""
    symbol, period = _symbol(call), _period(call)
    given = _given(call, symbol, period)
    return _write(call, symbol, period, {bar.time: bar for bar in given})


def update(call: Call) -> bool:
    """Bars that are there; others are passed over, as MT4 does it."""
    symbol, period = _symbol(call), _period(call)
    given = _given(call, symbol, period)
    known: Changes = {bar.time: bar for bar in given if _exists(call, symbol, period, bar)}
    return _write(call, symbol, period, known)


def delete(call: Call) -> bool:
    symbol, period = _symbol(call), _period(call)
    given = _given(call, symbol, period)
    known: Changes = {bar.time: None for bar in given if _exists(call, symbol, period, bar)}
    return _write(call, symbol, period, known)


def correct(call: Call) -> int:
    """Make the symbol's charts sound and agree again; how many bars that changed."""
    symbol, charts = _symbol(call), call.state.charts
    count, result = charts.corrections(symbol)
    for period, changes in result.items():
        _put(call, symbol, period, changes)
    return count


def ticks(call: Call) -> list[TickRecord]:
    """Ticks of this process; every one is raw and normal at once, as nothing filters them."""
    symbol = _symbol(call)
    since, until = _window(call)
    wanted = call.text("flags")
    flags = _ALL_TICKS
    if wanted is not None and wanted.lower() != "all":
        flags = call.named("flags", TickRequestFlags) or _ALL_TICKS
    return [
        TickRecord(time=tick.time, bid=tick.bid, ask=tick.ask, flags=(flags & _ALL_TICKS).wire)
        for tick in call.state.ticks.between(symbol, since, until)
    ]


HANDLERS = {
    "ChartRequest/{symbol}": bars,
    "ChartAdd/{symbol}": add,
    "ChartUpdate/{symbol}": update,
    "ChartDelete/{symbol}": delete,
    "HistoryCorrect/{symbol}": correct,
    "TicksRequest/{symbol}": ticks,
}
