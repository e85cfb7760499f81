"""Reading a file's warnings and keeping them: at its check, and anew for whoever approves it.

A few lines are read while one waits, many by a worker. A reading is claimed under a lease; what a
dead worker left is found by that. Approval takes a reading that was made for the request, and is
not older than `FRESH`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from panel.lib.digest import canonical
from panel.models import ChangeRequest
from panel.mt4.errors import MT4Error
from payments.bulk.warned import Warned, warnings_of
from payments.models import NEEDS_DECISION, BulkFile, BulkItem, BulkWarning, WarningCheck

FRESH = timedelta(minutes=10)
"""How old a reading may be when a file is approved."""
AT_ONCE = 200
"""Lines that are read while one waits for the page."""
LEASE = timedelta(seconds=120)
WRITTEN_AT_ONCE = 1_000

AGAIN = (BulkItem.State.REJECTED, BulkItem.State.CANCELLED)
"""Lines that a further run takes up: certainly not on MT4."""

State = WarningCheck.State


class LostToAnother(RuntimeError):
    """Another worker reads them now: this one was thought to be dead."""


def lines_of(file: BulkFile, request: ChangeRequest) -> QuerySet[BulkItem]:
    """The lines that a request is to carry out: all, or what an earlier run left."""
    lines = BulkItem.objects.filter(file=file)
    return lines if file.request_id == request.pk else lines.filter(state__in=AGAIN)


def latest(file: BulkFile, request: ChangeRequest | None) -> WarningCheck | None:
    """The reading that counts for a request; before one is asked for, that of the file's check."""
    done = WarningCheck.objects.filter(file=file, state=State.DONE).order_by("-pk")
    if request is not None:
        own = done.filter(request=request).first()
        if own is not None or file.request_id != request.pk:
            return own
    return done.filter(request=None).first()


def under_way(file: BulkFile) -> WarningCheck | None:
    """The reading that a worker is at."""
    rows = WarningCheck.objects.filter(file=file, state=State.RUNNING, until__gt=timezone.now())
    return rows.order_by("-pk").first()


def last_failure(file: BulkFile) -> WarningCheck | None:
    """The last reading, if it came to nothing and none is under way."""
    last = WarningCheck.objects.filter(file=file).order_by("-pk").first()
    return last if last and last.state == State.FAILED else None


def is_fresh(check: WarningCheck | None, request: ChangeRequest) -> bool:
    """Whether a request may be approved on it: it was read for it, and not long ago."""
    if check is None or check.finished is None or check.request_id != request.pk:
        return False
    return check.finished > timezone.now() - FRESH


def read(
    file: BulkFile,
    items: QuerySet[BulkItem],
    request: ChangeRequest | None,
    *,
    still_mine: Callable[[], None] = lambda: None,
) -> WarningCheck | None:
    """Read the warnings of these lines and keep them; None if somebody else is at it.

    `still_mine` is called between two portions, and may raise. Raises the errors of
    `panel.mt4.errors`: then the reading is written down as failed.
    """
    check = _claim(file, request)
    if check is None:
        return None
    sums = _Sums()
    try:
        own = request.reference if request else ""
        for lines, some in warnings_of(file, items, exclude=own):
            still_mine()
            _write(check, lines, some)
            sums.add(some)
    except MT4Error as error:
        _end(check, State.FAILED, trouble=error.explain()[:300])
        raise
    except LostToAnother:
        return None
    _end(
        check,
        State.DONE,
        counts=sums.counts(),
        to_decide=len(sums.to_decide),
        sha256=sums.digest.hexdigest(),
    )
    _forget_earlier(check)
    return check


def _claim(file: BulkFile, request: ChangeRequest | None) -> WarningCheck | None:
    now = timezone.now()
    with transaction.atomic():
        BulkFile.objects.select_for_update(no_key=True).get(pk=file.pk)
        if under_way(file):
            return None
        WarningCheck.objects.filter(file=file, state=State.RUNNING).update(
            state=State.FAILED, trouble="The worker fell silent.", finished=now
        )
        return WarningCheck.objects.create(file=file, request=request, until=now + LEASE)


def _write(check: WarningCheck, lines: int, some: list[Warned]) -> None:
    check.lines += lines
    mine = WarningCheck.objects.filter(pk=check.pk, state=State.RUNNING)
    if mine.update(lines=check.lines, until=timezone.now() + LEASE) != 1:
        raise LostToAnother
    rows = [
        BulkWarning(
            check_of=check,
            line=one.line,
            level=one.level,
            topic=one.topic,
            text=one.text,
            decide=one.decide,
        )
        for one in some
    ]
    BulkWarning.objects.bulk_create(rows, batch_size=WRITTEN_AT_ONCE)


def _end(check: WarningCheck, state: WarningCheck.State, **fields: Any) -> None:
    now = timezone.now()
    rows = WarningCheck.objects.filter(pk=check.pk, state=State.RUNNING)
    if rows.update(state=state, finished=now, until=None, **fields) == 1:
        check.refresh_from_db()


def _forget_earlier(check: WarningCheck) -> None:
    """Nobody approved on them, and what counts is this one."""
    with transaction.atomic():
        # Nobody approves on one of them meanwhile.
        BulkFile.objects.select_for_update(no_key=True).get(pk=check.file_id)
        earlier = WarningCheck.objects.filter(file=check.file_id, pk__lt=check.pk)
        earlier.filter(shown_to__isnull=True).delete()


class _Sums:
    """Adds a reading up as it comes in."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.by_topic: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.to_decide: set[int] = set()

    def add(self, some: list[Warned]) -> None:
        """Figures that float with every tick are no other warning: words count where a person
        decided on them.
        """
        for one in some:
            self.by_topic[one.topic, one.level].add(one.line)
            words = one.text if one.decide and one.level != "stop" else ""
            self.digest.update(canonical([one.line, one.level, one.topic, words]).encode())
            if one.decide:
                self.to_decide.add(one.line)

    def counts(self) -> list[dict[str, Any]]:
        """By topic, the most serious first."""
        found = [
            {"topic": topic, "level": level, "lines": len(lines)}
            for (topic, level), lines in self.by_topic.items()
        ]
        return sorted(
            found,
            key=lambda one: (
                one["level"] != "stop",
                one["topic"] not in NEEDS_DECISION,
                -int(str(one["lines"])),
                str(one["topic"]),
            ),
        )
