"""The first start makes the demo data, every later one reads what the last left behind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from panel.mt4.protocol.enums import SymbolPriceDirection
from panel.mt4.protocol.records import (
    Group,
    GroupMargin,
    GroupSec,
    ManagerRights,
    SymbolConfig,
    SymbolGroup,
)
from panel.mt4.protocol.wire import from_wire, to_wire
from panel.mt4.sandbox import seed
from panel.mt4.sandbox.clock import server_time
from panel.mt4.sandbox.options import Options
from panel.mt4.sandbox.records import GroupEntry, Quote
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import Store


def load(options: Options, store: Store) -> State:
    """The state in the store; an empty store is filled with demo data first, in one transaction."""
    state = State()
    if not any(store.settings("groups")):
        seed.fill(state, accounts=options.accounts, seed=options.seed, now=server_time())
        _save(state, store)
        return state
    _load_settings(state, store)
    for account in store.accounts():
        state.put_account(account)
    for trade in store.trades():
        state.put_trade(trade)
    return state


def save_quotes(state: State, store: Store) -> None:
    """Prices outlive a restart, so that nobody's margin level jumps by it."""
    store.put_settings("quotes", (_quote(name, quote) for name, quote in state.quotes.items()))


def _save(state: State, store: Store) -> None:
    with store.transaction():
        store.put_settings("groups", map(_group, state.groups.values()))
        store.put_settings("symbols", _wires(state.symbols.values()))
        store.put_settings("symbol groups", _wires(state.symbol_groups))
        store.put_settings("managers", _wires(state.managers.values()))
        save_quotes(state, store)
        store.put_accounts(state.accounts.values())
        store.put_trades(state.trades.values())


def _load_settings(state: State, store: Store) -> None:
    for body in store.settings("groups"):
        entry = GroupEntry(
            from_wire(Group, body["group"]),
            tuple(from_wire(GroupSec, each) for each in body["securities"]),
            tuple(from_wire(GroupMargin, each) for each in body["margins"]),
        )
        state.groups[entry.group.group] = entry
    for body in store.settings("symbols"):
        config = from_wire(SymbolConfig, body)
        state.symbols[config.symbol] = config
    state.symbol_groups = [from_wire(SymbolGroup, body) for body in store.settings("symbol groups")]
    for body in store.settings("managers"):
        manager = from_wire(ManagerRights, body)
        state.managers[manager.login] = manager
    for name, *prices, time, direction in store.settings("quotes"):
        bid, ask, high, low = map(Decimal, prices)
        state.quotes[name] = Quote(
            bid, ask, high, low, datetime.fromisoformat(time), SymbolPriceDirection(direction)
        )


def _wires(records: Iterable[Any]) -> Iterable[dict[str, Any]]:
    return map(to_wire, records)


def _group(entry: GroupEntry) -> dict[str, Any]:
    return {
        "group": to_wire(entry.group),
        "securities": list(_wires(entry.securities)),
        "margins": list(_wires(entry.margins)),
    }


def _quote(name: str, quote: Quote) -> list[Any]:
    prices = (quote.bid, quote.ask, quote.high, quote.low)
    return [name, *map(str, prices), quote.time.isoformat(), int(quote.direction)]
