"""After a restored backup: which open payments and lines of files MT4 has already."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db.models import Count, Min, QuerySet
from django.urls import reverse
from django.utils import timezone

from panel.commands.restoration import Finding, Tally, counts, looks
from panel.lib.references import carries
from panel.models import ChangeRequest, Platform, Status
from panel.models.change import OPEN
from panel.mt4.errors import Unavailable
from panel.mt4.protocol.records import Trade
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.read import reader
from panel.ui.owners import LOGINS_PER_CALL, portions
from payments.evidence import WEEK, money_records
from payments.facts import FILES_UNDER_WAY
from payments.mirror import keep, may_ask_reports, mirror_now
from payments.models import BulkItem, MoneyMirror, Payment

FINAL = (BulkItem.State.DONE, BulkItem.State.REJECTED, BulkItem.State.CANCELLED)
AT_ONCE = 8
"""Accounts whose histories are read side by side."""
# Beyond any clock: MT4 keeps times in 32 bits.
LAST_MOMENT = NO_TIME.replace(year=2038)


@looks
def look_for_payments(platform: Platform) -> list[Finding]:
    """By their references in the records of their accounts, read now and from MT4 itself. All money
    records are mirrored first, for other eyes; but an account that was opened shortly before the
    backup is not among those that are mirrored.

    A record whose mark was changed on the way is found before the payment's first sending: see
    `payments.evidence`. Raises the errors of `panel.mt4.errors`.
    """
    _read_now(platform)
    payments = Payment.objects.filter(platform=platform, status__in=OPEN)
    lines = _open_lines().filter(file__platform=platform)
    urls: dict[int, dict[str, str]] = defaultdict(dict)
    places: dict[int, tuple[str, str]] = {}
    names = ("login", "reference", "mt4_group", "currency")
    for login, reference, *place in payments.values_list(*names):
        urls[login][reference] = reverse("payment_detail", args=[reference])
        places[login] = (place[0], place[1])
    for login, reference, *place, file in lines.values_list(*names, "file"):
        urls[login].setdefault(reference, reverse("bulk_file", args=[file]))
        places[login] = (place[0], place[1])
    oldest = (
        payments.aggregate(since=Min("created"))["since"],
        lines.aggregate(since=Min("file__created"))["since"],
    )
    since = min((moment for moment in oldest if moment is not None), default=None)
    if since is None:
        return []
    found = [
        (trade, reference)
        for trade in _records(platform, sorted(urls), platform.server_time(since) - WEEK)
        for reference in urls[trade.login]
        if carries(trade.comment, reference)
    ]
    keep(platform, [(trade, *places[trade.login]) for trade, _ in found])
    return [
        Finding(
            reference=reference,
            platform=platform.name,
            text=f"MT4 has it already: ticket {trade.order} on {trade.login}.",
            url=urls[trade.login][reference],
        )
        for trade, reference in found
    ]


def _read_now(platform: Platform) -> None:
    """Read the platform's money records, begun after this moment: an earlier reading may be of the
    time before the backup was put back."""
    begun = timezone.now()
    mirror_now(platform)
    if not MoneyMirror.objects.filter(platform=platform, read_at__gte=begun).exists():
        raise Unavailable("its money records are being read just now")


def _records(platform: Platform, logins: Sequence[int], start: datetime) -> Iterator[Trade]:
    """The money records of these accounts since a moment of the server's clock."""
    live, slots = reader(platform.connection), threading.Semaphore(AT_ONCE)
    by_reports = may_ask_reports(platform, live)
    for some in portions(logins, LOGINS_PER_CALL):
        if by_reports:
            yield from money_records(live.reports(some, start, LAST_MOMENT))
        else:
            for history in live.histories_of(some, start, slots).values():
                yield from money_records(history)


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
