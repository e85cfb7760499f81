"""MT4's times: its own clock, written as if it were UNIX time."""

from __future__ import annotations

from datetime import datetime, timedelta

from panel.mt4.protocol.wire import NO_TIME


def stamp(clock: datetime) -> int:
    """A naive time of the server's clock as MT4 keeps it; 0 for never."""
    return int((clock - NO_TIME).total_seconds())


def clock_of(stamped: int) -> datetime | None:
    """The server's clock behind what MT4 keeps; None for never."""
    return NO_TIME + timedelta(seconds=stamped) if stamped else None


def clock_text(stamped: int) -> str:
    """`2026-11-12 14:05`, as the server's terminals show it; empty for never."""
    clock = clock_of(stamped)
    return f"{clock:%Y-%m-%d %H:%M}" if clock else ""
