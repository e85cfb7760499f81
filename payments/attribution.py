"""Which operation of the panel a record of MT4 belongs to: by its ticket, else by its comment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q

from panel.lib.references import carries, reference_in, references_in
from panel.models import Platform
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from payments.models import BulkItem, Payment

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
