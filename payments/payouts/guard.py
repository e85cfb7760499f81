"""A withdrawal in a batch is paid by the batch's file: nothing else may send it meanwhile.

An open batch lets a withdrawal go: its file is not made yet. One whose file was downloaded may be
with the bank, so that its lines wait for the provider's answer, or for the batch to be cancelled.
"""

from __future__ import annotations

from django.utils import timezone

from panel.commands.base import Invalid
from payments.models import PayoutBatch, PayoutLine, Stage, Withdrawal

LISTED = PayoutLine.State.LISTED


def open_line(row: Withdrawal) -> PayoutLine | None:
    """The line of a batch on which the withdrawal waits for its outcome."""
    lines = PayoutLine.objects.select_related("batch")
    return lines.filter(withdrawal=row, state=LISTED).first()


def lock_batch(row: Withdrawal) -> None:
    """Lock the withdrawal's open batch, after the withdrawal itself."""
    lines = PayoutLine.objects.filter(withdrawal=row, state=LISTED)
    batches = PayoutBatch.objects.select_for_update(no_key=True)
    batches.filter(pk__in=lines.values("batch")).first()


def check_free(row: Withdrawal, batch: str = "") -> None:
    """Raise `Invalid` if another way of paying would come beside a batch; `batch` is its own."""
    line = open_line(row)
    if batch:
        if line is None or line.batch.reference != batch:
            raise Invalid.of(f"{row} waits for no outcome in {batch}.")
    elif line is not None and line.batch.state == PayoutBatch.State.SENT:
        raise Invalid.of(
            f"{row} is in {line.batch}, whose file may be with the bank: its outcome comes with "
            "the provider’s answer, or the batch is ended."
        )


def leaves(row: Withdrawal, to: Stage, *, batch: str = "", reference: str = "") -> None:
    """The withdrawal takes a step: its line follows. Same transaction, the batch locked.

    Raises `Invalid` where the step would come beside a file that may be with the bank.
    """
    check_free(row, batch)
    line = open_line(row)
    if line is None:
        return
    if batch:
        state = PayoutLine.State.PAID if to == Stage.PAID else PayoutLine.State.FAILED
        text = ""
    else:
        state = PayoutLine.State.TAKEN_OUT
        text = f"It is {to.label} by another way."
    PayoutLine.objects.filter(pk=line.pk, state=LISTED).update(
        state=state, text=text, provider_reference=reference, finished=timezone.now()
    )
    close(line.batch)


def close(batch: PayoutBatch) -> None:
    """A batch of which no line waits any more is closed; one without any outcome is cancelled."""
    if PayoutLine.objects.filter(batch=batch, state=LISTED).exists():
        return
    ended = PayoutLine.objects.filter(batch=batch).exclude(state=PayoutLine.State.TAKEN_OUT)
    state = PayoutBatch.State.CLOSED if ended.exists() else PayoutBatch.State.CANCELLED
    open_states = (PayoutBatch.State.OPEN, PayoutBatch.State.SENT)
    PayoutBatch.objects.filter(pk=batch.pk, state__in=open_states).update(state=state)
