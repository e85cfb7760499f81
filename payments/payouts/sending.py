"""The first download makes the file of a batch, and from then on the bank may have it."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.commands.base import Invalid
from payments.conversion import paid_text
from payments.models import PayoutBatch, PayoutFile, PayoutLine
from payments.payouts import bankfile, choosing

LISTED = PayoutLine.State.LISTED


def lines_of(batch: PayoutBatch) -> list[PayoutLine]:
    """The lines that are in the file: what was taken out before is not."""
    rows = PayoutLine.objects.filter(batch=batch).exclude(
        state=PayoutLine.State.TAKEN_OUT, batch__state=PayoutBatch.State.OPEN
    )
    return list(rows.select_related("withdrawal__payment", "withdrawal__kept").order_by("number"))


def control_sum(lines: list[PayoutLine]) -> Decimal:
    """What the lines pay in all."""
    return sum((line.amount for line in lines), Decimal(0))


def make_file(batch: PayoutBatch, form: str, actor: Actor) -> PayoutFile:
    """The file of the batch, made once; by nobody who approved one of its withdrawals, or asked for
    it where the rule on that is in force. Raises `Invalid`.

    A batch has one file of one form: two that pay the same must not both reach a bank.
    """
    with transaction.atomic():
        locked = PayoutBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        made = PayoutFile.objects.filter(batch=locked).first()
        if made is not None:
            if made.form != form:
                raise Invalid.of(
                    f"{batch} was downloaded as {made.get_form_display()}: a second file could be "
                    "paid once more."
                )
            return made
        if locked.state != PayoutBatch.State.OPEN:
            raise Invalid.of(f"{batch} is {locked.get_state_display()}: there is no file of it.")
        lines = lines_of(locked)
        _check(lines, actor)
        now = timezone.now()
        if form == PayoutFile.Form.CSV:
            content = bankfile.csv_text(locked, lines)
        else:
            content = bankfile.pain001_text(locked, lines, timezone.localdate(now))
        digest = hashlib.sha256(content.encode()).hexdigest()
        made = PayoutFile.objects.create(
            batch=locked,
            form=form,
            content=content,
            sha256=digest,
            made=now,
            made_by=actor.person_or_fail(),
        )
        PayoutBatch.objects.filter(pk=locked.pk).update(state=PayoutBatch.State.SENT, sent=now)
        audit.record(
            actor,
            "payout file made",
            source="web",
            request=locked.request,
            obj=("payout batch", batch.reference, str(batch)),
            after={"form": form, "sha256": digest, "lines": len(lines)},
            detail=f"{len(lines)} payouts, {paid_text(control_sum(lines), batch.currency)}.",
        )
    return made


def _check(lines: list[PayoutLine], actor: Actor) -> None:
    person = actor.person_or_fail()
    if not lines:
        raise Invalid.of("No payout is left in the batch.")
    rows = [line.withdrawal for line in lines]
    for row in rows:
        if row.kept is not None and not row.kept.active:
            raise Invalid.of(f"{row} goes to a beneficiary that was ended: end the batch.")
    not_mine = choosing.in_sentences(rows, choosing.not_by(rows, person))
    if not_mine:
        raise Invalid.of(f"{not_mine[0]} Somebody else sends this batch.")
