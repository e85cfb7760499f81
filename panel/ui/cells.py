"""Figures as markup: one function per kind, used by table cells and template tags alike."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from panel.ui import figures


def _number(text: str, value: Decimal | int | None, kind: str = "num") -> SafeString:
    sign = "" if value is None or value > 0 else " neg" if value < 0 else " zero"
    if sign == " neg" and not text.startswith(figures.MINUS):
        sign = " zero"
    return mark_safe(f'<span class="{kind}{sign}">{text}</span>')  # noqa: S308 - digits only


def money_html(
    value: Decimal | int | None, currency: str = "", *, named: bool = True
) -> SafeString:
    """An amount in the decimals of its currency, its name small after it unless `named` is off."""
    text = figures.money_text(value, currency, named=False)
    if currency and named and value is not None:
        text += f' <span class="cur">{escape(currency)}</span>'
    return _number(text, value)


def lots_html(hundredths: int | None) -> SafeString:
    """A volume in lots."""
    return _number(figures.lots_text(hundredths), hundredths)


def price_html(value: Decimal | int | None, digits: int) -> SafeString:
    """A price; its sign carries no colour."""
    text = figures.price_text(value, digits)
    return mark_safe(f'<span class="num">{text}</span>')  # noqa: S308 - digits only


def percent_html(value: Decimal | int | None, places: int = 0) -> SafeString:
    """A percentage."""
    return _number(figures.percent_text(value, places), value)


def count_html(value: int | None) -> SafeString:
    """A whole number."""
    return _number(figures.count_text(value), value)


def copy_html(text: object, url: str = "") -> SafeString:
    """A login, ticket or reference: monospaced, copied by one click; a link where it leads on."""
    shown = escape(text)
    if not shown:
        return mark_safe(figures.UNKNOWN)  # noqa: S308 - a dash
    if url:
        return mark_safe(  # noqa: S308 - escaped above
            f'<a class="mono" href="{escape(url)}">{shown}</a><button type="button" class="copy" '
            f'data-copy="{shown}" aria-label="Copy {shown}" tabindex="-1"></button>'
        )
    return mark_safe(  # noqa: S308 - escaped above
        f'<button type="button" class="copy-text mono" data-copy="{shown}" '
        f'title="Copy {shown}">{shown}</button>'
    )


def when_html(moment: datetime | None) -> SafeString:
    """A time, short, the whole of it on hover; in the reader's zone."""
    if moment is None:
        return mark_safe(figures.UNKNOWN)  # noqa: S308 - a dash
    return mark_safe(  # noqa: S308 - digits and month names
        f'<time class="num" datetime="{moment.isoformat()}" '
        f'title="{figures.when_whole(moment)}">{figures.when_short(moment)}</time>'
    )


def when_full_html(moment: datetime | None, clock: figures.ServerClock | None) -> SafeString:
    """A whole time with its zone, and the trade server's beside it."""
    if moment is None:
        return mark_safe(figures.UNKNOWN)  # noqa: S308 - a dash
    beside = ""
    if clock is not None:
        beside = f' <span class="server-time">server {figures.server_text(moment, clock)}</span>'
    return mark_safe(  # noqa: S308 - digits, month and zone names
        f'<time class="num" datetime="{moment.isoformat()}">{figures.when_whole(moment)}</time>'
        f"{beside}"
    )


def yes_no_html(value: bool | None) -> SafeString:
    """`yes`, `no`, or a dash."""
    text = figures.UNKNOWN if value is None else "yes" if value else "no"
    return mark_safe(f'<span class="{"" if value else "dim"}">{text}</span>')  # noqa: S308 - words


def as_of_html(moment: datetime | None, limit: int) -> SafeString:
    """How old mirrored figures are: `as of 14:05:12`, amber beyond `limit` seconds."""
    if moment is None:
        return mark_safe('<span class="as-of old">not read yet</span>')
    age = figures.age_seconds(moment)
    late = f" ({figures.span_text(age)} old)" if age > limit else ""
    return mark_safe(  # noqa: S308 - digits and words
        f'<span class="as-of{" old" if late else ""}" data-as-of="{moment.isoformat()}" '
        f'data-limit="{limit}" title="{figures.when_whole(moment)}">'
        f'as of {figures.clock_text(moment)}<span class="as-of-age">{late}</span></span>'
    )
