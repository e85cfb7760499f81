"""An account's money, in and out, by the panel's own books: what a decision has to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils import timezone

from panel.commands.base import Check
from panel.lib.money import ZERO
from panel.models import Status
from panel.ui.figures import money_text
from payments.facts import NOT_MOVED
from payments.models import Kind, Method, MoneyRecord, Payment, Stage, Topic, Withdrawal

LAST = timedelta(days=90)
SPANS = (
    ("24 h", timedelta(hours=24)),
    ("7 days", timedelta(days=7)),
    ("30 days", timedelta(days=30)),
)
# So many withdrawals within a day are worth a look.
MANY_A_DAY = 3
# In the order in which money has to go back: a card takes no more than what came from it.
SOURCES = (Method.CARD, Method.WALLET, Method.CRYPTO, Method.BANK)


@dataclass(slots=True)
class Way:
    """A method: what came by it, what went back by it (paid out, or charged back by the provider),
    and what still waits to go back. Done only; this withdrawal is not counted.
    """

    method: str
    label: str
    came: Decimal = ZERO
    went: Decimal = ZERO
    waiting: Decimal = ZERO
    last: datetime | None = None

    @property
    def left(self) -> Decimal:
        """What came by it, has not gone back and is not about to."""
        return max(ZERO, self.came - self.went - self.waiting)


@dataclass(frozen=True, slots=True)
class Pace:
    """What moved within a span: done only in `came`, `went` and `net`; beside it what waits.

    `number` and `total` are of every withdrawal, done or waiting, this one included.
    """

    label: str
    number: int
    came: Decimal
    went: Decimal
    waiting_in: Decimal
    waiting_out: Decimal

    @property
    def net(self) -> Decimal:
        """What came less what went."""
        return self.came - self.went

    @property
    def total(self) -> Decimal:
        """What went and what is asked for."""
        return self.went + self.waiting_out


@dataclass(frozen=True, slots=True)
class Money:
    """Everything that is known without asking MT4; amounts in the account's currency."""

    ways: list[Way]
    outside: Decimal
    paces: list[Pace]
    recent: list[Payment]
    recent_count: int
    checks: list[Check] = field(default_factory=list)


def _of_account(row: Withdrawal) -> QuerySet[Payment]:
    payment = row.payment
    return Payment.objects.filter(platform=payment.platform_id, login=payment.login)


def ways(row: Withdrawal) -> list[Way]:
    """Deposits by method, and what went back by each; the one in question stands first."""
    payment = row.payment
    used = ways_of(_of_account(row), exclude=payment.pk).get(payment.login, [])
    return sorted(used, key=lambda way: way.method != payment.method)


def ways_of(payments: QuerySet[Payment], *, exclude: int | None = None) -> dict[int, list[Way]]:
    """The same by login, of any number of accounts in one query; `exclude` is one payment that
    does not count as gone.
    """
    came = Q(kind=Kind.DEPOSIT, status=Status.DONE)
    back = Q(kind__in=(Kind.WITHDRAWAL, Kind.CHARGEBACK))
    if exclude is not None:
        back &= ~Q(pk=exclude)
    back &= Q(withdrawal__isnull=True) | ~Q(withdrawal__stage=Stage.RETURNED)
    went = back & Q(status=Status.DONE)
    waiting = back & ~Q(status__in=[Status.DONE, *NOT_MOVED])
    found: dict[int, list[Way]] = {}
    order = list(Method)
    for line in (
        payments.values("login", "method")
        .order_by("login", "method")
        .annotate(
            came=Sum("amount", filter=came),
            went=Sum("amount", filter=went),
            waiting=Sum("amount", filter=waiting),
            last=Max("created", filter=came),
        )
    ):
        method = Method(line["method"])
        way = Way(
            method,
            method.label,
            came=line["came"] or ZERO,
            went=line["went"] or ZERO,
            waiting=line["waiting"] or ZERO,
            last=line["last"],
        )
        if way.came or way.went or way.waiting:
            found.setdefault(line["login"], []).append(way)
    for used in found.values():
        used.sort(key=lambda way: order.index(Method(way.method)))
    return found


def outside(row: Withdrawal) -> Decimal:
    """What came by MT4's records past the panel: no method is known of it."""
    records = MoneyRecord.objects.filter(
        platform=row.payment.platform_id,
        login=row.payment.login,
        kind=MoneyRecord.Kind.BALANCE,
        amount__gt=0,
        reference="",
    )
    return records.aggregate(total=Sum("amount"))["total"] or ZERO


def paces(row: Withdrawal) -> list[Pace]:
    """Withdrawals and deposits of the last day, week and month."""
    now = timezone.now()
    done = Q(status=Status.DONE)
    asked: dict[str, Count | Sum] = {}
    for number, (_, span) in enumerate(SPANS):
        out = Q(created__gte=now - span, kind=Kind.WITHDRAWAL)
        come = Q(created__gte=now - span, kind=Kind.DEPOSIT)
        asked[f"number{number}"] = Count("pk", filter=out)
        asked[f"came{number}"] = Sum("amount", filter=come & done)
        asked[f"went{number}"] = Sum("amount", filter=out & done)
        asked[f"waiting_in{number}"] = Sum("amount", filter=come & ~done)
        asked[f"waiting_out{number}"] = Sum("amount", filter=out & ~done)
    found = _of_account(row).exclude(status__in=NOT_MOVED).aggregate(**asked)
    return [
        Pace(
            label,
            found[f"number{number}"],
            *(
                found[f"{name}{number}"] or ZERO
                for name in ("came", "went", "waiting_in", "waiting_out")
            ),
        )
        for number, (label, _) in enumerate(SPANS)
    ]


def money_of(row: Withdrawal, shown: int = 40) -> Money:
    """Read it all; the number of queries does not depend on how much there is."""
    last = _of_account(row).filter(created__gte=timezone.now() - LAST).exclude(pk=row.payment_id)
    recent = list(last.select_related("request").order_by("-created", "-pk")[: shown + 1])
    found = Money(
        ways=ways(row),
        outside=outside(row),
        paces=paces(row),
        recent=recent[:shown],
        recent_count=len(recent) if len(recent) <= shown else last.count(),
    )
    found.checks.extend(_checks(row, found))
    return found


def _checks(row: Withdrawal, found: Money) -> list[Check]:
    payment, day = row.payment, found.paces[0]
    return [
        *source_checks(payment.method, payment.amount, payment.currency, found.ways),
        *velocity_checks(day.number, day.total, payment.currency),
    ]


def velocity_checks(number: int, total: Decimal, currency: str) -> list[Check]:
    """So many withdrawals of so much in all within 24 hours, the one in question included."""
    if number < MANY_A_DAY:
        return []
    text = f"{number} withdrawals of {money_text(total, currency)} in all within 24 hours."
    return [Check("warn", text, Topic.VELOCITY)]


def source_checks(method: str, amount: Decimal, currency: str, known: list[Way]) -> list[Check]:
    """Money goes back the way it came, the narrowest way first."""
    if method == Method.INTERNAL:
        return []
    by_method = {str(way.method): way for way in known}
    here = by_method.get(method)
    checks = []
    for source in SOURCES:
        if source == method:
            break
        way = by_method.get(str(source))
        if way and way.left:
            text = (
                f"{money_text(way.left, currency)} came by {way.label} and goes back there first."
            )
            checks.append(Check("warn", text, Topic.METHOD))
    if here and here.came and amount > here.left:
        more = money_text(amount - here.left, currency)
        text = f"{more} more than came by {here.label} and has not gone back."
        checks.append(Check("warn", text, Topic.METHOD))
    if not checks and here and here.came:
        checks.append(Check("ok", f"It goes back the way it came: by {here.label}."))
    return checks
