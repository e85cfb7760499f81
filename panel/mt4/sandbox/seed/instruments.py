"""Thirty-odd symbols with prices: majors, crosses, metals, indices, energies and a future."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from panel.mt4.protocol.enums import (
    GTCMode,
    MarginCalculationMode,
    ProfitCalculationMode,
    SwapType,
    SymbolExecMode,
    TradeMode,
)
from panel.mt4.protocol.records import SymbolConfig, SymbolGroup
from panel.mt4.sandbox.records import Quote
from panel.mt4.sandbox.state import State

SYMBOL_GROUPS = (
    ("Forex", "Major currency pairs"),
    ("Forex crosses", "Currency pairs without the US dollar"),
    ("Metals", "Gold, silver, platinum"),
    ("Indices", "Stock indices"),
    ("Energies", "Oil and gas"),
    ("Futures", "Exchange-traded futures"),
)
FOREX, CROSSES, METALS, INDICES, ENERGIES, FUTURES = range(6)

# symbol, description, bid, spread in points, swap long and short in points
_PAIRS = """
EURUSD|Euro vs US Dollar|1.08342|8|-6.1|2.3
GBPUSD|Great Britain Pound vs US Dollar|1.27115|11|-3.8|-1.2
USDJPY|US Dollar vs Japanese Yen|149.412|10|8.9|-15.3
USDCHF|US Dollar vs Swiss Franc|0.88127|12|5.4|-9.7
USDCAD|US Dollar vs Canadian Dollar|1.36208|13|0.9|-4.6
AUDUSD|Australian Dollar vs US Dollar|0.65894|10|-2.2|-0.8
NZDUSD|New Zealand Dollar vs US Dollar|0.60471|14|-1.4|-1.9
EURGBP|Euro vs Great Britain Pound|0.85231|12|-4.9|0.6
EURJPY|Euro vs Japanese Yen|161.876|15|6.7|-13.8
EURCHF|Euro vs Swiss Franc|0.95478|16|2.8|-8.1
EURAUD|Euro vs Australian Dollar|1.64419|20|-7.3|1.1
EURCAD|Euro vs Canadian Dollar|1.47566|21|-5.8|0.3
EURNZD|Euro vs New Zealand Dollar|1.79162|28|-8.8|1.5
GBPJPY|Great Britain Pound vs Japanese Yen|189.927|21|11.3|-20.4
GBPCHF|Great Britain Pound vs Swiss Franc|1.12025|24|5.1|-12.6
GBPAUD|Great Britain Pound vs Australian Dollar|1.92911|30|-5.2|-2.4
AUDJPY|Australian Dollar vs Japanese Yen|98.453|17|4.2|-9.9
AUDCAD|Australian Dollar vs Canadian Dollar|0.89752|19|-1.6|-2.3
CADJPY|Canadian Dollar vs Japanese Yen|109.694|18|3.9|-10.2
CHFJPY|Swiss Franc vs Japanese Yen|169.541|22|2.1|-11.7
NZDJPY|New Zealand Dollar vs Japanese Yen|90.351|20|3.6|-8.8
"""

_CFD, _CFD_LEVERAGE = MarginCalculationMode.CFD, MarginCalculationMode.CFDLeverage


@dataclass(frozen=True, slots=True)
class _Contract:
    """What is not a pair: contract size in units, margin in percent of the contract's value."""

    symbol: str
    description: str
    group: int
    bid: str
    spread: int
    contract: int
    currency: str
    percentage: str
    mode: MarginCalculationMode


_CONTRACTS = (
    _Contract(
        "XAUUSD", "Gold vs US Dollar", METALS, "2391.52", 25, 100, "USD", "100", _CFD_LEVERAGE
    ),
    _Contract(
        "XAGUSD", "Silver vs US Dollar", METALS, "28.164", 18, 5000, "USD", "100", _CFD_LEVERAGE
    ),
    _Contract("XPTUSD", "Platinum vs US Dollar", METALS, "978.40", 180, 100, "USD", "2", _CFD),
    _Contract("US30", "Wall Street 30", INDICES, "39124.5", 25, 1, "USD", "1", _CFD),
    _Contract("US500", "US 500", INDICES, "5241.3", 6, 10, "USD", "1", _CFD),
    _Contract("NAS100", "US Tech 100", INDICES, "18287.6", 15, 1, "USD", "1", _CFD),
    _Contract("DE40", "Germany 40", INDICES, "18477.2", 12, 1, "EUR", "1", _CFD),
    _Contract("UK100", "UK 100", INDICES, "7935.8", 12, 1, "GBP", "1", _CFD),
    _Contract("JP225", "Japan 225", INDICES, "40369.0", 80, 10, "JPY", "2", _CFD),
    _Contract("USOIL", "West Texas oil", ENERGIES, "81.35", 4, 1000, "USD", "2", _CFD),
    _Contract("UKOIL", "Brent oil", ENERGIES, "85.62", 4, 1000, "USD", "2", _CFD),
)


_COMMON = SymbolConfig(
    source="",
    trade_mode=TradeMode.Full,
    background_color=0xFFFFFF,
    realtime=1,
    filter=5,
    filter_counter=3,
    filter_limit=Decimal("0.1"),
    symbol_exec_mode=SymbolExecMode.Market,
    swap_enable=1,
    swap_rollover3_days=2,  # Wednesday, counted from Monday as 0
    stops_level=10,
    gtc_mode=GTCMode.GTC,
    margin_divider=Decimal(1),
)


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _pair(line: str) -> tuple[SymbolConfig, Decimal, int]:
    symbol, description, bid, spread, swap_long, swap_short = line.split("|")
    digits = _decimals(bid)
    config = replace(
        _COMMON,
        symbol=symbol,
        description=description,
        currency=symbol[3:],
        margin_currency=symbol[:3],
        type=FOREX if "USD" in symbol else CROSSES,
        digits=digits,
        point=Decimal(1).scaleb(-digits),
        swap_long=Decimal(swap_long),
        swap_short=Decimal(swap_short),
        contract_size=Decimal(100_000),
        margin_hedged=Decimal(50_000),
        percentage=Decimal(100),
    )
    return config, Decimal(bid), int(spread)


def _contract(row: _Contract) -> tuple[SymbolConfig, Decimal, int]:
    digits = _decimals(row.bid)
    config = replace(
        _COMMON,
        symbol=row.symbol,
        description=row.description,
        currency=row.currency,
        margin_currency=row.currency,
        type=row.group,
        digits=digits,
        point=Decimal(1).scaleb(-digits),
        profit_calculation_mode=ProfitCalculationMode.CFD,
        margin_calculation_mode=row.mode,
        swap_type=SwapType.Interest,
        swap_long=Decimal("-4.0"),
        swap_short=Decimal("-2.5"),
        contract_size=Decimal(row.contract),
        margin_hedged=Decimal(row.contract) / 2,
        percentage=Decimal(row.percentage),
    )
    return config, Decimal(row.bid), row.spread


def _future() -> tuple[SymbolConfig, Decimal, int]:
    config = replace(
        _COMMON,
        symbol="ESFRONT",
        description="E-mini S&P 500 future, front month",
        currency="USD",
        margin_currency="USD",
        type=FUTURES,
        digits=2,
        point=Decimal("0.01"),
        profit_calculation_mode=ProfitCalculationMode.Futures,
        margin_calculation_mode=MarginCalculationMode.Futures,
        tick_size=Decimal("0.25"),
        tick_value=Decimal("12.5"),
        contract_size=Decimal(1),
        margin_initial=Decimal(12_000),
        margin_maintenance=Decimal(11_000),
        margin_hedged=Decimal(6_000),
        percentage=Decimal(100),
    )
    return config, Decimal("5252.25"), 25


def add_to(state: State, now: datetime) -> None:
    """Put all symbols and their prices into an empty state."""
    state.symbol_groups = [SymbolGroup(name=name, description=text) for name, text in SYMBOL_GROUPS]
    made = [
        *(_pair(line) for line in _PAIRS.split("\n") if line),
        *map(_contract, _CONTRACTS),
        _future(),
    ]
    for config, bid, spread in made:
        ask = bid + spread * config.point
        day = bid * Decimal("0.004")
        high, low = (round(price, config.digits) for price in (bid + day, bid - day))
        state.symbols[config.symbol] = config
        state.quotes[config.symbol] = Quote(bid, ask, high, low, now)
