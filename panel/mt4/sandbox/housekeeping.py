"""What a server does beside its work, every few seconds: writing its journal and charts to disk,
measuring itself, making backups."""

from __future__ import annotations

import logging
import sqlite3

from panel.mt4.protocol.enums import LogType
from panel.mt4.sandbox import feeders, journal
from panel.mt4.sandbox.backups import Backups
from panel.mt4.sandbox.charts.book import Book
from panel.mt4.sandbox.online import online
from panel.mt4.sandbox.seed.configuration import SAMPLER, SAMPLER_INTERVAL
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import Store

log = logging.getLogger("sandbox")

USUAL_INTERVAL = 60
SHORTEST_INTERVAL = 5


def sampling_interval(state: State) -> int | None:
    """Seconds between samples by the plug-in that takes them; None while it is switched off."""
    for entry in state.config.plugins:
        if entry.plugin.name == SAMPLER and entry.plugin.enabled:
            for param in entry.params:
                if param.name == SAMPLER_INTERVAL and param.value.isdecimal():
                    return max(SHORTEST_INTERVAL, int(param.value))
            return USUAL_INTERVAL
    return None


def begin(state: State, store: Store) -> None:
    """Take up what the last process left, and watch the prices from here on."""
    state.journal.load(store)
    state.performance.load(store)
    state.post.load(store)
    state.hooks.load(store)
    state.backups = Backups(store)
    state.charts = Book(store)
    digits = {name: symbol.digits for name, symbol in state.symbols.items()}
    quoted = [(name, digits[name], quote) for name, quote in state.quotes.items()]
    state.charts.begin(quoted, state.clock.now())
    state.quotes.watchers += (state.charts.tick, state.ticks.add)
    feeders.begin(state)
    state.journal.add("Server: started", kind=LogType.Standard)


async def keep_house(state: State, store: Store) -> None:
    """Everything that is due."""
    await _back_up(state)
    interval = sampling_interval(state)
    if interval is not None and state.performance.is_due(interval):
        with store.transaction():
            state.performance.sample(store, len(online(state)))
    write_down(state, store)


def write_down(state: State, store: Store) -> None:
    """Put on disk what is only in memory."""
    with store.transaction():
        state.charts.flush()
        state.journal.flush(store)


async def _back_up(state: State) -> None:
    try:
        if await state.backups.make_if_due(state):
            state.journal.add("Backup: accounts and orders are written", kind=LogType.Standard)
    except (OSError, sqlite3.Error) as error:
        log.warning("The backup failed: %s", error)
        message = f"Backup: failed, {error}"
        state.journal.add(message, kind=LogType.Errors, code=journal.ERROR)
