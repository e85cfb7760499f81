"""One account worked through by hand, from its records to every figure it has."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from panel.mt4 import rules
from panel.mt4.protocol.enums import MarginLevelType, MarginMode, ResultCode
from panel.mt4.protocol.records import Trade
from tests.mt4.rules.cast import (
    ECN,
    EURUSD,
    GROUP,
    MARKET,
    MONDAY,
    POSITIONS,
    SELL,
    SYMBOLS,
    TERMS,
    TICKS,
    WEDNESDAY,
    account,
    position,
)

EURO, YEN, GOLD = POSITIONS


def test_account_has_the_worked_figures() -> None:
    now = account(*POSITIONS)
    assert [each.profit for each in now.held] == [
        Decimal("250.00"),
        Decimal("200.80"),
        Decimal("-170.00"),
    ]
    assert [each.net for each in now.held] == [
        Decimal("236.90"),
        Decimal("195.68"),
        Decimal("-175.31"),
    ]
    assert now.margins == {
        "EURUSD": Decimal("1100.00"),
        "USDJPY": Decimal("500.00"),
        "XAUUSD": Decimal("480.00"),
    }
    assert now.equity == Decimal("5757.27")
    assert now.margin == Decimal("2080.00")
    assert now.free == Decimal("3677.27")
    assert now.level == Decimal("276.79")
    assert now.state is MarginLevelType.Ok


@pytest.mark.parametrize(
    ("mode", "free"),
    [
        (MarginMode.DontUse, "3420.00"),
        (MarginMode.UseAll, "3677.27"),
        (MarginMode.UseProfit, "3852.58"),
        (MarginMode.UseLoss, "3244.69"),
    ],
)
def test_group_says_which_results_are_free_margin(mode: MarginMode, free: str) -> None:
    terms = replace(TERMS, group=replace(GROUP, margin_mode=mode))
    assert account(*POSITIONS, terms=terms).free == Decimal(free)


def test_worked_withdrawals() -> None:
    now = account(*POSITIONS)
    state = {
        "balance": now.balance,
        "credit": now.credit,
        "equity": now.equity,
        "margin": now.margin,
    }
    assert rules.withdrawable(**state, currency="USD") == Decimal("3177.27")
    assert rules.withdrawable(**state, currency="USD", minimum_level=Decimal(150)) == Decimal(
        "2137.27"
    )
    assert rules.withdrawable(**state, currency="USD", free=Decimal("3244.69")) == Decimal(
        "2744.69"
    )


@pytest.mark.parametrize(
    ("trade", "swap"), [(EURO, "-6.10"), (YEN, "-5.12"), (GOLD, "-5.31")], ids=["EUR", "JPY", "XAU"]
)
def test_worked_swaps_of_a_night(trade: Trade, swap: str) -> None:
    result = rules.trade_swap(
        SYMBOLS[trade.symbol],
        trade,
        day=MONDAY,
        price=MARKET.closing_price(trade),
        currency="USD",
        quotes=TICKS.get,
    )
    assert result == Decimal(swap)


def test_worked_swap_of_wednesday_is_three_nights() -> None:
    result = rules.trade_swap(
        EURUSD, EURO, day=WEDNESDAY, price=Decimal("1.10250"), currency="USD", quotes=TICKS.get
    )
    assert result == Decimal("-18.30")


def test_worked_commission_is_seven_per_lot_for_the_round_trip() -> None:
    result = rules.trade_commission(
        ECN,
        EURUSD,
        is_buy=True,
        volume=100,
        open_price=EURO.open_price,
        currency="USD",
        quotes=TICKS.get,
    )
    assert result == Decimal("-7.00")


def test_worked_stopout_is_at_half_the_margin() -> None:
    # Equity 1,040.00 needs a balance lower by 4,717.27.
    at, above = (account(*POSITIONS, balance=balance) for balance in ("282.73", "282.74"))
    assert (at.equity, at.state) == (Decimal("1040.00"), MarginLevelType.StopOut)
    assert (above.equity, above.state) == (Decimal("1040.01"), MarginLevelType.MarginCall)


@pytest.mark.parametrize(
    ("hedged_units", "large_leg", "margin"),
    [(50_000, 0, "1101.43"), (0, 0, "660.86"), (50_000, 1, "1100.00"), (100_000, 0, "1542.00")],
)
def test_worked_hedge(hedged_units: int, large_leg: int, margin: str) -> None:
    hedge = position(4, "EURUSD", SELL, 40, "1.10500")
    assert hedge.margin_rate == Decimal("1.10500")
    symbol = replace(EURUSD, margin_hedged=Decimal(hedged_units))
    market = replace(MARKET, symbols={**SYMBOLS, "EURUSD": symbol})
    terms = replace(TERMS, group=replace(GROUP, hedge_large_leg=large_leg))
    before = account(*POSITIONS, terms=terms, market=market)
    after, refusal = rules.check_admission(terms, before, hedge, market)
    assert refusal is None
    assert after.margins["EURUSD"] == Decimal(margin)
    assert after.margin == Decimal(margin) + Decimal("980.00")
    assert after == account(*POSITIONS, hedge, terms=terms, market=market)


def test_published_hedge_of_three_orders_to_the_fourth_decimal() -> None:
    unit = Decimal("1.70459")
    legs = [
        rules.Leg(True, Decimal("0.5"), unit),
        rules.Leg(True, Decimal("1.4"), unit),
        rules.Leg(False, Decimal("0.8"), unit),
    ]
    exact = rules.exact_margin(
        legs,
        units=Decimal(100_000),
        hedged_units=Decimal(50_000),
        share=rules.Ratio(over=Decimal(500)),
    )
    assert exact == Decimal("647.7442")


def test_order_without_the_money_is_refused_with_the_figures() -> None:
    before = account(*POSITIONS, balance="100", credit="0")
    more = position(4, "XAUUSD", SELL, 100, "2391.50")
    after, refusal = rules.check_admission(TERMS, before, more, MARKET)
    assert refusal is not None
    assert refusal.code is ResultCode.TradeNoMoney
    assert refusal.text.startswith("Not enough money: the free margin is -1,722.73 USD")
    assert after.free < 0
