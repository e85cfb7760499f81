"""Orders and positions."""

from __future__ import annotations

from django.apps import AppConfig


class TradingConfig(AppConfig):
    """Orders and positions on the trade server."""

    name = "trading"
