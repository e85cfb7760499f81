"""What narrows the list of payments."""

from __future__ import annotations

import django_filters as filters

from panel.models import Status
from panel.ui.filters import AmountRangeFilter, DayRangeFilter
from payments.models import Kind, Method, Payment


def _currencies() -> list[tuple[str, str]]:
    names = Payment.objects.order_by("currency").values_list("currency", flat=True).distinct()
    return [(name, name) for name in names]


def _paid_currencies() -> list[tuple[str, str]]:
    names = Payment.objects.exclude(paid_currency="").order_by("paid_currency")
    return [(name, name) for name in names.values_list("paid_currency", flat=True).distinct()]


class PaymentFilter(filters.FilterSet):  # type: ignore[misc]
    """Kind, state, way, currency, day and amount."""

    kind = filters.MultipleChoiceFilter(choices=Kind.choices, label="Kind")
    status = filters.MultipleChoiceFilter(choices=Status.choices, label="State")
    method = filters.MultipleChoiceFilter(choices=Method.choices, label="Method")
    currency = filters.ChoiceFilter(choices=_currencies, label="Currency", empty_label="any")
    paid_currency = filters.ChoiceFilter(
        choices=_paid_currencies, label="Paid in", empty_label="any"
    )
    created = DayRangeFilter(label="Asked")
    amount = AmountRangeFilter(label="Amount")

    class Meta:
        model = Payment
        fields: tuple[str, ...] = ()
