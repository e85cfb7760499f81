"""Which policy counts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from panel.access.policy import Asked, Needed, needed
from panel.models import Policy

NONE = Needed(0, (), "at once")


def asked(amount: str, *, group: str = "real-std-usd", currency: str = "USD") -> Asked:
    return Asked("payments.withdraw", 1, group, currency, Decimal(amount))


def rule(approvals: int, over: str | None = None, **fields: object) -> Policy:
    limit = Decimal(over) if over else None
    return Policy(
        command="payments.withdraw",
        approvals=approvals,
        over_amount=limit,
        roles=["compliance"],
        **fields,
    )


@pytest.mark.parametrize(("amount", "approvals"), [("0.01", 1), ("10000.00", 1), ("10000.01", 2)])
def test_an_amount_over_the_limit_needs_two_approvals(amount: str, approvals: int) -> None:
    rules = [rule(1), rule(2, over="10000")]
    assert needed(rules, asked(amount), at_least=NONE).approvals == approvals


def test_the_strictest_rule_counts_whatever_the_order() -> None:
    rules = [rule(2), rule(0), rule(1)]
    assert needed(rules, asked("1"), at_least=NONE).approvals == 2
    assert needed(rules[::-1], asked("1"), at_least=NONE).approvals == 2


def test_a_rule_for_another_currency_group_or_platform_does_not_count() -> None:
    for other in (
        rule(2, currency="EUR"),
        rule(2, group_masks="vip-*"),
        rule(2, platform_id=2),
        rule(2, active=False),
    ):
        assert needed([other], asked("1"), at_least=NONE).approvals == 0


def test_a_rule_cannot_ask_for_less_than_the_command_itself() -> None:
    floor = Needed(1, ("administrator",), "a second administrator")
    assert needed([rule(0)], asked("1"), at_least=floor) == floor
