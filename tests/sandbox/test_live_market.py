"""Prices that move by themselves, in the hours of their symbols."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api
from tests.sandbox.orders import deal, funded, place

MONDAY_NOON = "2026-03-02T12:00:00"
FRIDAY_NIGHT = "2026-03-06T23:55:00"
CHRISTMAS_EVE = "2026-12-24T19:55:00"
HOUR, DAY = 3600, 86_400
Prices = dict[str, tuple[float, float]]


def _live(folder: Path, clock: str, **options: Any) -> SandboxProcess:
    return SandboxProcess(folder, accounts=2, market="live", clock=clock, **options)


def _prices(api: Api) -> Prices:
    symbols = [each["symbol"] for each in api.get("CfgRequestSymbol").data]
    ticks = (api.get(f"TickInfoLast/{symbol}").data for symbol in symbols)
    return {tick["symbol"]: (tick["bid"], tick["ask"]) for tick in ticks}


def test_every_symbol_moves_and_keeps_its_spread_and_its_place(tmp_path: Path) -> None:
    with _live(tmp_path, MONDAY_NOON) as sandbox:
        api = Api(sandbox)
        before = _prices(api)
        sandbox.advance(HOUR, step=10)
        after = _prices(api)
        assert len(after) >= 30
        for symbol, (bid, ask) in after.items():
            assert bid != before[symbol][0], symbol
            assert ask - bid == pytest.approx(before[symbol][1] - before[symbol][0], abs=1e-6)
            assert bid == pytest.approx(before[symbol][0], rel=0.02), symbol
        euro_yen = after["EURUSD"][0] * after["USDJPY"][0]
        assert after["EURJPY"][0] == pytest.approx(euro_yen, rel=0.001), "crosses agree"


def test_the_same_seed_and_clock_make_the_same_prices(tmp_path: Path) -> None:
    def walked(folder: str, seed: int) -> Prices:
        with _live(tmp_path / folder, MONDAY_NOON, seed=seed) as sandbox:
            sandbox.advance(HOUR, step=60)
            return _prices(Api(sandbox))

    once = walked("once", 3)
    assert walked("again", 3) == once
    assert walked("other", 4) != once


def test_a_price_moved_by_hand_is_where_the_walk_goes_on(tmp_path: Path) -> None:
    with _live(tmp_path, MONDAY_NOON) as sandbox:
        api = Api(sandbox)
        sandbox.price("EURUSD", 1.2, 1.2002)
        sandbox.advance(60, step=1)
        bid, ask = _prices(api)["EURUSD"]
        assert bid == pytest.approx(1.2, rel=0.001)
        assert ask - bid == pytest.approx(0.0002, abs=1e-6)


def test_the_market_rests_at_the_weekend_and_opens_on_monday(tmp_path: Path) -> None:
    with _live(tmp_path, FRIDAY_NIGHT) as sandbox:
        api = Api(sandbox)
        login = funded(api)
        ticket = place(api, login, volume=10)
        sandbox.advance(10 * 60)
        closed = _prices(api)
        bid, ask = closed["EURUSD"]
        order = {"orderBy": login, "symbol": "EURUSD", "volume": 10}
        reply = deal(api, "BrOpen", tradeCommand="Buy", price=ask, **order)
        assert reply.code == "TradeMarketClosed"
        assert "2026-03-09 00:00" in reply.message
        close = deal(api, "BrClose", order=ticket, price=bid, volume=10)
        assert close.code == "TradeMarketClosed"
        sandbox.advance(DAY, step=600)
        assert _prices(api) == closed
        sandbox.advance(DAY + 600)
        opened = _prices(api)
        assert opened["EURUSD"] != closed["EURUSD"]
        assert opened["XAUUSD"] == closed["XAUUSD"], "metals are traded from one o'clock on"
        assert deal(api, "BrClose", order=ticket, price=opened["EURUSD"][0], volume=10).code == "Ok"


def test_stops_wait_for_the_market_to_open(tmp_path: Path) -> None:
    with _live(tmp_path, FRIDAY_NIGHT) as sandbox:
        api = Api(sandbox)
        login = funded(api)
        ticket = place(api, login, volume=10, sl=1.05)
        sandbox.advance(DAY, step=600)
        sandbox.price("EURUSD", 1.04, 1.0401)
        assert api.get(f"TradeRecordRequest/{ticket}").data["tradeRecordState"] == "OpenNormal"
        sandbox.advance(DAY + 600)
        closed = api.get(f"TradeRecordRequest/{ticket}").data
        assert (closed["comment"], closed["closeTime"][:10]) == ("[sl]", "2026-03-09")
        assert closed["closePrice"] == pytest.approx(1.04, rel=0.01), "the gap is the client's"


def test_a_holiday_closes_the_market(tmp_path: Path) -> None:
    with _live(tmp_path, CHRISTMAS_EVE) as sandbox:
        api = Api(sandbox)
        login, before = funded(api), _prices(api)
        sandbox.advance(4 * 60, step=30)
        assert _prices(api) != before
        sandbox.advance(10 * 60)
        closed = _prices(api)
        sandbox.advance(DAY)
        assert _prices(api) == closed
        ask = closed["EURUSD"][1]
        order = {"orderBy": login, "symbol": "EURUSD", "volume": 10, "price": ask}
        assert deal(api, "BrOpen", tradeCommand="Buy", **order).code == "TradeMarketClosed"


def test_without_a_clock_it_moves_by_the_second_while_it_is_open(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, accounts=2, market="live") as sandbox:
        api = Api(sandbox)
        login, before = funded(api), _prices(api)
        order = {"orderBy": login, "symbol": "EURUSD", "volume": 1, "price": before["EURUSD"][1]}
        reply = deal(api, "BrOpen", tradeCommand="Buy", **order)
        deadline = time.monotonic() + 10
        while (moved := _prices(api)) == before and time.monotonic() < deadline:
            if reply.code == "TradeMarketClosed":
                break  # The real clock says that it is the weekend.
            time.sleep(0.2)
        assert (moved != before) is (reply.code == "Ok")
        assert "standing clock" in _refused(sandbox, {"advance": 60})


def _refused(sandbox: SandboxProcess, moved: Mapping[str, object]) -> str:
    reply = requests.post(f"{sandbox.url}/control/clock", json=moved, timeout=5)
    assert reply.status_code == 400
    return str(reply.json()["error"])


def test_a_clock_is_set_forwards_and_never_back(tmp_path: Path) -> None:
    with _live(tmp_path, MONDAY_NOON) as sandbox:
        wrong: list[dict[str, object]] = [
            {"advance": -5},
            {"advance": "x"},
            {"advance": 1e300},
            {"advance": 5, "step": 0},
            {"set": "2026-03-02T11:59:59Z"},
            {"set": "noon"},
        ]
        for moved in wrong:
            assert _refused(sandbox, moved), moved
        there = {"set": "2026-03-02T15:30:00Z", "step": 600}
        reply = requests.post(f"{sandbox.url}/control/clock", json=there, timeout=5).json()
        assert (reply["now"], reply["standing"]) == ("2026-03-02T15:30:00", True)
        assert Api(sandbox).get("ServerTime").data == "2026-03-02T15:30:00Z"
