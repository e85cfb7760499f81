"""Changing symbols: settings, order, the active set, and prices by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation

from panel.mt4.protocol.records import (
    SymbolChangeRequest,
    SymbolConfig,
    SymbolConfigUpdate,
    SymbolDaySessions,
    SymbolGroup,
)
from panel.mt4.sandbox import market, settings
from panel.mt4.sandbox.answers import invalid, invalid_data, not_found
from panel.mt4.sandbox.boot import save_quotes
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.operations.config_lists import at, shifted, without
from panel.mt4.sandbox.operations.fields import checked, patched, same_named
from panel.mt4.sandbox.operations.symbols import config_of

MOST_DIGITS = 8
SLOTS = 32
"""Groups of symbols that MT4 has room for."""


def _put(call: Call, config: SymbolConfig) -> None:
    symbols = call.state.symbols | {config.symbol: config}
    settings.put_symbols(call.unit, list(symbols.values()))


def _write(call: Call, before: SymbolConfig, update: SymbolConfigUpdate) -> SymbolConfig:
    checked(update)
    if not 0 <= update.digits <= MOST_DIGITS:
        raise invalid_data(f"digits: from 0 to {MOST_DIGITS}.")
    if not 0 <= update.type < len(call.state.symbol_groups):
        raise invalid_data("type: there is no such group of symbols.")
    if update.contract_size <= 0:
        raise invalid_data("contractSize: it must be more than 0.")
    for name in ("stops_level", "freeze_level", "spread", "percentage", "margin_hedged"):
        if getattr(update, name) < 0:
            raise invalid_data(f"{name}: it must not be negative.")
    point = Decimal(1).scaleb(-update.digits)
    config = replace(before, point=point, **same_named(update, SymbolConfigUpdate))
    _put(call, config)
    return config


def update(call: Call) -> SymbolConfig:
    before = config_of(call, call.params["symbol"])
    return _write(call, before, call.record(SymbolConfigUpdate))


def patch(call: Call) -> SymbolConfig:
    before = config_of(call, call.params["symbol"])
    now = SymbolConfigUpdate(**same_named(before, SymbolConfigUpdate))
    return _write(call, before, patched(call, now))


def change(call: Call) -> bool:
    """What dealers adjust while the market runs, without touching the contract."""
    wanted = checked(call.record(SymbolChangeRequest))
    if min(wanted.spread, wanted.stops_level, wanted.smoothing) < 0:
        raise invalid_data("spread, stopsLevel and smoothing must not be negative.")
    _put(
        call,
        replace(
            config_of(call, wanted.symbol),
            background_color=wanted.color,
            spread=wanted.spread,
            spread_balance=wanted.spread_balance,
            stops_level=wanted.stops_level,
            filter_smoothing=wanted.smoothing,
            symbol_exec_mode=wanted.exe_mode,
        ),
    )
    return True


def delete(call: Call) -> bool:
    """A symbol that has open orders stays: nobody could value them."""
    symbols = list(call.state.symbols.values())
    gone = symbols[at(call, symbols)].symbol
    state = call.unit.state
    if any(state.trades[ticket].symbol == gone for ticket in state.open_tickets):
        raise invalid_data(f"{gone} has open orders.")
    settings.put_symbols(call.unit, without(call, symbols))
    return True


def shift(call: Call) -> bool:
    settings.put_symbols(call.unit, shifted(call, list(call.state.symbols.values())))
    return True


def show(call: Call) -> bool:
    """Into the active set: ticks flow and orders are taken."""
    name = config_of(call, call.params["symbol"]).symbol
    settings.put_hidden(call.unit, call.state.config.hidden - {name})
    return True


def hide(call: Call) -> bool:
    name = config_of(call, call.params["symbol"]).symbol
    settings.put_hidden(call.unit, call.state.config.hidden | {name})
    return True


def refresh(call: Call) -> bool:
    """The bridge reads the symbols again. There is no second copy here that could be stale."""
    return True


def update_group(call: Call) -> SymbolGroup:
    groups = call.state.symbol_groups
    position = at(call, groups)
    wanted = checked(call.record(SymbolGroup))
    settings.put_symbol_groups(call.unit, [*groups[:position], wanted, *groups[position + 1 :]])
    return wanted


def sessions(call: Call) -> list[SymbolDaySessions]:
    name = config_of(call, call.params["symbol"]).symbol
    return list(call.state.config.sessions_of(name))


def _price(call: Call, name: str) -> Decimal:
    try:
        price = Decimal(call.text(name) or "")
    except InvalidOperation:
        raise invalid(f"{name} must be given, as a number.") from None
    if not price.is_finite():
        raise invalid(f"{name} must be given, as a number.")
    return price


def send_tick(call: Call) -> bool:
    """Prices by hand: the market takes them like any others."""
    bid, ask = _price(call, "bid"), _price(call, "ask")
    symbol = call.text("symbol")
    if symbol is None:
        raise invalid("symbol must be given.")
    if config_of(call, symbol).symbol in call.state.config.hidden:
        raise not_found(f"{symbol} is hidden: it gets no ticks.")
    try:
        market.move(call.unit.state, symbol, bid, ask)
    except market.BadPriceError as error:
        raise invalid_data(str(error)) from None
    call.unit.then(lambda store: save_quotes(call.unit.state, store), lambda: None)
    call.unit.join(call.unit.state.reactions.to([symbol]))
    return True


HANDLERS = {
    "CfgUpdateSymbol/{symbol}": update,
    "SymbolConfig/{symbol}": patch,
    "SymbolChange": change,
    "CfgDeleteSymbol/{pos}": delete,
    "CfgShiftSymbol/{pos}": shift,
    "SymbolAdd/{symbol}": show,
    "SymbolHide/{symbol}": hide,
    "SymbolsRefresh": refresh,
    "CfgUpdateSymbolGroup/{pos}": update_group,
    "SymbolSessionsGet/{symbol}": sessions,
    "SymbolSendTick": send_tick,
}
