"""Tables of bulk files and of their lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.urls import reverse

from panel.ui.columns import Column
from panel.ui.filters import AmountRangeFilter, DayRangeFilter
from panel.ui.links import Link
from panel.ui.tables import Empty, Table
from payments.beneficiaries.details import masked
from payments.bulk.sums import in_words
from payments.flows import sum_rows
from payments.models import BULK_KINDS, BulkFile, BulkItem, BulkWarning, Kind, Topic

ITEM_STATES = {
    BulkItem.State.READY: "queued",
    BulkItem.State.CLAIMED: "running",
    BulkItem.State.SENDING: "running",
    BulkItem.State.REJECTED: "failed",
}
"""What a line's state is called where all states of the panel are."""


def request_url(row: BulkFile) -> str:
    """The page of the request that carries a file out; empty before there is one."""
    return reverse("request_detail", args=(row.run.reference,)) if row.run else ""


class FileTable(Table):
    """Every file, whatever became of it."""

    name = "bulk-files"
    label = "Bulk files"
    default_sort = "-created"
    columns = (
        Column("name", "File", "clip", sort="name", strong=True),
        Column("created", "Uploaded", "time", sort="created"),
        Column("uploaded_by", "By", value="uploaded_by.name", sort="uploaded_by__name"),
        Column("state", "State", "state", sort="state"),
        Column("rows", "Rows", "count", sort="rows"),
        Column("errors", "Errors", "count", sort="errors"),
        Column("totals", "What", "wrap", value=lambda row: in_words(row.totals)),
        Column(
            "request",
            "Request",
            value=lambda row: row.run.reference if row.run else "",
            link=request_url,
        ),
        Column("finished", "Ended", "time", sort="finished", shown=False),
        Column("sha256", "SHA-256", "clip", shown=False),
    )
    empty = Empty(
        "No files yet",
        "Files of payments, CSV or workbooks, are checked line by line here before anything is "
        "sent, and carried out as a whole once a second person has approved them.",
        "file-spreadsheet",
    )

    def link(self, row: Any) -> str:
        """The file's page."""
        return reverse("bulk_file", args=(row.pk,))


class LineTable(Table):
    """The lines of one file."""

    name = "bulk-lines"
    label = "Lines of the file"
    default_sort = "line"
    key = "line"
    total_by = "currency"
    sums = sum_rows(
        Q(state=BulkItem.State.DONE),
        ~Q(state__in=[BulkItem.State.DONE, BulkItem.State.REJECTED, BulkItem.State.CANCELLED]),
    )
    columns = (
        Column("line", "Line", sort="line"),
        Column("login", "Account", "copy", sort="login", link=lambda row: account_url(row)),
        Column("account_name", "Name", "clip"),
        Column("kind", "Kind", value=lambda row: row.get_kind_display(), sort="kind"),
        Column(
            "amount", "Amount", "money", currency="currency", sort="amount", total="signed",
            strong=True,
        ),
        Column("beneficiary", "Beneficiary", "clip"),
        Column("destination", "Pay to", "clip", mask=masked),
        Column("external_reference", "Reference", "clip"),
        Column("comment", "Comment", "clip", shown=False),
        Column("state", "State", "state", value=lambda row: ITEM_STATES.get(row.state, row.state)),
        Column("text", "Outcome", "wrap"),
        Column("ticket", "Ticket", "copy"),
        Column("reference", "Reference in MT4", "copy"),
        Column("mt4_group", "Group", shown=False),
        Column("finished", "Finished", "time", shown=False),
    )  # fmt: skip
    empty = Empty(
        "No lines to show",
        "The lines of a file are stored once it was checked without an error.",
        "list",
    )

    def row_id(self, row: Any) -> str:
        """The line."""
        return str(row.line)

    def actions(self, row: Any) -> Sequence[Link]:
        """The account's payments."""
        return (Link("Payments of the account", account_url(row), "user"),)


def account_url(row: BulkItem) -> str:
    """The payments of a line's account."""
    return reverse("account_payments", args=(row.file.platform.slug, row.login))


class WarningTable(Table):
    """What is to be known of the lines of one file."""

    name = "bulk-warnings"
    label = "Warnings"
    default_sort = "line"
    columns = (
        Column("line", "Line", sort="line"),
        Column("item_login", "Account", "copy"),
        Column("item_account_name", "Name", "clip"),
        Column("item_kind", "Kind", value=lambda row: Kind(row.item_kind).label),
        Column("item_amount", "Amount", "money", currency="item_currency", strong=True),
        Column("level", "Weight", value=lambda row: weight_of(row)),
        Column("topic", "About", value=lambda row: row.get_topic_display()),
        Column("text", "What is to be known", "wrap"),
    )
    empty = Empty("No warnings", "Nothing stands out on the lines of this file.", "circle-check")


def weight_of(row: BulkWarning) -> str:
    """How much a warning weighs, in words."""
    if row.level == "stop":
        return "forbids the line"
    return "decided one by one" if row.decide else "to be known"


class WarningFilter(filters.FilterSet):  # type: ignore[misc]
    """What it is about, and how much it weighs."""

    topic = filters.MultipleChoiceFilter(choices=Topic.choices, label="About")
    decide = filters.ChoiceFilter(
        label="Weight",
        empty_label="any",
        choices=[("true", "decided one by one"), ("false", "to be known")],
        method="by_weight",
    )

    class Meta:
        model = BulkWarning
        fields: tuple[str, ...] = ()

    def by_weight(
        self, rows: QuerySet[BulkWarning], name: str, value: str
    ) -> QuerySet[BulkWarning]:
        """Those that a line is decided for by itself, or the others."""
        return rows.filter(decide=value == "true")


class LineFilter(filters.FilterSet):  # type: ignore[misc]
    """State, kind, currency, amount."""

    state = filters.MultipleChoiceFilter(choices=BulkItem.State.choices, label="State")
    kind = filters.MultipleChoiceFilter(
        choices=[(kind.value, kind.label) for kind in BULK_KINDS], label="Kind"
    )
    amount = AmountRangeFilter(label="Amount")

    class Meta:
        model = BulkItem
        fields: tuple[str, ...] = ()


class FileFilter(filters.FilterSet):  # type: ignore[misc]
    """State and day."""

    state = filters.MultipleChoiceFilter(choices=BulkFile.State.choices, label="State")
    created = DayRangeFilter(label="Uploaded")

    class Meta:
        model = BulkFile
        fields: tuple[str, ...] = ()
