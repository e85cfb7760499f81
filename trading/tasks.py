"""What the worker does for trading."""

from __future__ import annotations

import structlog
from celery import shared_task

from panel.models import Platform
from panel.mt4.errors import MT4Error
from trading.mirror import mirror_now

log = structlog.get_logger(__name__)


@shared_task
def mirror_trades() -> None:
    """Bring the open trades of every platform up to date; one that is away is left out."""
    for platform in Platform.objects.filter(enabled=True):
        try:
            mirror_now(platform)
        except MT4Error as error:
            log.warning("trades not mirrored", platform=platform.slug, why=str(error))
