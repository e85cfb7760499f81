"""A restored backup of the panel's database: noticed, looked into, and seen by an administrator.

What such a database holds to be open may have been carried out since the backup was made. So as
soon as it is noticed nothing is sent to MT4, until every open operation was looked for there and an
administrator has seen what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.audit import memory
from panel.models import AuditHead, Platform, Restoration
from panel.mt4.errors import MT4Error

log = structlog.get_logger(__name__)
WAITS = (
    "The panel's database was put back from a backup: nothing is sent until an administrator has "
    "looked at what is open."
)


class Finding(TypedDict):
    """An open operation that MT4 has already, in words."""

    reference: str
    platform: str
    text: str


Looker = Callable[[Platform], Sequence[Finding]]
_lookers: list[Looker] = []


def looks(looker: Looker) -> Looker:
    """Register what looks for the open operations of one kind on a platform's MT4.

    It raises the errors of `panel.mt4.errors` if it cannot.
    """
    _lookers.append(looker)
    return looker


def present() -> Restoration | None:
    """The one that nobody has acknowledged yet; None if there is none."""
    return Restoration.objects.filter(acknowledged__isnull=True).order_by("noticed").first()


def is_open() -> bool:
    """Whether nothing may be sent; looked up anew before every sending."""
    return notice() is not None


def notice(*, on_disk: bool = False) -> Restoration | None:
    """Compare the log with what is remembered of it; then remember its present end."""
    open_one = present()
    if open_one is not None:
        return open_one
    lost = memory.ahead()
    if lost is not None and _acknowledged(lost):
        lost = None
    if lost is None:
        memory.remember(on_disk=on_disk)
        return None
    return _write_down(lost)


def _acknowledged(lost: memory.Remembered) -> bool:
    """Whether an administrator has seen already that this entry is gone."""
    return Restoration.objects.filter(remembered_seq=lost.seq, remembered_hash=lost.hash).exists()


def _write_down(lost: memory.Remembered) -> Restoration | None:
    found = AuditHead.objects.get(pk=1).seq
    try:
        with transaction.atomic():
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
    except IntegrityError:
        # Another process noticed it in the same moment.
        return present()
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
