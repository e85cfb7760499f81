"""What the panel's own rows say about accounts before money moves: read for many at a time.

A single payment reads it for one account, the check of a file for hundreds: what is told of them
(`payments.checks`) is worked out from these facts alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from panel.lib.keys import key_of
from panel.lib.money import ZERO
from panel.models import Hold, Platform, Status
from panel.models.change import OPEN
from payments.models import BulkFile, BulkItem, Kind, Payment, WithdrawalStop

NOT_MOVED = (Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED, Status.FAILED)
SAME_AMOUNT_WITHIN = timedelta(hours=24)
OUT = (Kind.WITHDRAWAL, Kind.TRANSFER_OUT)
# Files whose lines may yet be sent, and lines of which there is no payment yet.
FILES_UNDER_WAY = (BulkFile.State.SUBMITTED, BulkFile.State.RUNNING, BulkFile.State.CANCELLING)
NOT_SENT_YET = (BulkItem.State.READY, BulkItem.State.CLAIMED, BulkItem.State.SENDING)
PER_QUERY = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """Another payment, or a line of a file that will be one. `where` is its state in words."""

    reference: str
    login: int
    kind: str
    amount: Decimal
    where: str
    external_reference: str = ""


@dataclass(slots=True)
class Several:
    """So many amounts, and their sum."""

    number: int = 0
    total: Decimal = ZERO

    def add(self, amount: Decimal) -> None:
        """One more."""
        self.number += 1
        self.total += amount


@dataclass(slots=True)
class AccountFacts:
    """What is known of one account; amounts in its currency, positive.

    Nothing is looked through for each line of a file: it may have 100,000 of one account.
    """

    # References of operations whose outcome nobody knows.
    unsettled: list[str] = field(default_factory=list)
    # What was asked for within a day, by kind and amount; the newest of each.
    lately: dict[tuple[str, Decimal], Asked] = field(default_factory=dict)
    # The withdrawals among it.
    withdrawn: Several = field(default_factory=Several)
    # Withdrawals and transfers that wait for the same money.
    leaving: Several = field(default_factory=Several)
    # Methods by which deposits came.
    came_by: set[str] = field(default_factory=set)
    stop: WithdrawalStop | None = None

    def asked_lately(self, other: Asked) -> None:
        """Count what was asked for within a day; the newest has to come last."""
        self.lately[str(other.kind), other.amount] = other
        if other.kind == Kind.WITHDRAWAL:
            self.withdrawn.add(other.amount)


@dataclass(slots=True)
class Facts:
    """Accounts by login; `used` says by kind and comparable reference what carries it already."""

    accounts: dict[int, AccountFacts]
    used: dict[tuple[str, str], Asked] = field(default_factory=dict)

    def of(self, login: int) -> AccountFacts:
        """Of an account that was asked about."""
        return self.accounts[login]


def facts_of(
    platform: Platform, logins: Iterable[int], references: Iterable[str] = (), *, exclude: str
) -> Facts:
    """Read them: a fixed number of queries, however many accounts (and 1,000 references).

    `references` are the external ones to look for; `exclude` is the reference of the request that
    is looked at, whose own payments and lines do not count; empty if there is none yet.
    """
    found = Facts({login: AccountFacts() for login in logins})
    known = list(found.accounts)
    _read_unsettled(found, platform, known)
    payments = Payment.objects.exclude(request__reference=exclude)
    waiting = BulkItem.objects.filter(
        file__in=BulkFile.objects.filter(state__in=FILES_UNDER_WAY).exclude(run__reference=exclude),
        state__in=NOT_SENT_YET,
    )
    _read_payments(found, payments.filter(platform=platform, login__in=known))
    _read_lines(found, waiting.filter(file__platform=platform, login__in=known))
    named = {key_of(reference) for reference in references if reference}
    if named:
        _read_used(found, payments, waiting, named)
    stops = WithdrawalStop.objects.filter(platform=platform, login__in=known)
    for stop in stops.select_related("request"):
        found.of(stop.login).stop = stop
    return found


def _read_unsettled(found: Facts, platform: Platform, logins: Collection[int]) -> None:
    rows = Hold.objects.filter(
        platform=platform, login__in=logins, request__status=Status.UNKNOWN
    ).order_by("pk")
    for login, reference in rows.values_list("login", "request__reference"):
        found.of(login).unsettled.append(reference)


_ASKED = ("reference", "login", "kind", "amount", "status")


def _asked(row: tuple[str, int, str, Decimal, str]) -> Asked:
    return Asked(*row[:4], Status(row[4]).label)


def _read_payments(found: Facts, rows: QuerySet[Payment]) -> None:
    since = timezone.now() - SAME_AMOUNT_WITHIN
    lately = rows.filter(created__gte=since).exclude(status__in=NOT_MOVED)
    for row in lately.order_by("created", "pk").values_list(*_ASKED):
        found.of(row[1]).asked_lately(_asked(row))
    leaving = rows.filter(kind__in=OUT, status__in=OPEN)
    for login, amount in leaving.order_by("pk").values_list("login", "amount"):
        found.of(login).leaving.add(amount)
    came = rows.filter(kind=Kind.DEPOSIT, status=Status.DONE)
    for login, method in came.order_by().values_list("login", "method").distinct():
        found.of(login).came_by.add(method)


_NAMED = ("external_reference_key", "external_reference")
_LINE = ("reference", "login", "kind", "amount", "file__name", "line", "file__created")


def _line(row: tuple[str, int, str, Decimal, str, int, object]) -> Asked:
    return Asked(*row[:4], f"line {row[5]} of {row[4]}, waiting")


def _read_lines(found: Facts, rows: QuerySet[BulkItem]) -> None:
    """Lines of other files that wait: each will be a payment like any other."""
    since = timezone.now() - SAME_AMOUNT_WITHIN
    for row in rows.order_by("pk").values_list(*_LINE):
        account = found.of(row[1])
        if row[6] >= since:
            account.asked_lately(_line(row))
        if row[2] in OUT:
            account.leaving.add(row[3])


def _read_used(
    found: Facts, payments: QuerySet[Payment], waiting: QuerySet[BulkItem], named: set[str]
) -> None:
    """The newest wins; of payments and lines, the payment."""
    order = sorted(named)
    for start in range(0, len(order), PER_QUERY):
        some = order[start : start + PER_QUERY]
        lines = waiting.filter(external_reference_key__in=some).order_by("pk")
        for key, spelt, *line in lines.values_list(*_NAMED, *_LINE):
            found.used[line[2], key] = replace(_line(tuple(line)), external_reference=spelt)
        rows = payments.filter(external_reference_key__in=some).exclude(status__in=NOT_MOVED)
        told = rows.order_by("created", "pk").values_list(*_NAMED, *_ASKED)
        for key, spelt, *row in told:
            found.used[row[2], key] = replace(_asked(tuple(row)), external_reference=spelt)
