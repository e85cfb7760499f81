"""Figures as people read them: plain text, no markup. Money, lots, prices, times, ages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from django.utils import timezone

from panel.lib.money import show

MINUS = "\N{MINUS SIGN}"
UNKNOWN = "\N{EN DASH}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Number = Decimal | int
_FIGURE = re.compile(r"[-−]?(1:)?[\d,]+(\.\d+)?(\s?%|\s[A-Z]{3})?")


class ServerClock(Protocol):
    """A platform, as far as its clock is concerned."""

    def server_time(self, moment: datetime | None = None) -> datetime:
        """The moment on the server's clock, naive."""
        ...


def decimal_text(value: Number | None, places: int) -> str:
    """`-1204.1` with two places is `−1,204.10`; nothing is an en dash; zero has no sign."""
    if value is None:
        return UNKNOWN
    text = f"{value:,.{places}f}"
    if not text.startswith("-"):
        return text
    return text[1:] if not text.strip("-0.,") else MINUS + text[1:]


def money_text(value: Number | None, currency: str = "", *, named: bool = True) -> str:
    """An amount in the decimals of its currency: `1,234.50 USD`, `1,234 JPY`.

    `named=False` leaves the currency's name out where it stands beside. Without a currency there
    are two decimals.
    """
    if value is None:
        return UNKNOWN
    text = show(Decimal(value), currency, named=named)
    return MINUS + text[1:] if text.startswith("-") else text


def is_figure(text: str) -> bool:
    """Whether it is an amount, a count or a percentage, or the dash for none."""
    return text in ("", UNKNOWN) or _FIGURE.fullmatch(text) is not None


def lots_text(hundredths: int | None) -> str:
    """A volume as MT4 keeps it (1 lot = 100) in lots."""
    if hundredths is None:
        return UNKNOWN
    return decimal_text(Decimal(hundredths) / 100, 2)


def price_text(value: Number | None, digits: int) -> str:
    """A price with its symbol's digits; 0 is MT4's word for "none set"."""
    if value is None or not value:
        return UNKNOWN
    text = f"{value:.{digits}f}"
    return MINUS + text[1:] if text.startswith("-") else text


def percent_text(value: Number | None, places: int = 0) -> str:
    """`312 %`, with a space that does not break."""
    if value is None:
        return UNKNOWN
    return f"{decimal_text(value, places)}\N{NO-BREAK SPACE}%"


def count_text(value: int | None) -> str:
    """A whole number with thousands separated."""
    return decimal_text(value, 0)


def local(moment: datetime) -> datetime:
    """The moment in the reader's zone; a naive one is left alone."""
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def date_text(day: date) -> str:
    """`12 Nov 2026`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def when_short(moment: datetime | None, now: datetime | None = None) -> str:
    """`14:05` today, `12 Nov` this year, `12 Nov 2024` before."""
    if moment is None:
        return UNKNOWN
    here = local(moment)
    today = local(now or timezone.now())
    if here.date() == today.date():
        return f"{here.hour:02d}:{here.minute:02d}"
    if here.year == today.year:
        return f"{here.day} {MONTHS[here.month - 1]}"
    return date_text(here)


def clock_text(moment: datetime) -> str:
    """`14:05:12` in the reader's zone."""
    here = local(moment)
    return f"{here.hour:02d}:{here.minute:02d}:{here.second:02d}"


def when_whole(moment: datetime | None) -> str:
    """`12 Nov 2026, 14:05:12 CET`; a naive time has no zone to name."""
    if moment is None:
        return UNKNOWN
    here = local(moment)
    return f"{date_text(here)}, {clock_text(moment)} {here.tzname() or ''}".rstrip()


def server_text(moment: datetime, clock: ServerClock) -> str:
    """The same moment on the trade server's clock, with the date where it is another one."""
    there = clock.server_time(moment)
    time = f"{there.hour:02d}:{there.minute:02d}:{there.second:02d}"
    return time if there.date() == local(moment).date() else f"{date_text(there)}, {time}"


def age_seconds(moment: datetime) -> int:
    """How long ago, in whole seconds; the future counts as now."""
    return max(0, int((timezone.now() - moment.astimezone(UTC)).total_seconds()))


def span_text(span: timedelta | int) -> str:
    """A span of time in its largest sensible unit: `12 s`, `3 min`, `2 h`, `4 days`."""
    seconds = int(span.total_seconds()) if isinstance(span, timedelta) else span
    if seconds < 90:
        return f"{seconds}\N{NO-BREAK SPACE}s"
    if seconds < 5_400:
        return f"{round(seconds / 60)}\N{NO-BREAK SPACE}min"
    if seconds < 129_600:
        return f"{round(seconds / 3_600)}\N{NO-BREAK SPACE}h"
    return f"{round(seconds / 86_400)}\N{NO-BREAK SPACE}days"
