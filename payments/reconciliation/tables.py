"""The table of differences, and what narrows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters as filters
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from panel.ui.columns import Column
from panel.ui.filters import DayRangeFilter
from panel.ui.links import Link
from panel.ui.tables import Empty, SumRow, Table
from payments.models import Difference
from payments.tables import account_url

Kind = Difference.Kind
State = Difference.State
LOOKS = {
    State.OPEN: "waiting",
    State.EXPLAINED: "done",
    State.CORRECTED: "done",
    State.GONE: "quiet",
}
WHAT = {
    Kind.OURS: "only in the panel",
    Kind.THEIRS: "only in MT4",
    Kind.AMOUNT: "amounts differ",
    Kind.OWED: "owed to the account",
}


class DifferenceFilter(filters.FilterSet):  # type: ignore[misc]
    """Kind, state, purse and day."""

    kind = filters.MultipleChoiceFilter(choices=list(WHAT.items()), label="What")
    state = filters.MultipleChoiceFilter(choices=State.choices, label="State")
    time = DayRangeFilter(label="Moved")

    class Meta:
        model = Difference
        fields: tuple[str, ...] = ()


def state_html(row: Difference) -> SafeString:
    """The badge of a difference's state."""
    # Money that is on no account is the panel's own failure; the rest waits for an explanation.
    is_lost = row.kind == Kind.OWED and row.state == State.OPEN
    look = "failed" if is_lost else LOOKS[State(row.state)]
    return format_html('<span class="state state-{}">{}</span>', look, row.get_state_display())


def what_differs(row: Difference) -> str:
    """On which side it stands."""
    return WHAT[Kind(row.kind)]


# Which way the money goes, by either book.
IN = Q(our_amount__gt=0) | Q(our_amount__isnull=True, their_amount__gt=0)


def difference_url(row: Difference) -> str:
    """The page of a difference."""
    return reverse("difference_detail", args=(row.pk,))


class DifferenceTable(Table):
    """What is in one book and not in the other; signed amounts, as MT4 books them."""

    name = "differences"
    label = "Differences"
    default_sort = "-time"
    total_by = "currency"
    # What came and what went never make up for each other; nor does credit for balance.
    sums = (
        SumRow("Balance in", ~Q(is_credit=True) & IN, always=False),
        SumRow("Balance out", ~Q(is_credit=True) & ~IN, always=False),
        SumRow("Credit in", Q(is_credit=True) & IN, always=False),
        SumRow("Credit out", Q(is_credit=True) & ~IN, always=False),
    )
    columns: ClassVar[Sequence[Column]] = (
        Column("key", "Reference or ticket", "copy", sort="key"),
        Column("time", "Moved", "time", sort="time"),
        Column("kind", "What", value=what_differs, sort="kind"),
        Column("login", "Account", "copy", link=account_url, sort="login"),
        Column("type", "Type", value=lambda row: "credit" if row.is_credit else "balance"),
        Column(
            "our_amount",
            "In the panel",
            "money",
            currency="currency",
            sort="our_amount",
            total="our_amount",
        ),
        Column(
            "their_amount",
            "In MT4",
            "money",
            currency="currency",
            sort="their_amount",
            total="their_amount",
        ),
        Column("state", "State", "html", value=state_html, sort="state"),
        Column("comment", "MT4 comment", "clip"),
        Column("text", "Why", "wrap", shown=False),
        Column("mt4_group", "Group", sort="mt4_group", shown=False),
        Column("last_seen", "Last seen", "time", sort="last_seen", shown=False),
    )
    empty = Empty(
        "Nothing is left to explain",
        "Whatever the comparisons found is explained, corrected, or fits by now. They go on each "
        "night.",
        "circle-check",
    )

    def link(self, row: Any) -> str:
        """Both sides of it."""
        return difference_url(row)

    def actions(self, row: Any) -> Sequence[Link]:
        """The account's payments."""
        return (Link("Payments of the account", account_url(row), "user"),)


class UncomparedTable(DifferenceTable):
    """Before the first comparison: an empty list says nothing about the books."""

    empty = Empty(
        "Not compared yet",
        "What is in one book only, or differs, is listed here once the panel's payments have been "
        "compared with MT4's records: each night, or when somebody asks for it.",
        "git-compare",
    )
