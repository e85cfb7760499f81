"""When a symbol can be traded: three windows a weekday, less holidays. Times: server's clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

from panel.mt4.protocol.records import Holiday, SymbolDaySessions, SymbolSession

MINUTES_A_DAY = 24 * 60
LOOK_AHEAD = 31
"""Days searched for the next opening; a market closed for longer has none to tell."""

EVERYTHING = "all"
"""The symbol of a holiday that is everybody's. [S]"""

Window: TypeAlias = tuple[int, int]
"""Minutes from midnight: open from the first, closed from the second on."""


def _window(session: SymbolSession) -> Window | None:
    """A session in minutes; None if unused. Closing at 0:00 is the end of the day. [I]"""
    opens = session.open_hour * 60 + session.open_minute
    closes = session.close_hour * 60 + session.close_minute
    if opens == closes:
        return None
    return opens, closes or MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class TradingHours:
    """The hours of one symbol, computed once. ``week`` has windows by weekday, Monday first."""

    week: tuple[tuple[Window, ...], ...]
    holidays: tuple[Holiday, ...] = ()

    @classmethod
    def of(
        cls,
        days: Iterable[SymbolDaySessions],
        holidays: Iterable[Holiday] = (),
        *,
        symbol: str = "",
        security: str = "",
    ) -> TradingHours:
        """Trade sessions as they travel, Sunday first; holidays of the symbol, of its security
        group and of all. A weekday that is not given is closed. A session that closes before it
        opens goes on into the next day. [I]
        """
        week: list[list[Window]] = [[] for _ in range(7)]
        for day in days:
            weekday = (day.day_of_week - 1) % 7
            for window in filter(None, map(_window, day.trade)):
                opens, closes = window
                if opens < closes:
                    week[weekday].append(window)
                else:
                    week[weekday].append((opens, MINUTES_A_DAY))
                    week[(weekday + 1) % 7].append((0, closes))
        concerned = {EVERYTHING, symbol.lower(), security.lower()} - {""}
        return cls(
            tuple(tuple(sorted(windows)) for windows in week),
            tuple(each for each in holidays if each.enable and each.symbol.lower() in concerned),
        )

    def windows(self, day: date) -> tuple[Window, ...]:
        """The windows of a date. A holiday leaves what is inside its working hours. [S]"""
        windows = self.week[day.weekday()]
        for holiday in self.holidays:
            if (holiday.month, holiday.day) == (day.month, day.day) and holiday.year in (
                0,
                day.year,
            ):
                windows = tuple(
                    (max(opens, holiday.from_), min(closes, holiday.to))
                    for opens, closes in windows
                    if max(opens, holiday.from_) < min(closes, holiday.to)
                )
        return windows

    def is_open(self, now: datetime) -> bool:
        """Whether orders are taken at this moment."""
        minute = now.hour * 60 + now.minute
        return any(opens <= minute < closes for opens, closes in self.windows(now.date()))

    def next_open(self, now: datetime) -> datetime | None:
        """The moment itself if open, else the next opening; None if there is none in a month."""
        if self.is_open(now):
            return now
        minute = now.hour * 60 + now.minute
        for ahead in range(LOOK_AHEAD + 1):
            day = now.date() + timedelta(days=ahead)
            for opens, _ in self.windows(day):
                if ahead or opens > minute:
                    return datetime.combine(day, time()) + timedelta(minutes=opens)
        return None
