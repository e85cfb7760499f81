"""What workers do for bulk files before they are submitted: checking."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from celery import shared_task
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from panel.models import ChangeRequest, Status
from panel.mt4.errors import MT4Error
from payments.bulk import readings
from payments.bulk.check import check
from payments.models import BulkFile

MESSAGE_LIFE = 30
"""Seconds after which a message that nobody took is dropped: the sweep sends another."""


def check_soon(file_id: int) -> None:
    """Have a worker check a file; if the broker is away, the sweep finds it."""
    check_bulk_file.apply_async((file_id,), retry=False, expires=MESSAGE_LIFE)


@shared_task
def check_bulk_file(file_id: int) -> None:
    """Check one file."""
    check(file_id)


def read_warnings_soon(request_id: int) -> None:
    """Have a worker read the warnings of a file that waits for approval; if the message is lost,
    whoever still looks at the page sends another.
    """
    if not cache.add(f"bulk-warnings:{request_id}", True, MESSAGE_LIFE):
        return
    read_bulk_warnings.apply_async((request_id,), retry=False, expires=MESSAGE_LIFE)


@shared_task
def read_bulk_warnings(request_id: int) -> None:
    """Read them anew; what goes wrong is written down and told on the page."""
    request = ChangeRequest.objects.get(pk=request_id)
    if request.status != Status.PENDING:
        return
    file = BulkFile.objects.select_related("platform").get(pk=request.payload["file"])
    with suppress(MT4Error):
        readings.read(file, readings.lines_of(file, request), request)


@shared_task
def sweep_bulk_checks() -> None:
    """Find files whose message was lost or whose checker died."""
    now = timezone.now()
    waiting = Q(checking_until__isnull=True, created__lt=now - timedelta(seconds=10))
    rows = BulkFile.objects.filter(
        waiting | Q(checking_until__lt=now), state=BulkFile.State.CHECKING
    )
    for file_id in rows.values_list("pk", flat=True)[:50]:
        check_soon(file_id)
