"""What real statements show (`mt4-semantics.md`, part 4), asked of the server over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api
from tests.sandbox.orders import bid_ask, deal, funded, order, place

WEDNESDAY_NOON = "2026-03-04T12:00:00"
DAY = 86_400
YEN, USD, ECN = "real-std-jpy", "real-std-usd", "real-ecn-usd"


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, accounts=40, clock=WEDNESDAY_NOON) as sandbox:
        yield Api(sandbox)


def close(api: Api, ticket: int, price: float) -> dict[str, Any]:
    """The record of a position that was closed whole."""
    volume = order(api, ticket)["volume"]
    assert deal(api, "BrClose", order=ticket, price=price, volume=volume).code == "Ok"
    return order(api, ticket)


def level(api: Api, login: int) -> dict[str, Any]:
    return dict(api.get(f"MarginLevelRequest/{login}").data)


def is_whole(*amounts: float) -> bool:
    return all(amount == int(amount) for amount in amounts)


# --- Rounding, by the account's currency -----------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "booked"), [(100.55, 101), (100.49, 100), (100.5, 101), (-20.5, -21)]
)
def test_an_account_in_yen_takes_and_gives_whole_yen(api: Api, asked: float, booked: int) -> None:
    login = funded(api, 1000, group=YEN)
    assert api.money(login, asked, "part yen").code == "Ok"
    (record,) = api.records(login, "part yen")
    assert record["profit"] == booked
    assert api.user(login)["balance"] == 1000 + booked
    assert api.get(f"AdmBalanceCheck/{login}").data["diff"] == 0


def test_less_than_half_a_yen_is_nothing(api: Api) -> None:
    login = funded(api, 1000, group=YEN)
    assert api.money(login, 0.49).code == "InvalidData"
    assert api.money(login, 0.49, tradeCommand="Credit", expiration="2100-01-01").code == (
        "InvalidData"
    )


def test_credit_of_an_account_in_yen_is_whole(api: Api) -> None:
    login = funded(api, 1000, group=YEN)
    more = {"tradeCommand": "Credit", "expiration": "2100-01-01T00:00:00Z"}
    assert api.money(login, 99.5, **more).code == "Ok"
    assert api.user(login)["credit"] == 100


def test_what_administrators_write_on_an_account_in_yen_is_whole(api: Api) -> None:
    login = funded(api, 1000, group=YEN)
    assert api.patch(f"UserRecord/{login}", {"balance": 1000.55}).code == "Ok"
    assert api.user(login)["balance"] == 1001
    ticket = api.get(f"TradesUserHistory/{login}").data[0]["order"]
    changed = api.post(f"AdmTradeRecordModify/{ticket}", {"profit": 1000.55, "taxes": -0.5})
    assert changed.code == "Ok", changed
    assert (changed.data["profit"], changed.data["taxes"]) == (1001, -1)


def test_trading_in_yen_leaves_whole_yen_everywhere(api: Api) -> None:
    api.sandbox.price("USDJPY", 149.390, 149.400)
    login = funded(api, 1_000_000, group=YEN)
    ticket = place(api, login, symbol="EURUSD", volume=7)
    api.sandbox.advance(DAY)
    now, held = level(api, login), order(api, ticket)
    assert is_whole(now["equity"], now["margin"], now["free"], held["profit"], held["storage"])
    assert held["storage"] != 0
    assert now["margin"] > 0
    api.sandbox.price("EURUSD", 1.08467, 1.08481)
    part = deal(api, "BrClose", order=ticket, price=1.08467, volume=3)
    assert part.code == "Ok"
    records = [r for r in api.get(f"TradesUserHistory/{login}").data if r["order"] == ticket]
    assert is_whole(records[0]["profit"], records[0]["storage"])
    assert is_whole(api.user(login)["balance"])


def test_demo_accounts_in_yen_hold_whole_yen(api: Api) -> None:
    users = [user for user in api.get("UsersRequest?limit=100").data if user["group"] == YEN]
    assert users
    for user in users:
        assert is_whole(user["balance"], user["credit"], user["prevBalance"])
        for record in api.get(f"TradesUserHistory/{user['login']}").data:
            assert is_whole(record["profit"], record["storage"], record["commission"])


# --- Multiply first, divide last -------------------------------------------------------------


def test_profit_on_half_a_cent_is_not_lost(api: Api) -> None:
    api.sandbox.price("USDJPY", 144.162, 144.170)
    login = funded(api)
    ticket = place(api, login, "Sell", symbol="USDJPY", volume=7)
    api.sandbox.price("USDJPY", 143.990, 144.000)
    assert order(api, ticket)["profit"] == 7.88
    closed = close(api, ticket, 144.000)
    assert (closed["openPrice"], closed["profit"]) == (144.162, 7.88)
    assert api.user(login)["balance"] == 10_007.88


def test_margin_on_half_a_cent_is_not_lost(api: Api) -> None:
    before = bid_ask(api)
    login = funded(api, 100_000, leverage=30)
    try:
        api.sandbox.price("EURUSD", 0.94285, 0.94300)
        place(api, login, "Sell", volume=25)
        api.sandbox.price("EURUSD", 1.46750, 1.46765)
        place(api, login, "Sell", volume=1)
        assert level(api, login)["margin"] == 834.63
    finally:
        api.sandbox.price("EURUSD", *before)


# --- Which price -----------------------------------------------------------------------------


def test_a_result_in_the_base_currency_is_divided_by_the_close_price(api: Api) -> None:
    before = bid_ask(api)
    login = funded(api, group="real-std-eur")
    try:
        api.sandbox.price("EURUSD", 1.09990, 1.10000)
        ticket = place(api, login, volume=100)
        api.sandbox.price("EURUSD", 1.10250, 1.10450)
        assert close(api, ticket, 1.10250)["profit"] == 226.76  # 250 / 1.10250
    finally:
        api.sandbox.price("EURUSD", *before)


def test_forex_margin_stays_at_the_rate_of_the_opening(api: Api) -> None:
    login = funded(api, 1_000_000, leverage=20)
    api.sandbox.price("AUDUSD", 0.65870, 0.65877)
    place(api, login, symbol="AUDUSD", volume=495)
    for bid in (0.65870, 0.70000, 0.60000):
        api.sandbox.price("AUDUSD", bid, bid + 0.00007)
        assert level(api, login)["margin"] == 16_304.56


def test_margin_of_a_leveraged_contract_stays_at_its_open_price(api: Api) -> None:
    settings = api.get("CfgRequestSymbol/XAUUSD").data
    leveraged = {"marginCalculationMode": "CFDLeverage", "percentage": 100}
    assert api.patch("SymbolConfig/XAUUSD", leveraged).code == "Ok"
    try:
        login = funded(api, 100_000, leverage=40)
        api.sandbox.price("XAUUSD", 2259.50, 2260.00)
        place(api, login, symbol="XAUUSD", volume=1)
        assert level(api, login)["margin"] == 56.5
        api.sandbox.price("XAUUSD", 2400.00, 2400.50)
        assert level(api, login)["margin"] == 56.5
    finally:
        usual = {name: settings[name] for name in leveraged}
        assert api.patch("SymbolConfig/XAUUSD", usual).code == "Ok"


# --- Pending orders --------------------------------------------------------------------------


def test_pending_orders_take_no_margin(api: Api) -> None:
    login = funded(api)
    place(api, login, volume=10)
    before = level(api, login)["margin"]
    for price in (1.05, 1.06, 1.07):
        place(api, login, "BuyLimit", price=price, volume=100)
    assert level(api, login)["margin"] == before


@pytest.mark.parametrize(("command", "side"), [("BuyLimit", 1), ("SellStop", 0)])
def test_cancelled_replaces_the_comment_at_the_price_of_that_moment(
    api: Api, command: str, side: int
) -> None:
    login = funded(api)
    ticket = place(api, login, command, price=1.05, volume=10, comment="by phone")
    assert deal(api, "BrDelete", order=ticket).code == "Ok"
    gone = order(api, ticket)
    assert (gone["tradeRecordState"], gone["comment"]) == ("Deleted", "cancelled")
    assert gone["closePrice"] == bid_ask(api)[side]


def test_a_position_that_is_deleted_keeps_its_comment(api: Api) -> None:
    login = funded(api)
    ticket = place(api, login, volume=10, comment="by phone")
    assert deal(api, "BrDelete", order=ticket).code == "Ok"
    assert order(api, ticket)["comment"] == "by phone"


def test_no_money_replaces_the_comment(api: Api) -> None:
    before = bid_ask(api)
    login = funded(api, 100)
    ticket = place(api, login, "BuyLimit", price=1.07, comment="by phone")
    try:
        api.sandbox.price("EURUSD", 1.06, 1.0601)
        gone = order(api, ticket)
        assert (gone["tradeRecordState"], gone["comment"]) == ("Deleted", "deleted [no money]")
    finally:
        api.sandbox.price("EURUSD", *before)


@pytest.mark.parametrize(("looks", "state"), [(False, "OpenNormal"), (True, "Deleted")])
def test_a_pending_order_that_fires_looks_at_hedging_where_it_is_switched_on(
    api: Api, looks: bool, state: str
) -> None:
    before, login = bid_ask(api), funded(api, group=ECN)
    api.sandbox.switch(ECN, pendingsLookAtHedging=looks)
    fires = place(api, login, "SellStop", price=1.07, volume=10, comment="stop")
    asked = place(api, login, "SellStop", price=1.05, volume=10)
    place(api, login, volume=10)
    assert api.patch(f"GroupRecord/{ECN}", {"hedgeProhibited": 1}).code == "Ok"
    try:
        api.sandbox.price("EURUSD", 1.06, 1.0601)
        record = order(api, fires)
        assert record["tradeRecordState"] == state
        assert record["comment"] == ("deleted [hedge prohibited]" if looks else "stop")
        reply = deal(api, "BrActivate", order=asked, price=1.06)
        assert reply.code == ("TradeHedgeProhibited" if looks else "Ok")
    finally:
        api.sandbox.price("EURUSD", *before)
        assert api.patch(f"GroupRecord/{ECN}", {"hedgeProhibited": 0}).code == "Ok"
        api.sandbox.switch(ECN, pendingsLookAtHedging=False)


# --- Comments, commission, taxes, nights -----------------------------------------------------


@pytest.mark.parametrize(("bid", "tag"), [(1.07, "[sl]"), (1.1, "[tp]")])
def test_stops_are_told_behind_the_comment(api: Api, bid: float, tag: str) -> None:
    before, login = bid_ask(api), funded(api)
    ticket = place(api, login, volume=10, sl=1.07, tp=1.1, comment="by phone")
    try:
        api.sandbox.price("EURUSD", bid, bid + 0.0001)
        assert order(api, ticket)["comment"] == f"by phone{tag}"
    finally:
        api.sandbox.price("EURUSD", *before)


def test_a_partial_close_points_both_ways(api: Api) -> None:
    login = funded(api)
    ticket, bid = place(api, login, volume=10), bid_ask(api)[0]
    assert deal(api, "BrClose", order=ticket, price=bid, volume=4).code == "Ok"
    (rest,) = (t for t in api.get("TradesGet").data if t["login"] == login)
    closed = order(api, ticket)
    assert (closed["volume"], closed["comment"]) == (4, f"to #{rest['order']}")
    assert (rest["volume"], rest["comment"]) == (6, f"from #{ticket}")
    assert (rest["openTime"], rest["openPrice"]) == (closed["openTime"], closed["openPrice"])


@pytest.mark.parametrize(
    ("set_for", "commission"), [("by kind", -5.42), ("side", -5.42), ("round trip", -2.71)]
)
def test_percent_commission_is_booked_at_opening_and_floats(
    api: Api, set_for: str, commission: float
) -> None:
    """By kind, a percentage is set for one side and booked for both: 0.005 % for 0.0025 %."""
    api.sandbox.switch(ECN, commission=0.0025, commissionKind="Percent", commissionFor=set_for)
    try:
        login = funded(api, group=ECN)
        api.sandbox.price("EURUSD", 1.08342, 1.08350)
        held = order(api, place(api, login, volume=100))
        assert held["commission"] == commission
        now = level(api, login)
        assert now["equity"] == pytest.approx(10_000 + held["profit"] + commission)
        assert close(api, held["order"], 1.08342)["commission"] == commission
    finally:
        api.sandbox.switch(ECN, commission=7, commissionKind="Money", commissionFor="by kind")


def test_taxes_are_a_column_of_their_own_and_a_part_of_net(api: Api) -> None:
    login = funded(api)
    ticket = place(api, login, volume=10)
    before = level(api, login)["equity"]
    taxed = api.post(f"AdmTradeRecordModify/{ticket}", {"taxes": -1.23})
    assert (taxed.code, taxed.data["taxes"]) == ("Ok", -1.23)
    assert level(api, login)["equity"] == pytest.approx(before - 1.23)
    closed = close(api, ticket, bid_ask(api)[0])
    assert closed["taxes"] == -1.23
    assert api.user(login)["balance"] == pytest.approx(10_000 + closed["profit"] - 1.23)
    assert api.get(f"AdmBalanceCheck/{login}").data["diff"] == 0


def test_switches_outlive_a_restart_and_can_be_given_at_the_start(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("sandbox")
    first = f"{ECN}:round-trip"
    with SandboxProcess(folder, accounts=2, commission_for=first, pendings_look_at_hedging=USD):
        pass
    with SandboxProcess(folder, accounts=2) as sandbox:
        groups = {each["group"]: each for each in sandbox.groups()}
        assert groups[ECN]["commissionFor"] == "round trip"
        assert groups[ECN]["pendingsLookAtHedging"] is False
        assert groups[USD]["pendingsLookAtHedging"] is True
        assert groups[YEN]["commissionFor"] == "by kind"


@pytest.mark.parametrize(
    "wrong",
    [
        {"group": "nobody"},
        {"group": ECN, "commissionFor": "both"},
        {"group": ECN, "pendingsLookAtHedging": "yes"},
        {"group": ECN, "commission": -1},
        {"group": ECN, "commission": 1, "commissionKind": "Points"},
        {"group": ECN, "commissions": 1},
    ],
)
def test_a_wrong_switch_changes_nothing(api: Api, wrong: dict[str, Any]) -> None:
    before = api.sandbox.groups()
    with pytest.raises(AssertionError, match="400"):
        api.sandbox.switch(**wrong)
    assert api.sandbox.groups() == before
