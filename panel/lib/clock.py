"""A clock for moments after which something must not begin any more."""

from __future__ import annotations

import time

# Linux counts the time that a suspended machine slept only on this one; elsewhere there is none.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    """Seconds since some moment before this process began, never set back, sleep included.

    A lease that ended while the machine was suspended is over when it wakes.
    """
    return time.clock_gettime(_CLOCK)
