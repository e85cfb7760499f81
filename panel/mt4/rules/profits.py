"""What a position earns."""

from __future__ import annotations

from decimal import Decimal

from panel.lib.money import ZERO, quantize
from panel.mt4.protocol.enums import ProfitCalculationMode
from panel.mt4.protocol.records import SymbolConfig, Trade
from panel.mt4.rules.base import UNCHANGED, Quotes, Ratio, is_long
from panel.mt4.rules.choices import DEFAULTS, Choices
from panel.mt4.rules.conversion import profit_rate
from panel.mt4.rules.volumes import lots as lots_of


def profit(
    mode: ProfitCalculationMode,
    *,
    is_buy: bool,
    lots: Decimal,
    open_price: Decimal,
    close_price: Decimal,
    contract_size: Decimal,
    currency: str,
    tick_size: Decimal = ZERO,
    tick_value: Decimal = ZERO,
    rate: Ratio = UNCHANGED,
) -> Decimal:
    """Result of a position without swap and commission, in ``currency``, in its decimals. [S]

    A buy closes at Bid, a sell at Ask. ``rate`` converts from the symbol's profit currency.
    Forex and CFD: price difference x lots x contract size. [S] Futures: ticks x tick value x
    lots; 0 if the symbol has no tick size. [U]
    """
    move = close_price - open_price if is_buy else open_price - close_price
    if mode is ProfitCalculationMode.Futures:
        if not tick_size:
            return ZERO
        exact = (rate * Ratio(tick_value, tick_size)).of(move * lots)
    else:
        exact = rate.of(move * lots * contract_size)
    return quantize(exact, currency)


def trade_profit(
    symbol: SymbolConfig,
    trade: Trade,
    close_price: Decimal,
    currency: str,
    quotes: Quotes,
    *,
    volume: int | None = None,
    choices: Choices = DEFAULTS,
) -> Decimal:
    """Profit of a position, or of ``volume`` hundredths of a lot of it, closed at this price.

    In ``currency``, in its decimals. Raises UnknownMarketError when it cannot be converted.
    """
    is_buy = is_long(trade.trade_command)
    rate = profit_rate(symbol, currency, quotes, is_buy=is_buy, price=close_price, choices=choices)
    return profit_at(symbol, trade, close_price, rate, currency, volume=volume)


def profit_at(
    symbol: SymbolConfig,
    trade: Trade,
    close_price: Decimal,
    rate: Ratio,
    currency: str,
    *,
    volume: int | None = None,
) -> Decimal:
    """``trade_profit`` where the rate is known already, as all positions of a symbol, a side and
    a currency share it."""
    return profit(
        symbol.profit_calculation_mode,
        is_buy=is_long(trade.trade_command),
        lots=lots_of(trade.volume if volume is None else volume),
        open_price=trade.open_price,
        close_price=close_price,
        contract_size=symbol.contract_size,
        currency=currency,
        tick_size=symbol.tick_size,
        tick_value=symbol.tick_value,
        rate=rate,
    )


def net(trade: Trade) -> Decimal:
    """A record's whole result: profit, swap, commission and taxes. [S]"""
    return trade.profit + trade.storage + trade.commission + trade.taxes
