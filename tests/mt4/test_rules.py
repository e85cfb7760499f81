"""MT4's arithmetic against worked figures: a USD account, 1:100, balance 5,000, credit 500."""

from __future__ import annotations

from decimal import Decimal

import pytest

from panel.mt4 import rules
from panel.mt4.protocol.enums import (
    MarginCalculationMode,
    MarginControllingType,
    MarginLevelType,
    MarginMode,
    ProfitCalculationMode,
    SwapType,
)

FLOATING = [Decimal("236.90"), Decimal("195.68"), Decimal("-175.31")]


BY_100 = rules.margin_share(MarginCalculationMode.Forex, leverage=100)


def euro_leg(is_buy: bool, lots: str, price: str) -> rules.Leg:
    unit = rules.unit_margin(MarginCalculationMode.Forex, price=Decimal(price), rate=Decimal(price))
    return rules.Leg(is_buy, Decimal(lots), unit)


def test_profit_of_a_forex_buy_closes_at_bid() -> None:
    result = rules.profit(
        ProfitCalculationMode.Forex,
        is_buy=True,
        lots=Decimal("1.00"),
        open_price=Decimal("1.10000"),
        close_price=Decimal("1.10250"),
        contract_size=Decimal(100_000),
        currency="USD",
    )
    assert result == Decimal("250.00")


def test_profit_of_a_yen_sell_is_converted_at_its_close_price() -> None:
    rate = rules.conversion("JPY", "USD", {"USDJPY": Decimal("149.400")}.get)
    assert rate is not None
    result = rules.profit(
        ProfitCalculationMode.Forex,
        is_buy=False,
        lots=Decimal("0.50"),
        open_price=Decimal("150.000"),
        close_price=Decimal("149.400"),
        contract_size=Decimal(100_000),
        currency="USD",
        rate=rate,
    )
    assert result == Decimal("200.80")


def test_profit_of_a_gold_cfd() -> None:
    result = rules.profit(
        ProfitCalculationMode.CFD,
        is_buy=True,
        lots=Decimal("0.20"),
        open_price=Decimal("2400.00"),
        close_price=Decimal("2391.50"),
        contract_size=Decimal(100),
        currency="USD",
    )
    assert result == Decimal("-170.00")


def test_profit_of_a_future_counts_ticks() -> None:
    result = rules.profit(
        ProfitCalculationMode.Futures,
        is_buy=True,
        lots=Decimal(2),
        open_price=Decimal("4000.00"),
        close_price=Decimal("4001.50"),
        contract_size=Decimal(1),
        currency="USD",
        tick_size=Decimal("0.25"),
        tick_value=Decimal("12.50"),
    )
    assert result == Decimal("150.00")


@pytest.mark.parametrize(
    ("mode", "lots", "contract", "price", "rate", "percentage", "expected"),
    [
        ("Forex", "1.00", 100_000, "1.10000", "1.10000", 100, "1100.00"),
        ("Forex", "0.50", 100_000, "150.000", "1", 100, "500.00"),
        ("CFD", "0.20", 100, "2400.00", "1", 1, "480.00"),
        ("CFDLeverage", "0.20", 100, "2400.00", "1", 100, "480.00"),
    ],
)
def test_margin_of_one_position(
    mode: str, lots: str, contract: int, price: str, rate: str, percentage: int, expected: str
) -> None:
    kind = MarginCalculationMode.parse(mode)
    unit = rules.unit_margin(kind, price=Decimal(price), rate=Decimal(rate))
    part = rules.Ratio(Decimal(percentage), Decimal(100))
    share = rules.margin_share(kind, leverage=100, part=part)
    units = rules.units_per_lot(kind, Decimal(contract), Decimal(0))
    legs = [rules.Leg(True, Decimal(lots), unit)]
    result = rules.margin(legs, units=units, hedged_units=Decimal(0), currency="USD", share=share)
    assert result == Decimal(expected)


def test_margin_of_a_future_is_its_initial_margin_per_lot() -> None:
    kind = MarginCalculationMode.Futures
    unit = rules.unit_margin(kind, price=Decimal(4000))
    units = rules.units_per_lot(kind, Decimal(1), Decimal(1500))
    assert rules.margin(
        [rules.Leg(True, Decimal(2), unit)],
        units=units,
        hedged_units=Decimal(0),
        currency="USD",
        share=rules.margin_share(kind, leverage=100),
    ) == Decimal(3000)


@pytest.mark.parametrize(
    ("hedged_units", "large_leg", "expected"),
    [(50_000, False, "1101.43"), (0, False, "660.86"), (50_000, True, "1100.00")],
)
def test_hedged_margin(hedged_units: int, large_leg: bool, expected: str) -> None:
    legs = [euro_leg(True, "1.00", "1.10000"), euro_leg(False, "0.40", "1.10500")]
    result = rules.margin(
        legs,
        units=Decimal(100_000),
        hedged_units=Decimal(hedged_units),
        currency="USD",
        share=BY_100,
        large_leg=large_leg,
    )
    assert result == Decimal(expected)


def test_gross_margin_of_the_same_legs_without_a_hedge() -> None:
    legs = [euro_leg(True, "1.00", "1.10000"), euro_leg(False, "0.40", "1.10500")]
    gross = [
        rules.margin(
            [leg],
            units=Decimal(100_000),
            hedged_units=Decimal(50_000),
            currency="USD",
            share=BY_100,
        )
        for leg in legs
    ]
    assert sum(gross) == Decimal("1542.00")


def test_hedged_margin_of_three_orders_at_their_average_rate() -> None:
    unit = Decimal("1.70459")
    legs = [
        rules.Leg(True, Decimal("0.5"), unit),
        rules.Leg(True, Decimal("1.4"), unit),
        rules.Leg(False, Decimal("0.8"), unit),
    ]
    result = rules.margin(
        legs,
        units=Decimal(100_000),
        hedged_units=Decimal(50_000),
        currency="USD",
        share=rules.Ratio(over=Decimal(500)),
    )
    assert result == Decimal("647.74")


@pytest.mark.parametrize(("hedged_units", "expected"), [(50_000, "1100.00"), (0, "0")])
def test_full_lock_at_half_units_costs_one_lot_and_nothing_at_zero_units(
    hedged_units: int, expected: str
) -> None:
    legs = [euro_leg(True, "1.00", "1.10000"), euro_leg(False, "1.00", "1.10000")]
    result = rules.margin(
        legs,
        units=Decimal(100_000),
        hedged_units=Decimal(hedged_units),
        currency="USD",
        share=BY_100,
    )
    assert result == Decimal(expected)


def test_no_positions_take_no_margin() -> None:
    assert (
        rules.margin([], units=Decimal(100_000), hedged_units=Decimal(50_000), currency="USD") == 0
    )


@pytest.mark.parametrize(
    ("kind", "lots", "value", "contract", "point", "price", "rate", "nights", "expected"),
    [
        ("Points", "1", "-6.1", 100_000, "0.00001", "1.1", "1", 1, "-6.10"),
        ("Points", "1", "-6.1", 100_000, "0.00001", "1.1", "1", 3, "-18.30"),
        ("Points", "0.5", "-15.3", 100_000, "0.001", "149.4", "0.0066934405", 1, "-5.12"),
        ("Interest", "0.2", "-4", 100, "0.01", "2391.5", "1", 1, "-5.31"),
        ("Dollars", "2", "-3", 100, "0.01", "2391.5", "1", 1, "-6.00"),
    ],
)
def test_swap(
    kind: str,
    lots: str,
    value: str,
    contract: int,
    point: str,
    price: str,
    rate: str,
    nights: int,
    expected: str,
) -> None:
    result = rules.swap(
        SwapType.parse(kind),
        lots=Decimal(lots),
        value=Decimal(value),
        contract_size=Decimal(contract),
        point=Decimal(point),
        price=Decimal(price),
        currency="USD",
        rate=rules.Ratio(times=Decimal(rate)),
        nights=nights,
    )
    assert result == Decimal(expected)


def test_equity_level_and_what_can_be_withdrawn() -> None:
    equity = rules.equity(Decimal(5000), Decimal(500), FLOATING, "USD")
    assert equity == Decimal("5757.27")
    assert rules.level(equity, Decimal("2080.00")) == Decimal("276.79")
    state = {
        "balance": Decimal(5000),
        "credit": Decimal(500),
        "equity": equity,
        "margin": Decimal("2080.00"),
    }
    assert rules.withdrawable(**state, currency="USD") == Decimal("3177.27")
    assert rules.withdrawable(**state, currency="USD", minimum_level=Decimal(150)) == Decimal(
        "2137.27"
    )
    assert rules.withdrawable(**state, currency="USD", minimum_level=Decimal(50)) == Decimal(
        "3177.27"
    )


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (MarginMode.DontUse, "3420.00"),
        (MarginMode.UseAll, "3677.27"),
        (MarginMode.UseProfit, "3852.58"),
        (MarginMode.UseLoss, "3244.69"),
    ],
)
def test_free_margin_by_mode(mode: MarginMode, expected: str) -> None:
    free = rules.free_margin(
        mode,
        balance=Decimal(5000),
        credit=Decimal(500),
        floating=FLOATING,
        margin=Decimal("2080.00"),
        currency="USD",
    )
    assert free == Decimal(expected)


def test_profit_of_open_positions_cannot_be_withdrawn_past_the_balance() -> None:
    assert rules.withdrawable(
        balance=Decimal(1000),
        credit=Decimal(0),
        equity=Decimal(9000),
        margin=Decimal(100),
        currency="USD",
    ) == Decimal("1000.00")


def test_nothing_can_be_withdrawn_from_an_account_under_water() -> None:
    figure = rules.withdrawable(
        balance=Decimal(-5),
        credit=Decimal(100),
        equity=Decimal(95),
        margin=Decimal(0),
        currency="USD",
    )
    assert figure == Decimal("0.00")


def test_level_without_margin_is_zero() -> None:
    assert rules.level(Decimal(100), Decimal(0)) == 0
    assert rules.level_without_credit(
        Decimal("5757.27"), Decimal(500), Decimal("2080.00")
    ) == Decimal("252.75")


@pytest.mark.parametrize(
    ("controlling", "equity", "margin", "expected"),
    [
        (MarginControllingType.Percent, "1040.00", "2080.00", MarginLevelType.StopOut),
        (MarginControllingType.Percent, "1040.01", "2080.00", MarginLevelType.MarginCall),
        (MarginControllingType.Percent, "2080.01", "2080.00", MarginLevelType.Ok),
        (MarginControllingType.Percent, "-5.00", "0", MarginLevelType.Ok),
        (MarginControllingType.Currency, "1100.00", "1000.00", MarginLevelType.MarginCall),
        (MarginControllingType.Currency, "1050.00", "1000.00", MarginLevelType.StopOut),
    ],
)
def test_margin_state(
    controlling: MarginControllingType, equity: str, margin: str, expected: MarginLevelType
) -> None:
    state = rules.margin_state(
        controlling,
        equity=Decimal(equity),
        margin=Decimal(margin),
        call=Decimal(100),
        stopout=Decimal(50),
    )
    assert state is expected


@pytest.mark.parametrize(
    ("volume", "word"),
    [(0, "smallest"), (5, "smallest"), (1010, "largest"), (15, "steps"), (20, None)],
)
def test_lot_steps(volume: int, word: str | None) -> None:
    problem = rules.lot_problem(volume, 10, 1000, 10)
    assert (problem is None) if word is None else (word in (problem or ""))


def test_conversion_goes_over_the_dollar_when_it_must() -> None:
    prices = {"EURUSD": Decimal("1.1"), "USDJPY": Decimal(150)}.get
    assert rules.conversion_rate("EUR", "JPY", prices) == Decimal("165.0")
    assert rules.conversion_rate("USD", "USD", prices) == 1
    assert rules.conversion_rate("CHF", "USD", prices) is None
    assert rules.conversion_rate("CHF", "JPY", prices) is None
