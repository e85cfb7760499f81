"""A restored backup of the panel's database: noticed, looked into, and seen by an administrator.

What such a database holds to be open may have been carried out since the backup was made. So as
soon as it is noticed nothing is sent to MT4, until every open operation was looked for there and an
administrator has seen what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypedDict

import structlog
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.audit import memory
from panel.models import AuditHead, ChangeRequest, Platform, Restoration, Status
from panel.models.change import OPEN
from panel.mt4.errors import MT4Error

log = structlog.get_logger(__name__)
WAITS = (
    "The panel's database was put back from a backup: nothing is sent until an administrator has "
    "looked at what is open."
)


class Finding(TypedDict):
    """An open operation that MT4 has already, in words, and the address of its page."""

    reference: str
    platform: str
    text: str
    url: str


# What and how many, in words for people.
Tally = tuple[str, int]
Looker = Callable[[Platform], Sequence[Finding]]
Counter = Callable[[Collection[str]], Sequence[Tally]]
_lookers: list[Looker] = []
_counters: list[Counter] = []


def looks(looker: Looker) -> Looker:
    """Register what looks for the open operations of one kind on a platform's MT4.

    It raises the errors of `panel.mt4.errors` if it cannot.
    """
    _lookers.append(looker)
    return looker


def counts(counter: Counter) -> Counter:
    """Register what counts the open operations of one kind, those of some references left out."""
    _counters.append(counter)
    return counter


def present() -> Restoration | None:
    """The newest one that nobody has acknowledged yet; None if there is none."""
    return Restoration.objects.filter(acknowledged__isnull=True).order_by("-pk").first()


def is_open() -> bool:
    """Whether nothing may be sent; looked up anew before every sending."""
    return notice() is not None


def notice(*, on_disk: bool = False) -> Restoration | None:
    """Compare the log with what is remembered of it; then remember its present end.

    The copy may itself be of a time at which an earlier restored backup was open: what was found
    then says nothing of now, so a further row is written.
    """
    rows = _all()
    end, lost = memory.look(_eras(rows))
    if lost is not None:
        return _write_down()
    open_one = _open(rows)
    if open_one is None and end is not None:
        memory.remember(end, on_disk=on_disk)
    return open_one


def _all() -> list[Restoration]:
    """Every one, oldest first: there are few, ever."""
    return list(Restoration.objects.order_by("pk"))


def _eras(rows: Sequence[Restoration]) -> list[str]:
    return [row.remembered_hash for row in rows]


def _open(rows: Sequence[Restoration]) -> Restoration | None:
    return next((row for row in reversed(rows) if row.acknowledged is None), None)


def _write_down() -> Restoration | None:
    """Write the row and its entry. Of several processes that notice it at once one writes: the
    others wait for the log's head, and then find it written."""
    with transaction.atomic():
        found = AuditHead.objects.select_for_update(no_key=True).get(pk=1).seq
        rows = _all()
        _, lost = memory.look(_eras(rows))
        if lost is None:
            return _open(rows)
        row = Restoration.objects.create(
            remembered_seq=lost.seq, remembered_hash=lost.hash, found_seq=found
        )
        audit.record(
            Actor.system("restoration"),
            "database restored",
            source="worker",
            obj=("restoration", row.pk, "Restored backup"),
            outcome="failed",
            detail=f"Entry {lost.seq} of the audit log is remembered, and missing or another "
            f"one here; the log ended at {found}. Nothing is sent to MT4.",
        )
    log.error("database restored", remembered=lost.seq, found=found)
    return row


def look_for_open(row: Restoration) -> None:
    """Look for every open operation on every platform's MT4 and keep what was found."""
    findings: list[Finding] = []
    for platform in Platform.objects.filter(enabled=True):
        for looker in _lookers:
            try:
                findings += looker(platform)
            except MT4Error as error:
                trouble = f"{platform.name}: {error.explain()}"
                Restoration.objects.filter(pk=row.pk).update(trouble=trouble)
                return
    Restoration.objects.filter(pk=row.pk).update(
        looked=timezone.now(), findings=findings, trouble=""
    )


def still_open(row: Restoration) -> list[Tally]:
    """What is open and was not found on MT4, counted by kind and state."""
    found = {finding["reference"] for finding in row.findings}
    tallies = [tally for counter in _counters for tally in counter(found)]
    return [tally for tally in [*tallies, *_without_money()] if tally[1]]


def _without_money() -> list[Tally]:
    """Changes of accounts and the like: each is looked for right before it is sent, not here."""
    rows = ChangeRequest.objects.filter(
        platform__isnull=False, moves_money=False, status__in=OPEN
    ).order_by("status")
    by_state = rows.values_list("status").annotate(number=Count("pk"))
    return [
        (f"Requests that move no money, {Status(state).label}", number)
        for state, number in by_state
    ]
