"""After a restored backup: which open payments and lines of files MT4 has already."""

from __future__ import annotations

from panel.commands.restoration import Finding, looks
from panel.models import Platform
from panel.models.change import OPEN
from payments.mirror import mirror_now
from payments.models import BulkFile, BulkItem, MoneyRecord, Payment


@looks
def look_for_payments(platform: Platform) -> list[Finding]:
    """By their references in the records that MT4 has gained since, read now.

    A record whose mark was changed on the way is found before the payment's first sending: see
    `payments.evidence`.
    """
    mirror_now(platform)
    open_files = (BulkFile.State.SUBMITTED, BulkFile.State.RUNNING, BulkFile.State.CANCELLING)
    lines = BulkItem.objects.filter(file__platform=platform, file__state__in=open_files)
    payments = Payment.objects.filter(platform=platform, status__in=OPEN)
    return [
        Finding(
            reference=record.reference,
            platform=platform.name,
            text=f"MT4 has it already: ticket {record.ticket} on {record.login}.",
        )
        for rows in (payments, lines.exclude(state__in=FINAL))
        for record in MoneyRecord.objects.filter(
            platform=platform, reference__in=rows.values("reference")
        ).exclude(reference="")
    ]


FINAL = (BulkItem.State.DONE, BulkItem.State.REJECTED, BulkItem.State.CANCELLED)
