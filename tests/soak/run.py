"""A whole panel behind the proxy, for as long as the soak takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from django.test import override_settings

from tests.chaos.conftest import KEY_MEMORY
from tests.harness.stack import Stack
from tests.soak.day import Size, soak
from tests.soak.verdict import Verdict

# Soon enough that people have something to settle while it lasts.
TO_PERSON = "45"


def run(
    folder: Path,
    database: Literal["postgres", "sqlite"],
    minutes: float,
    seed: int,
    *,
    say: Callable[[str], None],
    size: Size | None = None,
) -> Verdict:
    """Start everything, live through it, end everything; what it ended with."""
    stack = Stack(
        folder / "stack",
        web=False,
        workers=2,
        concurrency=2,
        database=database,
        broker="redis" if database == "postgres" else "valkey",
        proxied=True,
        sandbox={"accounts": 20, "key_memory": KEY_MEMORY},
        env={"UNKNOWN_TO_PERSON": TO_PERSON},
    )
    try:
        stack.start()
        with stack.connected(), override_settings(DATA_DIR=stack.data, MT4_DEADLINE_MARGIN=2.0):
            return soak(stack, minutes, seed=seed, size=size or Size(), say=say)
    finally:
        stack.stop()
