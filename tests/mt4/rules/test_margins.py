"""Margin in the five modes, its percentage, and where group and doubts come in."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from panel.mt4 import rules
from panel.mt4.protocol.enums import MarginCalculationMode, TradeCommand
from panel.mt4.protocol.records import GroupMargin
from tests.mt4.rules.cast import (
    BUY,
    EURUSD,
    FUTURE,
    GOLD,
    GROUP,
    MARKET,
    SELL,
    TERMS,
    account,
    position,
)

GOLD_BUY = position(1, "XAUUSD", BUY, 20, "2400.00")


@pytest.mark.parametrize(
    ("mode", "percentage", "margin"),
    [
        ("Forex", 100, "0.20"),  # 0.2 lots x 100 ounces / 100
        ("CFD", 1, "480.00"),
        ("CFDLeverage", 100, "480.00"),
        ("CFDLeverage", 50, "240.00"),
        ("CFDIndex", 1, "1200.00"),  # x tick value / tick size, 2.5
    ],
)
def test_margin_modes_of_a_contract(mode: str, percentage: int, margin: str) -> None:
    symbol = replace(
        GOLD,
        margin_calculation_mode=MarginCalculationMode.parse(mode),
        percentage=Decimal(percentage),
        tick_size=Decimal("0.10"),
        tick_value=Decimal("0.25"),
    )
    assert rules.symbol_margin(symbol, [GOLD_BUY], leverage=100, currency="USD") == Decimal(margin)


def test_future_takes_its_initial_margin_and_less_for_a_hedge() -> None:
    bought = position(1, "ESFRONT", BUY, 200, "5250.00")
    sold = position(2, "ESFRONT", SELL, 100, "5260.00")
    assert rules.symbol_margin(FUTURE, [bought], leverage=100, currency="USD") == Decimal(24_000)
    # Two legs of one lot at 6,000, and one lot at 12,000.
    assert rules.symbol_margin(FUTURE, [bought, sold], leverage=100, currency="USD") == Decimal(
        24_000
    )


def test_initial_margin_replaces_the_contract_of_a_pair() -> None:
    symbol = replace(EURUSD, margin_initial=Decimal(200_000))
    trade = position(1, "EURUSD", BUY, 100, "1.10000")
    assert rules.symbol_margin(symbol, [trade], leverage=100, currency="USD") == Decimal("2200.00")


def test_margin_of_a_pair_keeps_the_rate_of_its_opening() -> None:
    trade = position(1, "EURUSD", BUY, 100, "1.10000", margin_rate=Decimal("1.25"))
    assert rules.symbol_margin(EURUSD, [trade], leverage=100, currency="USD") == Decimal("1250.00")


@pytest.mark.parametrize(
    ("percentage", "own_divider", "divider", "expected"),
    [
        (2, 1, None, "2"),
        (2, 1, "0.5", "200"),
        (2, 1, "1", "2"),
        (0, 4, None, "25"),
        (0, 0, None, "100"),
        (2, 1, "0", "2"),
    ],
)
def test_percentage_is_the_groups_or_the_symbols(
    percentage: int, own_divider: int, divider: str | None, expected: str
) -> None:
    symbol = replace(GOLD, percentage=Decimal(percentage), margin_divider=Decimal(own_divider))
    override = None if divider is None else GroupMargin(margin_divider=Decimal(divider))
    assert rules.margin_part(symbol, override).value * 100 == Decimal(expected)


def test_divider_of_one_can_mean_the_full_margin() -> None:
    override = GroupMargin(symbol="XAUUSD", margin_divider=Decimal(1))
    choices = rules.Choices(divider_one_is_default=False)
    assert rules.margin_part(GOLD, override, choices).value == 1
    terms = rules.Terms.of(GROUP, 100, [override], choices)
    assert account(GOLD_BUY, terms=terms).margin == Decimal("48000.00")


def test_pending_orders_take_margin_only_on_a_server_that_does_so() -> None:
    pending = replace(GOLD_BUY, order=2, trade_command=TradeCommand.BuyLimit)
    assert account(pending).margin == 0
    assert account(GOLD_BUY, pending).margin == Decimal("480.00")
    terms = replace(TERMS, choices=rules.Choices(pendings_take_margin=True))
    before = account(pending, terms=terms)
    assert before.margin == Decimal("480.00")
    after = rules.after_opening(terms, before, GOLD_BUY, MARKET)
    assert after.margin == account(GOLD_BUY, pending, terms=terms).margin == Decimal("960.00")
    assert len(after.held) == 1


def test_margin_of_a_contract_can_follow_the_market() -> None:
    terms = replace(TERMS, choices=rules.Choices(margin_at_open_price=False))
    assert account(GOLD_BUY, terms=terms).margin == Decimal("478.30")


@pytest.mark.parametrize(
    ("own", "group", "choices", "leverage"),
    [
        (200, 100, rules.DEFAULTS, 200),
        (0, 100, rules.DEFAULTS, 100),
        (0, 0, rules.DEFAULTS, 1),
        (0, 100, rules.Choices(zero_leverage_is_groups=False), 1),
    ],
)
def test_leverage_of_zero_is_the_groups(
    own: int, group: int, choices: rules.Choices, leverage: int
) -> None:
    assert rules.leverage_of(own, group, choices) == leverage


def test_symbol_or_price_that_is_not_known_is_said_so() -> None:
    with pytest.raises(rules.UnknownMarketError, match="no symbol XAUUSD"):
        rules.margins_by_symbol([GOLD_BUY], {}, leverage=100, currency="USD")
    with pytest.raises(rules.UnknownMarketError, match="no symbol XAUUSD"):
        account(GOLD_BUY, market=replace(MARKET, symbols={}))
    with pytest.raises(rules.UnknownMarketError, match="no price of XAUUSD"):
        account(GOLD_BUY, market=replace(MARKET, quotes=lambda _: None))


def test_fully_hedged_is_every_symbol_level_and_something_open() -> None:
    sold = replace(GOLD_BUY, order=2, trade_command=SELL)
    assert rules.is_fully_hedged([GOLD_BUY, sold])
    assert not rules.is_fully_hedged([GOLD_BUY, sold, position(3, "EURUSD", BUY, 1, "1.1")])
    assert not rules.is_fully_hedged([])
