"""This process's senders."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

THREADS = 24
"""Calls that one process has under way at a time."""

_pools: dict[int, ThreadPoolExecutor] = {}


def pool() -> ThreadPoolExecutor:
    """Made when first asked for, once in each process: threads do not survive a fork."""
    process = os.getpid()
    if process not in _pools:
        _pools[process] = ThreadPoolExecutor(THREADS, thread_name_prefix="bulk")
    return _pools[process]
