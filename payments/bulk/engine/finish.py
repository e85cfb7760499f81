"""The end of a run: all lines are final, so the request is."""

from __future__ import annotations

from celery import current_app
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from panel.access.actor import Actor
from panel.commands.happenings import happened
from panel.commands.sending import DIFFERENT
from panel.commands.states import Moved, move
from panel.models import Happening, Status
from payments.bulk.engine.chunk import OPEN, State
from payments.models import BulkFile, BulkItem

WORKER = Actor.system("worker")
WORDS = (
    (State.DONE, "done"),
    (State.REJECTED, "rejected"),
    (State.CANCELLED, "stopped"),
)


def counts(file_id: int) -> dict[str, int]:
    """How many lines are in which state, counted from the lines."""
    rows = BulkItem.objects.filter(file=file_id).order_by()
    return dict(rows.values_list("state").annotate(Count("pk")))


def finish_if_over(file_id: int) -> bool:
    """Close a run whose lines are all final; whether it was this call that did."""
    file = BulkFile.objects.get(pk=file_id)
    stopping = file.state == BulkFile.State.CANCELLING
    if file.state != BulkFile.State.RUNNING and not stopping:
        return False
    if stopping:
        BulkItem.objects.filter(file=file, state=State.READY).update(
            state=State.CANCELLED, not_before=None
        )
    if any(counts(file_id).get(state) for state in OPEN):
        return False
    try:
        with transaction.atomic():
            return _close(file)
    except Moved:
        return False


def _close(file: BulkFile) -> bool:
    now = timezone.now()
    ended = (
        BulkFile.State.CANCELLED
        if file.state == BulkFile.State.CANCELLING
        else BulkFile.State.FINISHED
    )
    rows = BulkFile.objects.filter(pk=file.pk, state=file.state, run=file.run)
    if rows.update(state=ended, finished=now) != 1 or file.run is None:
        return False
    transaction.on_commit(read_tickets, robust=True)
    found = counts(file.pk)
    done = BulkItem.objects.filter(file=file, state=State.DONE)
    different = done.filter(code=DIFFERENT).count()
    if different:
        happened(file.run, Happening.Event.DIFFERENT)
    parts = [f"{found[state]} {word}" for state, word in WORDS if found.get(state)]
    if different:
        parts.append(f"{different} of the done ones were applied differently")
    text = f"{file.rows} lines: {', '.join(parts)}."
    move(
        file.run,
        Status.DONE if found.get(State.DONE) else Status.FAILED,
        actor=WORKER,
        source="worker",
        code="Ok" if found.get(State.DONE) else "Rejected",
        detail=text,
        after=found,
        result={str(state): count for state, count in found.items()},
        outcome_code="Ok" if found.get(State.DONE) else "Rejected",
        # Of a request that is done, the words that somebody should look at.
        outcome_text="" if found.get(State.DONE) == file.rows and not different else text,
        needs_person=False,
        call_until=None,
    )
    return True


def read_tickets() -> None:
    """Have the money records read: MT4's numbers of the lines stand there. The clock does it
    anyway, within a minute.
    """
    current_app.send_task("payments.tasks.mirror_money_records", retry=False, expires=60)
