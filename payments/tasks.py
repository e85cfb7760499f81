"""What the worker does for payments."""

from __future__ import annotations

import structlog
from celery import shared_task

from panel.models import Platform
from panel.mt4.errors import MT4Error
from payments.mirror import mirror_now

log = structlog.get_logger(__name__)


@shared_task
def mirror_money_records() -> None:
    """Bring the money records of every platform up to date; one that is away is left out."""
    for platform in Platform.objects.filter(enabled=True):
        try:
            mirror_now(platform)
        except MT4Error as error:
            log.warning("money records not mirrored", platform=platform.slug, why=str(error))
