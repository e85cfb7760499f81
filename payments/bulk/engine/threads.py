"""This process's senders."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import BoundedSemaphore

CALLS = 24
"""Calls that one process has under way at a time."""


@dataclass(frozen=True, slots=True)
class Senders:
    """Threads for calls that are waited for one by one, and for sending many at once; `slots` has
    one for each letter that may be under way."""

    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(CALLS, thread_name_prefix="bulk")
    )
    slots: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(CALLS))


_senders: dict[int, Senders] = {}


def senders() -> Senders:
    """Made when first asked for, once in each process: threads do not survive a fork."""
    process = os.getpid()
    if process not in _senders:
        _senders[process] = Senders()
    return _senders[process]
