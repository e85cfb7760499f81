"""Which files a person may see, and how far a file has come, counted from its lines."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from panel.models import User
from panel.ui.progress import Progress
from payments.bulk.sums import sees_all
from payments.models import BulkFile, BulkItem

MOVING = (BulkFile.State.RUNNING, BulkFile.State.CANCELLING)
UNCHECKED = (BulkFile.State.CHECKING, BulkFile.State.HAS_ERRORS)
ENDED = (BulkFile.State.FINISHED, BulkFile.State.CANCELLED)


def files_of(person: User) -> QuerySet[BulkFile]:
    """The person's own files, and those of which they see every account.

    As long as a file was not checked to a good end, nobody knows what accounts it speaks of: it is
    seen by those who see all there are.
    """
    platforms = {platform for platform, _ in person.scope_rows}
    rows = BulkFile.objects.all()
    if None not in platforms:
        rows = rows.filter(platform__in=platforms)
    # A JSON list cannot be searched alike on SQLite and PostgreSQL; the distinct lists are few.
    distinct = rows.order_by().values_list("platform_id", "groups").distinct()
    hidden = Q(pk__in=[])
    for platform, groups in distinct:
        if not sees_all(person, platform, groups):
            hidden |= Q(platform=platform, groups=groups)
    for platform in rows.order_by().values_list("platform_id", flat=True).distinct():
        if not person.sees_every_group(platform):
            hidden |= Q(platform=platform, state__in=UNCHECKED)
    return rows.filter(~hidden | Q(uploaded_by=person))


@dataclass(frozen=True, slots=True)
class Counts:
    """A file's lines by where they stand."""

    waiting: int = 0
    running: int = 0
    done: int = 0
    rejected: int = 0
    unknown: int = 0
    cancelled: int = 0

    @property
    def left_over(self) -> int:
        """Lines that a further run could take up."""
        return self.rejected + self.cancelled


def counts_of(file: BulkFile) -> Counts:
    """Counted now, in one query."""
    state = BulkItem.State
    rows = BulkItem.objects.filter(file=file).order_by().values_list("state")
    by_state = dict(rows.annotate(lines=Count("pk")))
    return Counts(
        waiting=by_state.get(state.READY, 0),
        running=by_state.get(state.CLAIMED, 0) + by_state.get(state.SENDING, 0),
        done=by_state.get(state.DONE, 0),
        rejected=by_state.get(state.REJECTED, 0),
        unknown=by_state.get(state.UNKNOWN, 0),
        cancelled=by_state.get(state.CANCELLED, 0),
    )


def progress_of(file: BulkFile, counts: Counts) -> Progress:
    """The present run, or the last one: what was done in an earlier one does not count again."""
    return Progress(
        name=f"file-{file.pk}",
        url=reverse("bulk_progress", args=(file.pk,)),
        total=file.rows - file.final_before,
        done=counts.done - file.final_before,
        failed=counts.rejected,
        unknown=counts.unknown,
        state=file.state,
        started=file.begun,
        ended=file.finished if file.state in ENDED else None,
        label="Lines taken up again" if file.final_before else "Payments",
    )
