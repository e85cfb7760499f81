"""Prices of now, with what became of them lately, and a form that moves one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from panel.mt4.protocol.enums import SymbolPriceDirection
from panel.mt4.protocol.records import SymbolConfig
from panel.mt4.sandbox.pages.html import (
    Markup,
    badge,
    choice,
    columns,
    field,
    form,
    join,
    price,
    section,
    table,
)
from panel.mt4.sandbox.pages.layout import Page
from panel.mt4.sandbox.state import State

LATELY = timedelta(minutes=10)
POINTS = 60
WIDTH, HEIGHT = 120, 24

_HEADS = columns(
    "Symbol", "#Bid", "#Ask", "#Spread", "#High", "#Low", "Last ten minutes", "Time", "State",
)  # fmt: skip
_ARROWS = {SymbolPriceDirection.Up: "▲", SymbolPriceDirection.Down: "▼"}


def listed(state: State) -> Page:
    rows = (_row(state, config) for config in state.symbols.values())
    names = [(name, name) for name in state.symbols]
    still = [
        section(
            "Move a price",
            form(
                "/prices",
                "Move the price",
                choice("symbol", "Symbol", names),
                field("bid", "Bid", more='inputmode="decimal" required'),
                field("ask", "Ask", more='inputmode="decimal" required'),
            ),
        )
    ]
    if state.clock.standing is not None:
        still.append(
            section(
                "Move the clock",
                form(
                    "/clock",
                    "Move the clock on",
                    field("advance", "Minutes", kind="number", value=60, more='min="1" required'),
                ),
            )
        )
    return Page("Prices", table(_HEADS, rows, "There are no symbols."), join(still))


def _row(state: State, config: SymbolConfig) -> Sequence[Any]:
    name, digits = config.symbol, config.digits
    quote = state.quotes[name]
    arrow = _ARROWS.get(quote.direction, "")
    hidden = name in state.config.hidden
    is_open = state.hours.takes_orders(config, state.clock.now())
    word = badge("hidden", "warn") if hidden else badge(*_OPEN[is_open])
    return (
        Markup(f"<b>{name}</b>"),
        f"{arrow} {price(quote.bid, digits)}",
        price(quote.ask, digits),
        int((quote.ask - quote.bid) / config.point),
        price(quote.high, digits),
        price(quote.low, digits),
        _line(state, name),
        f"{quote.time:%H:%M:%S}",
        word,
    )


_OPEN = {True: ("open", "good"), False: ("closed", "plain")}


def _line(state: State, symbol: str) -> Markup:
    """The bids of the last minutes as a small line."""
    now = state.clock.now()
    bids = [float(tick.bid) for tick in state.ticks.between(symbol, now - LATELY, now)]
    bids = bids[:: max(1, len(bids) // POINTS)]
    if len(bids) < 2:
        return Markup("")
    low, reach = min(bids), (max(bids) - min(bids)) or 1
    step = WIDTH / (len(bids) - 1)
    points = " ".join(
        f"{at * step:.1f},{HEIGHT - 2 - (bid - low) / reach * (HEIGHT - 4):.1f}"
        for at, bid in enumerate(bids)
    )
    return Markup(
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{symbol}, bids of ten minutes"><polyline points="{points}"/></svg>'
    )
