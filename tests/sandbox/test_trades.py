from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.api import FIRST_LOGIN, Api
from tests.sandbox.orders import bid_ask, funded, place

LOGINS = range(FIRST_LOGIN, FIRST_LOGIN + 60)


def _busy_login(api: Api) -> int:
    """An account with a good deal of history."""
    return next(n for n in LOGINS if len(api.get(f"TradesUserHistory/{n}").data) > 20)


def _open(api: Api) -> list[dict[str, Any]]:
    return list(api.get("TradesRequest").data)


def test_history_holds_closed_records_only(api: Api) -> None:
    history = api.get(f"TradesUserHistory/{_busy_login(api)}").data
    assert all(record["closeTime"] > "2020" for record in history)
    assert {record["tradeCommand"] for record in history} >= {"Buy", "Sell", "Balance"}


def test_history_of_a_window_is_cut_by_the_closing_time(api: Api) -> None:
    login = _busy_login(api)
    history = api.get(f"TradesUserHistory/{login}").data
    times = sorted(record["closeTime"] for record in history)
    since, until = times[5], times[12]
    window = api.get(f"TradesUserHistory/{login}?fromTime={since}&toTime={until}").data
    assert window == [record for record in history if since <= record["closeTime"] <= until]
    assert api.get(f"TradesUserHistory/{login}?fromTime={until}").data == [
        record for record in history if record["closeTime"] >= until
    ]


def test_a_window_that_is_no_time_is_refused(api: Api) -> None:
    assert api.get(f"TradesUserHistory/{FIRST_LOGIN}?fromTime=yesterday").code == "Validation"


def test_reports_join_the_history_of_several_accounts(api: Api) -> None:
    one, two = FIRST_LOGIN, _busy_login(api)
    histories = [api.get(f"TradesUserHistory/{login}").data for login in dict.fromkeys((one, two))]
    span = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
    found = api.get(f"ReportsRequest?{span}&logins={one}&logins={two}&logins=5").data
    assert found == [record for history in histories for record in history]
    assert api.get(f"ReportsRequest?logins={one}").code == "Validation"


def test_cache_and_server_agree_on_open_trades(api: Api) -> None:
    everything = _open(api)
    assert api.get("TradesGet").data == everything
    assert api.get("TradesSnapshot").data == everything
    assert api.get("TradesSnapshot?limit=3").data == everything[:3]


def test_open_trades_show_the_price_and_profit_of_now(api: Api) -> None:
    ticket = place(api, funded(api))
    before, (bid, ask) = api.get(f"TradesGet/{ticket}").data, bid_ask(api)
    api.sandbox.price("EURUSD", round(bid + 0.002, 5), round(ask + 0.002, 5))
    moved = api.get(f"TradesGet/{ticket}").data
    assert moved["closePrice"] == round(bid + 0.002, 5)
    assert moved["profit"] == pytest.approx(before["profit"] + 200, abs=0.001)


def test_trades_of_an_account_are_found_through_its_group(api: Api) -> None:
    login = _open(api)[0]["login"]
    group = api.user(login)["group"]
    found = api.get(f"TradesGetByLogin/{login}/{group}").data
    assert found == [trade for trade in _open(api) if trade["login"] == login]
    assert api.get(f"TradesGetByLogin/{login}/retail-eux").data == []


def test_one_record_is_found_by_its_ticket_open_or_closed(api: Api) -> None:
    closed = api.get(f"TradesUserHistory/{_busy_login(api)}").data[-1]
    for path in ("TradeRecordGet", "TradeRecordRequest"):
        assert api.get(f"{path}/{closed['order']}").data == closed
    assert api.get(f"TradesGet/{closed['order']}").code == "NotFound"
    assert api.get("TradeRecordRequest/99999999").code == "NotFound"
    tickets = f"orders={closed['order']}&orders=99999999"
    assert api.get(f"TradeRecordsRequest?{tickets}").data == [closed]
