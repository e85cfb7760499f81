"""A table's rows as markup, in one pass: no template is run for a row or a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from panel.ui import cells, figures
from panel.ui.columns import Column
from panel.ui.icons import icon_html
from panel.ui.links import Link

if TYPE_CHECKING:
    from panel.ui.tables import Table

# On a telephone such cells are left out.
_NOTHING = frozenset({"", figures.UNKNOWN, f'<span class="num">{figures.UNKNOWN}</span>'})


def body(table: Table) -> SafeString:
    """The rows of the page. What a row is known by and leads to stands on its `tr`."""
    columns = [
        (
            _attributes(column, first=place == 0),
            _attributes(column, "none", first=place == 0),
            _linked(table, column, place).cell(),
        )
        for place, column in enumerate(table.visible)
    ]
    ticks = bool(table.bulk_actions)
    parts: list[str] = []
    for row in table.rows:
        url, row_id, css = table.link(row), escape(table.row_id(row)), table.row_class(row)
        parts.append(
            f'<tr data-id="{row_id}"'
            + (f' data-href="{escape(url)}"' if url else "")
            + (f' class="{css}"' if css else "")
            + ">"
        )
        if ticks:
            parts.append(
                '<td class="tick"><input type="checkbox" class="form-check-input" name="ids" '
                f'value="{row_id}" aria-label="Tick {row_id}"></td>'
            )
        for attributes, without, draw in columns:
            drawn = draw(row)
            parts.append(f"<td{without if drawn in _NOTHING else attributes}>{drawn}</td>")
        if table.has_actions:
            parts.append(_menu(table.actions(row)))
        parts.append("</tr>")
    return mark_safe("".join(parts))  # noqa: S308 - every cell escapes its own text


def _linked(table: Table, column: Column, place: int) -> Column:
    """The first column leads to the row's page, unless it leads elsewhere by itself."""
    return replace(column, link=table.link) if place == 0 and column.link is None else column


def _attributes(column: Column, *more: str, first: bool) -> str:
    css = " ".join(name for name in ("id" if first else "", column.css, *more) if name)
    return (f' class="{css}"' if css else "") + f' data-label="{escape(column.label)}"'


def _menu(links: Sequence[Link]) -> str:
    if not links:
        return '<td class="acts none"></td>'
    items = "".join(
        f'<a class="dropdown-item" href="{escape(link.url)}">'
        f"{icon_html(link.icon) if link.icon else ''}{escape(link.label)}</a>"
        for link in links
    )
    # `fixed` lets the menu leave the table's scrolling box.
    return (
        '<td class="acts"><div class="dropdown"><button type="button" class="btn btn-icon" '
        'data-bs-toggle="dropdown" data-bs-popper-config=\'{"strategy":"fixed"}\' '
        f'aria-expanded="false" aria-label="Actions">{icon_html("dots")}</button>'
        f'<div class="dropdown-menu dropdown-menu-end">{items}</div></div></td>'
    )


def foot(table: Table) -> SafeString:
    """The rows of sums."""
    parts: list[str] = []
    for row in table.totals:
        parts.append("<tr>")
        if table.bulk_actions:
            parts.append('<td class="tick"></td>')
        parts.append(f'<td class="id">{escape(row.label)}</td>')
        for column in table.visible[1:]:
            if column.total:
                total = _total(column, row.values[column.name], row.currency)
                parts.append(f"<td{_attributes(column, first=False)}>{total}</td>")
            else:
                parts.append("<td></td>")
        if table.has_actions:
            parts.append('<td class="acts none"></td>')
        parts.append("</tr>")
    return mark_safe("".join(parts))  # noqa: S308 - figures and escaped labels


def _total(column: Column, total: Decimal | int | None, currency: str) -> str:
    match column.kind:
        case "lots":
            return cells.lots_html(None if total is None else int(total))
        case "count":
            return cells.count_html(None if total is None else int(total))
        case _:
            return cells.money_html(total, currency, named=False)
