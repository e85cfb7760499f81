"""After a restored backup: which open payments and lines of files MT4 has already."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Min

from panel.commands.restoration import Finding, looks
from panel.lib.references import carries
from panel.models import Platform
from panel.models.change import OPEN
from panel.mt4.protocol.records import Trade
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.read import Reader, reader
from panel.ui.owners import LOGINS_PER_CALL, portions
from payments.evidence import WEEK, money_records
from payments.mirror import may_ask_reports
from payments.models import BulkFile, BulkItem, Payment

FINAL = (BulkItem.State.DONE, BulkItem.State.REJECTED, BulkItem.State.CANCELLED)
OPEN_FILES = (BulkFile.State.SUBMITTED, BulkFile.State.RUNNING, BulkFile.State.CANCELLING)
# Beyond any clock: MT4 keeps times in 32 bits.
LAST_MOMENT = NO_TIME.replace(year=2038)
AT_ONCE = 8
"""Accounts whose histories are read side by side."""


@looks
def look_for_payments(platform: Platform) -> list[Finding]:
    """By their references in the records of their accounts, read now and from MT4 itself: what the
    panel mirrors of them is as old as the backup, and another reading of it may be under way.

    A record whose mark was changed on the way is found before the payment's first sending: see
    `payments.evidence`.
    """
    payments = Payment.objects.filter(platform=platform, status__in=OPEN)
    files = BulkFile.objects.filter(platform=platform, state__in=OPEN_FILES)
    lines = BulkItem.objects.filter(file__in=files).exclude(state__in=FINAL)
    wanted: dict[int, set[str]] = defaultdict(set)
    for rows in (payments, lines):
        for login, reference in rows.values_list("login", "reference"):
            wanted[login].add(reference)
    oldest = [rows.aggregate(since=Min("created"))["since"] for rows in (payments, files)]
    since = min((moment for moment in oldest if moment is not None), default=None)
    if since is None:
        return []
    live = reader(platform.connection)
    return [
        Finding(
            reference=reference,
            platform=platform.name,
            text=f"MT4 has it already: ticket {trade.order} on {trade.login}.",
        )
        for trade in _records(platform, live, wanted, platform.server_time(since) - WEEK)
        for reference in sorted(wanted[trade.login])
        if carries(trade.comment, reference)
    ]


def _records(
    platform: Platform, live: Reader, logins: Iterable[int], start: datetime
) -> Iterator[Trade]:
    """The money records of these accounts since a moment of the server's clock."""
    by_reports, slots = may_ask_reports(platform, live), threading.Semaphore(AT_ONCE)
    for some in portions(sorted(logins), LOGINS_PER_CALL):
        if by_reports:
            yield from money_records(live.reports(some, start, LAST_MOMENT))
        else:
            for history in live.histories_of(some, start, slots).values():
                yield from money_records(history)
