"""Symbols, their groups, and their prices."""

from __future__ import annotations

from panel.mt4.protocol.records import SymbolConfig, SymbolGroup, SymbolInfo, TickInfo
from panel.mt4.sandbox.answers import invalid, not_found
from panel.mt4.sandbox.call import Call


def _config(call: Call, name: str) -> SymbolConfig:
    config = call.state.symbols.get(name)
    if config is None:
        raise not_found(f"There is no symbol {name}.")
    return config


def configs(call: Call) -> list[SymbolConfig]:
    return list(call.state.symbols.values())


def config(call: Call) -> SymbolConfig:
    return _config(call, call.params["symbol"])


def groups(call: Call) -> list[SymbolGroup]:
    return list(call.state.symbol_groups)


def _tick(call: Call, name: str) -> TickInfo:
    quote = call.state.quotes[name]
    return TickInfo(symbol=name, time=quote.time, bid=quote.bid, ask=quote.ask)


def ticks(call: Call) -> list[TickInfo]:
    return [_tick(call, name) for name in call.state.quotes]


def tick(call: Call) -> TickInfo:
    return _tick(call, _config(call, call.params["symbol"]).symbol)


def info(call: Call) -> SymbolInfo:
    name = call.text("symbol")
    if name is None:
        raise invalid("symbol must be given.")
    config = _config(call, name)
    quote = call.state.quotes[name]
    return SymbolInfo(
        symbol=name,
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


HANDLERS = {
    "CfgRequestSymbol": configs,
    "CfgRequestSymbol/{symbol}": config,
    "SymbolsGroupsGet": groups,
    "TickInfoLast": ticks,
    "TickInfoLast/{symbol}": tick,
    "SymbolInfoGet": info,
}
