"""Filters as chips: what narrows a list, readable, each removed by one click."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django_filters import (
    DateFromToRangeFilter,
    FilterSet,
    NumberFilter,
    RangeFilter,
    TypedChoiceFilter,
)
from django_filters.fields import DateRangeField, RangeField

from panel.mt4.limits import INT32_MAX
from panel.ui.amounts import AmountField
from panel.ui.figures import date_text, money_text, when_whole
from panel.ui.tables import Table


class YesNoFilter(TypedChoiceFilter):  # type: ignore[misc]
    """A boolean as people ask for it: any, yes or no."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=(("", "any"), ("yes", "yes"), ("no", "no")),
            coerce=lambda word: word == "yes",
            **kwargs,
        )


class DayRangeField(DateRangeField):  # type: ignore[misc]
    """Two days; an error says how to write one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields:
            field.error_messages["invalid"] = "Write a day as 2026-11-28 or 28 Nov 2026."


class DayRangeFilter(DateFromToRangeFilter):  # type: ignore[misc]
    """A day from, to, or both."""

    field_class = DayRangeField


class AmountRangeField(RangeField):  # type: ignore[misc]
    """Two amounts, read as amounts are in forms and files."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        both = (AmountField(required=False), AmountField(required=False))
        super().__init__(both, *args, **kwargs)


class AmountRangeFilter(RangeFilter):  # type: ignore[misc]
    """An amount from, to, or both."""

    field_class = AmountRangeField


class LoginFilter(NumberFilter):  # type: ignore[misc]
    """An account's number."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=INT32_MAX, **kwargs)


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is set: its label, its value in words, the address without it."""

    label: str
    value: str
    url: str


def chips(filters: FilterSet, table: Table) -> list[Chip]:
    """The filters that are set, as the table's address has them."""
    form = filters.form
    if not form.is_valid():
        return []
    found = []
    for name, field in form.fields.items():
        value = form.cleaned_data.get(name)
        if value in (None, "", []) or (isinstance(value, slice) and value == slice(None, None)):
            continue
        found.append(Chip(str(field.label or name), in_words(field, value), _without(table, name)))
    return found


def misread(filters: FilterSet, table: Table) -> list[Chip]:
    """The filters that cannot be read: label, what is wrong, the address without each."""
    form = filters.form
    if form.is_valid():
        return []
    return [
        Chip(
            str(form.fields[name].label or name) if name in form.fields else "",
            " ".join(str(text) for text in texts),
            _without(table, name),
        )
        for name, texts in form.errors.items()
    ]


def _without(table: Table, name: str) -> str:
    # A filter of two boxes numbers or names them: `amount_min`, `created_after`.
    parts = {part: "" for part in table.request.GET if part.rsplit("_", 1)[0] == name}
    return table.address(**{name: "", **parts})


def in_words(field: forms.Field, value: Any) -> str:
    """A filter's value as people read it."""
    match value:
        case slice():
            first = in_words(field, value.start) if value.start is not None else ""
            last = in_words(field, value.stop) if value.stop is not None else ""
            if first and last:
                return f"{first} to {last}"
            return f"from {first}" if first else f"to {last}"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return when_whole(value)
        case date():
            return date_text(value)
        case Decimal():
            return money_text(value)
    choices = getattr(field, "choices", None)
    if choices is not None:
        words = {str(code): str(word) for code, word in _flat(choices)}
        codes = value if isinstance(value, list | tuple | set) else [value]
        return ", ".join(words.get(str(getattr(code, "pk", code)), str(code)) for code in codes)
    return str(value)


def _flat(choices: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    for code, word in choices:
        if isinstance(word, list | tuple):
            yield from _flat(word)
        else:
            yield code, word
