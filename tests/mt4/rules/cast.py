"""The market and the account of the worked example, and ways to vary them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4 import rules
from panel.mt4.protocol.enums import (
    MarginCalculationMode,
    MarginMode,
    ProfitCalculationMode,
    SwapType,
    TradeCommand,
)
from panel.mt4.protocol.records import Group, GroupSec, SymbolConfig, Trade

MONDAY = datetime(2026, 3, 2, 12, 0)  # noqa: DTZ001 - the server's clock has no zone
WEDNESDAY = datetime(2026, 3, 4, 23, 59)  # noqa: DTZ001 - the server's clock has no zone


@dataclass(frozen=True, slots=True)
class Tick:
    """A price of two sides."""

    bid: Decimal
    ask: Decimal


def tick(bid: str, ask: str) -> Tick:
    return Tick(Decimal(bid), Decimal(ask))


def pair(name: str, digits: int, **settings: object) -> SymbolConfig:
    """A currency pair with a contract of 100,000 and half margin for hedges."""
    config = SymbolConfig(
        symbol=name,
        currency=name[3:],
        margin_currency=name[:3],
        digits=digits,
        point=Decimal(1).scaleb(-digits),
        contract_size=Decimal(100_000),
        margin_hedged=Decimal(50_000),
        percentage=Decimal(100),
        swap_enable=1,
        swap_rollover3_days=2,
        stops_level=10,
    )
    return replace(config, **settings)  # type: ignore[arg-type]  # a test's own words


EURUSD = pair("EURUSD", 5, swap_long=Decimal("-6.1"), swap_short=Decimal("2.3"))
USDJPY = pair("USDJPY", 3, swap_long=Decimal("8.9"), swap_short=Decimal("-15.3"))
EURGBP = pair("EURGBP", 5)
GOLD = SymbolConfig(
    symbol="XAUUSD",
    currency="USD",
    margin_currency="USD",
    digits=2,
    point=Decimal("0.01"),
    profit_calculation_mode=ProfitCalculationMode.CFD,
    margin_calculation_mode=MarginCalculationMode.CFD,
    contract_size=Decimal(100),
    margin_hedged=Decimal(50),
    percentage=Decimal(1),
    swap_enable=1,
    swap_rollover3_days=2,
    swap_type=SwapType.Interest,
    swap_long=Decimal(-4),
    swap_short=Decimal("-2.5"),
)
FUTURE = SymbolConfig(
    symbol="ESFRONT",
    currency="USD",
    margin_currency="USD",
    digits=2,
    point=Decimal("0.01"),
    profit_calculation_mode=ProfitCalculationMode.Futures,
    margin_calculation_mode=MarginCalculationMode.Futures,
    tick_size=Decimal("0.25"),
    tick_value=Decimal("12.5"),
    contract_size=Decimal(1),
    margin_initial=Decimal(12_000),
    margin_hedged=Decimal(6_000),
    percentage=Decimal(100),
)

SYMBOLS = {each.symbol: each for each in (EURUSD, USDJPY, EURGBP, GOLD, FUTURE)}
TICKS = {
    "EURUSD": tick("1.10250", "1.10260"),
    "USDJPY": tick("149.390", "149.400"),
    "EURGBP": tick("0.85000", "0.85012"),
    "GBPUSD": tick("1.29700", "1.29711"),
    "XAUUSD": tick("2391.50", "2391.75"),
    "ESFRONT": tick("5252.25", "5252.50"),
}
MARKET = rules.Market(SYMBOLS, TICKS.get)

GROUP = Group(
    group="real-usd",
    currency="USD",
    default_leverage=100,
    margin_call=100,
    margin_stopout=50,
    margin_mode=MarginMode.UseAll,
    use_swap=1,
)
ECN = GroupSec(
    trade=1,
    standard_commission=Decimal(7),
    commission_type="Money",
    commission_lots_mode="PerLot",
    lot_min=1,
    lot_max=10_000,
    lot_step=1,
)
TERMS = rules.Terms.of(GROUP, 100)


def position(
    order: int,
    symbol: str,
    command: TradeCommand,
    volume: int,
    open_price: str | Decimal,
    **figures: object,
) -> Trade:
    """An open record with the margin rate that its symbol gives it."""
    price = Decimal(open_price)
    trade = Trade(
        order=order,
        login=100001,
        symbol=symbol,
        digits=SYMBOLS[symbol].digits,
        trade_command=command,
        volume=volume,
        volume_lots=rules.lots(volume),
        open_price=price,
        open_time=MONDAY,
        margin_rate=rules.margin_rate(
            SYMBOLS[symbol], "USD", TICKS.get, is_buy=rules.is_long(command), open_price=price
        ),
    )
    return replace(trade, **figures)  # type: ignore[arg-type]  # a test's own words


BUY, SELL = TradeCommand.Buy, TradeCommand.Sell
POSITIONS = [
    position(
        1,
        "EURUSD",
        BUY,
        100,
        "1.10000",
        commission=Decimal("-7.00"),
        storage=Decimal("-6.10"),
    ),
    position(2, "USDJPY", SELL, 50, "150.000", storage=Decimal("-5.12")),
    position(3, "XAUUSD", BUY, 20, "2400.00", storage=Decimal("-5.31")),
]


def account(
    *trades: Trade,
    balance: str = "5000",
    credit: str = "500",
    terms: rules.Terms = TERMS,
    market: rules.Market = MARKET,
) -> rules.Figures:
    """The figures of an account with these open records."""
    return rules.figures(
        terms,
        balance=Decimal(balance) + ZERO,
        credit=Decimal(credit) + ZERO,
        trades=trades,
        market=market,
    )
