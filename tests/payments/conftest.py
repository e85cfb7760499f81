"""The sandbox, the platform and the cast, as the tests of the core have them."""

from __future__ import annotations

from tests.core.conftest import Cast, cast, platform, sandbox, sandbox_process

__all__ = ["Cast", "cast", "platform", "sandbox", "sandbox_process"]
