"""What people have moved: counted in the database from their requests.

What was rejected, withdrawn, expired or failed does not count; what is unknown does. A bulk file's
lines count from the moment the file is submitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from panel.models import ChangeRequest, Status
from payments.models import BulkItem, Payment

DAY = timedelta(hours=24)
MONTH = timedelta(days=30)
NOT_COUNTED = (Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED, Status.FAILED)
NOTHING = Decimal(0)
# How the names of commands begin that carry out whole files, and the one that takes up the rest.
FILES = "payments.bulk_"
REST = "payments.bulk_again"
READY = BulkItem.State.READY
CAME_TO_NOTHING = (BulkItem.State.REJECTED, BulkItem.State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Spent:
    """What one person moved on the accounts of one group, in one kind and currency."""

    person_id: int
    platform_id: int
    group: str
    kind: str
    currency: str
    day: Decimal
    month: Decimal


def spent(
    people: Iterable[int] | None = None,
    *,
    but: ChangeRequest | None = None,
    now: datetime | None = None,
) -> list[Spent]:
    """What people (all of them, if none are named) moved within 24 hours and 30 days.

    `but` is a request that is about to be replaced: it does not count any more.
    """
    now = now or timezone.now()
    # One payment stands for its request: a transfer counts once, where the money leaves. A file's
    # payments are counted as its lines, which are there before any of them is.
    single = (
        Payment.objects.filter(created__gte=now - MONTH, reference=F("request__reference"))
        .exclude(request__status__in=NOT_COUNTED)
        .exclude(request__command__startswith=FILES)
    )
    if people is not None:
        single = single.filter(request__maker__in=people)
    if but is not None:
        single = single.exclude(request=but)
    found = [*_sums(single, "request__maker", "platform", "created", now)]
    for run, lines in _lines(now):
        if people is not None:
            lines = lines.filter(**{f"{run}__maker__in": people})
        if but is not None:
            lines = lines.exclude(**{run: but})
        found += _sums(lines, f"{run}__maker", "file__platform", f"{run}__created", now)
    return [*found, *_rests(people, but, now)]


def _lines(now: datetime) -> Iterator[tuple[str, QuerySet[BulkItem]]]:
    """Lines of files, with the path to the request by which they count: of the first run, or of
    the run that took up the rest."""
    recent = BulkItem.objects.exclude(state__in=CAME_TO_NOTHING)
    of_rest = (
        Q(file__run__isnull=False)
        & ~Q(file__run=F("file__request"))
        & (Q(finished__isnull=True) | Q(finished__gte=F("file__begun")))
    )
    for run, lines in (
        ("file__request", recent.filter(~of_rest)),
        ("file__run", recent.filter(of_rest)),
    ):
        fell_through = Q(state=READY, **{f"{run}__status__in": NOT_COUNTED})
        yield run, lines.filter(**{f"{run}__created__gte": now - MONTH}).exclude(fell_through)


def _rests(
    people: Iterable[int] | None, but: ChangeRequest | None, now: datetime
) -> Iterator[Spent]:
    """What waits to be taken up once more: those lines still stand as rejected or stopped."""
    waiting = ChangeRequest.objects.filter(
        command=REST, status__in=(Status.PENDING, Status.APPROVED), created__gte=now - MONTH
    )
    if people is not None:
        waiting = waiting.filter(maker__in=people)
    if but is not None:
        waiting = waiting.exclude(pk=but.pk)
    for request in waiting:
        lines = BulkItem.objects.filter(file=request.payload["file"], state__in=CAME_TO_NOTHING)
        sums = lines.order_by().values_list("file__platform", "mt4_group", "kind", "currency")
        today = request.created >= now - DAY
        for platform, group, kind, currency, amount in sums.annotate(total=Sum("amount")):
            day = amount if today else NOTHING
            yield Spent(request.maker_id, platform, group, kind, currency, day, amount)


def _sums(
    rows: QuerySet[Any], maker: str, platform: str, created: str, now: datetime
) -> Iterator[Spent]:
    """One row for each maker, platform, group, kind and currency."""
    places = (maker, platform, "mt4_group", "kind", "currency")
    sums = rows.order_by().values_list(*places)
    yield from (
        Spent(*row)
        for row in sums.annotate(
            day=Coalesce(Sum("amount", filter=Q(**{f"{created}__gte": now - DAY})), NOTHING),
            month=Sum("amount"),
        )
    )
