"""MT4 trading accounts."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Trading accounts: the people's accounts on the trade server."""

    name = "accounts"

    def ready(self) -> None:
        """Make this app's commands known."""
        from accounts import commands  # noqa: F401
