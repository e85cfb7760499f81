"""The panel as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class PanelConfig(AppConfig):
    """Models, pages and checks that every other app stands on."""

    name = "panel"
    verbose_name = "Panel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks that keep the site closed by default."""
        from panel import checks  # noqa: F401
        from panel.celery import app  # noqa: F401
        from panel.commands import ages, claims, reasons, settle  # noqa: F401
        from panel.door import signin  # noqa: F401
        from panel.pages import commands, tasks  # noqa: F401
