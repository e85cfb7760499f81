"""Tables of payments and of MT4's money records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from panel.models import Status
from panel.ui.columns import Column
from panel.ui.links import Link
from panel.ui.states import state_html
from panel.ui.tables import Empty, SumRow, Table
from payments.conversion import paid_text
from payments.facts import NOT_MOVED
from payments.flows import sum_rows
from payments.ledger import Line
from payments.models import Difference, Payment


def request_url(payment: Payment) -> str:
    """The page of the request that moves a payment."""
    return reverse("request_detail", args=(payment.request.reference,))


def payment_url(payment: Payment) -> str:
    """The payment's own page."""
    return reverse("payment_detail", args=(payment.reference,))


def account_url(row: Payment | Difference) -> str:
    """The payments of the account."""
    return reverse("account_payments", args=(row.platform.slug, row.login))


class PaymentTable(Table):
    """Every payment, whatever became of it; what goes out is negative, as MT4 books it."""

    name = "payments"
    label = "Payments"
    default_sort = "-created"
    total_by = "currency"
    sums = sum_rows(Q(status=Status.DONE), ~Q(status__in=[Status.DONE, *NOT_MOVED]))
    columns = (
        Column("reference", "Reference", "copy", sort="reference"),
        Column("created", "Asked", "time", sort="created"),
        Column("kind", "Kind", value=lambda row: row.get_kind_display(), sort="kind"),
        Column(
            "amount",
            "Amount",
            "money",
            value="signed",
            currency="currency",
            sort="signed",
            total="signed",
            hint="Sums are of what is done; what waits stands beside them.",
            strong=True,
        ),
        Column("login", "Account", "copy", link=account_url, sort="login"),
        Column("account_name", "Name", "clip", sort="account_name"),
        Column("method", "Method", value=lambda row: row.get_method_display(), sort="method"),
        Column("external_reference", "External reference", "clip"),
        Column("status", "State", "state", sort="status"),
        Column("maker", "Asked by", value="request.maker.name", shown=False),
        Column("finished", "Finished", "time", sort="finished", shown=False),
        Column("mt4_group", "Group", sort="mt4_group", shown=False),
        Column("ticket", "Ticket", "copy", shown=False),
        Column("comment", "Comment", "clip", shown=False),
        Column("paid", "Paid", value=lambda row: _paid(row), shown=False),
        Column("fee", "Fee", "money", currency="currency", shown=False),
        Column("request", "Request", "copy", value="request.reference", shown=False),
    )

    empty = Empty(
        "No payments yet",
        "Deposits, withdrawals, transfers and all else that is asked for here is listed with what "
        "became of it. What others booked on the trade server is on each account's own page.",
        "cash",
    )

    def link(self, row: Any) -> str:
        """Its own page."""
        return payment_url(row)

    def actions(self, row: Any) -> Sequence[Link]:
        """The request, and the account's payments."""
        return (
            Link("Open the request", request_url(row), "file-text"),
            Link("Payments of the account", account_url(row), "user"),
        )


class FutilePaymentTable(PaymentTable):
    """With what came to nothing added up too, where that was asked for."""

    sums = (
        *PaymentTable.sums,
        SumRow("Came to nothing", Q(status__in=NOT_MOVED), always=False),
    )


class LedgerTable(Table):
    """One account: each payment beside MT4's record of it, and what others booked."""

    name = "ledger"
    label = "Payments and MT4's records"
    columns = (
        Column("reference", "Reference", "copy", value=lambda line: _name(line)),
        Column("time", "Time", "time"),
        Column("what", "Kind"),
        Column("ours", "In the panel", "money", currency="currency", named=False),
        Column("theirs", "In MT4", "money", currency="currency", named=False),
        Column("state", "State", "html", value=lambda line: _state(line)),
        Column("ticket", "Ticket", "copy", value=lambda line: _tickets(line)),
        Column("comment", "MT4 comment", "clip", value=lambda line: _comment(line)),
        Column("method", "Method", value=lambda line: _method(line)),
        Column("maker", "Asked by", value=lambda line: _maker(line), shown=False),
    )
    empty = Empty(
        "No money has moved yet",
        "Deposits, withdrawals and credit of this account are listed here, the panel's own beside "
        "what MT4 holds.",
        "cash",
    )

    def link(self, row: Line) -> str:
        """The payment, where the panel has one."""
        return payment_url(row.payment) if row.payment else ""

    def row_class(self, row: Line) -> str:
        """What does not fit stands out; what was not carried out stands back."""
        if row.trouble:
            return "bad"
        return "dim" if row.payment and row.payment.status in NOT_MOVED else ""

    def row_id(self, row: Line) -> str:
        """Reference or ticket."""
        return row.reference or str(row.entries[0].ticket)


def _name(line: Line) -> str:
    """The reference; of what others booked without one, the ticket."""
    return line.reference or f"#{line.entries[0].ticket}"


def _paid(payment: Payment) -> str:
    if payment.paid_amount is None:
        return ""
    return paid_text(payment.paid_amount, payment.paid_currency)


def _state(line: Line) -> SafeString:
    if line.trouble:
        return format_html(
            '{}<span class="state state-failed" title="{}">does not fit</span>',
            state_html(line.payment.status) if line.payment else "",
            line.trouble,
        )
    if line.payment:
        return state_html(line.payment.status)
    return format_html('<span class="dim">{}</span>', "booked outside the panel")


def _tickets(line: Line) -> str:
    return ", ".join(str(entry.ticket) for entry in line.entries)


def _comment(line: Line) -> str:
    return line.entries[0].comment if line.entries else ""


def _method(line: Line) -> str:
    return line.payment.get_method_display() if line.payment else ""


def _maker(line: Line) -> str:
    return line.payment.request.maker.name if line.payment else ""
