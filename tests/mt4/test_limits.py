"""Field sizes and password rules, as forms show them and the sandbox enforces them."""

from __future__ import annotations

import pytest

from panel.mt4.limits import (
    FIELD_LIMITS,
    check_field,
    check_password,
    check_trade_comment,
)
from panel.mt4.protocol.records import User, UserCreate
from panel.mt4.protocol.wire import wire_names


@pytest.mark.parametrize("field", sorted(FIELD_LIMITS))
def test_each_field_takes_its_limit_and_no_more(field: str) -> None:
    assert check_field(field, "x" * FIELD_LIMITS[field]) == []
    (problem,) = check_field(field, "x" * (FIELD_LIMITS[field] + 1))
    assert str(FIELD_LIMITS[field]) in problem


def test_every_limited_field_is_a_field_of_the_account() -> None:
    assert FIELD_LIMITS.keys() <= wire_names(User).keys()
    assert FIELD_LIMITS.keys() <= wire_names(UserCreate).keys()


def test_texts_are_eight_bit_without_control_characters() -> None:
    assert check_field("name", "José Müller") == []
    assert "MT4 cannot store" in check_field("name", "山田")[0]
    assert "control" in check_field("address", "one\ntwo")[0]


def test_comment_of_a_trade_is_31_ascii_characters() -> None:
    assert check_trade_comment("WD 7Q2K9F31") == []
    assert check_trade_comment("x" * 31) == []
    assert check_trade_comment("x" * 32)
    assert check_trade_comment("dépôt")


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("a1b2", "at least 5"),
        ("abcdefgh12345678", "at most 15"),
        ("abcDEF", "a digit"),
        ("123456", "two kinds"),
        ("abc 123", "ASCII"),
        ("señor12", "ASCII"),
    ],
)
def test_each_password_rule_has_its_own_words(password: str, word: str) -> None:
    problems = check_password(password)
    assert len(problems) == 1
    assert word in problems[0]


def test_investor_password_follows_the_rules_and_differs() -> None:
    assert check_password("Abc123", "Xyz789") == []
    assert check_password("Abc123", "Abc123") == [
        "The investor password must differ from the main one."
    ]
    assert all("investor" in problem for problem in check_password("Abc123", "abc"))
