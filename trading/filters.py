"""What narrows the lists of open trades."""

from __future__ import annotations

from typing import Any

import django_filters as filters

from panel.ui.filters import AmountRangeFilter, DayRangeFilter
from trading.models import Trade

POSITION_SIDES = [(0, "buy"), (1, "sell")]
ORDER_SIDES = [choice for choice in Trade.Command.choices if choice[0] > Trade.Command.SELL]


class _TradeFilter(filters.FilterSet):  # type: ignore[misc]
    """Symbol, group, currency and day."""

    symbol = filters.MultipleChoiceFilter(label="Symbol")
    mt4_group = filters.MultipleChoiceFilter(label="Group")
    currency = filters.MultipleChoiceFilter(label="Currency")
    opened = DayRangeFilter(label="Opened")

    class Meta:
        model = Trade
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("symbol", "mt4_group", "currency"):
            values = self.queryset.order_by(name).values_list(name, flat=True).distinct()
            self.filters[name].extra["choices"] = [(value, value) for value in values]


class PositionFilter(_TradeFilter):
    """Also side and profit."""

    command = filters.ChoiceFilter(choices=POSITION_SIDES, label="Type", empty_label="Any")
    profit = AmountRangeFilter(label="Profit")


class OrderFilter(_TradeFilter):
    """Also the kind of order."""

    command = filters.MultipleChoiceFilter(choices=ORDER_SIDES, label="Type")
