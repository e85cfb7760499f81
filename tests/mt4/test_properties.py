"""What must hold for any figures at all."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from panel.lib import money
from panel.lib.amounts import parse_amount
from panel.mt4 import rules
from panel.mt4.protocol.flags import GroupRights
from panel.mt4.protocol.records import User
from panel.mt4.protocol.wire import from_wire, to_wire

amounts = st.decimals(min_value=-money.LARGEST, max_value=money.LARGEST, places=2, allow_nan=False)
positive = st.decimals(min_value=0, max_value=money.LARGEST, places=2, allow_nan=False)
currencies = st.sampled_from(("USD", "JPY"))


@given(amounts)
def test_every_amount_survives_the_double_on_the_wire(amount: Decimal) -> None:
    text = json.dumps(to_wire(User(balance=amount)))
    assert from_wire(User, json.loads(text, parse_float=Decimal)).balance == amount
    assert from_wire(User, json.loads(text)).balance == amount


@given(amounts)
def test_every_amount_that_is_shown_can_be_typed_again(amount: Decimal) -> None:
    assert parse_amount(money.show(amount)) == amount


@given(amounts, positive, amounts, positive, st.integers(100, 1000), currencies)
def test_after_the_largest_withdrawal_the_account_still_carries_its_margin(
    balance: Decimal, credit: Decimal, floating: Decimal, margin: Decimal, level: int, currency: str
) -> None:
    equity = rules.equity(balance, credit, [floating], currency)
    most = rules.withdrawable(
        balance=balance,
        credit=credit,
        equity=equity,
        margin=margin,
        currency=currency,
        minimum_level=Decimal(level),
    )
    assert not money.has_too_many_decimals(most, currency)
    assert most >= 0
    if most:
        assert balance - most >= 0
        assert equity - most - credit >= margin * level / 100


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5000)), max_size=8))
def test_a_hedge_never_costs_more_than_both_legs_in_full(legs: list[tuple[bool, int]]) -> None:
    unit = Decimal("0.011")
    positions = [rules.Leg(is_buy, rules.lots(volume), unit) for is_buy, volume in legs]
    full, half = Decimal(100_000), Decimal(50_000)
    hedged = rules.margin(positions, units=full, hedged_units=half, currency="USD")
    gross = rules.margin(positions, units=full, hedged_units=full, currency="USD")
    assert 0 <= hedged <= gross


@given(st.integers(0, 2**31 - 1))
def test_every_set_of_flags_survives_the_wire(bits: int) -> None:
    assert GroupRights.parse(GroupRights(bits).wire) == bits
