"""Feeders that run, and what each of them noted down."""

from __future__ import annotations

from panel.mt4.protocol.records import Feeder
from panel.mt4.sandbox.state import State

LINES_KEPT = 500


def running(state: State) -> list[Feeder]:
    """Those that are switched on."""
    return [feeder for feeder in state.config.feeders if feeder.enable]


def note(state: State, name: str, message: str) -> None:
    """A line of a feeder's log."""
    lines = state.feeder_logs.setdefault(name, [])
    lines.append(f"{state.clock.now():%Y.%m.%d %H:%M:%S} {name}: {message}")
    del lines[:-LINES_KEPT]


def begin(state: State) -> None:
    """The feeders connect."""
    for feeder in running(state):
        note(state, feeder.name, f"connected to {feeder.server}, {len(state.quotes)} symbols")
