"""The sandbox, the platform and the cast, as the tests of the core have them."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from panel.models import Platform
from panel.mt4.protocol.flags import EnableFlags
from tests.core.conftest import Cast, cast, platform, sandbox, sandbox_process
from tests.core.money import new_account

__all__ = ["Cast", "cast", "platform", "sandbox", "sandbox_process"]


@pytest.fixture
def short_waits(settings: Settings) -> None:
    """Seconds, not minutes."""
    settings.MT4_DEADLINE_MARGIN = 1.0
    settings.MT4_CHANGE_DEADLINE = 1.0
    settings.RECONCILE_PAUSE = 0.2
    settings.EXECUTION_LEASE = 2


@pytest.fixture
def pair(platform: Platform) -> tuple[int, int]:
    """Two accounts of one owner, 1,000.00 and nothing on them."""
    owner = {"name": "Anna Kowalska", "enable_flags": EnableFlags.Enabled}
    return new_account(platform, "1000.00", **owner), new_account(platform, "0", **owner)
