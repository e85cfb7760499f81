"""Lines that are taken up once more: certainly not on MT4, so this is another operation."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from panel.lib.references import new_reference
from payments.bulk import digest
from payments.models import BulkFile, BulkItem, Payment

ROWS_PER_WRITE = 500


def make_ready(file: BulkFile, states: Collection[BulkItem.State]) -> None:
    """Lines in these states wait again, each with a new key: the old one would still be answered
    with the old refusal.

    A reference under which a payment is kept already (its outcome was unknown once, then settled
    as not carried out) is replaced too, and with it the digest over the lines. Call it inside the
    transaction that starts the run.
    """
    lines = list(
        BulkItem.objects.select_for_update(no_key=True).filter(file=file, state__in=states)
    )
    references = [line.reference for line in lines if line.attempt]
    used: set[str] = set()
    for start in range(0, len(references), ROWS_PER_WRITE):
        some = references[start : start + ROWS_PER_WRITE]
        kept = Payment.objects.filter(reference__in=some)
        used.update(kept.values_list("reference", flat=True))
    for line in lines:
        line.state, line.mt4_key = BulkItem.State.READY, uuid.uuid4()
        line.finished = line.not_before = None
        line.code = line.text = ""
        line.attempt = 0
        line.mark = None
        if line.reference in used:
            line.reference = new_reference(line.reference[:2])
    fields = [
        "state",
        "mt4_key",
        "finished",
        "not_before",
        "code",
        "text",
        "reference",
        "attempt",
        "mark",
    ]
    BulkItem.objects.bulk_update(lines, fields, batch_size=ROWS_PER_WRITE)
    if used:
        BulkFile.objects.filter(pk=file.pk).update(items_sha256=digest.of_file(file))
