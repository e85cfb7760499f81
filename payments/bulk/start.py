"""Setting an approved file going: from here on its lines are the workers'."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.models import ChangeRequest
from panel.ui.owners import portions
from payments.bulk.deciding import PER_QUERY, not_to_be_paid
from payments.bulk.engine.again import make_ready
from payments.bulk.engine.lanes import start_lanes
from payments.bulk.readings import AGAIN
from payments.models import BulkFile, BulkItem

WORKER = Actor.system("worker")


class NotReady(RuntimeError):
    """The file is not where it can be set going from; nothing was written."""


def start(file: BulkFile, request: ChangeRequest) -> None:
    """Have the workers carry a file out for a request: for the first time, or what was rejected
    or stopped once more. Lines that were left out never wait for a worker. Call it inside a
    transaction; raises `NotReady`.
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
    _leave_out(file, request)
    transaction.on_commit(lambda: start_lanes(file.pk), robust=True)


def _leave_out(file: BulkFile, request: ChangeRequest) -> None:
    """Lines that nobody may send, in the transaction that lets the others go."""
    now, told = timezone.now(), []
    held = not_to_be_paid(request)
    for numbers in portions(sorted(held), PER_QUERY):
        rows = BulkItem.objects.filter(file=file, line__in=numbers, state=BulkItem.State.READY)
        items = list(rows.select_for_update(no_key=True))
        for item in items:
            item.state, item.code, item.finished = BulkItem.State.REJECTED, "LeftOut", now
            item.text = f"{held[item.line]} Nothing was sent."
            told.append(_told(item, request))
        BulkItem.objects.bulk_update(items, ["state", "code", "finished", "text"])
    audit.record_many(told)


def _told(item: BulkItem, request: ChangeRequest) -> audit.Happening:
    return audit.Happening(
        actor=WORKER,
        action="bulk line rejected",
        source="worker",
        obj=("account", item.login, f"{item.login} {item.account_name}"),
        request=request,
        reference=item.reference,
        group=item.mt4_group,
        code="LeftOut",
        outcome="failed",
        detail=item.text,
    )
