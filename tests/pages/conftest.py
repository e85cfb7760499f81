"""The cast, a sandbox, and browsers that are signed in, for the tests of the pages."""

from __future__ import annotations

from tests.core.conftest import Cast, cast, platform, sandbox, sandbox_process

__all__ = ["Cast", "cast", "platform", "sandbox", "sandbox_process"]
