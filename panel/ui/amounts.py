"""Fields for amounts and rates: what they take is said in `panel.lib.amounts`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from panel.lib.amounts import parse_amount, parse_paid, parse_rate


class TypedNumberField(forms.CharField):
    """A number in a box of text: a number control would change it when the wheel turns."""

    def __init__(self, *, least: Decimal | None = None, **kwargs: Any) -> None:
        self.least = least
        figures = {"inputmode": "decimal", "autocomplete": "off"}
        kwargs.setdefault("widget", forms.TextInput(attrs=figures))
        super().__init__(max_length=30, **kwargs)

    def parse(self, text: str) -> Decimal:
        """The number, or ValueError with words."""
        raise NotImplementedError

    def clean(self, value: Any) -> Decimal | None:
        """None for nothing in a field that may be empty."""
        text = super().clean(value)
        if not text:
            return None
        try:
            number = self.parse(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        self.check_least(number)
        return number

    def check_least(self, number: Decimal) -> None:
        """Nothing below `least`, where there is one."""
        if self.least is not None and number < self.least:
            raise forms.ValidationError(f"It must be at least {self.least}.")


class AmountField(TypedNumberField):
    """An amount in `currency`, which a form sets where it knows it; below zero unless `least`."""

    currency = ""

    def parse(self, text: str) -> Decimal:
        """In the decimals of the currency."""
        return parse_amount(text, self.currency)


class MoneyField(AmountField):
    """An amount that moves: more than zero."""

    def check_least(self, number: Decimal) -> None:
        """More than zero."""
        if number <= 0:
            raise forms.ValidationError("The amount must be more than zero.")


class PaidField(TypedNumberField):
    """An amount in any currency: more than zero, with as many decimals as it has."""

    def parse(self, text: str) -> Decimal:
        """With all its decimals."""
        return parse_paid(text)

    def check_least(self, number: Decimal) -> None:
        """More than zero."""
        if number <= 0:
            raise forms.ValidationError("It must be more than zero.")


class RateField(PaidField):
    """A rate: more than zero, nothing between thousands."""

    def parse(self, text: str) -> Decimal:
        """With all its decimals."""
        return parse_rate(text)
