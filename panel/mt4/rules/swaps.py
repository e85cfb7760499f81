"""Swap: what holding a position over the server's midnight costs or earns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from panel.lib.money import ZERO, quantize
from panel.mt4.protocol.enums import ProfitCalculationMode, SwapType
from panel.mt4.protocol.records import GroupMargin, SymbolConfig, Trade
from panel.mt4.rules.base import HUNDRED, UNCHANGED, Quotes, Ratio, is_long
from panel.mt4.rules.choices import DEFAULTS, Choices, ConversionSide, MoneySwap
from panel.mt4.rules.conversion import profit_currency, symbol_rate
from panel.mt4.rules.volumes import lots as lots_of

DAYS_PER_YEAR = 360
"""MT4 counts interest swaps by a year of 360 days. [S]"""

SATURDAY = 5


def swap(
    kind: SwapType,
    *,
    lots: Decimal,
    value: Decimal,
    contract_size: Decimal,
    point: Decimal,
    price: Decimal,
    currency: str,
    rate: Ratio = UNCHANGED,
    nights: int = 1,
) -> Decimal:
    """Swap of one position for ``nights`` (3 on the triple day), in ``currency``.

    Points: lots x contract x point x value; interest: lots x contract x price x percent / 100
    / 360; the other two: lots x value. [S] Rounded once, to the currency's decimals.
    """
    if kind is SwapType.Points:
        exact = rate.of(lots * contract_size * point * value * nights)
    elif kind is SwapType.Interest:
        a_day = Ratio(over=HUNDRED * DAYS_PER_YEAR)
        exact = (rate * a_day).of(lots * contract_size * price * value * nights)
    else:
        exact = rate.of(lots * value * nights)
    return quantize(exact, currency)


def swap_nights(day: date, triple_day: int, choices: Choices = DEFAULTS) -> int:
    """Nights charged at the end of ``day``: 3 on the symbol's triple day, 0 on weekends, else 1.

    ``triple_day`` is swap_rollover3_days as stored: 0 is Monday [S], or something else [U].
    """
    if day.weekday() >= SATURDAY:
        return 0
    return 3 if day.weekday() == (triple_day - choices.triple_day_shift) % 7 else 1


def swap_value(
    symbol: SymbolConfig,
    *,
    is_buy: bool,
    override: GroupMargin | None = None,
    choices: Choices = DEFAULTS,
) -> Decimal:
    """The symbol's swap for this direction, or its group's own; in the unit of the swap type.

    Whether a group's 0 means "none" or "as the symbol has it" is open. [U]
    """
    if override is not None:
        own = override.swap_long if is_buy else override.swap_short
        if own or not choices.zero_swap_is_default:
            return own
    return symbol.swap_long if is_buy else symbol.swap_short


def swap_currency(symbol: SymbolConfig, choices: Choices = DEFAULTS) -> str:
    """The currency a symbol's swap is counted in, before it is converted.

    Points and interest: the profit currency. [I] Margin currency: that. [S] Money: dollars by
    the header, the base currency by MQL4. [U]
    """
    if symbol.swap_type is SwapType.MarginCurrency:
        return symbol.margin_currency
    if symbol.swap_type is SwapType.Dollars:
        if choices.money_swap is MoneySwap.DOLLARS:
            return "USD"
        is_pair = symbol.profit_calculation_mode is ProfitCalculationMode.Forex
        return symbol.margin_currency if is_pair else symbol.currency
    return profit_currency(symbol)


def trade_swap(
    symbol: SymbolConfig,
    trade: Trade,
    *,
    day: date,
    price: Decimal,
    currency: str,
    quotes: Quotes,
    override: GroupMargin | None = None,
    choices: Choices = DEFAULTS,
) -> Decimal:
    """What a position's storage changes by at the end of ``day``, in ``currency``, in its
    decimals.

    ``price`` is what the position would close at; interest may be set to count from its open
    price instead [S]. 0 where the symbol has no swaps; the group's ``use_swap`` is the caller's
    to ask. Raises UnknownMarketError when the amount cannot be converted.
    """
    nights = swap_nights(day, symbol.swap_rollover3_days, choices) if symbol.swap_enable else 0
    is_buy = is_long(trade.trade_command)
    value = swap_value(symbol, is_buy=is_buy, override=override, choices=choices)
    if not nights or not value:
        return ZERO
    return swap(
        symbol.swap_type,
        lots=lots_of(trade.volume),
        value=value,
        contract_size=symbol.contract_size,
        point=symbol.point,
        price=trade.open_price if symbol.swap_open_price else price,
        currency=currency,
        rate=symbol_rate(
            symbol,
            swap_currency(symbol, choices),
            currency,
            quotes,
            price=price,
            at_bid=is_buy or choices.conversion_side is ConversionSide.BID,
        ),
        nights=nights,
    )
