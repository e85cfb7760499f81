"""The desk's list, and what narrows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from panel.ui.ages import age_html
from panel.ui.claiming import by_claim, claim_filter, claim_text
from panel.ui.columns import Column
from panel.ui.figures import span_text
from panel.ui.filters import AmountRangeFilter
from panel.ui.links import Link
from panel.ui.states import state_html
from panel.ui.tables import BulkAction, Empty, Table
from payments.beneficiaries.details import masked
from payments.desk.ages import late
from payments.models import Method, Withdrawal

LATE = "target"
HOURS = (1, 4, 24, 72, 168)


def url_of(row: Withdrawal) -> str:
    """The reviewer's page."""
    return reverse("withdrawal", args=(row.payment.reference,))


def account_url(row: Withdrawal) -> str:
    """The payments of the account."""
    return reverse("account_payments", args=(row.platform.slug, row.payment.login))


class WithdrawalTable(Table):
    """Withdrawals, those that have waited longest first."""

    name = "withdrawals"
    label = "Withdrawals"
    default_sort = "asked"
    total_by = "payment__currency"
    columns: ClassVar[Sequence[Column]] = (
        Column("reference", "Reference", "copy", value="payment.reference"),
        Column(
            "amount",
            "Amount",
            "money",
            value="payment.amount",
            currency="payment.currency",
            sort="payment__amount",
            total="payment__amount",
            strong=True,
        ),
        Column("login", "Account", "copy", value="payment.login", link=account_url),
        Column("account_name", "Name", "clip", value="payment.account_name"),
        Column("age", "Age", "html", value=lambda row: age_html(row.asked, row.due), sort="asked"),
        Column("due", "Due", "time", sort="due", shown=False),
        Column("claim", "In hand", value=claim_text),
        Column("method", "Method", value=lambda row: row.payment.get_method_display()),
        Column("beneficiary", "Beneficiary", "clip"),
        Column("destination", "Pay to", "clip", mask=masked),
        Column("stage", "Stage", "html", value=lambda row: state_html(row.shown)),
        Column("hold", "Waits for", "clip", value="payment.request.on_hold", shown=False),
        Column("provider_reference", "Provider’s reference", "clip", shown=False),
        Column("maker", "Asked by", value="payment.request.maker.name"),
        Column("asked", "Asked", "time", sort="asked", shown=False),
        Column("stage_since", "In this stage since", "time", sort="stage_since", shown=False),
        Column("mt4_group", "Group", shown=False),
        Column("external_reference", "External reference", "clip", shown=False,
               value="payment.external_reference"),
    )  # fmt: skip
    empty = Empty(
        "No withdrawals here",
        "Withdrawals come here by themselves: what was asked for, what is on hold, what is to be "
        "paid out, and what became of the rest.",
        "circle-check",
    )

    def link(self, row: Any) -> str:
        """The reviewer's page."""
        return url_of(row)

    def actions(self, row: Any) -> Sequence[Link]:
        """The page, the request behind it, and the account's payments."""
        return (
            Link("Open on the desk", url_of(row), "eye"),
            Link(
                "Open the request",
                reverse("request_detail", args=(row.payment.reference,)),
                "file-text",
            ),
            Link("Payments of the account", account_url(row), "user"),
        )


class ToPayTable(WithdrawalTable):
    """What can be paid by a batch."""

    bulk: ClassVar[Sequence[BulkAction]] = (
        BulkAction("Make a payout batch", "payout_batch_add", "payments.payout", "stack-2"),
    )


class FailedTable(WithdrawalTable):
    """What can be paid by a batch once more."""

    bulk: ClassVar[Sequence[BulkAction]] = (
        BulkAction("Make a payout batch", "payout_batch_add_failed", "payments.payout", "stack-2"),
    )


class HeldTable(WithdrawalTable):
    """What waits for something: for what is the first thing one looks for."""

    name = "withdrawals-held"
    columns: ClassVar[Sequence[Column]] = tuple(
        replace(column, shown=True) if column.name == "hold" else column
        for column in WithdrawalTable.columns
        if column.name != "stage"
    )


class ClosedTable(WithdrawalTable):
    """What nobody has to do anything about: the newest first."""

    default_sort = "-asked"


class WithdrawalFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Method, currency, amount, age, and whose."""

    method = django_filters.MultipleChoiceFilter(
        field_name="payment__method", choices=Method.choices, label="Method"
    )
    currency = django_filters.CharFilter(
        field_name="payment__currency", lookup_expr="iexact", label="Currency"
    )
    amount = AmountRangeFilter(field_name="payment__amount", label="Amount")
    older = django_filters.ChoiceFilter(
        label="Older than",
        method="by_age",
        empty_label="any age",
        choices=[
            *((hours, span_text(timedelta(hours=hours))) for hours in HOURS),
            (LATE, "its target"),
        ],
    )
    claim = claim_filter()
    group = django_filters.CharFilter(
        field_name="mt4_group", lookup_expr="icontains", label="MT4 group"
    )
    mine = django_filters.ChoiceFilter(
        label="Asked by", method="by_maker", empty_label="anybody", choices=[("me", "me")]
    )

    class Meta:
        model = Withdrawal
        fields: ClassVar[list[str]] = []

    by_claim = by_claim

    def by_age(self, rows: QuerySet[Withdrawal], name: str, value: str) -> QuerySet[Withdrawal]:
        """Asked for more than so many hours ago, or waiting beyond the target."""
        if value == LATE:
            return rows.filter(late())
        return rows.filter(asked__lt=timezone.now() - timedelta(hours=int(value)))

    def by_maker(self, rows: QuerySet[Withdrawal], name: str, value: str) -> QuerySet[Withdrawal]:
        """One's own."""
        return rows.filter(payment__request__maker=self.request.actor.user)
