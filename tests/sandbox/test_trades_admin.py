"""Records as administrators correct and delete them, and balances as they check and fix them."""

from __future__ import annotations

import pytest

from tests.sandbox.api import Api, new_key
from tests.sandbox.orders import bid_ask, deal, funded, order, place

NEXT_TICKET = 2**31 - 1


def _closed(api: Api, login: int) -> int:
    ticket = place(api, login)
    bid = bid_ask(api)[0]
    assert deal(api, "BrClose", order=ticket, price=bid, volume=100).code == "Ok"
    return ticket


def _diffs(api: Api, *logins: int) -> dict[int, float]:
    query = "&".join(f"logins={login}" for login in logins)
    return {each["login"]: each["diff"] for each in api.get(f"AdmBalanceCheck?{query}").data}


def test_a_corrected_record_keeps_everything_that_is_not_corrected(api: Api) -> None:
    ticket = place(api, funded(api))
    before = order(api, ticket)
    reply = api.post(
        f"AdmTradeRecordModify/{ticket}",
        {"order": 5, "sl": 1.01, "tp": 1.2, "comment": "fixed", "storage": -3.5, "magic": 7},
    )
    assert reply.code == "Ok", reply
    after = order(api, ticket)
    assert reply.data | {"profit": 0, "closePrice": 0} == after | {"profit": 0, "closePrice": 0}
    changed = {name for name in before if before[name] != after[name]} - {"timeStamp"}
    assert changed == {"sl", "tp", "comment", "storage", "magic"}


def test_a_closed_record_that_is_corrected_leaves_the_balance_to_be_checked_and_fixed(
    api: Api,
) -> None:
    login, other = funded(api), funded(api)
    ticket = _closed(api, login)
    record = order(api, ticket)
    assert _diffs(api, login, other) == {}
    changed = record | {"profit": record["profit"] + 100.25}
    assert api.post(f"AdmTradeRecordModify/{ticket}", changed).code == "Ok"
    assert _diffs(api, login, other) == {login: -100.25}
    assert api.get(f"AdmBalanceCheck/{login}").data == {"login": login, "diff": -100.25}
    balance = api.user(login)["balance"]
    assert api.post(f"AdmBalanceFix?logins={login}&logins={other}").data is True
    assert api.user(login)["balance"] == pytest.approx(balance + 100.25, abs=0.001)
    assert api.user(other)["balance"] == 10_000
    assert _diffs(api, login, other) == {}


def test_a_fix_that_is_repeated_with_its_key_changes_nothing_more(api: Api) -> None:
    login = funded(api)
    assert api.post(f"AdmTradesDelete?orders={_closed(api, login)}").code == "Ok"
    key = new_key()
    for _ in range(2):
        assert api.post(f"AdmBalanceFix?logins={login}", key=key).data is True
    assert api.user(login)["balance"] == 10_000


def test_a_balance_of_nobody_is_not_fixed_nor_that_of_others_in_the_same_call(api: Api) -> None:
    login = funded(api)
    assert api.post(f"AdmTradesDelete?orders={_closed(api, login)}").code == "Ok"
    assert api.post(f"AdmBalanceFix?logins={login}&logins=5").code == "BadAccountInfo"
    assert _diffs(api, login) == {login: -8}
    assert api.post("AdmBalanceFix").code == "Validation"


def test_deleted_records_are_gone_and_the_balance_tells(api: Api) -> None:
    login = funded(api)
    opened, closed = place(api, login), _closed(api, login)
    assert api.post(f"AdmTradesDelete?orders={opened}&orders={closed}").data is True
    for ticket in (opened, closed):
        assert api.get(f"TradeRecordRequest/{ticket}").code == "NotFound"
    assert api.get(f"MarginLevelRequest/{login}").data["margin"] == 0
    assert _diffs(api, login) == {login: -8}
    api.sandbox.restart()
    api.sign_in()
    assert api.get(f"TradeRecordRequest/{closed}").code == "NotFound"


def test_records_are_deleted_all_or_none(api: Api) -> None:
    ticket = place(api, funded(api))
    reply = api.post(f"AdmTradesDelete?orders={ticket}&orders={NEXT_TICKET}")
    assert reply.code == "InvalidData"
    assert order(api, ticket)["tradeRecordState"] == "OpenNormal"
    assert api.post("AdmTradesDelete").code == "Validation"


@pytest.mark.parametrize(
    ("command", "levels", "code"),
    [
        ("Buy", {"sl": 1.07}, "Ok"),
        ("Buy", {"sl": 1.0834}, "TradeBadStops"),
        ("Buy", {"tp": 1.08}, "TradeBadStops"),
        ("Sell", {"sl": 1.09, "tp": 1.07}, "Ok"),
        ("Sell", {"sl": 1.08}, "TradeBadStops"),
        ("BuyLimit", {"price": 1.08}, "Ok"),
        ("BuyLimit", {"price": 1.09}, "TradeBadStops"),
        ("SellStop", {"price": 1.09}, "TradeBadStops"),
        ("BuyStop", {"price": 1.09, "expiration": "2000-01-01T00:00:00Z"}, "TradeExpirationDenied"),
        ("Balance", {}, "InvalidData"),
    ],
)
def test_stops_are_checked_as_an_order_would_be(
    api: Api, command: str, levels: dict[str, object], code: str
) -> None:
    api.sandbox.price("EURUSD", 1.08342, 1.0835)
    wanted = {"tradeTransactionType": "BrOpen", "tradeCommand": command, "symbol": "EURUSD"}
    reply = api.post("TradeCheckStops", wanted | levels)
    assert reply.code == code
    assert reply.data is (True if code == "Ok" else None)


def test_stops_are_checked_at_a_given_price_and_of_an_open_order(api: Api) -> None:
    ticket = place(api, funded(api), "Sell")
    wanted = {"tradeTransactionType": "BrModify", "order": ticket, "sl": 1.12}
    assert api.post("TradeCheckStops", wanted).code == "Ok"
    assert api.post("TradeCheckStops?price=1.13", wanted).code == "TradeBadStops"
    assert api.post("TradeCheckStops?price=-1", wanted).code == "Validation"
    assert api.post("TradeCheckStops", wanted | {"order": NEXT_TICKET}).code == "InvalidData"
    nowhere = {"tradeTransactionType": "BrOpen", "tradeCommand": "Buy", "symbol": "NOPE"}
    assert api.post("TradeCheckStops", nowhere).code == "InvalidData"


def test_nothing_waits_to_be_rolled_back(api: Api) -> None:
    ticket = place(api, funded(api))
    before = order(api, ticket)
    assert api.post(f"TradeClearRollback/{ticket}").data is True
    assert order(api, ticket) == before
    assert api.post(f"TradeClearRollback/{NEXT_TICKET}").code == "NotFound"


def test_an_impossible_correction_is_refused(api: Api) -> None:
    ticket = place(api, funded(api))
    for body in ({"comment": "x" * 32}, {"profit": 1e15}):
        assert api.post(f"AdmTradeRecordModify/{ticket}", body).code == "InvalidData", body
    assert api.post(f"AdmTradeRecordModify/{NEXT_TICKET}", {}).code == "NotFound"


def test_orders_are_listed_by_symbol_group_and_market(api: Api) -> None:
    login = funded(api, group="real-ecn-usd")
    position = place(api, login, symbol="CHFJPY")
    pending = place(api, login, "BuyLimit", symbol="CHFJPY", price=150)
    closed = _closed(api, login)

    def tickets(path: str) -> set[int]:
        return {each["order"] for each in api.get(path).data if each["login"] == login}

    assert tickets("TradesGetByMarket") == {position}
    assert tickets("TradesGetBySymbol?symbol=CHFJPY") == {position, pending}
    assert tickets("AdmTradesRequest/real-ecn-usd") == {position, pending}
    everything = tickets("AdmTradesRequest/real-ecn-usd?openOnly=false")
    assert everything > {position, pending, closed}
    assert tickets("AdmTradesRequest/retail-eu?openOnly=false") == set()
    assert api.get("AdmTradesRequest/nowhere").code == "NotFound"
    assert api.get("TradesGetBySymbol").code == "Validation"


def test_the_server_can_be_told_to_refuse(api: Api) -> None:
    login = funded(api)
    api.sandbox.fault("mt4_error", "TradeTransaction", login=login, code="TradeTimeout", count=1)
    assert api.money(login, 5, "DP refused").code == "TradeTimeout"
    assert api.records(login, "DP refused") == []
    assert api.money(login, 5, "DP refused").code == "Ok"
