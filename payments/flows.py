"""Sums of payments that do not mislead: in, out and net apart, done only, what waits beside it."""

from __future__ import annotations

from django.db.models import Case, DecimalField, F, Q, When

from panel.ui.tables import SumRow
from payments.models import Kind

OUT = [kind for kind in Kind if kind.is_out]
CLIENTS = [kind for kind in Kind if kind.is_client_money]
CREDIT = [kind for kind in Kind if kind.is_credit]
WITHIN = [kind for kind in Kind if not kind.is_client_money and not kind.is_credit]


def signed() -> Case:
    """`amount` as MT4 books it: what leaves the account is negative."""
    money = DecimalField(max_digits=18, decimal_places=2)
    return Case(When(kind__in=OUT, then=-F("amount")), default=F("amount"), output_field=money)


def flows(done: Q, waiting: Q) -> tuple[SumRow, ...]:
    """The rows of sums of a list of payments, or of lines that become some.

    Money of clients that came and went; apart from it what moved within the house and credit,
    which no client brought or took; and what nobody has moved yet.
    """
    clients, out = Q(kind__in=CLIENTS), Q(kind__in=OUT)
    return (
        SumRow("In", done & clients & ~out),
        SumRow("Out", done & clients & out),
        SumRow("Net", done & clients),
        SumRow("Within the house", done & Q(kind__in=WITHIN), always=False),
        SumRow("Credit", done & Q(kind__in=CREDIT), always=False),
        SumRow("Waiting in", waiting & ~out, always=False),
        SumRow("Waiting out", waiting & out, always=False),
    )
