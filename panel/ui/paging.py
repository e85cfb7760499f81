"""Keyset paging: a page begins where the last one ended, however many rows come in between.

A cursor is the sort value and the key of a row at the page's edge. The sort is always made total
by the key, so no row is shown twice or skipped, and the database walks an index instead of
counting off rows it throws away.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Field, Model, Q, QuerySet
from django.db.models.expressions import OrderBy


class BadCursor(ValueError):
    """A cursor that this list did not make."""


@dataclass(frozen=True, slots=True)
class Order:
    """A sort: an ORM path, its direction, and the field that is unique within the list."""

    path: str
    descending: bool = False
    key: str = "pk"

    @classmethod
    def parse(cls, text: str, key: str = "pk") -> Order:
        """`-balance` is balance, descending."""
        return cls(text.removeprefix("-"), text.startswith("-"), key)

    @property
    def by_key_alone(self) -> bool:
        """Whether the sort is total without a second field."""
        return self.path in (self.key, "pk", "id")

    def __str__(self) -> str:
        return f"-{self.path}" if self.descending else self.path


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursors to the ones after and before; empty where there are none."""

    rows: Sequence[Any]
    after: str = ""
    before: str = ""


def encode(value: object, key: object) -> str:
    """A cursor, fit for an address."""
    if isinstance(value, date):
        value = value.isoformat()
    text = json.dumps([None if value is None else str(value), str(key)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, order: Order, queryset: QuerySet[Any]) -> tuple[Any, Any]:
    """The sort value and the key behind a cursor; raises `BadCursor`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text, key_text = json.loads(base64.urlsafe_b64decode(padded.encode()))
        field = field_of(queryset, order.path)
        key = field_of(queryset, order.key).to_python(key_text)
        value = None if text is None else field.to_python(text)
    except (binascii.Error, ValueError, TypeError, ValidationError) as error:
        raise BadCursor(cursor) from error
    return value, key


def field_of(queryset: QuerySet[Any], path: str) -> Field[Any, Any]:
    """The model field or annotation behind an ORM path."""
    annotation = queryset.query.annotations.get(path)
    if annotation is not None:
        return annotation.output_field
    model: type[Model] = queryset.model
    *steps, last = path.split("__")
    for step in steps:
        related = model._meta.get_field(step).related_model
        if not isinstance(related, type):
            raise FieldDoesNotExist(path)
        model = related
    found = model._meta.pk if last == "pk" else model._meta.get_field(last)
    if not isinstance(found, Field):
        raise FieldDoesNotExist(path)
    return found


def is_nullable(queryset: QuerySet[Any], path: str) -> bool:
    """Whether a sort value may be missing; then it is sorted last, on every database alike."""
    if path in queryset.query.annotations:
        return True
    steps = path.split("__")
    return any(
        field_of(queryset, "__".join(steps[: depth + 1])).null for depth in range(len(steps))
    )


def ordering(queryset: QuerySet[Any], order: Order, *, backwards: bool) -> list[OrderBy]:
    """The ORDER BY of a list, or its exact reverse."""
    down = order.descending != backwards
    column = F(order.path)
    if order.by_key_alone:
        return [column.desc() if down else column.asc()]
    key = F(order.key).desc() if down else F(order.key).asc()
    if not is_nullable(queryset, order.path):
        return [column.desc() if down else column.asc(), key]
    if backwards:
        first = column.desc(nulls_first=True) if down else column.asc(nulls_first=True)
    else:
        first = column.desc(nulls_last=True) if down else column.asc(nulls_last=True)
    return [first, key]


def beyond(queryset: QuerySet[Any], order: Order, value: Any, key: Any, *, backwards: bool) -> Q:
    """The rows on the far side of a cursor, in the direction of reading."""
    side = "lt" if order.descending != backwards else "gt"
    path = order.path
    if order.by_key_alone:
        return Q(**{f"{path}__{side}": value})
    past = {f"{order.key}__{side}": key}
    if value is None:
        same = Q(**{f"{path}__isnull": True}, **past)
        return same | Q(**{f"{path}__isnull": False}) if backwards else same
    # `>= and (> or key)` lets the database enter its index at the value.
    inside = Q(**{f"{path}__{side}e": value}) & (Q(**{f"{path}__{side}": value}) | Q(**past))
    if is_nullable(queryset, path) and not backwards:
        return inside | Q(**{f"{path}__isnull": True})
    return inside


def edge(row: Any, order: Order) -> str:
    """The cursor of a row."""
    return encode(_walk(row, order.path), _walk(row, order.key))


def _walk(row: Any, path: str) -> Any:
    value = row
    for step in path.split("__"):
        value = getattr(value, step) if value is not None else None
    return value


def page_of(
    queryset: QuerySet[Any], order: Order, size: int, *, after: str = "", before: str = ""
) -> Page:
    """The page after or before a cursor, or the first; a cursor that is none gives the first."""
    cursor = after or before
    backwards = bool(before and not after)
    rows_from = queryset
    if cursor:
        try:
            value, key = decode(cursor, order, queryset)
        except BadCursor:
            return page_of(queryset, order, size)
        rows_from = queryset.filter(beyond(queryset, order, value, key, backwards=backwards))
    found = list(rows_from.order_by(*ordering(queryset, order, backwards=backwards))[: size + 1])
    more = len(found) > size
    rows = found[:size]
    if cursor and (not rows or (backwards and not more)):
        # The list has moved on: begin at the beginning rather than with a part of a page.
        return page_of(queryset, order, size)
    if backwards:
        rows.reverse()
    return Page(
        rows,
        after=edge(rows[-1], order) if rows and (more or backwards) else "",
        before=edge(rows[0], order) if rows and (more if backwards else bool(cursor)) else "",
    )
