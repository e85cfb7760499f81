"""Symbols: settings, market data, sessions. Distances in points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4.protocol.enums import (
    GTCMode,
    MarginCalculationMode,
    ProfitCalculationMode,
    SwapType,
    SymbolExecMode,
    SymbolPriceDirection,
    TradeMode,
)
from panel.mt4.protocol.wire import NO_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolConfig:
    """All settings of a symbol. margin_hedged is units per lot and leg."""

    symbol: str = ""
    description: str = ""
    source: str = ""
    currency: str = ""
    type: int = 0
    digits: int = 0
    trade_mode: TradeMode = TradeMode.No
    background_color: int = 0
    count: int = 0
    count_original: int = 0
    realtime: int = 0
    starting: datetime = NO_TIME
    expiration: datetime = NO_TIME
    profit_calculation_mode: ProfitCalculationMode = ProfitCalculationMode.Forex
    filter: int = 0
    filter_counter: int = 0
    filter_limit: Decimal = ZERO
    filter_smoothing: int = 0
    logging: int = 0
    spread: int = 0
    spread_balance: int = 0
    symbol_exec_mode: SymbolExecMode = SymbolExecMode.Request
    swap_enable: int = 0
    swap_type: SwapType = SwapType.Points
    swap_long: Decimal = ZERO
    swap_short: Decimal = ZERO
    swap_rollover3_days: int = 0
    contract_size: Decimal = ZERO
    tick_value: Decimal = ZERO
    tick_size: Decimal = ZERO
    stops_level: int = 0
    gtc_mode: GTCMode = GTCMode.Daily
    margin_calculation_mode: MarginCalculationMode = MarginCalculationMode.Forex
    margin_initial: Decimal = ZERO
    margin_maintenance: Decimal = ZERO
    margin_hedged: Decimal = ZERO
    margin_divider: Decimal = ZERO
    percentage: Decimal = ZERO
    point: Decimal = ZERO
    multiply: Decimal = ZERO
    bid_tick_value: Decimal = ZERO
    ask_tick_value: Decimal = ZERO
    long_only: int = 0
    instant_max_volume: int = 0
    margin_currency: str = ""
    freeze_level: int = 0
    margin_hedged_strong: int = 0
    value_date: datetime = NO_TIME
    quotes_delay: int = 0
    swap_open_price: int = 0
    swap_variation_margin: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolConfigUpdate:
    """All writable settings of a symbol."""

    description: str = ""
    source: str = ""
    currency: str = ""
    type: int = 0
    digits: int = 0
    trade_mode: TradeMode = TradeMode.No
    background_color: int = 0
    realtime: int = 0
    starting: datetime = NO_TIME
    expiration: datetime = NO_TIME
    profit_calculation_mode: ProfitCalculationMode = ProfitCalculationMode.Forex
    filter: int = 0
    filter_limit: Decimal = ZERO
    filter_smoothing: int = 0
    logging: int = 0
    spread: int = 0
    spread_balance: int = 0
    symbol_exec_mode: SymbolExecMode = SymbolExecMode.Request
    swap_enable: int = 0
    swap_type: SwapType = SwapType.Points
    swap_long: Decimal = ZERO
    swap_short: Decimal = ZERO
    swap_rollover3_days: int = 0
    contract_size: Decimal = ZERO
    tick_value: Decimal = ZERO
    tick_size: Decimal = ZERO
    stops_level: int = 0
    gtc_mode: GTCMode = GTCMode.Daily
    margin_calculation_mode: MarginCalculationMode = MarginCalculationMode.Forex
    margin_initial: Decimal = ZERO
    margin_maintenance: Decimal = ZERO
    margin_hedged: Decimal = ZERO
    margin_divider: Decimal = ZERO
    percentage: Decimal = ZERO
    long_only: int = 0
    instant_max_volume: int = 0
    margin_currency: str = ""
    freeze_level: int = 0
    margin_hedged_strong: int = 0
    value_date: datetime = NO_TIME
    quotes_delay: int = 0
    swap_open_price: int = 0
    swap_variation_margin: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolInfo:
    """Current prices of a symbol; last_time is None before the first tick."""

    symbol: str = ""
    digits: int = 0
    type: int = 0
    point: Decimal = ZERO
    spread: int = 0
    direction: SymbolPriceDirection = SymbolPriceDirection.Up
    bid: Decimal = ZERO
    ask: Decimal = ZERO
    high: Decimal = ZERO
    low: Decimal = ZERO
    last_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolGroup:
    """A security group of symbols."""

    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSession:
    """One window of a trading day; all zeros when unused."""

    open_hour: int = 0
    open_minute: int = 0
    close_hour: int = 0
    close_minute: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolDaySessions:
    """Quote and trade windows of a weekday, Sunday is 0."""

    day_of_week: int = 0
    quote_overnight: int = 0
    trade_overnight: int = 0
    quote: tuple[SymbolSession, ...] = ()
    trade: tuple[SymbolSession, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolChangeRequest:
    """The attributes of a symbol that change while the market runs."""

    symbol: str = ""
    color: int = 0
    spread: int = 0
    spread_balance: int = 0
    stops_level: int = 0
    smoothing: int = 0
    exe_mode: SymbolExecMode = SymbolExecMode.Request
