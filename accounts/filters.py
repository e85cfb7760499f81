"""What narrows the list of accounts."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.cache import cache
from django.db.models import QuerySet
from django_filters.widgets import DateRangeWidget

from accounts.models import Account, MarginState
from accounts.queries import AT_RISK
from panel.ui.filters import AmountRangeFilter, DayRangeFilter
from panel.ui.platform import platform_of

CHOICES_KEPT = 60
"""Seconds."""

MARGIN_CHOICES = (("risk", "Margin call or stop-out"), *MarginState.choices)
ACCESS_CHOICES = (("enabled", "Enabled"), ("read-only", "Read-only"), ("disabled", "Disabled"))


def taken(rows: QuerySet[Any], column: str, owner: str) -> list[tuple[str, str]]:
    """The values of a column that occur, for a choice; at most a minute old.

    `owner` tells whose rows these are: what one person may see is not another's to choose from.
    """
    place = f"accounts-{column}:{owner}"
    values: list[str] | None = cache.get(place)
    if values is None:
        values = list(rows.order_by(column).values_list(column, flat=True).distinct())
        cache.set(place, values, CHOICES_KEPT)
    return [(value, value) for value in values if value]


class AccountFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Filters of the list; each is in the address."""

    group = django_filters.MultipleChoiceFilter(label="Group")
    country = django_filters.MultipleChoiceFilter(label="Country")
    currency = django_filters.MultipleChoiceFilter(label="Currency")
    margin = django_filters.ChoiceFilter(
        label="Margin", choices=MARGIN_CHOICES, method="by_margin", empty_label="Any"
    )
    access = django_filters.ChoiceFilter(
        label="Access", choices=ACCESS_CHOICES, method="by_access", empty_label="Any"
    )
    balance = AmountRangeFilter(label="Balance")
    equity = AmountRangeFilter(label="Equity")
    registered = DayRangeFilter(label="Opened", widget=DateRangeWidget(attrs={"type": "date"}))
    on_mt4 = django_filters.ChoiceFilter(
        label="On MT4", choices=(("no", "No longer"),), method="by_presence", empty_label="Yes"
    )

    class Meta:
        model = Account
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        platform = platform_of(self.request)
        owner = f"{self.request.actor.user.pk}:{platform.pk if platform else 0}"
        for column in ("group", "country", "currency"):
            self.filters[column].extra["choices"] = taken(self.queryset, column, owner)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Without being asked for, accounts that MT4 no longer has stay out."""
        rows: QuerySet[Any] = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("on_mt4"):
            return rows
        return rows.filter(gone__isnull=True)

    def by_presence(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Those that MT4 no longer has."""
        return rows.filter(gone__isnull=False)

    def by_margin(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """One state, or both that need somebody's attention."""
        return rows.filter(margin_state__in=AT_RISK if value == "risk" else [value])

    def by_access(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Whether the account may be used."""
        match value:
            case "disabled":
                return rows.filter(enabled=False)
            case "read-only":
                return rows.filter(enabled=True, read_only=True)
        return rows.filter(enabled=True, read_only=False)
