"""What real statements show, question by question (`mt4-semantics.md`, part 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from panel.lib.money import ZERO
from panel.mt4 import rules
from panel.mt4.protocol.enums import MarginCalculationMode, TradeCommand
from panel.mt4.protocol.records import GroupSec, SymbolConfig, Trade
from tests.mt4.rules.cast import (
    BUY,
    EURUSD,
    GOLD,
    GROUP,
    MARKET,
    MONDAY,
    SELL,
    SYMBOLS,
    TERMS,
    TICKS,
    USDJPY,
    account,
    pair,
    position,
    tick,
)

AUDUSD = pair("AUDUSD", 5)
YEN = replace(TERMS, group=replace(GROUP, currency="JPY"))


def of(symbol: SymbolConfig, command: TradeCommand, volume: int, price: str) -> Trade:
    """A position of a USD account in a pair that ends in USD: its open price is its rate."""
    return Trade(
        symbol=symbol.symbol,
        trade_command=command,
        volume=volume,
        open_price=Decimal(price),
        margin_rate=Decimal(price),
    )


def profit_of(symbol: SymbolConfig, trade: Trade, close: str, currency: str) -> Decimal:
    return rules.trade_profit(symbol, trade, Decimal(close), currency, TICKS.get)


@pytest.mark.parametrize(
    ("open_price", "close_price", "profit"),
    [("1.10000", "1.10250", "226.76"), ("0.94000", "0.94400", "423.73")],
)
def test_profit_in_the_base_currency_is_divided_by_the_close_price_alone(
    open_price: str, close_price: str, profit: str
) -> None:
    # 250 / 1.10250 and 400 / 0.94400, whatever the market says meanwhile.
    trade = of(EURUSD, BUY, 100, open_price)
    for quotes in (TICKS.get, {"EURUSD": tick("2.0", "2.1")}.get):
        result = rules.trade_profit(EURUSD, trade, Decimal(close_price), "EUR", quotes)
        assert result == Decimal(profit)


def test_multiplied_first_and_divided_last_profit_on_half_a_cent_is_not_lost() -> None:
    trade = of(USDJPY, SELL, 7, "144.162")
    assert profit_of(USDJPY, trade, "144.000", "USD") == Decimal("7.88")  # 7.875 exactly


def test_multiplied_first_and_divided_last_margin_on_half_a_cent_is_not_lost() -> None:
    trades = [of(EURUSD, SELL, 25, "0.94285"), of(EURUSD, SELL, 1, "1.46750")]
    taken = rules.symbol_margin(EURUSD, trades, leverage=30, currency="USD")
    assert taken == Decimal("834.63")  # 834.625 exactly


def test_a_divider_of_three_loses_nothing_either() -> None:
    symbol = replace(EURUSD, percentage=ZERO, margin_divider=Decimal(3))
    trades = [of(EURUSD, SELL, 25, "0.94285"), of(EURUSD, SELL, 1, "1.46750")]
    assert rules.symbol_margin(symbol, trades, leverage=10, currency="USD") == Decimal("834.63")


def test_a_rate_over_the_dollar_is_a_fraction_too() -> None:
    prices = {"USDJPY": Decimal(150), "USDCHF": Decimal("0.9")}.get
    found = rules.conversion("CHF", "JPY", prices)
    assert found is not None
    assert found.of(Decimal("0.003")) == Decimal("0.5")  # 0.4999… by a reciprocal of 0.9


@pytest.mark.parametrize(
    ("trade", "close", "profit"),
    [
        (of(USDJPY, SELL, 7, "144.162"), "144.000", "1134"),
        (of(USDJPY, BUY, 1, "150.0000"), "150.0005", "1"),  # 0.5 goes up
        (of(USDJPY, SELL, 1, "150.0000"), "150.0005", "-1"),  # and away from zero
    ],
)
def test_profit_of_an_account_in_yen_is_whole(trade: Trade, close: str, profit: str) -> None:
    result = profit_of(USDJPY, trade, close, "JPY")
    assert str(result) == profit


def test_every_figure_of_an_account_in_yen_is_whole() -> None:
    rate = rules.margin_rate(
        EURUSD,
        "JPY",
        TICKS.get,
        is_buy=True,
        open_price=Decimal("1.1"),
    )
    held = position(1, "EURUSD", BUY, 7, "1.10000", margin_rate=rate, storage=Decimal(-91))
    now = account(held, balance="100000", credit="500", terms=YEN)
    assert [str(each.profit) for each in now.held] == ["2614"]  # 17.50 USD at 149.390
    assert str(now.equity) == "103023"
    assert str(now.margin) == "11531"  # 70 EUR at 1.10260 x 149.400
    assert str(now.free) == "91492"
    most = rules.withdrawable(
        balance=Decimal("100000.00"),
        credit=ZERO,
        equity=Decimal("99999.99"),
        margin=ZERO,
        currency="JPY",
    )
    assert str(most) == "99999"


def test_swap_and_commission_of_an_account_in_yen_are_whole() -> None:
    trade = of(USDJPY, SELL, 50, "150.000")
    swap = rules.trade_swap(
        USDJPY,
        replace(trade, volume=51),
        day=MONDAY,
        price=Decimal("149.400"),
        currency="JPY",
        quotes=TICKS.get,
    )
    assert str(swap) == "-780"  # -780.3
    commission = rules.commission(
        rules.CommissionKind.MONEY,
        base=Decimal(7),
        lots=Decimal("0.5"),
        contract_size=Decimal(100_000),
        point=Decimal("0.001"),
        price=Decimal(150),
        currency="JPY",
    )
    assert str(commission) == "-4"  # 3.5


def test_partial_close_of_an_account_in_yen_splits_whole_yen() -> None:
    trade = replace(of(USDJPY, SELL, 100, "150.000"), commission=Decimal(-7), storage=Decimal(-2))
    split = rules.split_off(
        trade, 33, price=Decimal(150), profit=ZERO, currency="JPY", now=MONDAY, ticket=2
    )
    assert (split.closed.commission, split.rest.commission) == (Decimal(-2), Decimal(-5))
    assert (split.closed.storage, split.rest.storage) == (Decimal(-1), Decimal(-1))


def test_stopout_of_an_account_in_yen_signs_in_whole_yen() -> None:
    comment = rules.stopout_comment(Decimal("16920"), Decimal("35440"), "JPY")
    assert comment == "so: 47.7%/16920/35440"


def test_forex_margin_stays_at_the_rate_of_the_opening() -> None:
    trade = of(AUDUSD, BUY, 495, "0.65877")
    terms = replace(TERMS, leverage=20)
    for bid, ask in (("0.50000", "0.50010"), ("0.90000", "0.90010")):
        quotes = {"AUDUSD": tick(bid, ask)}.get
        market = rules.Market({"AUDUSD": AUDUSD}, quotes)
        assert account(trade, terms=terms, market=market).margin == Decimal("16304.56")


def test_margin_of_a_leveraged_contract_stays_at_its_open_price() -> None:
    symbol = replace(
        GOLD,
        margin_calculation_mode=MarginCalculationMode.CFDLeverage,
        percentage=Decimal(100),
    )
    trade = position(1, "XAUUSD", BUY, 1, "2260.00")
    market = replace(MARKET, symbols={**SYMBOLS, "XAUUSD": symbol})
    terms = replace(TERMS, leverage=40)
    assert account(trade, terms=terms, market=market).margin == Decimal("56.50")
    moved = replace(market, quotes=(TICKS | {"XAUUSD": tick("2800", "2801")}).get)
    assert account(trade, terms=terms, market=moved).margin == Decimal("56.50")


def test_pending_orders_take_no_margin() -> None:
    held = position(1, "EURUSD", BUY, 100, "1.1")
    pendings = [
        replace(held, order=order, trade_command=TradeCommand.BuyLimit) for order in (2, 3, 4)
    ]
    assert account(held, *pendings).margin == account(held).margin


def test_percent_commission_is_booked_for_both_sides_at_opening_and_floats() -> None:
    security = GroupSec(
        standard_commission=Decimal("0.0025"),
        commission_type="Percent",
        commission_lots_mode="PerLot",
    )

    def booked(choices: rules.Choices = rules.DEFAULTS) -> Decimal:
        return rules.trade_commission(
            security,
            EURUSD,
            is_buy=True,
            volume=200,
            open_price=Decimal("1.1"),
            currency="USD",
            quotes=TICKS.get,
            choices=choices,
        )

    assert booked() == Decimal("-11.00")  # 0.005 % of 220,000
    trip = rules.Choices(commission_for=rules.CommissionFor.ROUND_TRIP)
    assert booked(trip) == Decimal("-5.50")
    held = position(1, "EURUSD", BUY, 200, "1.1", commission=booked())
    without = replace(held, commission=ZERO)
    assert account(without).equity - account(held).equity == Decimal("11.00")


def test_taxes_are_a_part_of_net_of_their_own() -> None:
    held = position(1, "EURUSD", BUY, 100, "1.1", taxes=Decimal("-3.21"))
    assert account(held).held[0].net == account(held).held[0].profit - Decimal("3.21")
    assert rules.net(replace(held, profit=Decimal(10))) == Decimal("6.79")


def test_wednesday_counts_three_nights() -> None:
    nights = [rules.swap_nights(MONDAY + timedelta(days=day), 2) for day in range(7)]
    assert nights == [1, 1, 3, 1, 1, 0, 0]


@pytest.mark.parametrize("tag", ["[sl]", "[tp]"])
def test_stops_are_told_behind_the_comment(tag: str) -> None:
    assert rules.comment_with("by phone", tag) == f"by phone{tag}"
