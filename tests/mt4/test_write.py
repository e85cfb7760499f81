"""What the writer refuses to send, and what it makes of the answers."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from panel.mt4.errors import OutcomeUnknown, Rejected
from panel.mt4.protocol.enums import TradeCommand, UsersGroupCommand
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import UserCreate, UsersGroupOp
from panel.mt4.write import Writer, writer
from tests.mt4.wire_server import Script, data, serving


def sent(script: Script) -> Any:
    return json.loads(script.calls[-1].body)


def test_deposit_is_a_balance_transaction() -> None:
    with serving(data({"order": 0})) as script:
        writer(script.connection()).balance(100001, Decimal("250.10"), "DP 7Q2K9F31", key="k")
    body = sent(script)
    assert body["tradeTransactionType"] == "BrBalance"
    assert body["tradeCommand"] == "Balance"
    assert (body["orderBy"], body["price"], body["comment"]) == (100001, 250.1, "DP 7Q2K9F31")


def test_an_answer_about_another_account_says_nothing_of_this_one() -> None:
    other = {"order": 5, "orderBy": 100002, "comment": "DP 7Q2K9F31"}
    with serving(data(other)) as script, pytest.raises(OutcomeUnknown):
        writer(script.connection()).balance(100001, Decimal("1.00"), "DP 7Q2K9F31", key="k")


def test_an_answer_in_time_is_an_outcome_whatever_became_of_the_comment() -> None:
    with serving(data({"order": 5, "comment": "GW DP 7Q2"})) as script:
        pen = writer(script.connection())
        answer = pen.balance(100001, Decimal("1.00"), "DP 7Q2K9F31", key="k")
    assert answer.comment == "GW DP 7Q2"


def test_credit_carries_its_expiration() -> None:
    with serving(data({"order": 0})) as script:
        writer(script.connection()).balance(
            100001,
            Decimal(50),
            "CR 1",
            kind=TradeCommand.Credit,
            expiration=datetime.fromisoformat("2030-01-01"),
            key="k",
        )
    assert sent(script)["tradeCommand"] == "Credit"
    assert sent(script)["expiration"] == "2030-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("amount", "comment", "kind", "word"),
    [
        ("0", "DP 1", TradeCommand.Balance, "zero"),
        ("0.00", "DP 1", TradeCommand.Balance, "zero"),
        ("NaN", "DP 1", TradeCommand.Balance, "zero"),
        ("1.001", "DP 1", TradeCommand.Balance, "two decimals"),
        ("1e12", "DP 1", TradeCommand.Balance, "exceed"),
        ("1", "", TradeCommand.Balance, "reference"),
        ("1", "x" * 32, TradeCommand.Balance, "31"),
        ("1", "dépôt", TradeCommand.Balance, "ASCII"),
        ("1", "DP 1", TradeCommand.Buy, "no money operation"),
        ("1", "CR 1", TradeCommand.Credit, "expiration"),
    ],
)
def test_money_that_must_not_move_is_not_sent(
    amount: str, comment: str, kind: TradeCommand, word: str
) -> None:
    with serving() as script:
        with pytest.raises(ValueError, match=word):
            writer(script.connection()).balance(1, Decimal(amount), comment, kind=kind, key="k")
        assert script.calls == []


def test_patch_sends_only_what_changes_under_the_names_of_the_wire() -> None:
    with serving(data({"login": 1})) as script:
        writer(script.connection()).patch_account(
            1,
            {"zip_code": "1010", "leverage": 200, "enable_flags": EnableFlags.Enabled},
            key="k",
        )
    assert script.calls[0].method == "PATCH"
    assert sent(script) == {"zipCode": "1010", "leverage": 200, "enableFlags": 1}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"balance": Decimal(5)}, "money operation"),
        ({"credit": Decimal(5), "city": "Wien"}, "money operation"),
        ({"zipCode": "1010"}, "no zipCode"),
        ({"password": "Abc123"}, "no password"),
        ({"login": 5}, "no login"),
        ({}, "nothing to change"),
        ({"name": "x" * 128}, "127"),
        ({"leverage": "many"}, "leverage"),
    ],
)
def test_patch_that_mt4_would_ignore_or_misuse_is_not_sent(
    changes: dict[str, Any], word: str
) -> None:
    with serving() as script:
        with pytest.raises(ValueError, match=word):
            writer(script.connection()).patch_account(1, changes, key="k")
        assert script.calls == []


def test_password_travels_as_a_json_string() -> None:
    with serving(data(True)) as script:
        writer(script.connection()).set_password(7, "Abc123", investor=True, key="k")
    assert sent(script) == "Abc123"
    assert script.calls[0].path.endswith("UserPasswordSet/7?changeInvestor=true")


def test_weak_password_and_long_name_are_not_sent() -> None:
    with serving() as script:
        target = writer(script.connection())
        with pytest.raises(ValueError, match="digit"):
            target.set_password(7, "abcDEF", key="k")
        with pytest.raises(ValueError, match="name"):
            target.create_account(UserCreate(name="x" * 128), key="k")
        with pytest.raises(ValueError, match="no accounts"):
            target.group_op(UsersGroupOp(), key="k")
        assert script.calls == []


def test_plain_false_is_a_refusal_and_success_without_a_record_is_unknown() -> None:
    with serving(data(False), data(None)) as script:
        target = writer(script.connection())
        operation = UsersGroupOp(command=UsersGroupCommand.Leverage, leverage=50, logins=(1, 2))
        with pytest.raises(Rejected):
            target.group_op(operation, key="k")
        with pytest.raises(OutcomeUnknown):
            target.balance(1, Decimal(5), "DP 1", key="k")


def test_a_change_without_a_key_cannot_be_written() -> None:
    with serving() as script, pytest.raises(TypeError):
        Writer.balance(writer(script.connection()), 1, Decimal(5), "DP 1")  # type: ignore[call-arg]
