"""Waiting for something that another process does."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_until(look: Callable[[], Found], timeout: float = 20, what: str = "") -> Found:
    """Call `look` until it gives something true, and return that.

    AssertionError after `timeout` seconds.
    """
    limit = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > limit:
            raise AssertionError(f"Waited {timeout:g} s in vain for {what or look}: got {found!r}.")
        time.sleep(0.05)


def free_port() -> int:
    """A TCP port on loopback where nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
