"""Plug-ins that change balance operations: what is booked, what is answered, what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api, new_key, transaction

ASKED = "DP 7Q2K9F31 March salary"
COMMENTS = {
    "plugin_prefix": "GW7/DP 7Q2K9F31 March salary",
    "plugin_suffix": "DP 7Q2K9F31 March salary via GW",
    "plugin_cut": "DP 7Q2K9",
    "plugin_head_gone": "7Q2K9F31 March salary",
    "plugin_upper": "DP 7Q2K9F31 MARCH SALARY",
    "plugin_lower": "dp 7q2k9f31 march salary",
    "plugin_empty": "",
    "plugin_encoding": "D P   7 Q 2 K 9 F 3 1   M a r c",
}


def _booked(api: Api, login: int) -> list[tuple[float, str]]:
    records = api.get(f"TradesUserHistory/{login}").data
    return [(record["profit"], record["comment"]) for record in records]


@pytest.mark.parametrize(("plugin", "comment"), COMMENTS.items())
def test_a_changed_comment_is_booked_and_answered(
    api: Api, login: int, plugin: str, comment: str
) -> None:
    api.sandbox.fault(plugin, "TradeTransaction", login=login)
    answer = api.money(login, 777, ASKED)
    assert answer.code == "Ok"
    assert answer.data["comment"] == comment
    assert answer.data["price"] == 777
    assert _booked(api, login) == [(777, comment)]


def test_one_operation_is_split_into_two_records_and_answered_as_one(api: Api, login: int) -> None:
    api.sandbox.fault("plugin_split", "TradeTransaction", login=login)
    answer = api.money(login, 777, ASKED)
    assert (answer.data["price"], answer.data["comment"]) == (777, ASKED)
    assert _booked(api, login) == [(388, ASKED), (389, ASKED)]
    assert api.user(login)["balance"] == 777
    first, second = api.sandbox.hooked()[-2:]
    assert first["sending"] == second["sending"]


@pytest.mark.parametrize(("amount", "booked"), [(777, 769), (-500, -505), (1, 1)])
def test_a_fee_costs_the_client_and_a_tiny_amount_nothing(
    api: Api, login: int, amount: float, booked: float
) -> None:
    api.money(login, 1000, "opening")
    api.sandbox.fault("plugin_fee", "TradeTransaction", login=login)
    assert api.money(login, amount, ASKED).data["price"] == booked
    assert api.user(login)["balance"] == 1000 + booked


def test_plugins_apply_one_after_another_and_the_original_is_remembered(
    api: Api, login: int
) -> None:
    for plugin in ("plugin_head_gone", "plugin_cut", "plugin_split"):
        api.sandbox.fault(plugin, "TradeTransaction", login=login)
    key = new_key()
    api.money(login, 10, ASKED, key=key)
    assert _booked(api, login) == [(5, "7Q2K9F31"), (5, "7Q2K9F31")]
    for row in api.sandbox.hooked()[-2:]:
        assert (float(row["asked_amount"]), row["asked_comment"]) == (10, ASKED)
        assert row["key"].endswith(key)
        assert row["plugins"] == ["plugin_head_gone", "plugin_cut", "plugin_split"]


def test_a_plugin_that_would_overdraw_the_account_books_nothing(api: Api, login: int) -> None:
    api.money(login, 100, "opening")
    api.sandbox.fault("plugin_fee", "TradeTransaction", login=login)
    before = len(api.sandbox.hooked())
    assert api.money(login, -100, ASKED).code == "TradeNoMoney"
    assert api.user(login)["balance"] == 100
    assert len(api.sandbox.hooked()) == before


def test_the_answer_can_be_dropped_while_a_plugin_changes_the_comment(api: Api, login: int) -> None:
    api.sandbox.fault("plugin_cut", "TradeTransaction", login=login)
    api.sandbox.fault("drop_after", "TradeTransaction", login=login, count=1)
    with pytest.raises(requests.ConnectionError):
        api.raw("POST", "TradeTransaction", transaction(login, 10, ASKED))
    assert _booked(api, login) == [(10, "DP 7Q2K9")]


def test_the_third_call_alone_is_struck(api: Api, login: int) -> None:
    api.sandbox.fault("plugin_cut", "TradeTransaction", login=login, skip=2, count=1)
    for _ in range(4):
        api.money(login, 10, ASKED)
    assert [comment for _, comment in _booked(api, login)] == [ASKED, ASKED, "DP 7Q2K9", ASKED]


def test_what_was_changed_is_remembered_over_a_kill(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, accounts=2) as sandbox:
        api = Api(sandbox)
        login = api.new_account()
        sandbox.fault("plugin_cut", "TradeTransaction")
        api.money(login, 10, ASKED)
        before = sandbox.hooked()
        sandbox.kill()
        sandbox.start()
        assert sandbox.hooked() == before
        assert before[0]["asked_comment"] == ASKED
