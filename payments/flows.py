"""Sums of payments that do not mislead: in, out and net apart, done only, what waits beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, DecimalField, F, Q, When

from panel.lib.money import ZERO
from panel.models import Status
from panel.ui.tables import SumRow
from payments.facts import NOT_MOVED
from payments.models import Kind, Payment

OUT = [kind for kind in Kind if kind.is_out]
CLIENTS = [kind for kind in Kind if kind.is_client_money]
CREDIT = [kind for kind in Kind if kind.is_credit]
WITHIN = [kind for kind in Kind if not kind.is_client_money and not kind.is_credit]


def signed() -> Case:
    """`amount` as MT4 books it: what leaves the account is negative."""
    money = DecimalField(max_digits=18, decimal_places=2)
    return Case(When(kind__in=OUT, then=-F("amount")), default=F("amount"), output_field=money)


def sum_rows(done: Q, waiting: Q) -> tuple[SumRow, ...]:
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
        SumRow("Waiting net", waiting, always=False),
    )


@dataclass(slots=True)
class Flow:
    """The same sums over payments of one account; what goes out is positive here."""

    came: Decimal = ZERO
    went: Decimal = ZERO
    within: Decimal = ZERO
    credit: Decimal = ZERO
    waiting_in: Decimal = ZERO
    waiting_out: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """What came less what went."""
        return self.came - self.went

    @classmethod
    def of(cls, payments: Iterable[Payment]) -> Flow:
        """Add payments up."""
        flow = cls()
        for payment in payments:
            flow._add(payment)
        return flow

    def _add(self, payment: Payment) -> None:
        kind, amount = Kind(payment.kind), payment.amount
        if payment.status in NOT_MOVED:
            return
        if payment.status != Status.DONE:
            if kind.is_out:
                self.waiting_out += amount
            else:
                self.waiting_in += amount
        elif kind.is_credit:
            self.credit += payment.signed_amount
        elif not kind.is_client_money:
            self.within += payment.signed_amount
        elif kind.is_out:
            self.went += amount
        else:
            self.came += amount
