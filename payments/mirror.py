"""The mirror of MT4's money records: read in batches, from where the last reading ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from django.core.cache import cache
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Abs
from django.utils import timezone

from panel.models import Platform, Status
from panel.mt4.errors import Rejected
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.read import Reader, reader
from panel.ui.owners import LOGINS_PER_CALL, Owner, all_owners, portions
from payments.attribution import MONEY, Unmarked, give_tickets, references_of
from payments.models import BulkFile, BulkItem, MoneyMirror, MoneyRecord, Payment

log = structlog.get_logger(__name__)

# A record with the group and the currency of its account.
Owned = tuple[Trade, str, str]

ROWS_PER_WRITE = 1000
# Payments without a record under their reference that one pass looks for: there are few.
CHANGED = 500
# Each reading begins this long before the last one ended: records appear late, clocks are moved.
OVERLAP = timedelta(hours=6)
# To the end of what a server's clock, however wrong, may have written.
AHEAD = timedelta(days=2)
# Seconds for which the manager's rights are kept.
RIGHTS_KEPT = 300
# Seconds for which a reading holds the others back without a sign of life: one call and its wait.
SILENCE = 90


def mirror_now(platform: Platform) -> int:
    """Bring a platform's mirror up to date; how many records were read.

    0 as well when another reading is under way. Raises the errors of `panel.mt4.errors`.
    """
    lock = _lock(platform)
    if not cache.add(lock, True, SILENCE):
        return 0
    try:
        return _read_through(platform, reader(platform.connection))
    finally:
        cache.delete(lock)


def _lock(platform: Platform) -> str:
    return f"mirror-money:{platform.pk}"


def _read_through(platform: Platform, reading: Reader) -> int:
    began = timezone.now()
    clock = platform.server_time(began)
    last = MoneyMirror.objects.filter(platform=platform).first()
    # From the earlier of the two: a clock that was set back writes what is new before what is old.
    start = min(_naive(last.read_through), clock) - OVERLAP if last else NO_TIME
    count = 0
    for rows in money_between(platform, reading, all_owners(platform), start, clock + AHEAD):
        keep(platform, rows)
        count += len(rows)
        cache.touch(_lock(platform), SILENCE)
    MoneyMirror.objects.update_or_create(
        platform=platform, defaults={"read_at": began, "read_through": _stamp(clock)}
    )
    _find_tickets(platform)
    log.info("money records mirrored", platform=platform.slug, read=count)
    return count


def money_between(
    platform: Platform,
    reading: Reader,
    owners: Mapping[int, Owner],
    start: datetime,
    end: datetime,
) -> Iterator[list[Owned]]:
    """The money records of these accounts, read from MT4 in portions; the server's clock.

    Raises the errors of `panel.mt4.errors`.
    """
    read = _batch if may_ask_reports(platform, reading) else _one_by_one
    for trades in read(reading, sorted(owners), start, end):
        yield [
            (trade, owners[trade.login].group, owners[trade.login].currency)
            for trade in trades
            if trade.trade_command in MONEY and trade.login in owners
        ]


def may_ask_reports(platform: Platform, reading: Reader) -> bool:
    """Whether our manager account has the right to reports: without it MT4 may hang up."""
    place = f"money-reports:{platform.pk}"
    known: bool | None = cache.get(place)
    if known is None:
        ours = {
            served.login
            for served in reading.platforms()
            if str(served.id) == str(platform.platform_id)
        }
        known = _has_reports(reading, ours)
        cache.set(place, known, RIGHTS_KEPT)
    return known


def _has_reports(reading: Reader, ours: set[int]) -> bool:
    try:
        return any(rights.reports for rights in reading.manager_rights() if rights.login in ours)
    except Rejected:
        # Whoever may not even look at the rights is not trusted with the one that hangs up.
        return False


def _batch(
    reading: Reader, logins: list[int], start: datetime, end: datetime
) -> Iterator[list[Trade]]:
    for some in portions(logins, LOGINS_PER_CALL):
        yield reading.reports(some, start, end)


def _one_by_one(
    reading: Reader, logins: list[int], start: datetime, end: datetime
) -> Iterator[list[Trade]]:
    for login in logins:
        yield reading.history(login, start, end)


def keep(platform: Platform, rows: Iterable[Owned]) -> None:
    """Write records (with their account's group and currency) over what is there of them.

    A record stays in the currency that its account had when it was first seen: the account may move
    to a group in another one.
    """
    for some in portions(list(rows), ROWS_PER_WRITE):
        trades = [trade for trade, _, _ in some]
        _forget_reused(platform, trades)
        references = references_of(platform, trades)
        MoneyRecord.objects.bulk_create(
            [_record(platform, *row, references.get(row[0].order, "")) for row in some],
            update_conflicts=True,
            unique_fields=["platform", "ticket"],
            update_fields=[
                "amount",
                "comment",
                "reference",
                "mt4_group",
                "kind",
                "expires_server_time",
            ],
        )


def _forget_reused(platform: Platform, trades: Sequence[Trade]) -> None:
    """Drop records whose ticket is another record's now: MT4 counts on from an earlier number once
    it was put back from a backup."""
    rows = MoneyRecord.objects.filter(
        platform=platform, ticket__in=[trade.order for trade in trades]
    )
    known = {ticket: rest for ticket, *rest in rows.values_list("ticket", "login", "server_time")}
    reused = [
        trade.order
        for trade in trades
        if known.get(trade.order) not in (None, [trade.login, _stamp(trade.close_time)])
    ]
    if reused:
        log.warning("tickets used again", platform=platform.slug, tickets=len(reused))
        rows.filter(ticket__in=reused).delete()


def _record(
    platform: Platform, trade: Trade, group: str, currency: str, reference: str
) -> MoneyRecord:
    is_credit = trade.trade_command is TradeCommand.Credit
    return MoneyRecord(
        platform=platform,
        ticket=trade.order,
        login=trade.login,
        kind=_purse(is_credit),
        amount=trade.profit,
        currency=currency,
        mt4_group=group,
        comment=trade.comment[:64],
        reference=reference,
        time=platform.from_server_time(trade.close_time),
        server_time=_stamp(trade.close_time),
        expires_server_time=max(0, _stamp(trade.expiration)) if is_credit else 0,
    )


def _find_tickets(platform: Platform) -> None:
    """What is done without a ticket gets that of its record: payments, and lines of files.

    MT4's answer to a money operation need not name it, so it is known once the record was read.
    """
    record = (
        MoneyRecord.objects.filter(
            platform=platform, reference=OuterRef("reference"), login=OuterRef("login")
        )
        # The index of references leaves the empty ones out: it serves only who says so too. And
        # SQLite would rather go through all tickets in their order, once for each payment, while
        # nobody else can write: so the order is by what no index has.
        .exclude(reference="")
        .annotate(size=Abs("amount"))
        .filter(size=OuterRef("amount"))
        .order_by(F("ticket") + 0)
        .values("ticket")[:1]
    )
    payments = Payment.objects.filter(platform=platform, status=Status.DONE, ticket__isnull=True)
    files = BulkFile.objects.filter(platform=platform, run__isnull=False).values("pk")
    lines = BulkItem.objects.filter(file__in=files, state=BulkItem.State.DONE, ticket__isnull=True)
    for rows in (payments, lines):
        rows.order_by().update(ticket=Subquery(record))
    _find_changed(platform, payments)


def _find_changed(platform: Platform, payments: QuerySet[Payment]) -> None:
    """What MT4 said was done, but whose record does not carry our reference."""
    logins = sorted(set(payments.order_by("pk").values_list("login", flat=True)[:CHANGED]))
    for login in logins:
        rows = MoneyRecord.objects.filter(platform=platform, login=login, reference="")
        unmarked = (
            Unmarked(row.ticket, row.kind == MoneyRecord.Kind.CREDIT, row.amount, row.time)
            for row in rows
        )
        for ticket, reference in give_tickets(platform, login, unmarked).items():
            rows.filter(ticket=ticket).update(reference=reference)


def _purse(is_credit: bool) -> MoneyRecord.Kind:
    return MoneyRecord.Kind.CREDIT if is_credit else MoneyRecord.Kind.BALANCE


def _stamp(clock: datetime) -> int:
    """A naive time of the server's clock as MT4 keeps it."""
    return int((clock - NO_TIME).total_seconds())


def _naive(stamp: int) -> datetime:
    return NO_TIME + timedelta(seconds=stamp)
