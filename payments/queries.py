"""What of the payments a person may see, and the sums over it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from panel.access.masks import visible
from panel.lib.money import ZERO
from panel.models import Platform, User
from payments.models import Kind, MoneyRecord, Payment

NOTHING = Decimal(0)
# Movements of balance in which the client's money neither comes nor goes.
WITHIN = [kind for kind in Kind if not kind.is_credit and not kind.is_client_money]


def payments_of(user: User) -> QuerySet[Payment]:
    """The payments within a person's scopes."""
    return Payment.objects.filter(visible(user.scope_rows, "mt4_group"))


def records_of(user: User) -> QuerySet[MoneyRecord]:
    """MT4's money records within a person's scopes."""
    return MoneyRecord.objects.filter(visible(user.scope_rows, "mt4_group"))


@dataclass(frozen=True, slots=True)
class DayTotal:
    """A day's movements of balance in one currency; withdrawals are positive here."""

    day: date
    currency: str
    deposits: Decimal
    withdrawals: Decimal


def net_deposits(user: User, platform: Platform | None = None, days: int = 30) -> list[DayTotal]:
    """Deposits and withdrawals per day (in the zone that is active) and currency.

    From MT4's own records, so that what was booked past the panel counts too; credit does not,
    nor does what the panel moved between accounts or put right. Days without a movement are left
    out.
    """
    first = timezone.localdate() - timedelta(days=days - 1)
    start = timezone.make_aware(datetime.combine(first, time.min))
    rows = records_of(user).filter(kind=MoneyRecord.Kind.BALANCE, time__gte=start)
    within = Payment.objects.filter(kind__in=WITHIN)
    rows = rows.exclude(reference__in=within.values("reference"))
    if platform is not None:
        rows = rows.filter(platform=platform)
    sums = (
        rows.annotate(day=TruncDate("time"))
        .values("day", "currency")
        .annotate(
            came=Coalesce(Sum("amount", filter=Q(amount__gt=0)), NOTHING),
            went=Coalesce(Sum("amount", filter=Q(amount__lt=0)), NOTHING),
        )
        .order_by("day", "currency")
    )
    return [DayTotal(row["day"], row["currency"], row["came"], -row["went"]) for row in sums]


def by_day(totals: list[DayTotal], days: int) -> dict[str, list[tuple[date, Decimal, Decimal]]]:
    """The totals by currency, the one that moved most first, with every day in place."""
    last = timezone.localdate()
    known: dict[str, dict[date, DayTotal]] = defaultdict(dict)
    for total in totals:
        known[total.currency][total.day] = total

    def moved(currency: str) -> Decimal:
        return sum((t.deposits + t.withdrawals for t in known[currency].values()), ZERO)

    def lines(currency: str) -> Iterator[tuple[date, Decimal, Decimal]]:
        for back in range(days - 1, -1, -1):
            day = last - timedelta(days=back)
            total = known[currency].get(day)
            yield (day, total.deposits, total.withdrawals) if total else (day, ZERO, ZERO)

    return {currency: list(lines(currency)) for currency in sorted(known, key=moved, reverse=True)}
