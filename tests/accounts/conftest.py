"""The sandbox, the platform and the cast, as the tests of the core have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.core.conftest import Cast, cast, platform, sandbox, sandbox_process

__all__ = ["Cast", "cast", "platform", "sandbox", "sandbox_process"]


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Groups and locks of another test's platform are not this one's."""
    cache.clear()
    yield
    cache.clear()
