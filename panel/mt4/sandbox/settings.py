"""How settings lie in the store, and how an operation changes them through its unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from panel.mt4.protocol.records import (
    Group,
    GroupMargin,
    GroupSec,
    ManagerRights,
    SymbolConfig,
    SymbolDaySessions,
    SymbolGroup,
)
from panel.mt4.protocol.wire import from_wire, to_wire
from panel.mt4.sandbox.configuration import LISTS, SINGLES
from panel.mt4.sandbox.records import GroupEntry
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import Store
from panel.mt4.sandbox.unit import Unit


def _wires(records: Iterable[Any]) -> list[dict[str, Any]]:
    return [to_wire(record) for record in records]


def _group(entry: GroupEntry) -> dict[str, Any]:
    return {
        "group": to_wire(entry.group),
        "securities": _wires(entry.securities),
        "margins": _wires(entry.margins),
    }


def save(state: State, store: Store) -> None:
    """Write all settings; inside a transaction of the caller's."""
    store.put_settings("groups", map(_group, state.groups.values()))
    store.put_settings("symbols", _wires(state.symbols.values()))
    store.put_settings("symbol groups", _wires(state.symbol_groups))
    store.put_settings("managers", _wires(state.managers.values()))
    save_configuration(state, store)


def save_configuration(state: State, store: Store) -> None:
    """Write what `Configuration` holds; inside a transaction of the caller's."""
    config = state.config
    for name in LISTS:
        store.put_settings(name, _wires(getattr(config, name)))
    for name in SINGLES:
        store.put_settings(name, _wires([getattr(config, name)]))
    store.put_settings("hidden", sorted(config.hidden))
    store.put_settings("sessions", map(list, _session_rows(state)))


def _session_rows(state: State) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    return ((name, _wires(days)) for name, days in state.config.sessions.items())


def load(state: State, store: Store) -> None:
    """Read all settings into an empty state."""
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


def load_configuration(state: State, store: Store) -> bool:
    """Read what `Configuration` holds; false when this store has none yet."""
    config = state.config
    for name, kind in LISTS.items():
        setattr(config, name, [from_wire(kind, body) for body in store.settings(name)])
    found = False
    for name, kind in SINGLES.items():
        for body in store.settings(name):
            setattr(config, name, from_wire(kind, body))
            found = True
    config.hidden = set(store.settings("hidden"))
    for symbol, days in store.settings("sessions"):
        config.sessions[symbol] = tuple(from_wire(SymbolDaySessions, day) for day in days)
    return found


def put_list(unit: Unit, name: str, records: Sequence[Any]) -> None:
    """A list of `LISTS`, whole, in its new order."""
    unit.then(
        lambda store: store.put_settings(name, _wires(records)),
        lambda: setattr(unit.state.config, name, list(records)),
    )


def put_single(unit: Unit, name: str, record: Any) -> None:
    """One of `SINGLES`."""
    unit.then(
        lambda store: store.put_settings(name, _wires([record])),
        lambda: setattr(unit.state.config, name, record),
    )


def put_groups(unit: Unit, entries: Sequence[GroupEntry]) -> None:
    """All groups, in their new order."""
    unit.then(
        lambda store: store.put_settings("groups", map(_group, entries)),
        lambda: _refill(unit.state.groups, {entry.group.group: entry for entry in entries}),
    )


def put_symbols(unit: Unit, symbols: Sequence[SymbolConfig]) -> None:
    """All symbols, in their new order; the prices of one that is gone go with it."""
    kept = {config.symbol: config for config in symbols}

    def show() -> None:
        _refill(unit.state.symbols, kept)
        for name in unit.state.quotes.keys() - kept.keys():
            del unit.state.quotes[name]

    unit.then(lambda store: store.put_settings("symbols", _wires(symbols)), show)


def put_symbol_groups(unit: Unit, groups: Sequence[SymbolGroup]) -> None:
    """All groups of symbols, in their order."""
    unit.then(
        lambda store: store.put_settings("symbol groups", _wires(groups)),
        lambda: setattr(unit.state, "symbol_groups", list(groups)),
    )


def put_managers(unit: Unit, managers: Sequence[ManagerRights]) -> None:
    """All managers, in their new order."""
    unit.then(
        lambda store: store.put_settings("managers", _wires(managers)),
        lambda: _refill(unit.state.managers, {each.login: each for each in managers}),
    )


def put_hidden(unit: Unit, hidden: set[str]) -> None:
    """The symbols outside of the active set."""
    unit.then(
        lambda store: store.put_settings("hidden", sorted(hidden)),
        lambda: setattr(unit.state.config, "hidden", hidden),
    )


def _refill(mapping: dict[Any, Any], new: dict[Any, Any]) -> None:
    """Change a mapping in place, as others hold on to it."""
    mapping.clear()
    mapping.update(new)
