"""The first start makes the demo data, every later one reads what the last left behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from panel.mt4.protocol.enums import SymbolPriceDirection
from panel.mt4.sandbox import housekeeping, seed, settings, switches
from panel.mt4.sandbox.backups import restore_if_asked
from panel.mt4.sandbox.clock import Clock
from panel.mt4.sandbox.dailies import Dailies
from panel.mt4.sandbox.exchange.reactions import Reactions
from panel.mt4.sandbox.options import USUAL_SEED, Options
from panel.mt4.sandbox.records import Quote
from panel.mt4.sandbox.seed import configuration
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import Store

USUAL_NAME = "Sandbox-Demo"


def load(options: Options, store: Store) -> State:
    """The state in the store; an empty store is filled with demo data first, in one transaction.

    Raises ValueError for a switch of a group that there is not.
    """
    state = State()
    state.live = options.live
    state.clock = Clock(_standing(options, store))
    state.clock.shift = timedelta(seconds=sum(store.settings("clock shift")))
    if not any(store.settings("groups")):
        seed.fill(state, accounts=options.accounts, seed=options.seed, now=state.clock.now())
        state.config.common = replace(state.config.common, name=_name(options))
        _save(state, store)
    else:
        restore_if_asked(store)
        _load_settings(state, store)
        for account in store.accounts():
            state.put_account(account)
        for trade in store.trades():
            state.put_trade(trade)
    switches.load(state, store)
    for given in options.switches:
        switches.put(state, store, given)
    state.texts.prepare(map(state.trades.__getitem__, state.open_tickets))
    state.dailies = Dailies(store)
    state.reactions = Reactions(state)
    housekeeping.begin(state, store)
    return state


def _name(options: Options) -> str:
    """What a server made now calls itself; another one where its records are made differently."""
    usual = USUAL_NAME if options.seed == USUAL_SEED else f"{USUAL_NAME}-{options.seed}"
    return options.server_name or usual


def _standing(options: Options, store: Store) -> datetime | None:
    """Where a standing clock begins: as it was told, or where it was left, if that is later."""
    if options.clock is None:
        return None
    return max([options.clock, *map(datetime.fromisoformat, store.settings("clock"))])


def save_quotes(state: State, store: Store) -> None:
    """Prices outlive a restart, so that nobody's margin level jumps by it."""
    store.put_settings("quotes", (_quote(name, quote) for name, quote in state.quotes.items()))


def _save(state: State, store: Store) -> None:
    with store.transaction():
        settings.save(state, store)
        save_quotes(state, store)
        store.put_accounts(state.accounts.values())
        store.put_trades(state.trades.values())


def _load_settings(state: State, store: Store) -> None:
    settings.load(state, store)
    if not settings.load_configuration(state, store):
        configuration.add_to(state, state.clock.now())
        with store.transaction():
            settings.save_configuration(state, store)
    for name, *prices, time, direction in store.settings("quotes"):
        bid, ask, high, low = map(Decimal, prices)
        state.quotes[name] = Quote(
            bid, ask, high, low, datetime.fromisoformat(time), SymbolPriceDirection(direction)
        )


def _quote(name: str, quote: Quote) -> list[Any]:
    prices = (quote.bid, quote.ask, quote.high, quote.low)
    return [name, *map(str, prices), quote.time.isoformat(), int(quote.direction)]
