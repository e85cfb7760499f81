"""Carrying a reconciliation out: read MT4 for the span, compare, keep what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.models import Platform, Status
from panel.models.change import OPEN
from panel.mt4.errors import MT4Error
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from panel.mt4.read import reader
from panel.ui.owners import Owner, all_owners, owners_of, portions
from payments.books import began
from payments.evidence import DOUBT
from payments.mirror import keep, money_between
from payments.models import Difference, Kind, MoneyRecord, Payment, Reconciliation
from payments.reconciliation.compare import Booked, Found, Outcome, Paid, compare

log = structlog.get_logger(__name__)
State = Reconciliation.State
SCHEDULE = Actor.system("daily reconciliation")
# How far back the daily reconciliation looks: over a long weekend, with room for late entries.
DAILY_SPAN = timedelta(days=7)
# A worker that has given no sign of life for so long is given up, and another one may begin.
SILENCE = timedelta(minutes=5)
ROWS = 1000
KEPT = ("ticket", "reference", "currency")
FIELDS = (
    "pk",
    "reference",
    "login",
    "mt4_group",
    "currency",
    "kind",
    "amount",
    "status",
    "created",
    "finished",
)


class Busy(RuntimeError):
    """Another reconciliation of the platform is under way."""


def begin(
    platform: Platform, since: datetime, until: datetime, *, actor: Actor, source: str
) -> Reconciliation:
    """Write one down, to be carried out by a worker. Raises `Busy` if one is under way."""
    give_up_silent(platform)
    try:
        with transaction.atomic():
            run = Reconciliation.objects.create(
                platform=platform, since=since, until=until, asked_by=actor.user
            )
            audit.record(
                actor,
                "reconciliation started",
                source=source,
                obj=("reconciliation", run.pk, str(run)),
                platform=platform,
            )
    except IntegrityError as error:
        raise Busy(f"A reconciliation of {platform} is under way.") from error
    return run


def give_up_silent(platform: Platform) -> None:
    """Mark a reconciliation failed whose worker died."""
    Reconciliation.objects.filter(
        platform=platform, state=State.RUNNING, alive__lt=timezone.now() - SILENCE
    ).update(
        state=State.FAILED,
        finished=timezone.now(),
        trouble="The worker fell silent. Nothing was changed; start it again.",
    )


def carry_out(run_id: int) -> None:
    """Read, compare, keep; come back to as often as need be, it does the same again."""
    run = Reconciliation.objects.select_related("platform").get(pk=run_id)
    if run.state != State.RUNNING:
        return
    try:
        outcome, records = _compare(run)
    except MT4Error as error:
        _fail(run, error.explain())
        return
    _keep(run, outcome, records)


def _compare(run: Reconciliation) -> tuple[Outcome, int]:
    platform = run.platform
    since = max(run.since, began(platform))
    # What is done while MT4 is being read may be too late for it: the next comparison has it.
    done_before = min(run.until, timezone.now())
    records = list(_read(run, since))
    references = {record.reference for record in records if record.reference}
    payments = list(_payments(platform, since, done_before, references))
    return compare(payments, records, since=since, until=run.until), len(records)


def _read(run: Reconciliation, since: datetime) -> Iterator[Booked]:
    """MT4's records of every account, live, the span and some doubt around it; mirrored as read."""
    platform = run.platform
    owners = _owners(platform, since)
    start, end = platform.server_time(since) - DOUBT, platform.server_time(run.until) + DOUBT
    seen: set[int] = set()
    reading = reader(platform.connection)
    for rows in money_between(platform, reading, owners, start, end):
        keep(platform, rows)
        seen.update(trade.order for trade, _, _ in rows)
        Reconciliation.objects.filter(pk=run.pk).update(alive=timezone.now())
        tickets = [trade.order for trade, _, _ in rows]
        kept = MoneyRecord.objects.filter(platform=platform, ticket__in=tickets)
        places = {ticket: rest for ticket, *rest in kept.values_list(*KEPT)}
        for trade, group, _ in rows:
            yield _booked(platform, trade, group, *places[trade.order])
    _forget_removed(platform, since, min(run.until, run.started), seen)


def _owners(platform: Platform, since: datetime) -> dict[int, Owner]:
    owners = dict(all_owners(platform))
    paid = Payment.objects.filter(platform=platform, created__gte=since - DOUBT)
    missing = set(paid.values_list("login", flat=True).distinct()) - set(owners)
    return {**owners, **owners_of(platform, sorted(missing))} if missing else owners


def _booked(platform: Platform, trade: Trade, group: str, reference: str, currency: str) -> Booked:
    return Booked(
        ticket=trade.order,
        reference=reference,
        login=trade.login,
        group=group,
        currency=currency,
        is_credit=trade.trade_command is TradeCommand.Credit,
        amount=trade.profit,
        comment=trade.comment,
        time=platform.from_server_time(trade.close_time),
    )


def _forget_removed(platform: Platform, since: datetime, until: datetime, seen: set[int]) -> None:
    """What an administrator removed on MT4 leaves the mirror as well."""
    mirrored = MoneyRecord.objects.filter(platform=platform, time__gte=since, time__lt=until)
    removed = set(mirrored.values_list("ticket", flat=True)) - seen
    for some in portions(sorted(removed), ROWS):
        MoneyRecord.objects.filter(platform=platform, ticket__in=some).delete()


def _payments(
    platform: Platform, since: datetime, until: datetime, references: set[str]
) -> Iterator[Paid]:
    """Those done within the span, and those whose reference stands in MT4."""
    rows = Payment.objects.filter(platform=platform)
    done = Q(status=Status.DONE, finished__gte=since, finished__lt=until)
    got: set[str] = set()
    for values in rows.filter(done).values_list(*FIELDS).iterator(chunk_size=ROWS):
        paid = _paid(values)
        got.add(paid.reference)
        yield paid
    for some in portions(sorted(references - got), ROWS):
        for values in rows.filter(reference__in=some).values_list(*FIELDS):
            yield _paid(values)


def _paid(values: tuple[object, ...]) -> Paid:
    row = Payment(**dict(zip(FIELDS, values, strict=True)))
    return Paid(
        pk=row.pk,
        reference=row.reference,
        login=row.login,
        group=row.mt4_group,
        currency=row.currency,
        is_credit=Kind(row.kind).is_credit,
        amount=row.signed_amount,
        status=row.get_status_display(),
        done=row.status == Status.DONE,
        open=row.status in OPEN,
        time=row.finished or row.created,
    )


def _keep(run: Reconciliation, outcome: Outcome, records: int) -> None:
    now = timezone.now()
    platform = run.platform
    with transaction.atomic():
        # One writer at a time, should a message have come twice.
        Platform.objects.select_for_update(no_key=True).get(pk=platform.pk)
        # Locked until this is written: whoever explains one at this moment comes before or after.
        rows_there = Difference.objects.select_for_update(no_key=True).filter(platform=platform)
        known = {(row.login, row.key): row for row in rows_there.order_by("pk")}
        found = {(one.side.login, one.key): one for one in outcome.found}
        rows = {place: _row(platform, one, known.get(place), now) for place, one in found.items()}
        fresh = [row for place, row in rows.items() if place not in known]
        again = [row for place, row in rows.items() if place in known]
        Difference.objects.bulk_create(fresh, batch_size=ROWS)
        Difference.objects.bulk_update(again, _CHANGING, batch_size=ROWS)
        _those_that_fit_now(run, found.keys(), known.values(), now)
        done = Reconciliation.objects.filter(pk=run.pk, state=State.RUNNING).update(
            state=State.DONE,
            finished=now,
            records=records,
            matched=outcome.matched,
            found=len(outcome.found),
            totals=_totals(outcome),
        )
        if done:
            audit.record(
                SCHEDULE if run.asked_by_id is None else Actor.system("reconciliation"),
                "reconciliation finished",
                source="worker",
                obj=("reconciliation", run.pk, str(run)),
                platform=platform,
                detail=f"{outcome.matched} matched, {len(outcome.found)} do not fit.",
            )
    log.info("reconciled", platform=platform.slug, matched=outcome.matched, found=len(found))


_CHANGING = [
    "kind",
    "our_amount",
    "their_amount",
    "tickets",
    "comment",
    "text",
    "state",
    "last_seen",
    "payment",
    "is_credit",
    "explanation",
]


def _row(platform: Platform, one: Found, known: Difference | None, now: datetime) -> Difference:
    side = one.side
    row = known or Difference(
        platform=platform,
        key=one.key,
        login=side.login,
        mt4_group=side.group,
        currency=side.currency,
        time=side.time,
    )
    tickets = [record.ticket for record in one.booked]
    was = (row.our_amount, row.their_amount, row.is_credit, sorted(row.tickets))
    same = was == (one.our_amount, one.their_amount, side.is_credit, sorted(tickets))
    if not same or row.state == Difference.State.GONE:
        # Not what was explained, but another amount or another record: it is explained anew.
        row.state = Difference.State.OPEN
        row.explanation = row.explanation if same else None
    row.kind = one.kind
    row.our_amount, row.their_amount = one.our_amount, one.their_amount
    row.is_credit = side.is_credit
    row.payment_id = one.paid.pk if one.paid else None
    row.tickets = tickets
    row.comment = one.booked[0].comment[:64] if one.booked else ""
    row.text = one.text[:300]
    row.last_seen = now
    return row


def _those_that_fit_now(
    run: Reconciliation,
    found: Iterable[tuple[int, str]],
    known: Iterable[Difference],
    now: datetime,
) -> None:
    """What was open and lies within the span, but was not found again."""
    there = set(found)
    gone = [
        row.pk
        for row in known
        if row.state == Difference.State.OPEN
        # What is owed is gone once people put it right, not because the books agree.
        and row.kind != Difference.Kind.OWED
        and run.since <= row.time < run.until
        and (row.login, row.key) not in there
    ]
    for some in portions(gone, ROWS):
        Difference.objects.filter(pk__in=some).update(state=Difference.State.GONE, last_seen=now)


def _totals(outcome: Outcome) -> list[dict[str, str]]:
    zero = Decimal("0.00")
    return [
        {
            "currency": currency,
            "ours": str(outcome.ours.get(currency, zero)),
            "theirs": str(outcome.theirs.get(currency, zero)),
        }
        for currency in sorted({*outcome.ours, *outcome.theirs})
    ]


def _fail(run: Reconciliation, why: str) -> None:
    with transaction.atomic():
        failed = Reconciliation.objects.filter(pk=run.pk, state=State.RUNNING).update(
            state=State.FAILED, finished=timezone.now(), trouble=why[:300]
        )
        if failed:
            audit.record(
                SCHEDULE if run.asked_by_id is None else Actor.system("reconciliation"),
                "reconciliation finished",
                source="worker",
                obj=("reconciliation", run.pk, str(run)),
                platform=run.platform,
                outcome="failed",
                detail=why,
            )
