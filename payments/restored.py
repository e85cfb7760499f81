"""After a restored backup: which open payments and lines of files MT4 has already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone

from panel.commands.restoration import Finding, Tally, counts, looks
from panel.models import ChangeRequest, Platform, Status
from panel.models.change import OPEN
from panel.mt4.errors import Unavailable
from panel.ui.owners import portions
from payments.facts import FILES_UNDER_WAY
from payments.mirror import mirror_now
from payments.models import BulkItem, MoneyMirror, MoneyRecord, Payment

FINAL = (BulkItem.State.DONE, BulkItem.State.REJECTED, BulkItem.State.CANCELLED)
AT_ONCE = 1000


@looks
def look_for_payments(platform: Platform) -> list[Finding]:
    """By their references in the records that MT4 has gained since, read now.

    A record whose mark was changed on the way is found before the payment's first sending: see
    `payments.evidence`. Raises the errors of `panel.mt4.errors`.
    """
    _read_now(platform)
    open_ones: dict[str, str] = {
        reference: reverse("payment_detail", args=[reference])
        for reference in Payment.objects.filter(platform=platform, status__in=OPEN).values_list(
            "reference", flat=True
        )
    }
    lines = _open_lines().filter(file__platform=platform)
    for reference, file in lines.values_list("reference", "file"):
        open_ones.setdefault(reference, reverse("bulk_file", args=[file]))
    records = MoneyRecord.objects.filter(platform=platform).exclude(reference="")
    return [
        Finding(
            reference=reference,
            platform=platform.name,
            text=f"MT4 has it already: ticket {ticket} on {login}.",
            url=open_ones[reference],
        )
        for reference, ticket, login in _with_references(records, list(open_ones))
    ]


def _with_references(
    records: QuerySet[MoneyRecord], references: Sequence[str]
) -> Iterator[tuple[str, int, int]]:
    """Reference, ticket and login of the records that carry one of them."""
    for some in portions(references, AT_ONCE):
        found = records.filter(reference__in=some).order_by("ticket")
        yield from found.values_list("reference", "ticket", "login")


def _read_now(platform: Platform) -> None:
    """Read the platform's money records, begun after this moment: an earlier reading may be of the
    time before the backup was put back."""
    begun = timezone.now()
    mirror_now(platform)
    if not MoneyMirror.objects.filter(platform=platform, read_at__gte=begun).exists():
        raise Unavailable("its money records are being read just now")


def _open_lines() -> QuerySet[BulkItem]:
    return BulkItem.objects.filter(file__state__in=FILES_UNDER_WAY).exclude(state__in=FINAL)


@counts
def count_payments(found: Collection[str]) -> list[Tally]:
    """Requests of payments, and lines of files, by state."""
    known = Payment.objects.filter(reference__in=found).values("request")
    requests = ChangeRequest.objects.filter(
        pk__in=Payment.objects.filter(status__in=OPEN).values("request"), status__in=OPEN
    ).exclude(pk__in=known)
    lines = _open_lines().exclude(reference__in=found)
    return [
        (f"Payments, {Status(state).label}", number)
        for state, number in requests.order_by("status").values_list("status").annotate(Count("pk"))
    ] + [
        (f"Lines of files, {BulkItem.State(state).label}", number)
        for state, number in lines.order_by("state").values_list("state").annotate(Count("pk"))
    ]
