"""Trading hours: windows of the week, nights, holidays, the next opening."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel.mt4.protocol.records import Holiday, SymbolDaySessions, SymbolSession
from panel.mt4.rules import TradingHours

MINUTES = st.integers(0, 1439)


def session(opens: int, closes: int) -> SymbolSession:
    """From minutes after midnight."""
    return SymbolSession(
        open_hour=opens // 60,
        open_minute=opens % 60,
        close_hour=closes // 60,
        close_minute=closes % 60,
    )


def days(*sessions: SymbolSession, weekdays: range = range(1, 6)) -> list[SymbolDaySessions]:
    """Monday to Friday alike, unless told otherwise; Sunday is 0."""
    return [SymbolDaySessions(day_of_week=day, trade=sessions) for day in weekdays]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}")  # the 2nd is a Monday


UNUSED = session(0, 0)
TWO_WINDOWS = TradingHours.of(days(session(60, 720), session(780, 1440), UNUSED))


@pytest.mark.parametrize(
    ("now", "is_open", "next_open"),
    [
        ("02 00:59", False, "02 01:00"),
        ("02 01:00", True, "02 01:00"),
        ("02 11:59:59", True, "02 11:59:59"),
        ("02 12:00", False, "02 13:00"),
        ("02 23:59:59", True, "02 23:59:59"),
        ("06 23:59", True, "06 23:59"),
        ("07 00:00", False, "09 01:00"),
        ("08 13:30", False, "09 01:00"),
    ],
)
def test_windows_of_the_week(now: str, is_open: bool, next_open: str) -> None:
    assert TWO_WINDOWS.is_open(at(now)) is is_open
    assert TWO_WINDOWS.next_open(at(now)) == at(next_open)


def test_night_session_goes_on_into_the_next_day() -> None:
    hours = TradingHours.of(days(session(1320, 300)))
    assert not hours.is_open(at("02 04:00"))  # Monday's own starts at 22:00
    assert hours.is_open(at("03 04:59"))
    assert not hours.is_open(at("03 05:00"))
    assert hours.is_open(at("07 04:59"))
    assert hours.next_open(at("07 05:00")) == at("09 22:00")


def test_session_that_closes_at_midnight_ends_with_the_day() -> None:
    hours = TradingHours.of(days(session(60, 0)))
    assert hours.is_open(at("02 23:59"))
    assert not hours.is_open(at("03 00:30"))


def holiday(day: int, year: int = 2026, **settings: object) -> Holiday:
    return Holiday(year=year, month=3, day=day, enable=True, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("symbol", ["All", "Forex", "EURUSD", "eurusd"])
@pytest.mark.parametrize("year", [2026, 0])
def test_holiday_of_all_of_the_group_or_of_the_symbol_closes(symbol: str, year: int) -> None:
    hours = TradingHours.of(
        days(session(0, 1440)),
        [holiday(3, year, symbol=symbol)],
        symbol="EURUSD",
        security="Forex",
    )
    assert hours.is_open(at("02 12:00"))
    assert not hours.is_open(at("03 12:00"))
    assert hours.next_open(at("03 12:00")) == at("04 00:00")


@pytest.mark.parametrize(
    "other",
    [
        holiday(3, symbol="XAUUSD"),
        holiday(3, symbol=""),
        holiday(3, 2025, symbol="All"),
        Holiday(year=2026, month=3, day=3, symbol="All", enable=False),
    ],
)
def test_holidays_that_do_not_concern_leave_the_day_open(other: Holiday) -> None:
    hours = TradingHours.of(days(session(0, 1440)), [other], symbol="EURUSD")
    assert hours.is_open(at("03 12:00"))


def test_short_day_keeps_its_working_hours() -> None:
    short = holiday(3, symbol="All", from_=600, to=840)
    hours = TradingHours.of(days(session(60, 720), session(780, 1440)), [short])
    assert hours.windows(at("03 00:00").date()) == ((600, 720), (780, 840))


def test_market_that_never_opens_has_no_next_opening() -> None:
    assert TradingHours.of(days(UNUSED)).next_open(at("02 12:00")) is None
    assert TradingHours.of([]).next_open(at("02 12:00")) is None


@given(
    st.lists(st.builds(session, MINUTES, MINUTES), max_size=3),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 20 * 1440),
)
def test_next_opening_is_open_and_nothing_before_it_is(
    windows: list[SymbolSession], weekdays: set[int], minutes: int
) -> None:
    hours = TradingHours.of(
        [SymbolDaySessions(day_of_week=day, trade=tuple(windows)) for day in weekdays]
    )
    now = at("02 00:00") + timedelta(minutes=minutes)
    opening = hours.next_open(now)
    if opening is None:
        assert not any(hours.week)
        return
    assert hours.is_open(opening)
    assert opening == now or not hours.is_open(opening - timedelta(minutes=1))
    between = [now + (opening - now) * step / 7 for step in range(7)]
    assert opening == now or not any(hours.is_open(moment) for moment in between)
