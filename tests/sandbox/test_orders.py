"""Orders as a dealer opens, changes and closes them, and what a server says against it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.api import USD, Api
from tests.sandbox.orders import bid_ask, deal, funded, order, place

LONG_AGO, ALMOST_NOW = "2001-01-01T00:00:00Z", "2001-01-01T00:05:00Z"


@pytest.fixture(autouse=True)
def _prices(api: Api) -> None:
    """Where every test begins."""
    api.sandbox.price("EURUSD", 1.08342, 1.0835)


def _close(api: Api, ticket: int, volume: int, price: float | None = None) -> Any:
    record = order(api, ticket)
    if price is None:
        price = bid_ask(api, record["symbol"])[record["tradeCommand"] == "Sell"]
    return deal(api, "BrClose", order=ticket, price=price, volume=volume)


def _of(api: Api, login: int) -> dict[int, dict[str, Any]]:
    """Everything of an account but its deposits, by ticket."""
    records = api.get(f"TradesUserHistory/{login}").data
    records += api.get(f"TradesGetByLogin/{login}/{api.user(login)['group']}").data
    return {r["order"]: r for r in records if r["tradeCommand"] != "Balance"}


def _is_clean(api: Api, login: int) -> bool:
    return bool(api.get(f"AdmBalanceCheck/{login}").data["diff"] == 0)


def test_a_position_opens_with_its_margin_and_commission_and_closes_onto_the_balance(
    api: Api,
) -> None:
    login = funded(api, group="real-ecn-usd")
    ticket = place(api, login, "Sell", volume=50, comment="hello", sl=1.1, tp=1.05)
    opened = order(api, ticket)
    assert (opened["openPrice"], opened["sl"], opened["tp"]) == (1.08342, 1.1, 1.05)
    assert (opened["commission"], opened["comment"]) == (-3.5, "hello")
    assert opened["tradeRecordReason"] == "Dealer"
    assert api.get(f"MarginLevelRequest/{login}").data["margin"] == pytest.approx(541.71, abs=0.01)
    assert api.user(login)["balance"] == 10_000, "commission counts when it closes"
    assert _close(api, ticket, 50).code == "Ok"
    closed = order(api, ticket)
    assert (closed["tradeRecordState"], closed["closePrice"]) == ("ClosedNormal", 1.0835)
    assert closed["profit"] == -4
    assert api.user(login)["balance"] == 10_000 - 4 - 3.5
    assert _is_clean(api, login)


def test_a_partial_close_leaves_the_rest_under_a_new_ticket(api: Api) -> None:
    login = funded(api, group="real-ecn-usd")
    ticket = place(api, login, volume=100, comment="mine")
    api.sandbox.price("EURUSD", 1.0845, 1.0846)
    assert _close(api, ticket, 30).code == "Ok"
    records = _of(api, login)
    (rest,) = records.keys() - {ticket}
    closed, left = records[ticket], records[rest]
    assert (closed["tradeRecordState"], closed["volume"]) == ("ClosedPart", 30)
    assert (closed["comment"], closed["profit"]) == (f"to #{rest}", 30)
    assert (left["comment"], left["volume"]) == (f"from #{ticket}", 70)
    assert (left["openPrice"], left["openTime"]) == (closed["openPrice"], closed["openTime"])
    assert (closed["commission"], left["commission"]) == (-2.1, -4.9)
    assert _is_clean(api, login)


def test_opposite_positions_close_each_other_without_the_spread_twice(api: Api) -> None:
    login = funded(api)
    buy, sell = place(api, login, volume=100), place(api, login, "Sell", volume=40)
    reply = deal(api, "BrCloseBy", order=buy, orderBy=sell)
    assert reply.code == "Ok", reply
    records = _of(api, login)
    (rest,) = records.keys() - {buy, sell}
    assert records[buy]["closePrice"] == 1.08342
    assert (records[buy]["profit"], records[sell]["profit"]) == (-3.2, 0)
    assert records[sell]["comment"] == f"close hedge by #{buy}"
    assert (records[rest]["volume"], records[rest]["tradeCommand"]) == (60, "Buy")
    assert api.user(login)["balance"] == 10_000 - 3.2
    assert _is_clean(api, login)


def test_close_all_pairs_what_is_opposite_and_leaves_the_rest(api: Api) -> None:
    login = funded(api, 50_000)
    for command, volume in (("Buy", 30), ("Sell", 20), ("Sell", 25), ("Buy", 10)):
        place(api, login, command, volume=volume)
    other = place(api, login, symbol="USDCHF", volume=10)
    assert deal(api, "BrCloseAll", orderBy=login, symbol="EURUSD").code == "Ok"
    left = {t: r for t, r in _of(api, login).items() if r["tradeRecordState"] == "OpenNormal"}
    assert sum(r["volume"] for t, r in left.items() if t != other) == 5
    assert {r["tradeCommand"] for t, r in left.items() if t != other} == {"Sell"}
    assert other in left
    assert _is_clean(api, login)
    assert deal(api, "BrCloseAll", orderBy=login, symbol="EURUSD").code == "InvalidData"


def test_orders_are_changed_commented_activated_and_deleted(api: Api) -> None:
    login = funded(api)
    ticket = place(api, login, "BuyLimit", price=1.07, volume=10)
    levels = {"price": 1.0712, "sl": 1.06, "tp": 1.09, "expiration": "2100-01-01T00:00:00Z"}
    assert deal(api, "BrModify", order=ticket, **levels).code == "Ok"
    assert deal(api, "BrModify", order=ticket, **levels).code == "OkNone", "nothing to change"
    changed = order(api, ticket)
    assert (changed["openPrice"], changed["sl"], changed["tp"]) == (1.0712, 1.06, 1.09)
    assert changed["expiration"] == "2100-01-01T00:00:00Z"
    assert deal(api, "BrComment", order=ticket, comment="by phone").code == "Ok"
    assert deal(api, "BrActivate", order=ticket, price=1.0835).code == "Ok"
    position = order(api, ticket)
    assert (position["tradeCommand"], position["openPrice"]) == ("Buy", 1.0835)
    assert (position["comment"], position["activationType"]) == ("by phone", "Pending")
    second = place(api, login, "SellStop", price=1.07, volume=10)
    assert deal(api, "BrDelete", order=second).code == "Ok"
    gone = order(api, second)
    assert (gone["tradeRecordState"], gone["profit"]) == ("Deleted", 0)
    assert _is_clean(api, login)


def _wanted(login: int, **fields: Any) -> dict[str, Any]:
    usual = {"tradeCommand": "Buy", "symbol": "EURUSD", "volume": 10, "price": 1.0835}
    return {**usual, "orderBy": login, **fields}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"symbol": "NOPE"}, "InvalidData"),
    ({"price": 1.5}, "TradeBadPrices"),
    ({"price": 0}, "TradeBadPrices"),
    ({"volume": 0}, "TradeBadVolume"),
    ({"volume": 20_000}, "TradeBadVolume"),
    ({"volume": 9_000}, "TradeNoMoney"),
    ({"sl": 1.09}, "TradeBadStops"),
    ({"tp": 1.08}, "TradeBadStops"),
    ({"sl": 1.08340}, "TradeBadStops"),
    ({"tradeCommand": "BuyLimit"}, "TradeBadStops"),
    ({"tradeCommand": "SellLimit", "price": 1.0831}, "TradeBadStops"),
    ({"tradeCommand": "BuyLimit", "price": 1.07, "expiration": LONG_AGO}, "TradeExpirationDenied"),
    ({"tradeCommand": "Credit"}, "InvalidData"),
    ({"comment": "x" * 32}, "InvalidData"),
    ({"comment": "ż"}, "InvalidData"),
    # Of two things that are wrong, the one that MT4 looks at first is told.
    ({"price": 1.5, "volume": 0}, "TradeBadPrices"),
    ({"volume": 0, "sl": 1.09}, "TradeBadVolume"),
    ({"volume": 9_000, "sl": 1.09}, "TradeNoMoney"),
]


@pytest.mark.parametrize(("fields", "code"), REFUSED)
def test_an_order_that_is_wrong_is_refused_with_mt4s_code_and_leaves_nothing(
    api: Api, fields: dict[str, Any], code: str
) -> None:
    login = funded(api)
    assert deal(api, "BrOpen", **_wanted(login, **fields)).code == code
    assert _of(api, login) == {}


@pytest.mark.parametrize(
    ("flags", "code"), [(2, "AccountDisabled"), (7, "TradeDisable"), (3, "Ok")]
)
def test_who_may_not_trade_is_told_so_before_anything_else(api: Api, flags: int, code: str) -> None:
    login = funded(api)
    assert api.patch(f"UserRecord/{login}", {"enableFlags": flags}).code == "Ok"
    volume = 10 if code == "Ok" else 0
    assert deal(api, "BrOpen", **_wanted(login, volume=volume)).code == code
    assert deal(api, "BrOpen", **_wanted(5)).code == "BadAccountInfo"


@pytest.mark.parametrize(
    ("settings", "fields", "code"),
    [
        ({"tradeMode": "No"}, {}, "TradeDisable"),
        ({"tradeMode": "Close"}, {}, "TradeDisable"),
        ({"longOnly": 1}, {"tradeCommand": "Sell", "price": 0.89752}, "TradeLongOnly"),
        ({"longOnly": 1, "tradeMode": "Close"}, {"tradeCommand": "Sell"}, "TradeLongOnly"),
    ],
)
def test_a_symbol_says_how_it_is_traded(
    api: Api, settings: dict[str, Any], fields: dict[str, Any], code: str
) -> None:
    login, ask = funded(api), bid_ask(api, "AUDCAD")[1]
    position = place(api, login, symbol="AUDCAD", volume=10)
    assert api.patch("SymbolConfig/AUDCAD", settings).code == "Ok"
    try:
        wanted = _wanted(login, symbol="AUDCAD", price=ask) | fields
        assert deal(api, "BrOpen", **wanted).code == code
        closes = "TradeDisable" if settings.get("tradeMode") == "No" else "Ok"
        assert _close(api, position, 10).code == closes
    finally:
        usual = {"tradeMode": "Full", "longOnly": 0}
        assert api.patch("SymbolConfig/AUDCAD", usual).code == "Ok"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"enable": 0}, "TradeDisable"),
        ({"maxPositions": 1}, "TradeTooManyOrders"),
        ({"hedgeProhibited": 1}, "TradeHedgeProhibited"),
    ],
)
def test_a_group_says_who_trades_how(api: Api, settings: dict[str, Any], code: str) -> None:
    login = funded(api, group="real-micro-usd")
    place(api, login, volume=10)
    before = api.get("GroupRecordGet/real-micro-usd").data
    assert api.patch("GroupRecord/real-micro-usd", settings).code == "Ok"
    try:
        wanted = _wanted(login, tradeCommand="Sell", price=1.08342)
        assert deal(api, "BrOpen", **wanted).code == code
    finally:
        usual = {name: before[name] for name in settings}
        assert api.patch("GroupRecord/real-micro-usd", usual).code == "Ok"


def test_the_oldest_closes_first_where_a_group_says_so(api: Api) -> None:
    login = funded(api)
    old, new = place(api, login, volume=10), place(api, login, volume=10)
    assert api.patch(f"GroupRecord/{USD}", {"closeFIFO": 1}).code == "Ok"
    try:
        assert _close(api, new, 10).code == "TradeProhibitedByFIFO"
        assert _close(api, old, 10).code == "Ok"
        assert _close(api, new, 10).code == "Ok"
    finally:
        assert api.patch(f"GroupRecord/{USD}", {"closeFIFO": 0}).code == "Ok"


def test_an_order_near_the_market_is_frozen(api: Api) -> None:
    login = funded(api)
    ticket = place(api, login, volume=10, sl=1.0820)
    assert api.patch("SymbolConfig/EURUSD", {"freezeLevel": 50}).code == "Ok"
    try:
        api.sandbox.price("EURUSD", 1.0823, 1.0824)
        assert deal(api, "BrModify", order=ticket, sl=1.08).code == "TradeModifyDenied"
        assert _close(api, ticket, 10).code == "TradeModifyDenied"
        api.sandbox.price("EURUSD", 1.0830, 1.0831)
        assert deal(api, "BrModify", order=ticket, sl=1.08).code == "Ok"
    finally:
        assert api.patch("SymbolConfig/EURUSD", {"freezeLevel": 0}).code == "Ok"


@pytest.mark.parametrize(
    ("volume", "price", "code"),
    [
        (0, None, "InvalidData"),
        (11, None, "TradeBadVolume"),
        (10, 0, "InvalidData"),
        (10, 1.3, "TradeBadPrices"),
        (10, None, "Ok"),
    ],
)
def test_a_close_needs_order_price_and_volume(
    api: Api, volume: int, price: float | None, code: str
) -> None:
    ticket = place(api, funded(api), volume=10)
    assert _close(api, ticket, volume, price).code == code


def test_what_is_not_there_or_not_open_cannot_be_dealt_with(api: Api) -> None:
    login = funded(api)
    position, pending = place(api, login), place(api, login, "BuyLimit", price=1.07)
    alone = place(api, funded(api), "Sell")
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("BrClose", {"order": 2**31 - 1, "price": 1.08, "volume": 1}),
        ("BrClose", {"order": pending, "price": 1.08, "volume": 1}),
        ("BrActivate", {"order": position}),
        ("BrCloseBy", {"order": position, "orderBy": pending}),
        ("BrCloseBy", {"order": position, "orderBy": alone}),
        ("BrCloseBy", {"order": position, "orderBy": position}),
        ("BrModify", {"order": 2**31 - 1, "sl": 1.0}),
        ("OrderMkOpen", {}),
    ]
    for kind, fields in wrong:
        reply = deal(api, kind, **fields)
        assert reply.code in ("InvalidData", "Validation"), (kind, reply)
    assert set(_of(api, login)) == {position, pending}


def test_a_repeated_key_opens_one_order(api: Api) -> None:
    login = funded(api)
    body = {"tradeTransactionType": "BrOpen", **_wanted(login)}
    replies = [api.post("TradeTransaction", body, key=f"order {login}") for _ in range(2)]
    assert replies[0].data == replies[1].data
    assert set(_of(api, login)) == {replies[0].data["order"]}
