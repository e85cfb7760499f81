"""Setting an approved file going: from here on its lines are the workers'."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from panel.models import ChangeRequest
from payments.bulk.engine.again import make_ready
from payments.bulk.engine.lanes import start_lanes
from payments.models import BulkFile, BulkItem

AGAIN = (BulkItem.State.REJECTED, BulkItem.State.CANCELLED)
"""Lines that a further run takes up: certainly not on MT4."""


class NotReady(RuntimeError):
    """The file is not where it can be set going from; nothing was written."""


def start(file: BulkFile, request: ChangeRequest) -> None:
    """Have the workers carry a file out for a request: for the first time, or what was rejected
    or stopped once more. Call it inside a transaction; raises `NotReady`.
    """
    first = file.request_id == request.pk
    states = (
        (BulkFile.State.SUBMITTED,)
        if first
        else (BulkFile.State.FINISHED, BulkFile.State.CANCELLED)
    )
    items = BulkItem.objects.filter(file=file)
    begun = BulkFile.objects.filter(pk=file.pk, state__in=states).update(
        state=BulkFile.State.RUNNING,
        run=request,
        begun=timezone.now(),
        finished=None,
        final_before=0 if first else items.exclude(state__in=AGAIN).count(),
    )
    if begun != 1:
        raise NotReady(f"{file.name} is not where it can be started from.")
    if not first:
        make_ready(file, AGAIN)
    transaction.on_commit(lambda: start_lanes(file.pk), robust=True)
