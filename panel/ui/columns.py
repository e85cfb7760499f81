"""Columns of a table: what a cell shows, how, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Literal

from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString

from panel.ui import cells, figures
from panel.ui.states import state_html

Kind = Literal[
    "text", "wrap", "clip", "sentence", "copy", "money", "lots", "price", "percent", "count",
    "time", "state", "yes_no", "html",
]  # fmt: skip
Value = str | Callable[[Any], Any]
RIGHT: frozenset[Kind] = frozenset({"money", "lots", "price", "percent", "count"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    `value` is a dotted attribute path (default: the name) or a function of the row; `kind` says
    how it is shown (`html`: the function returns safe markup). `sort` is an ORM path, `total` one
    that is summed below. `currency` and `digits` are values too, for money and prices;
    `named=False` leaves the currency's name to a column of its own. Without `permission` the
    column is not there at all; `shown=False` leaves it to the person's choice. A contact detail
    has a `mask`: what of its text those see who lack the contact right.
    """

    name: str
    label: str
    kind: Kind = "text"
    value: Value = ""
    sort: str = ""
    link: Callable[[Any], str] | None = None
    permission: str = ""
    shown: bool = True
    currency: Value = ""
    named: bool = True
    digits: Value = ""
    total: str = ""
    hint: str = ""
    strong: bool = False
    mask: Callable[[str], str] | None = None

    def masked(self) -> Column:
        """The column for readers without the contact right."""
        mask = self.mask
        if mask is None:
            return self
        get = _getter(self.value or self.name)
        return replace(self, value=lambda row: mask(get(row)), mask=None)

    @property
    def css(self) -> str:
        """The classes of its cells."""
        names = []
        if self.kind in RIGHT:
            names.append("r")
        if self.kind in ("wrap", "clip"):
            names.append(self.kind)
        elif self.kind == "sentence":  # clipped in a row, whole on a card
            names += ["clip", "sentence"]
        if self.strong:
            names.append("strong")
        return " ".join(names)

    def cell(self) -> Callable[[Any], str]:
        """A function that draws this column's content for a row; made once per page."""
        get = _getter(self.value or self.name)
        link = self.link
        if self.kind == "copy":
            if link is None:
                return lambda row: cells.copy_html(_blank(get(row)))
            return lambda row: cells.copy_html(_blank(get(row)), link(row))
        draw = self._drawer()
        if link is None:
            return lambda row: draw(row, get(row))
        return lambda row: _anchor(link(row), draw(row, get(row)))

    def _drawer(self) -> Callable[[Any, Any], str]:
        simple = _SIMPLE.get(self.kind)
        if simple is not None:
            return lambda row, value: simple(value)
        if self.kind == "money":
            if not self.currency:
                return lambda row, value: cells.money_html(value)
            currency, named = _getter(self.currency), self.named
            return lambda row, value: cells.money_html(value, currency(row), named=named)
        digits = _getter(self.digits)
        return lambda row, value: cells.price_html(value, digits(row))


def _getter(value: Value) -> Callable[[Any], Any]:
    return value if callable(value) else attrgetter(value)


def _anchor(url: str, content: str) -> str:
    return f'<a href="{escape(url)}">{content}</a>' if url else content


def _blank(value: object) -> object:
    return "" if value is None else value


def text_cell(value: object) -> SafeString:
    """Plain text, escaped; nothing is a dash."""
    if value is None or value == "":
        return conditional_escape(figures.UNKNOWN)
    return conditional_escape(value if isinstance(value, SafeString) else str(value))


_SIMPLE: dict[Kind, Callable[[Any], str]] = {
    "text": text_cell,
    "wrap": text_cell,
    "clip": text_cell,
    "sentence": text_cell,
    "html": lambda value: conditional_escape(value or ""),
    "lots": cells.lots_html,
    "percent": cells.percent_html,
    "count": cells.count_html,
    "time": cells.when_html,
    "state": state_html,
    "yes_no": cells.yes_no_html,
}
