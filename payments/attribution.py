"""Which operation of the panel a record of MT4 belongs to: by its ticket, else by its comment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from panel.lib.references import carries, reference_in, references_in
from panel.models import Platform, Status
from panel.models.change import IN_FLIGHT
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from payments.models import BulkItem, Kind, Payment

State = BulkItem.State
MOMENT = timedelta(minutes=10)
"""Around the end of an operation, in which its record was made."""

MONEY = (TradeCommand.Balance, TradeCommand.Credit)
"""The kinds of MT4's money records."""


def references_of(platform: Platform, trades: Sequence[Trade]) -> dict[int, str]:
    """The reference that each record belongs to, by ticket; those of nobody are left out.

    What the panel has found to be a payment's record stays that payment's, whatever the comment
    says. A comment in the panel's manner that it does not know counts as well: its own record then
    is what is missing.
    """
    known = _by_ticket(Q(platform=platform), trades)
    changed = {
        trade.order: references_in(trade.comment)
        for trade in trades
        if trade.order not in known and not reference_in(trade.comment)
    }
    told = {one for some in changed.values() for one in some}
    ours = set(Payment.objects.filter(reference__in=told).values_list("reference", flat=True))
    found: dict[int, str] = {}
    for trade in trades:
        reference = known.get(trade.order) or reference_in(trade.comment)
        reference = reference or min(changed.get(trade.order, set()) & ours, default="")
        if reference:
            found[trade.order] = reference
    return found


def strangers(platform: Platform, reference: str, trades: Sequence[Trade]) -> list[Trade]:
    """The records that are not known to belong to another operation than this one."""
    if not trades:
        return []
    logins = {trade.login for trade in trades}
    ours = Q(platform=platform) & ~Q(reference=reference)
    taken = _by_ticket(ours, trades)
    others = set(Payment.objects.filter(ours, login__in=logins).values_list("reference", flat=True))
    others |= set(_lines(platform, reference, trades))
    return [
        trade
        for trade in trades
        if trade.order not in taken and not any(carries(trade.comment, one) for one in others)
    ]


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A record whose comment names no operation of ours; signed amount, UTC."""

    ticket: int
    is_credit: bool
    amount: Decimal
    time: datetime


def give_tickets(
    platform: Platform, login: int, unmarked: Iterable[Unmarked], *, exclude: str = ""
) -> dict[int, str]:
    """Give payments of an account that are done the tickets of their records, where the comment was
    changed on the way; the references by ticket of those that got one.

    By amount and moment alone, so only where nothing else can be meant: one such payment, one such
    record, none of it above what was there when the payment was done, and no other operation of the
    same amount that may have been sent. `exclude` is the reference that is looked for just now.
    """
    records = list(unmarked)
    payments = Payment.objects.filter(platform=platform, login=login)
    done: dict[tuple[bool, Decimal], list[Payment]] = defaultdict(list)
    for payment in payments.filter(status=Status.DONE, ticket__isnull=True):
        if payment.reference != exclude:
            done[_moved_by(payment)].append(payment)
    sent = payments.filter(status__in=IN_FLIGHT).exclude(reference=exclude)
    taken = {_moved_by(payment) for payment in sent}
    lines = BulkItem.objects.filter(
        file__platform=platform, login=login, state__in=(State.SENDING, State.UNKNOWN)
    )
    taken |= {_moved_by(line) for line in lines.exclude(reference=exclude)}
    found: dict[int, str] = {}
    for what, same in done.items():
        alike = [one for one in records if (one.is_credit, one.amount) == what]
        alike = [one for one in alike if _may_be(same[0], one)]
        if len(same) == 1 and len(alike) == 1 and what not in taken:
            found[alike[0].ticket] = same[0].reference
            payments.filter(pk=same[0].pk, ticket__isnull=True).update(ticket=alike[0].ticket)
            BulkItem.objects.filter(reference=same[0].reference).update(ticket=alike[0].ticket)
    return found


def _moved_by(row: Payment | BulkItem) -> tuple[bool, Decimal]:
    return Kind(row.kind).is_credit, row.signed_amount


def _may_be(payment: Payment, record: Unmarked) -> bool:
    if record.ticket <= payment.asked_after:
        return False
    if payment.seen_through is not None:
        return record.ticket <= payment.seen_through
    return payment.finished is not None and abs(record.time - payment.finished) <= MOMENT


def _by_ticket(payments: Q, trades: Sequence[Trade]) -> dict[int, str]:
    """References by ticket, where the account is the payment's too: a server that was put back
    from a backup gives the same numbers again."""
    logins = {trade.order: trade.login for trade in trades}
    rows = Payment.objects.filter(payments, ticket__in=logins)
    return {
        ticket: reference
        for ticket, login, reference in rows.values_list("ticket", "login", "reference")
        if ticket is not None and login == logins[ticket]
    }


def _lines(platform: Platform, reference: str, trades: Iterable[Trade]) -> Iterable[str]:
    """Lines of files that the records' comments name: their payments come with their outcomes."""
    told = {one for trade in trades for one in references_in(trade.comment)} - {reference}
    lines = BulkItem.objects.filter(file__platform=platform, reference__in=told)
    return lines.values_list("reference", flat=True)
