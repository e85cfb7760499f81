"""Small pieces of markup. What is passed as text is escaped; what is passed as markup is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any

from panel.lib.money import show


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


NOTHING = Markup('<span class="quiet">–</span>')


def text(value: Any) -> Markup:
    """Any value as text; markup stays as it is."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def join(parts: Iterable[Any], between: str = "") -> Markup:
    """Several pieces in a row."""
    return Markup(between.join(map(text, parts)))


def link(address: str, label: Any) -> Markup:
    return Markup(f'<a href="{escape(address)}">{text(label)}</a>')


def badge(label: Any, kind: str = "plain") -> Markup:
    """A word in a coloured field; `kind` is good, bad, warn, unknown or plain."""
    return Markup(f'<span class="badge {kind}">{text(label)}</span>')


def money(value: Decimal | None, currency: str) -> Markup:
    """An amount in the decimals of its currency; a negative one is red and has a minus."""
    if value is None:
        return NOTHING
    shown = show(abs(value), currency, named=False)
    return Markup(f'<span class="down">−{shown}</span>') if value < 0 else Markup(shown)


def price(value: Decimal, digits: int) -> str:
    return f"{value:.{digits}f}"


def moment(time: datetime) -> str:
    """A time of the server's clock; nothing for "never"."""
    return "" if time.year <= 1970 else f"{time:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; `kind` is figure (on the right), text (wraps) or nothing."""

    label: str
    kind: str = ""


_KINDS = {"#": "figure", "~": "text"}


def columns(*labels: str) -> tuple[Column, ...]:
    """Columns by their labels; one that begins with # has figures, with ~ long texts."""
    return tuple(Column(label.lstrip("#~"), _KINDS.get(label[0], "")) for label in labels)


def table(heads: Sequence[Column], rows: Iterable[Sequence[Any]], empty: str) -> Markup:
    """A table in a box of its own that scrolls; a sentence when there is no row."""
    body = Markup("").join(
        f"<tr>{''.join(_cell(head, value) for head, value in zip(heads, row, strict=True))}</tr>"
        for row in rows
    )
    if not body:
        return Markup(f'<p class="quiet">{text(empty)}</p>')
    head = "".join(f'<th scope="col"{_class(each)}>{text(each.label)}</th>' for each in heads)
    return Markup(
        f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _class(column: Column) -> str:
    return f' class="{column.kind}"' if column.kind else ""


def _cell(column: Column, value: Any) -> str:
    return f"<td{_class(column)}>{text(value)}</td>"


def facts(pairs: Iterable[tuple[str, Any]]) -> Markup:
    """Names and values side by side."""
    items = "".join(f"<div><dt>{text(name)}</dt><dd>{text(v)}</dd></div>" for name, v in pairs)
    return Markup(f'<dl class="facts">{items}</dl>')


def section(title: str, *parts: Any) -> Markup:
    return Markup(f"<section><h2>{text(title)}</h2>{join(parts)}</section>")


def field(
    name: str, label: str, *, kind: str = "text", value: Any = "", hint: str = "", more: str = ""
) -> Markup:
    """A labelled input; `more` is markup of further attributes."""
    note = f"<small>{text(hint)}</small>" if hint else ""
    return Markup(
        f'<label><span>{text(label)}</span><input type="{kind}" name="{name}" '
        f'value="{text(value)}" {more}>{note}</label>'
    )


def choice(name: str, label: str, options: Iterable[tuple[str, str]], chosen: str = "") -> Markup:
    """A labelled select of values and their labels."""
    items = "".join(
        f'<option value="{text(value)}"{" selected" if value == chosen else ""}>{text(shown)}'
        "</option>"
        for value, shown in options
    )
    return Markup(
        f'<label><span>{text(label)}</span><select name="{name}">{items}</select></label>'
    )


def form(action: str, button: str, *fields: Any, kind: str = "", method: str = "post") -> Markup:
    """A form with its button; `kind` is a class such as `danger`."""
    return Markup(
        f'<form method="{method}" action="{escape(action)}"><div class="fields">{join(fields)}'
        f'</div><button class="{kind}">{text(button)}</button></form>'
    )
