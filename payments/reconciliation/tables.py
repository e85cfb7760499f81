"""The table of differences, and what narrows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters as filters
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from panel.ui.columns import Column
from panel.ui.links import Link
from panel.ui.tables import Empty, Table
from payments.models import Difference

State = Difference.State
LOOKS = {
    State.OPEN: "failed",
    State.EXPLAINED: "quiet",
    State.CORRECTED: "done",
    State.GONE: "done",
}


class DifferenceFilter(filters.FilterSet):  # type: ignore[misc]
    """Kind, state, purse and day."""

    kind = filters.MultipleChoiceFilter(choices=Difference.Kind.choices, label="What")
    state = filters.MultipleChoiceFilter(choices=State.choices, label="State")
    time = filters.DateFromToRangeFilter(label="Moved")

    class Meta:
        model = Difference
        fields: tuple[str, ...] = ()


def state_html(row: Difference) -> SafeString:
    """The badge of a difference's state."""
    look = LOOKS[State(row.state)]
    return format_html('<span class="state state-{}">{}</span>', look, row.get_state_display())


def difference_url(row: Difference) -> str:
    """The page of a difference."""
    return reverse("difference_detail", args=(row.pk,))


def account_url(row: Difference) -> str:
    """The payments of the account."""
    return reverse("account_payments", args=(row.platform.slug, row.login))


class DifferenceTable(Table):
    """What is in one book and not in the other; signed amounts, as MT4 books them."""

    name = "differences"
    label = "Differences"
    default_sort = "-time"
    columns: ClassVar[Sequence[Column]] = (
        Column("key", "Reference or ticket", "copy", sort="key"),
        Column("time", "Moved", "time", sort="time"),
        Column("kind", "What", value=lambda row: row.get_kind_display(), sort="kind"),
        Column("login", "Account", "copy", link=account_url, sort="login"),
        Column("our_amount", "In the panel", "money", currency="currency", sort="our_amount"),
        Column("their_amount", "In MT4", "money", currency="currency", sort="their_amount"),
        Column("text", "Why", "clip"),
        Column("state", "State", "html", value=state_html, sort="state"),
        Column("purse", "Purse", value=lambda row: "credit" if row.is_credit else "balance"),
        Column("comment", "MT4 comment", "clip", shown=False),
        Column("mt4_group", "Group", sort="mt4_group", shown=False),
        Column("last_seen", "Last seen", "time", sort="last_seen", shown=False),
    )
    empty = Empty(
        "The books agree",
        "Each day the panel's payments are compared with every balance and credit record of MT4. "
        "What is in one book only, or differs, is listed here until it is explained.",
        "circle-check",
    )

    def link(self, row: Any) -> str:
        """Both sides of it."""
        return difference_url(row)

    def actions(self, row: Any) -> Sequence[Link]:
        """The account's payments."""
        return (Link("Payments of the account", account_url(row), "user"),)
