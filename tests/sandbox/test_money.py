from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import FIRST_LOGIN, Api, transaction

FUTURE = "2099-01-01T00:00:00Z"


def _credit(api: Api, login: int, amount: float, **more: Any) -> str:
    return api.money(login, amount, "CR", tradeCommand="Credit", **more).code


def test_a_deposit_is_a_closed_record_with_the_amount_in_profit(api: Api, login: int) -> None:
    assert api.money(login, 100.25, "DP 7Q2K9F31").code == "Ok"
    (record,) = api.records(login, "DP 7Q2K9F31")
    assert (record["tradeCommand"], record["profit"]) == ("Balance", 100.25)
    assert (record["tradeRecordState"], record["tradeRecordReason"]) == ("ClosedNormal", "Dealer")
    assert record["openTime"] == record["closeTime"] > "2020"
    assert (record["symbol"], record["volume"], record["login"]) == ("", 0, login)
    assert api.user(login)["balance"] == 100.25
    assert api.get(f"AdmBalanceCheck/{login}").data["diff"] == 0


def test_the_answer_echoes_the_transaction_without_a_ticket(api: Api, login: int) -> None:
    data = api.money(login, 5, "DP echo").data
    assert (data["tradeTransactionType"], data["order"]) == ("BrBalance", 0)
    assert (data["orderBy"], data["price"], data["comment"]) == (login, 5, "DP echo")


def test_names_are_read_in_any_case_and_as_numbers(api: Api, login: int) -> None:
    by_name = {"tradeTransactionType": "brbalance", "tradeCommand": "balance"}
    assert api.money(login, 5, **by_name).data["tradeCommand"] == "Balance"
    assert api.money(login, 5, tradeTransactionType=83, tradeCommand="6").code == "Ok"


def test_a_withdrawal_is_a_negative_deposit(api: Api, login: int) -> None:
    api.money(login, 100)
    assert api.money(login, -99.99, "WD most").code == "Ok"
    assert api.user(login)["balance"] == 0.01


def test_a_withdrawal_above_the_balance_has_no_money(api: Api, login: int) -> None:
    api.money(login, 100)
    assert api.money(login, -100.01, "WD too much").code == "TradeNoMoney"
    assert api.records(login, "WD too much") == []
    assert api.user(login)["balance"] == 100


def test_a_withdrawal_above_the_free_margin_has_no_money(api: Api) -> None:
    rows = api.get("MarginsGet").data
    row = next(row for row in rows if 0 < row["free"] < row["balance"] - 1)
    login, free = row["login"], row["free"]
    assert api.money(login, -round(free + 0.01, 2)).code == "TradeNoMoney"
    assert api.money(login, -free).code == "Ok"
    assert api.get(f"MarginLevelRequest/{login}").data["free"] == 0


def test_credit_is_no_money_to_withdraw(api: Api, login: int) -> None:
    _credit(api, login, 500, expiration=FUTURE)
    assert api.money(login, -1).code == "TradeNoMoney"
    user = api.user(login)
    assert (user["balance"], user["credit"]) == (0, 500)


def test_credit_in_needs_an_expiration_in_the_future(api: Api, login: int) -> None:
    assert _credit(api, login, 50) == "InvalidData"
    assert _credit(api, login, 50, expiration="2020-01-01T00:00:00Z") == "InvalidData"
    assert _credit(api, login, 50, expiration=FUTURE) == "Ok"
    (record,) = api.records(login, "CR")
    assert (record["tradeCommand"], record["expiration"]) == ("Credit", FUTURE)


def test_credit_out_needs_none_and_stays_above_zero(api: Api, login: int) -> None:
    _credit(api, login, 50, expiration=FUTURE)
    assert _credit(api, login, -50.01) == "TradeNoMoney"
    assert _credit(api, login, -50) == "Ok"
    assert api.user(login)["credit"] == 0
    assert api.get(f"AdmBalanceCheck/{login}").data["diff"] == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"price": 0}, "InvalidData"),
        ({"price": 0.004}, "InvalidData"),
        ({"price": 1e13}, "InvalidData"),
        ({"price": "10"}, "Validation"),
        ({"comment": "x" * 32}, "InvalidData"),
        ({"comment": "山"}, "InvalidData"),
        ({"orderBy": 5}, "BadAccountInfo"),
        ({"tradeCommand": "Buy"}, "InvalidData"),
        ({"tradeCommand": ""}, "InvalidData"),
        ({"tradeCommand": "Gift"}, "Validation"),
        ({"tradeTransactionType": "BrGift"}, "Validation"),
        ({"tradeTransactionType": None}, "Validation"),
        ({"tradeTransactionType": "OpenMarket"}, "InvalidData"),
        ({"expiration": "tomorrow"}, "Validation"),
    ],
)
def test_a_wrong_transaction_is_refused_and_leaves_nothing(
    api: Api, login: int, change: dict[str, Any], code: str
) -> None:
    assert api.post("TradeTransaction", {**transaction(login, 10), **change}).code == code
    assert api.get(f"TradesUserHistory/{login}").data == []


def test_an_amount_is_rounded_to_the_cent(api: Api, login: int) -> None:
    api.money(login, 10.005)
    api.money(login, 0.1)
    api.money(login, 0.2)
    assert api.user(login)["balance"] == 10.31


def test_a_comment_may_have_31_characters(api: Api, login: int) -> None:
    assert api.money(login, 10, "x" * 31).code == "Ok"
    assert len(api.records(login, "x" * 31)) == 1


def test_a_disabled_account_still_gets_its_money(api: Api) -> None:
    login = api.new_account(enableFlags=0)
    assert api.money(login, 10).code == "Ok"


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("lenient")
    with SandboxProcess(folder, accounts=1, balance_check="lenient") as sandbox:
        yield Api(sandbox)


def test_a_lenient_server_lets_a_balance_go_below_zero(lenient: Api) -> None:
    login = lenient.new_account()
    assert lenient.money(login, -75).code == "Ok"
    assert _credit(lenient, login, -20) == "Ok"
    user = lenient.user(login)
    assert (user["balance"], user["credit"]) == (-75, -20)
    assert lenient.get(f"AdmBalanceCheck/{FIRST_LOGIN}").data["diff"] == 0
