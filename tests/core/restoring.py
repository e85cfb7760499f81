"""A database that is put back for real, and what the panel remembers of it outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache

from panel import audit
from panel.access.actor import Actor
from panel.audit import memory
from panel.commands import restoration
from panel.models import Restoration
from tests.harness import database

SYSTEM = Actor.system("test")


@pytest.fixture
def memories(transactional_db: None) -> Iterator[None]:
    """Nothing is remembered before and after the test."""
    lose_cache()
    lose_file()
    yield
    lose_cache()
    lose_file()


def file() -> Path:
    """Where the end of the log is remembered on the disk."""
    return Path(settings.DATA_DIR) / "audit-head.json"


def lose_cache() -> None:
    """As when Redis was emptied."""
    cache.delete(memory.KEY)


def lose_file() -> None:
    """As on a new machine."""
    file().unlink(missing_ok=True)


def entries(count: int, what: str = "thing") -> None:
    """So many more entries of the log, remembered as the beat does it."""
    for _ in range(count):
        audit.record(SYSTEM, what, source="test")
    restoration.notice(on_disk=True)


def back_up() -> Callable[[], None]:
    """Copy the whole database; what puts it back."""
    return database.keep()


def noticed() -> Restoration:
    """The restored backup that has just been noticed."""
    row = restoration.notice()
    assert row is not None, "It was not noticed."
    return row
