"""Drives the market: once a second by the real clock, or as far as a standing one is moved."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal

from panel.mt4.protocol.enums import LogType
from panel.mt4.sandbox import market
from panel.mt4.sandbox.boot import save_quotes
from panel.mt4.sandbox.exchange.rollover import Rollover
from panel.mt4.sandbox.exchange.walk import Walk
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import Store

log = logging.getLogger("sandbox")

TICK_SECONDS = 1.0
SAVE_SECONDS = 30.0
"""How often prices are saved: a crash loses no more of them than that."""
LOOKS_AT_ONCE = 50
"""How many changed accounts are looked at before callers get their turn: some milliseconds."""
LOOKS_A_TICK = 500
MOST_NIGHTS = 7
"""A server that was off for longer charges no more nights than these."""


class Timekeeper:
    """Steps through time: the ends of days, prices, and what follows from them."""

    def __init__(self, state: State, store: Store, *, seed: int) -> None:
        self._state = state
        self._store = store
        self._rollover = Rollover(state)
        self._day, self._done = _stored_day(store) or (state.clock.now().date(), 0)
        self._walk = Walk(seed + self._day.toordinal(), _anchors(state, store), state.quotes)
        self._last = state.clock.now()
        self._saved = time.monotonic()
        self._ticking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Tick by the real clock; nothing happens by itself where prices or the clock stand."""
        if self._state.live and self._state.clock.standing is None:
            self._ticking = asyncio.create_task(self._tick_for_ever())

    async def stop(self) -> None:
        """End the ticking, and save what is only in memory."""
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
        self._save()

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                for _ in self._step(self._state.clock.now(), LOOKS_AT_ONCE):
                    await asyncio.sleep(0)
            except Exception:
                # One bad tick must not end the market.
                log.exception("A tick failed")

    def advance(self, seconds: int, step: int) -> Iterator[None]:
        """Move a standing clock on, in steps of so many seconds; yields between them."""
        end = self._state.clock.now() + timedelta(seconds=seconds)
        while (now := self._state.clock.now()) < end:
            midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time())
            following = min(now + timedelta(seconds=step), end, midnight)
            self._state.clock.standing = following
            yield from self._step(following, None)
            yield
        self._save()

    def _step(self, now: datetime, most: int | None) -> Iterator[None]:
        yield from self._end_days(now.date())
        moved = self._move(now) if self._state.live else []
        self._state.reactions.to(moved, most=most).commit(self._store, None)
        for _ in range(LOOKS_AT_ONCE, LOOKS_A_TICK, LOOKS_AT_ONCE):
            if most is None or not self._state.touched:
                break
            yield
            self._state.reactions.to((), most=most).commit(self._store, None)
        self._last = now
        if time.monotonic() - self._saved > SAVE_SECONDS:
            self._save()

    def _end_days(self, today: date) -> Iterator[None]:
        if self._day < today - timedelta(days=MOST_NIGHTS):
            self._day, self._done = today - timedelta(days=MOST_NIGHTS), 0
        while self._day < today:
            for unit, login in self._rollover.end(self._day, self._done):
                self._done = login
                unit.then(self._put_day, lambda: None)
                unit.commit(self._store, None)
                yield
            message = f"Server: {self._day:%Y.%m.%d} is over, swaps and reports are written"
            self._state.journal.add(message, kind=LogType.Standard)
            self._day, self._done = self._day + timedelta(days=1), 0
            with self._store.transaction():
                self._put_day(self._store)

    def _put_day(self, store: Store) -> None:
        store.put_settings("day", [[self._day.isoformat(), self._done]])

    def _move(self, now: datetime) -> list[str]:
        """New prices for the symbols that are quoted now."""
        state = self._state
        quoted = [
            symbol
            for name, symbol in state.symbols.items()
            if name in state.quotes
            and symbol.realtime
            and name not in state.config.hidden
            and state.hours.is_quoted(symbol, now)
        ]
        if not quoted:
            return []
        seconds = (now - self._last).total_seconds()
        self._walk.step(seconds)
        moved = []
        for symbol in quoted:
            if self._walk.ticks_now(seconds):
                bid, ask = self._walk.prices(symbol, state.quotes[symbol.symbol])
                market.move(state, symbol.symbol, bid, ask)
                moved.append(symbol.symbol)
        return moved

    def _save(self) -> None:
        with self._store.transaction():
            save_quotes(self._state, self._store)
            self._put_day(self._store)
            if self._state.clock.standing is not None:
                self._store.put_settings("clock", [self._state.clock.standing.isoformat()])
        self._saved = time.monotonic()


def _stored_day(store: Store) -> tuple[date, int] | None:
    for day, login in store.settings("day"):
        return date.fromisoformat(day), login
    return None


def _anchors(state: State, store: Store) -> dict[str, Decimal]:
    """Where the prices began; written down at the first start."""
    known = {name: Decimal(price) for name, price in store.settings("anchors")}
    if not known:
        known = {name: quote.bid for name, quote in state.quotes.items()}
        with store.transaction():
            store.put_settings("anchors", [[name, str(price)] for name, price in known.items()])
    return known
