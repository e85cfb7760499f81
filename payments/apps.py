"""Deposits, withdrawals and credit."""

from __future__ import annotations

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Payments: deposits, withdrawals, credit."""

    name = "payments"

    def ready(self) -> None:
        """Make this app's commands known."""
        from payments import (  # noqa: F401
            adjustments,
            commands,
            restored,
            stops,
            transfers,
        )
        from payments.bulk import command as bulk_commands  # noqa: F401
        from payments.bulk import details  # noqa: F401
        from payments.bulk.engine import commands as engine_commands  # noqa: F401
        from payments.bulk.engine import line as line_command  # noqa: F401
        from payments.desk import files, holding, notes, payout, returns  # noqa: F401
        from payments.jobs import commands as job_commands  # noqa: F401
        from payments.limits import commands as limit_commands  # noqa: F401
        from payments.reconciliation import explain  # noqa: F401
