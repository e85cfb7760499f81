"""Conversion, swaps and commissions: everything that turns another currency into the account's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from panel.mt4 import rules
from panel.mt4.protocol.enums import ProfitCalculationMode, SwapType
from panel.mt4.protocol.records import GroupMargin, GroupSec, SymbolConfig
from tests.mt4.rules.cast import (
    BUY,
    ECN,
    EURGBP,
    EURUSD,
    FUTURE,
    GOLD,
    MARKET,
    MONDAY,
    SELL,
    TICKS,
    USDJPY,
    position,
    tick,
)

BID_ONLY = rules.Choices(conversion_side=rules.ConversionSide.BID)


def rate(
    symbol: SymbolConfig,
    currency: str,
    *,
    is_buy: bool = True,
    price: str = "0",
    choices: rules.Choices = rules.DEFAULTS,
) -> Decimal:
    return rules.profit_rate(
        symbol, currency, TICKS.get, is_buy=is_buy, price=Decimal(price), choices=choices
    ).value


def test_yen_result_is_divided_by_the_close_price_even_far_from_the_market() -> None:
    assert rate(USDJPY, "USD", price="160") == 1 / Decimal(160)


def test_result_is_converted_at_bid_for_buys_and_at_ask_for_sells() -> None:
    assert rate(EURGBP, "USD") == Decimal("1.29700")
    assert rate(EURGBP, "USD", is_buy=False) == Decimal("1.29711")
    assert rate(EURGBP, "USD", is_buy=False, choices=BID_ONLY) == Decimal("1.29700")


def test_result_is_converted_by_the_inverse_and_over_the_dollar() -> None:
    assert rate(EURUSD, "JPY") == Decimal("149.390")
    assert rate(GOLD, "EUR", is_buy=False) == 1 / Decimal("1.10260")
    assert rate(EURGBP, "JPY") == Decimal("1.29700") * Decimal("149.390")
    assert rate(EURUSD, "EUR", price="1.2") == 1 / Decimal("1.2")


def test_currency_without_a_price_is_not_guessed() -> None:
    with pytest.raises(rules.UnknownMarketError, match="USD to CHF"):
        rate(EURUSD, "CHF")


def test_pair_that_keeps_its_base_currency_still_earns_its_second() -> None:
    odd = replace(USDJPY, symbol="USDJPY.x", currency="USD")
    assert rules.profit_currency(odd) == "JPY"
    assert rules.profit_currency(USDJPY) == "JPY"
    assert rules.profit_currency(GOLD) == "USD"
    assert rate(odd, "USD", price="160") == 1 / Decimal(160)


@pytest.mark.parametrize(
    ("symbol", "currency", "is_buy", "price", "expected"),
    [
        (EURUSD, "USD", True, "1.10000", "1.10000"),
        (EURUSD, "EUR", True, "1.10000", "1"),
        (EURGBP, "USD", True, "0.85012", "1.10260"),
        (EURGBP, "USD", False, "0.85000", "1.10250"),
        (USDJPY, "USD", False, "150.000", "1"),
        (USDJPY, "EUR", True, "150.000", "0.90694722"),
    ],
)
def test_margin_rate_is_that_of_the_opening_side(
    symbol: SymbolConfig, currency: str, is_buy: bool, price: str, expected: str
) -> None:
    result = rules.margin_rate(
        symbol, currency, TICKS.get, is_buy=is_buy, open_price=Decimal(price)
    )
    assert result == Decimal(expected)


def swap_of(symbol: SymbolConfig, choices: rules.Choices = rules.DEFAULTS) -> Decimal:
    trade = position(1, symbol.symbol, BUY, 200, "1.10000")
    return rules.trade_swap(
        symbol,
        trade,
        day=MONDAY,
        price=MARKET.closing_price(trade),
        currency="USD",
        quotes=TICKS.get,
        choices=choices,
    )


def test_swap_in_money_is_dollars_or_base_currency() -> None:
    symbol = replace(EURUSD, swap_type=SwapType.Dollars, swap_long=Decimal(-3))
    assert swap_of(symbol) == Decimal("-6.00")
    base = rules.Choices(money_swap=rules.MoneySwap.BASE_CURRENCY)
    assert swap_of(symbol, base) == Decimal("-6.62")  # 6 EUR at 1.10250, away from zero


def test_swap_in_margin_currency_is_converted() -> None:
    symbol = replace(EURGBP, swap_type=SwapType.MarginCurrency, swap_long=Decimal(-3))
    assert swap_of(symbol) == Decimal("-6.62")


def test_interest_counts_from_the_price_of_now_or_of_the_opening() -> None:
    trade = position(1, "XAUUSD", BUY, 1000, "2000.00")
    results = [
        rules.trade_swap(
            replace(GOLD, swap_open_price=from_open),
            trade,
            day=MONDAY,
            price=Decimal("2391.50"),
            currency="USD",
            quotes=TICKS.get,
        )
        for from_open in (0, 1)
    ]
    assert results == [Decimal("-265.72"), Decimal("-222.22")]


def test_symbol_without_swaps_costs_nothing() -> None:
    assert swap_of(replace(EURUSD, swap_enable=0)) == 0
    assert swap_of(replace(EURUSD, swap_long=Decimal(0))) == 0


def test_groups_own_swap_goes_before_the_symbols() -> None:
    own = GroupMargin(swap_long=Decimal(-1), swap_short=Decimal(0))
    assert rules.swap_value(EURUSD, is_buy=True, override=own) == Decimal(-1)
    assert rules.swap_value(EURUSD, is_buy=False, override=own) == Decimal("2.3")
    none = rules.Choices(zero_swap_is_default=False)
    assert rules.swap_value(EURUSD, is_buy=False, override=own, choices=none) == 0


@pytest.mark.parametrize(
    ("stored", "shift", "nights"),
    [
        (2, 0, [1, 1, 3, 1, 1, 0, 0]),
        (3, 1, [1, 1, 3, 1, 1, 0, 0]),
        (4, 2, [1, 1, 3, 1, 1, 0, 0]),
        (4, 0, [1, 1, 1, 1, 3, 0, 0]),
        (6, 0, [1, 1, 1, 1, 1, 0, 0]),
    ],
)
def test_triple_day_as_stored_from_monday_to_sunday(
    stored: int, shift: int, nights: list[int]
) -> None:
    choices = rules.Choices(triple_day_shift=shift)
    week = [MONDAY + timedelta(days=day) for day in range(7)]
    assert [rules.swap_nights(day, stored, choices) for day in week] == nights


@pytest.mark.parametrize(
    ("kind", "per", "base", "expected"),
    [
        ("Money", "PerLot", "7", "-14.00"),
        ("Money", "PerDeal", "7", "-7.00"),
        ("Pips", "PerLot", "5", "-12.97"),  # 200,000 x 0.00001 x 5 GBP at 1.29700
        ("Pips", "PerDeal", "5", "-6.49"),
        ("Percent", "PerLot", "0.01", "-44.10"),  # twice of 200,000 x 0.85012 GBP: both sides
        ("Percent", "PerDeal", "0.01", "-44.10"),
        ("", "", "7", "-14.00"),
        ("Money", "PerLot", "0", "0"),
    ],
)
def test_commission_by_kind(kind: str, per: str, base: str, expected: str) -> None:
    security = GroupSec(
        standard_commission=Decimal(base), commission_type=kind, commission_lots_mode=per
    )
    result = rules.trade_commission(
        security,
        EURGBP,
        is_buy=True,
        volume=200,
        open_price=Decimal("0.85012"),
        currency="USD",
        quotes=TICKS.get,
    )
    assert result == Decimal(expected)


def test_commission_set_for_one_side_is_charged_for_both_at_open() -> None:
    result = rules.trade_commission(
        ECN,
        EURUSD,
        is_buy=True,
        volume=100,
        open_price=Decimal("1.1"),
        currency="USD",
        quotes=TICKS.get,
        choices=rules.Choices(commission_for=rules.CommissionFor.SIDE),
    )
    assert result == Decimal("-14.00")


def test_profit_of_a_future_and_of_a_part_of_a_position() -> None:
    trade = position(1, "ESFRONT", SELL, 200, "5250.00")
    price = Decimal("5252.50")
    assert rules.trade_profit(FUTURE, trade, price, "USD", TICKS.get) == Decimal("-250.00")
    part = rules.trade_profit(FUTURE, trade, price, "USD", TICKS.get, volume=50)
    assert part == Decimal("-62.50")
    no_ticks = replace(FUTURE, tick_size=Decimal(0))
    assert rules.trade_profit(no_ticks, trade, price, "USD", TICKS.get) == 0


def test_profit_on_half_a_cent_goes_away_from_zero_on_both_sides() -> None:
    for is_buy, expected in ((True, "0.01"), (False, "-0.01")):
        result = rules.profit(
            ProfitCalculationMode.Forex,
            is_buy=is_buy,
            lots=Decimal(1),
            open_price=Decimal(0),
            close_price=Decimal("0.005"),
            contract_size=Decimal(1),
            currency="USD",
        )
        assert result == Decimal(expected)


def test_each_side_of_the_market_has_its_price() -> None:
    quote = tick("1", "2")
    assert rules.opening_price(BUY, quote) == rules.closing_price(SELL, quote) == 2
    assert rules.opening_price(SELL, quote) == rules.closing_price(BUY, quote) == 1
