"""Charts and ticks: a past that stays the same, a present made of prices, and corrections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api, Reply

NOON = "2026-03-04T12:00:00"
"""A Wednesday; the past of all charts ends here."""
DAY = "start=2026-03-03T00:00:00Z&end=2026-03-03T23:59:59Z"


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), accounts=2, clock=NOON) as sandbox:
        yield Api(sandbox)


def _bars(api: Api, symbol: str, period: str, window: str, mode: str = "") -> list[dict[str, Any]]:
    more = f"&mode={mode}" if mode else ""
    reply = api.get(f"ChartRequest/{symbol}?period={period}&{window}{more}")
    assert reply.code == "Ok", reply
    return list(reply.data)


def _write(api: Api, how: str, symbol: str, period: str, *bars: dict[str, Any]) -> Reply:
    return api.post(f"Chart{how}/{symbol}?period={period}", {"rates": list(bars)})


def _bar(time: str, price: float = 1.1, **more: Any) -> dict[str, Any]:
    prices = dict.fromkeys(("open", "high", "low", "close"), price)
    return {"time": time, **prices, "volume": 1, **more}


def _one(api: Api, symbol: str, period: str, time: str) -> dict[str, Any] | None:
    return next(iter(_bars(api, symbol, period, f"start={time}&end={time}")), None)


@pytest.mark.parametrize(("period", "count"), [("M1", 1440), ("M15", 96), ("H1", 24), ("H4", 6)])
def test_bars_of_every_period_make_the_same_day(api: Api, period: str, count: int) -> None:
    (day,) = _bars(api, "EURUSD", "D1", DAY)
    bars = _bars(api, "EURUSD", period, DAY)
    assert len(bars) == count
    assert bars[0]["open"] == day["open"]
    assert bars[-1]["close"] == day["close"]
    assert max(bar["high"] for bar in bars) == day["high"]
    assert min(bar["low"] for bar in bars) == day["low"]
    assert sum(bar["volume"] for bar in bars) == day["volume"]


def test_every_bar_is_sound_and_the_past_ends_at_the_price_of_the_first_start(api: Api) -> None:
    bars = _bars(api, "GBPJPY", "M1", "start=2026-03-04T00:00:00Z&end=2026-03-04T11:59:59Z")
    assert len(bars) == 720
    for bar in bars:
        assert bar["low"] <= min(bar["open"], bar["close"])
        assert bar["high"] >= max(bar["open"], bar["close"])
    bid = api.get("TickInfoLast/GBPJPY").data["bid"]
    assert bars[-1]["close"] == pytest.approx(bid, rel=1e-4)


def test_nothing_is_quoted_at_the_weekend(api: Api) -> None:
    weekend = "start=2026-02-28T00:00:00Z&end=2026-03-01T23:59:59Z"
    assert _bars(api, "EURUSD", "H1", weekend) == []


def test_weeks_begin_on_sunday_and_months_on_the_first(api: Api) -> None:
    window = "start=2026-02-01T00:00:00Z&end=2026-03-04T00:00:00Z"
    weeks = [bar["time"][:10] for bar in _bars(api, "EURUSD", "W1", window)]
    assert weeks == ["2026-02-01", "2026-02-08", "2026-02-15", "2026-02-22", "2026-03-01"]
    months = [bar["time"][:10] for bar in _bars(api, "EURUSD", "Mn1", window)]
    assert months == ["2026-02-01", "2026-03-01"]


def test_prices_make_the_bars_of_now_and_the_ticks(api: Api) -> None:
    for bid in (1.2, 1.21, 1.19):
        api.sandbox.price("AUDUSD", bid, bid + 0.0002)
    bar = _one(api, "AUDUSD", "M1", "2026-03-04T12:00:00Z")
    assert bar is not None
    assert (bar["open"], bar["high"], bar["low"], bar["close"]) == (1.2, 1.21, 1.19, 1.19)
    assert bar["volume"] == 3
    hour = _one(api, "AUDUSD", "H1", "2026-03-04T12:00:00Z")
    assert hour is not None
    assert (hour["high"], hour["volume"]) == (1.21, 3)
    ticks = api.get("TicksRequest/AUDUSD?start=2026-03-04T00:00:00Z").data
    assert [tick["bid"] for tick in ticks] == [1.2, 1.21, 1.19]
    assert {tick["flags"] for tick in ticks} == {"Raw, Normal"}


def test_ticks_are_found_by_window_and_flags(api: Api) -> None:
    api.sandbox.price("NZDUSD", 0.6, 0.6002)
    window = "start=2026-03-04T00:00:00Z&end=2026-03-05T00:00:00Z"
    assert len(api.get(f"TicksRequest/NZDUSD?{window}&flags=All").data) == 1
    assert api.get(f"TicksRequest/NZDUSD?{window}&flags=Raw").data[0]["flags"] == "Raw"
    assert api.get("TicksRequest/NZDUSD?end=2026-03-03T00:00:00Z").data == []
    assert api.get(f"TicksRequest/NZDUSD?{window}&flags=Cooked").code == "Validation"


def test_windows_take_the_bars_that_their_mode_asks_for(api: Api) -> None:
    window = "start=2026-03-03T10:30:00Z&end=2026-03-03T13:00:00Z"

    def hours(mode: str) -> list[str]:
        return [bar["time"][:13] for bar in _bars(api, "USDJPY", "H1", window, mode)]

    inside = ["2026-03-03T11", "2026-03-03T12", "2026-03-03T13"]
    assert hours("") == hours("RangeInExcludeOutOfRage") == inside
    assert hours("RangeIn") == ["2026-03-03T10", *inside]
    assert hours("RangeLast")[0] == "2026-03-03T11"
    assert hours("RangeLast")[-1] == "2026-03-04T11"
    assert not set(inside) & set(hours("RangeOut"))


def test_bars_are_added_changed_and_deleted_in_their_own_period_alone(api: Api) -> None:
    time = "2026-03-03T10:00:00Z"
    before = _one(api, "USDCHF", "M1", time)
    assert _write(api, "Update", "USDCHF", "H1", _bar(time, 0.77)).code == "Ok"
    hour = _one(api, "USDCHF", "H1", time)
    assert hour is not None
    assert (hour["open"], hour["volume"]) == (0.77, 1)
    assert _one(api, "USDCHF", "M1", time) == before
    assert _write(api, "Delete", "USDCHF", "H1", _bar(time)).code == "Ok"
    assert _one(api, "USDCHF", "H1", time) is None
    assert _write(api, "Update", "USDCHF", "H1", _bar(time, 0.5)).code == "Ok"
    assert _one(api, "USDCHF", "H1", time) is None
    assert _write(api, "Add", "USDCHF", "H1", _bar(time, 0.5)).code == "Ok"
    found = _one(api, "USDCHF", "H1", time)
    assert found is not None
    assert found["close"] == 0.5


def test_a_bar_can_be_added_where_the_market_was_closed(api: Api) -> None:
    sunday = "2026-03-01T23:00:00Z"
    assert _write(api, "Add", "USDCAD", "H1", _bar(sunday, 1.37)).code == "Ok"
    assert _one(api, "USDCAD", "H1", sunday) is not None


def test_correcting_makes_hours_of_their_minutes_again(api: Api) -> None:
    time = "2026-03-03T10:00:00Z"
    hour = _one(api, "EURGBP", "H1", time)
    assert hour is not None
    spike = {"open": 0.9, "close": 0.9, "high": 0.5, "low": 0.99, "volume": 1}
    _write(api, "Update", "EURGBP", "M1", {"time": time, **spike})
    _write(api, "Delete", "EURGBP", "D1", _bar("2026-03-03T00:00:00Z"))
    assert api.post("HistoryCorrect/EURGBP").data >= 3
    minute, mended = (_one(api, "EURGBP", period, time) for period in ("M1", "H1"))
    assert minute is not None
    assert mended is not None
    assert (minute["high"], minute["low"]) == (0.99, 0.5)
    assert (mended["high"], mended["low"], mended["close"]) == (0.99, 0.5, hour["close"])
    day = _one(api, "EURGBP", "D1", "2026-03-03T00:00:00Z")
    assert day is not None
    assert day["high"] == 0.99
    assert api.post("HistoryCorrect/EURGBP").data == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "ChartRequest/EURUSD", None, "Validation"),
        ("GET", "ChartRequest/EURUSD?period=M7", None, "Validation"),
        ("GET", "ChartRequest/NOTHING?period=H1", None, "NotFound"),
        (
            "GET",
            "ChartRequest/EURUSD?period=H1&start=2026-02-02T00:00:00Z&end=2026-02-01T00:00:00Z",
            None,
            "Validation",
        ),
        ("POST", "ChartAdd/EURUSD?period=H1", {"rates": []}, "Validation"),
        (
            "POST",
            "ChartAdd/EURUSD?period=H1",
            {"rates": [_bar("2026-03-03T10:07:00Z")]},
            "InvalidData",
        ),
        ("POST", "ChartDelete/NOTHING?period=H1", {"rates": []}, "NotFound"),
        ("POST", "HistoryCorrect/NOTHING", None, "NotFound"),
        ("GET", "TicksRequest/NOTHING", None, "NotFound"),
    ],
)
def test_what_no_chart_has_is_refused(
    api: Api, method: str, path: str, body: Any, code: str
) -> None:
    assert api.call(method, path, body).code == code


def test_charts_are_the_same_after_a_kill(tmp_path: Path) -> None:
    time = "2026-03-03T10:00:00Z"
    with SandboxProcess(tmp_path, accounts=2, clock=NOON) as sandbox:
        api = Api(sandbox)
        _write(api, "Update", "EURUSD", "H1", _bar(time, 1.5))
        _write(api, "Delete", "EURUSD", "M1", _bar(time))
        minutes = _bars(api, "EURUSD", "M1", DAY)
        sandbox.price("EURUSD", 1.3, 1.3002)
        now = _bars(api, "EURUSD", "M1", "start=2026-03-04T12:00:00Z")
        sandbox.kill()
        sandbox.start()
        api = Api(sandbox)
        assert _bars(api, "EURUSD", "M1", DAY) == minutes
        assert len(minutes) == 1439
        bar = _one(api, "EURUSD", "H1", time)
        assert bar is not None
        assert bar["close"] == 1.5
        assert _bars(api, "EURUSD", "M1", "start=2026-03-04T12:00:00Z") == now != []
