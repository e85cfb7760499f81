"""What nobody is at any more: lines of dead workers, files without a lane, runs that are over."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from panel import audit
from panel.commands import holds
from panel.commands.executor import wake
from panel.commands.sending import Verdict
from payments.bulk.engine.chunk import State
from payments.bulk.engine.finish import finish_if_over
from payments.bulk.engine.lanes import start_lanes
from payments.bulk.engine.line import hold_doubts
from payments.bulk.engine.unknown import make_requests
from payments.models import BulkFile, BulkItem

log = structlog.get_logger(__name__)
SILENT = Verdict("unknown", text="The worker fell silent after it may have sent.")
AT_ONCE = 500


def sweep() -> None:
    """Look at every file that runs."""
    running = (BulkFile.State.RUNNING, BulkFile.State.CANCELLING)
    for file in BulkFile.objects.filter(state__in=running).select_related("platform", "run"):
        _free_claimed(file)
        while _doubt_sending(file) == AT_ONCE:
            pass
        hold_doubts(file.platform)
        if file.state == BulkFile.State.RUNNING and _has_work(file):
            start_lanes(file.pk)
        else:
            finish_if_over(file.pk)


def _has_work(file: BulkFile) -> bool:
    now = timezone.now()
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    return BulkItem.objects.filter(due, file=file, state=State.READY).exists()


def _free_claimed(file: BulkFile) -> None:
    """Lines that a dead worker was still looking at: nothing was announced, they wait again."""
    if file.run is None:
        return
    with transaction.atomic():
        rows = BulkItem.objects.select_for_update(skip_locked=True, no_key=True).filter(
            file=file, state=State.CLAIMED, lease_until__lt=timezone.now()
        )
        found = list(rows[:AT_ONCE])
        if not found:
            return
        logins = {item.login for item in found}
        BulkItem.objects.filter(pk__in=[item.pk for item in found]).update(
            state=State.READY, worker="", lease_until=None, not_before=None
        )
        holds.release_accounts(file.run, logins)
        transaction.on_commit(lambda: wake(file.platform, logins), robust=True)
    log.warning("claimed lines given back", file=file.pk, lines=len(found))


def _doubt_sending(file: BulkFile) -> int:
    """Lines that a dead worker may have sent: their lease and their call are over."""
    if file.run is None:
        return 0
    now = timezone.now()
    with transaction.atomic():
        rows = BulkItem.objects.select_for_update(skip_locked=True, no_key=True).filter(
            file=file, state=State.SENDING, lease_until__lt=now, call_until__lt=now
        )
        found = list(rows.order_by("line")[:AT_ONCE])
        doubts = {item.pk: SILENT for item in found}
        audit.record_many(make_requests(file, file.run, found, doubts))
    if found:
        log.warning("a worker fell silent", file=file.pk, lines=len(found))
    return len(found)
