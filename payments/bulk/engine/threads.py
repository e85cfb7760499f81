"""This process's senders."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import BoundedSemaphore

CALLS = 24
"""Calls that one process has under way at a time."""
FLIGHTS = 2
"""Chunks that one process has on their way at a time: the end of one, the beginning of the next."""


@dataclass(frozen=True, slots=True)
class Senders:
    """A thread for each chunk that is on its way; `slots` has one for each letter that may be under
    way, whoever sends it."""

    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(FLIGHTS, thread_name_prefix="bulk")
    )
    slots: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(CALLS))


_senders: dict[int, Senders] = {}


def senders() -> Senders:
    """Made when first asked for, once in each process: threads do not survive a fork."""
    process = os.getpid()
    if process not in _senders:
        _senders[process] = Senders()
    return _senders[process]
