"""Live figures, checked by sums of our own over what the server gives out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.api import Api
from tests.sandbox.orders import bid_ask, funded, place


def _row(api: Api, login: int) -> dict[str, Any]:
    return dict(api.get(f"MarginLevelRequest/{login}").data)


def test_equity_is_balance_credit_and_the_floating_result(api: Api) -> None:
    rows = [row for row in api.get("MarginsGet").data if row["margin"]]
    assert rows
    for row in rows[:10]:
        login, user = row["login"], api.user(row["login"])
        trades = api.get(f"TradesGetByLogin/{login}/{user['group']}").data
        positions = [trade for trade in trades if trade["tradeCommand"] in ("Buy", "Sell")]
        floating = sum(
            trade["profit"] + trade["storage"] + trade["commission"] for trade in positions
        )
        assert row["balance"] == pytest.approx(user["balance"] + user["credit"], abs=0.001)
        assert row["equity"] == pytest.approx(row["balance"] + floating, abs=0.01)
        assert row["free"] == pytest.approx(row["equity"] - row["margin"], abs=0.001)
        assert row["level"] == pytest.approx(row["equity"] / row["margin"] * 100, abs=0.01)
        assert row["volume"] == sum(trade["volume"] for trade in positions)


def test_a_forex_margin_is_the_contract_over_the_leverage_at_the_rate_of_opening(api: Api) -> None:
    for row in api.get("MarginsGet").data:
        trades = api.get(f"TradesGetByLogin/{row['login']}/{row['group']}").data
        positions = [trade for trade in trades if trade["tradeCommand"] in ("Buy", "Sell")]
        if {trade["symbol"] for trade in positions} == {"EURUSD"} and len(positions) == 1:
            (trade,) = positions
            margin = trade["volumeLots"] * 100_000 / row["leverage"] * trade["marginRate"]
            assert row["margin"] == pytest.approx(margin, abs=0.01)
            return
    pytest.fail("the seed has nobody with one EURUSD position")


def test_margins_list_accounts_with_trades_and_equal_the_live_ones(api: Api) -> None:
    rows = api.get("MarginsGet").data
    owners = {trade["login"] for trade in api.get("TradesRequest").data}
    assert [row["login"] for row in rows] == sorted(owners)
    live = _row(api, rows[0]["login"])
    assert live | {"updated": 0} == rows[0] | {"updated": 0}
    assert api.get(f"MarginLevelGet/{rows[0]['login']}").code == "Ok"


def test_an_account_without_trades_is_live_but_not_cached(api: Api, login: int) -> None:
    api.money(login, 50)
    row = _row(api, login)
    assert (row["equity"], row["margin"], row["free"], row["level"]) == (50, 0, 50, 0)
    assert row["levelType"] == "Ok"
    assert api.get(f"MarginLevelGet/{login}").code == "NotFound"


def test_a_price_moves_every_figure(api: Api) -> None:
    login = funded(api)
    place(api, login, volume=10)
    before, (bid, ask) = _row(api, login), bid_ask(api)
    api.sandbox.price("EURUSD", round(bid - 0.01, 5), round(ask - 0.01, 5))
    after = _row(api, login)
    assert after["equity"] == pytest.approx(before["equity"] - 100, abs=0.001)
    assert after["margin"] == before["margin"], "Forex margin does not float with the price"
    tick = api.get("SymbolInfoGet?symbol=EURUSD").data
    assert (tick["bid"], tick["direction"]) == (round(bid - 0.01, 5), "Down")


def test_an_unknown_account_or_symbol_is_not_found(api: Api) -> None:
    for path in (
        "MarginLevelRequest/5",
        "MarginLevelGet/5",
        "TickInfoLast/NOPE",
        "SymbolInfoGet?symbol=NOPE",
        "CfgRequestSymbol/NOPE",
        "GroupRecordGet/NOPE",
        "GroupSecGroupsGet/NOPE",
    ):
        assert api.get(path).code == "NotFound", path
    assert api.get("SymbolInfoGet").code == "Validation"
