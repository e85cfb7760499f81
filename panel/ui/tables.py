"""Tables: declared columns, keyset pages, rows drawn in one pass.

A `Table` is told its request and its rows' source; everything shown comes out ready: `head`,
`body`, `foot`, `count`, the addresses of the pages before and after. Nothing of it knows a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q, QuerySet, Sum
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from panel.access import contact
from panel.access.request import PanelRequest
from panel.ui import drawing
from panel.ui.columns import Column
from panel.ui.counting import Count, count_of
from panel.ui.links import Link
from panel.ui.paging import Order, Page, page_of
from panel.ui.platform import FIELD


@dataclass(frozen=True, slots=True)
class BulkAction:
    """Something done with all ticked rows: the form posts `ids`, or `all=1` and the filters."""

    label: str
    url_name: str
    permission: str
    icon: str = ""

    @property
    def url(self) -> str:
        """Where the form is sent."""
        return reverse(self.url_name)


@dataclass(frozen=True, slots=True)
class SumRow:
    """A row of sums below the table: over which of the rows. Without `always` it is left out
    where it has nothing to add up.
    """

    label: str
    where: Q = field(default_factory=Q)
    always: bool = True


@dataclass(frozen=True, slots=True)
class Sums:
    """A row of sums as it is drawn: what of, and the sums by the name of the column."""

    label: str
    values: dict[str, Any]
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head."""

    column: Column
    url: str = ""
    sorted: str = ""


@dataclass(frozen=True, slots=True)
class Empty:
    """What stands where rows would be: what would be here, why it is not, what starts it."""

    title: str
    text: str = ""
    icon: str = "inbox"
    start: Link | None = None


class Table:
    """A list of rows. Subclasses declare `name`, `columns`, and what else they need.

    `name` is its key in a person's preferences and in the page (`[a-z-]`). `default_sort` and
    `key` are ORM paths; `key` must be unique within the list. `total_by` is the currency's path:
    amounts of two currencies are never added up. `sums` says which rows are: what goes in and what
    goes out are told apart, and what is done from what waits.
    """

    name: ClassVar[str]
    columns: ClassVar[Sequence[Column]]
    default_sort: ClassVar[str] = "-pk"
    key: ClassVar[str] = "pk"
    page_size: ClassVar[int] = 50
    total_by: ClassVar[str] = ""
    sums: ClassVar[Sequence[SumRow]] = (SumRow("Total"),)
    bulk: ClassVar[Sequence[BulkAction]] = ()
    empty: ClassVar[Empty] = Empty("Nothing here yet")
    label: ClassVar[str] = ""
    # The platform that the rows are of, for every address of this list: it stays on it whatever
    # another tab chooses meanwhile.
    server: str = ""

    def __init__(
        self, request: PanelRequest, source: QuerySet[Any] | Sequence[Any], *, paged: bool = True
    ) -> None:
        self.request = request
        self.source = source
        self.paged = paged and isinstance(source, QuerySet)

    # --- What subclasses say about a row ----------------------------------------------------

    def link(self, row: Any) -> str:
        """The page of a row: where its first column and Enter lead; empty for none."""
        return ""

    def actions(self, row: Any) -> Sequence[Link]:
        """The row's menu; leave out what the person may not do (`self.may`)."""
        return ()

    def row_class(self, row: Any) -> str:
        """A class for the whole row."""
        return ""

    def row_id(self, row: Any) -> str:
        """What ticks and live updates know a row by."""
        return str(getattr(row, "pk", ""))

    # --- What templates draw -----------------------------------------------------------------

    def may(self, permission: str) -> bool:
        """Whether the reader has a right."""
        return self.request.actor.may(permission)

    @cached_property
    def allowed(self) -> list[Column]:
        """The columns this person may see at all, contact details masked where they have to be."""
        clear = self.may(contact.RIGHT)
        return [
            column if clear else column.masked()
            for column in self.columns
            if not column.permission or self.may(column.permission)
        ]

    @cached_property
    def visible(self) -> list[Column]:
        """The columns shown: the person's choice, or the usual ones. The first always is."""
        chosen = self._preferences().get("columns")
        if not isinstance(chosen, list):
            return [c for c in self.allowed if c.shown or c is self.allowed[0]]
        return [c for c in self.allowed if c.name in chosen or c is self.allowed[0]]

    def _preferences(self) -> dict[str, Any]:
        user = self.request.actor.user
        kept = user.preferences.get("tables", {}) if user else {}
        return kept.get(self.name, {}) if isinstance(kept, dict) else {}

    @property
    def bulk_actions(self) -> list[BulkAction]:
        """What this person may do with ticked rows."""
        return [action for action in self.bulk if self.may(action.permission)]

    @cached_property
    def order(self) -> Order:
        """The sort of the address if the table has it, else its own."""
        asked = self.request.GET.get("sort", "")
        sortable = {column.sort for column in self.allowed if column.sort}
        if asked.removeprefix("-") not in sortable:
            asked = self.default_sort
        return Order.parse(asked, self.key)

    @cached_property
    def page(self) -> Page:
        """The rows of this page."""
        if not isinstance(self.source, QuerySet):
            return Page(list(self.source))
        if not self.paged:
            return Page(list(self.source))
        get = self.request.GET
        return page_of(
            self.source,
            self.order,
            self.page_size,
            after=get.get("after", ""),
            before=get.get("before", ""),
        )

    @property
    def rows(self) -> Sequence[Any]:
        """The rows as they came."""
        return self.page.rows

    @cached_property
    def count(self) -> Count:
        """How many rows match, in all pages."""
        if self.paged and isinstance(self.source, QuerySet):
            return count_of(self.source)
        return Count(len(self.page.rows))

    def address(self, **changes: str) -> str:
        """This page's address with parameters changed; an empty value takes one away."""
        parameters = self.request.GET.copy()
        for name in ("after", "before"):
            parameters.pop(name, None)
        for name, value in changes.items():
            if value:
                parameters[name] = value
            else:
                parameters.pop(name, None)
        return self._with(parameters)

    def _with(self, parameters: QueryDict) -> str:
        if self.server:
            parameters[FIELD] = self.server
        return f"{self.request.path}?{parameters.urlencode()}"

    @property
    def here(self) -> str:
        """The address of exactly this page."""
        return self._with(self.request.GET.copy())

    @property
    def cleared(self) -> str:
        """The list without search and filters."""
        return self._with(QueryDict(mutable=True))

    @property
    def next_url(self) -> str:
        """The next page, if there is one."""
        return self.address(after=self.page.after) if self.page.after else ""

    @property
    def previous_url(self) -> str:
        """The page before, if there is one."""
        return self.address(before=self.page.before) if self.page.before else ""

    @property
    def head(self) -> list[Head]:
        """The heads, each with the address that sorts by it."""
        heads = []
        for column in self.visible:
            if not column.sort or not self.paged:
                heads.append(Head(column))
                continue
            at = self.order.path == column.sort
            down = at and not self.order.descending
            direction = "" if not at else "descending" if self.order.descending else "ascending"
            heads.append(
                Head(column, self.address(sort=f"{'-' if down else ''}{column.sort}"), direction)
            )
        return heads

    @cached_property
    def has_actions(self) -> bool:
        """Whether any row of this page has a menu."""
        return any(self.actions(row) for row in self.rows)

    @property
    def width(self) -> int:
        """The number of cells in a row."""
        return len(self.visible) + bool(self.bulk_actions) + self.has_actions

    @cached_property
    def totals(self) -> list[Sums]:
        """The rows of sums over all that matches, by currency; none beyond the exact count."""
        summed = {c.name: c.total for c in self.visible if c.total}
        if not summed or not isinstance(self.source, QuerySet) or not self.count.exact:
            return []
        if self.count.number == 0:
            return []
        asked: dict[str, models.Aggregate] = {}
        for index, row in enumerate(self.sums):
            asked[f"rows_{index}"] = models.Count("pk", filter=row.where)
            for name, path in summed.items():
                asked[f"sum_{index}_{name}"] = Sum(path, filter=row.where, default=0)
        plain = self.source.order_by()
        if not self.total_by:
            return self._sums(plain.aggregate(**asked), summed, "")
        found: list[Sums] = []
        by_currency = plain.values(total_currency=F(self.total_by)).annotate(**asked)
        for line in by_currency.order_by("total_currency"):
            found += self._sums(line, summed, str(line["total_currency"] or ""))
        return found

    def _sums(self, line: dict[str, Any], summed: Iterable[str], currency: str) -> list[Sums]:
        return [
            Sums(
                f"{row.label} {currency}".strip(),
                {name: line[f"sum_{index}_{name}"] for name in summed},
                currency,
            )
            for index, row in enumerate(self.sums)
            if row.always or line[f"rows_{index}"]
        ]

    @property
    def body(self) -> SafeString:
        """All rows of this page, drawn."""
        return drawing.body(self)

    @property
    def foot(self) -> SafeString:
        """The rows of totals, drawn."""
        return drawing.foot(self)
