"""MT4's arithmetic, pure: profit, margin, swap, free margin, what can be withdrawn.

Lots are Decimals (1.00 lot), volumes MT4's integers (100 = 1 lot). Amounts come back in the
decimals of the account's currency (JPY: whole yen) [S], halves away from zero, unless said
otherwise. What converts into that currency is a `Ratio`: multiplied first, divided last, so that
a figure on half a cent is not lost to the last digit of a reciprocal [S].
Marks in docstrings: [S] a source says so, [I] inferred, [U] unverified, and then a switch of
`choices.Choices`.
"""

from __future__ import annotations

from panel.mt4.rules.account import (
    equity,
    free_margin,
    level,
    level_without_credit,
    leverage_of,
    margin_state,
)
from panel.mt4.rules.admission import admits, check_admission
from panel.mt4.rules.base import (
    HUNDRED,
    ONE,
    UNCHANGED,
    Price,
    Quotes,
    Ratio,
    Refusal,
    TwoSided,
    UnknownMarketError,
    closing_price,
    is_long,
    is_market,
    is_pending,
    opening_price,
)
from panel.mt4.rules.choices import (
    DEFAULTS,
    Choices,
    CommissionFor,
    ConversionSide,
    MoneySwap,
)
from panel.mt4.rules.closing import ClosedPair, Split, close_by, comment_with, pro_rata, split_off
from panel.mt4.rules.commissions import (
    CommissionKind,
    CommissionPer,
    commission,
    trade_commission,
)
from panel.mt4.rules.conversion import (
    conversion,
    conversion_rate,
    margin_rate,
    prices_of,
    profit_currency,
    profit_rate,
    symbol_rate,
)
from panel.mt4.rules.margins import (
    Leg,
    exact_margin,
    is_fully_hedged,
    margin,
    margin_part,
    margin_share,
    margins_by_symbol,
    symbol_margin,
    takes_margin,
    unit_margin,
    units_per_lot,
)
from panel.mt4.rules.profits import net, profit, profit_at, trade_profit
from panel.mt4.rules.sessions import TradingHours
from panel.mt4.rules.stopout import most_losing, stopout_comment
from panel.mt4.rules.stops import (
    check_expiration,
    check_freeze,
    check_stops,
    is_triggered,
    pending_gap,
    points,
    stop_hit,
)
from panel.mt4.rules.swaps import (
    DAYS_PER_YEAR,
    swap,
    swap_currency,
    swap_nights,
    swap_value,
    trade_swap,
)
from panel.mt4.rules.valuation import Figures, Held, Market, Terms, after_opening, figures, hold
from panel.mt4.rules.volumes import check_price, check_volume, lot_problem, lots, round_price
from panel.mt4.rules.withdrawal import withdrawable

__all__ = [
    "DAYS_PER_YEAR",
    "DEFAULTS",
    "HUNDRED",
    "ONE",
    "UNCHANGED",
    "Choices",
    "ClosedPair",
    "CommissionFor",
    "CommissionKind",
    "CommissionPer",
    "ConversionSide",
    "Figures",
    "Held",
    "Leg",
    "Market",
    "MoneySwap",
    "Price",
    "Quotes",
    "Ratio",
    "Refusal",
    "Split",
    "Terms",
    "TradingHours",
    "TwoSided",
    "UnknownMarketError",
    "admits",
    "after_opening",
    "check_admission",
    "check_expiration",
    "check_freeze",
    "check_price",
    "check_stops",
    "check_volume",
    "close_by",
    "closing_price",
    "comment_with",
    "commission",
    "conversion",
    "conversion_rate",
    "equity",
    "exact_margin",
    "figures",
    "free_margin",
    "hold",
    "is_fully_hedged",
    "is_long",
    "is_market",
    "is_pending",
    "is_triggered",
    "level",
    "level_without_credit",
    "leverage_of",
    "lot_problem",
    "lots",
    "margin",
    "margin_part",
    "margin_rate",
    "margin_share",
    "margin_state",
    "margins_by_symbol",
    "most_losing",
    "net",
    "opening_price",
    "pending_gap",
    "points",
    "prices_of",
    "pro_rata",
    "profit",
    "profit_at",
    "profit_currency",
    "profit_rate",
    "round_price",
    "split_off",
    "stop_hit",
    "stopout_comment",
    "swap",
    "swap_currency",
    "swap_nights",
    "swap_value",
    "symbol_margin",
    "symbol_rate",
    "takes_margin",
    "trade_commission",
    "trade_profit",
    "trade_swap",
    "unit_margin",
    "units_per_lot",
    "withdrawable",
]
