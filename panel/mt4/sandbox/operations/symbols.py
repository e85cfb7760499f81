"""Symbols, their groups, and their prices."""

from __future__ import annotations

from datetime import timedelta

from panel.mt4.protocol.records import SymbolConfig, SymbolGroup, SymbolInfo, TickInfo
from panel.mt4.sandbox.answers import Page, invalid, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.paging import page_by_name

PUMP_CYCLE = timedelta(seconds=60)
"""How far back a symbol counts as updated."""


def config_of(call: Call, name: str) -> SymbolConfig:
    """The settings of a symbol; raises NotFound."""
    config = call.state.symbols.get(name)
    if config is None:
        raise not_found(f"There is no symbol {name}.")
    return config


def _active(call: Call, name: str) -> SymbolConfig:
    """As `config_of`, for what only symbols of the active set have."""
    config = config_of(call, name)
    if name in call.state.config.hidden:
        raise not_found(f"{name} is hidden: it gets no ticks.")
    return config


def configs(call: Call) -> list[SymbolConfig]:
    return list(call.state.symbols.values())


def config(call: Call) -> SymbolConfig:
    return config_of(call, call.params["symbol"])


def groups(call: Call) -> list[SymbolGroup]:
    return list(call.state.symbol_groups)


def _tick(call: Call, name: str) -> TickInfo:
    quote = call.state.quotes[name]
    return TickInfo(symbol=name, time=quote.time, bid=quote.bid, ask=quote.ask)


def ticks(call: Call) -> list[TickInfo]:
    hidden = call.state.config.hidden
    return [_tick(call, name) for name in call.state.quotes if name not in hidden]


def tick(call: Call) -> TickInfo:
    return _tick(call, _active(call, call.params["symbol"]).symbol)


def _info(call: Call, config: SymbolConfig) -> SymbolInfo:
    quote = call.state.quotes[config.symbol]
    return SymbolInfo(
        symbol=config.symbol,
        digits=config.digits,
        type=config.type,
        point=config.point,
        spread=int((quote.ask - quote.bid) / config.point),
        direction=quote.direction,
        bid=quote.bid,
        ask=quote.ask,
        high=quote.high,
        low=quote.low,
        last_time=quote.time,
    )


def info(call: Call) -> SymbolInfo:
    name = call.text("symbol")
    if name is None:
        raise invalid("symbol must be given.")
    return _info(call, _active(call, name))


def updated(call: Call) -> Page:
    """Symbols whose prices changed in the last pump cycle, by name."""
    since = call.now() - PUMP_CYCLE
    hidden, quotes = call.state.config.hidden, call.state.quotes
    names = sorted(name for name in quotes if name not in hidden and quotes[name].time >= since)
    # Pages go on after a name, as prices change while somebody turns them.
    return page_by_name(call, names, lambda name: _info(call, call.state.symbols[name]))


HANDLERS = {
    "CfgRequestSymbol": configs,
    "CfgRequestSymbol/{symbol}": config,
    "SymbolsGroupsGet": groups,
    "TickInfoLast": ticks,
    "TickInfoLast/{symbol}": tick,
    "SymbolInfoGet": info,
    "SymbolInfoUpdated": updated,
}
