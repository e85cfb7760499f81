"""What the worker does for payments."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.utils import timezone

from panel.models import Platform
from panel.mt4.errors import MT4Error
from payments.bulk.engine.tasks import sweep_bulk_files, take_turn
from payments.bulk.tasks import check_bulk_file, read_bulk_warnings, sweep_bulk_checks
from payments.jobs import running
from payments.mirror import mirror_now
from payments.reconciliation import run as reconciliation

__all__ = [
    "check_bulk_file",
    "mirror_money_records",
    "read_bulk_warnings",
    "sweep_bulk_checks",
    "sweep_bulk_files",
    "take_turn",
]
log = structlog.get_logger(__name__)


@shared_task
def mirror_money_records() -> None:
    """Bring the money records of every platform up to date; one that is away is left out."""
    for platform in Platform.objects.filter(enabled=True):
        try:
            mirror_now(platform)
        except MT4Error as error:
            log.warning("money records not mirrored", platform=platform.slug, why=str(error))


@shared_task
def reconcile_daily() -> None:
    """Compare each platform's payments of the last days with MT4's records."""
    now = timezone.now()
    for platform in Platform.objects.filter(enabled=True):
        try:
            run = reconciliation.begin(
                platform,
                now - reconciliation.DAILY_SPAN,
                now,
                actor=reconciliation.SCHEDULE,
                source="schedule",
            )
        except reconciliation.Busy as busy:
            log.warning("not reconciled", platform=platform.slug, why=str(busy))
        else:
            reconcile_books.delay(run.pk)


@shared_task
def reconcile_books(run_id: int) -> None:
    """Carry one reconciliation out."""
    reconciliation.carry_out(run_id)


@shared_task
def run_jobs() -> None:
    """Run the scheduled jobs whose time has come; a turn that another worker took is left to it."""
    for job in running.due_jobs():
        running.run_if_due(job)
