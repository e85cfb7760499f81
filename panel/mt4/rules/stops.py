"""How near to the market orders, their stop loss and take profit may be. Levels in points."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4.protocol.enums import ActivationType, ResultCode, TradeCommand
from panel.mt4.protocol.records import SymbolConfig, Trade
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.rules.base import (
    ONE,
    Refusal,
    TwoSided,
    closing_price,
    is_long,
    is_pending,
    opening_price,
)

SHORTEST_LIFE = timedelta(minutes=10)
"""How far ahead a pending order's expiration must be at least. [S]"""

_BELOW_MARKET = (TradeCommand.BuyLimit, TradeCommand.SellStop)


def points(symbol: SymbolConfig, count: int) -> Decimal:
    """So many points of a symbol as a difference of prices."""
    return count * (symbol.point or ONE.scaleb(-symbol.digits))


def pending_gap(command: TradeCommand, open_price: Decimal, quote: TwoSided) -> Decimal:
    """How far a pending order is from its trigger; 0 or less once it triggers.

    BuyLimit below Ask, BuyStop above Ask, SellLimit above Bid, SellStop below Bid. [S]
    """
    market = opening_price(command, quote)
    return market - open_price if command in _BELOW_MARKET else open_price - market


def check_stops(
    symbol: SymbolConfig,
    command: TradeCommand,
    quote: TwoSided,
    *,
    open_price: Decimal = ZERO,
    sl: Decimal = ZERO,
    tp: Decimal = ZERO,
) -> Refusal | None:
    """Whether stop loss, take profit and a pending order's price are far enough; 0 is none.

    Measured from the price a position closes at, or from a pending order's own price: at least
    the stops level [S]; a pending order must not trigger at once [I].
    """
    least = points(symbol, symbol.stops_level)
    if is_pending(command):
        gap = pending_gap(command, open_price, quote)
        if gap < least or gap <= 0:
            market = opening_price(command, quote)
            side = "below" if command in _BELOW_MARKET else "above"
            name = "ask" if is_long(command) else "bid"
            return _too_near(symbol, "price", side, f"the {name}", market)
        anchor, of = open_price, "the order's price"
    else:
        anchor = closing_price(command, quote)
        of = "the bid" if is_long(command) else "the ask"
    if sl and (anchor - sl if is_long(command) else sl - anchor) < least:
        side = "below" if is_long(command) else "above"
        return _too_near(symbol, "stop loss", side, of, anchor)
    if tp and (tp - anchor if is_long(command) else anchor - tp) < least:
        side = "above" if is_long(command) else "below"
        return _too_near(symbol, "take profit", side, of, anchor)
    return None


def _too_near(symbol: SymbolConfig, what: str, side: str, of: str, price: Decimal) -> Refusal:
    room = f"at least {symbol.stops_level} points " if symbol.stops_level else ""
    text = f"The {what} must be {room}{side} {of}, {price:.{symbol.digits}f}."
    return Refusal(ResultCode.TradeBadStops, text)


def check_freeze(symbol: SymbolConfig, trade: Trade, quote: TwoSided) -> Refusal | None:
    """Whether an order may be changed, closed or deleted now.

    Not while its stop loss, take profit or, if pending, its price is within the freeze level of
    the market. [S] Without a freeze level everything may.
    """
    if symbol.freeze_level <= 0:
        return None
    command = trade.trade_command
    if is_pending(command):
        gaps = [pending_gap(command, trade.open_price, quote)]
    else:
        market = closing_price(command, quote)
        sign = 1 if is_long(command) else -1
        gaps = [(market - trade.sl) * sign] if trade.sl else []
        gaps += [(trade.tp - market) * sign] if trade.tp else []
    if gaps and min(gaps) <= points(symbol, symbol.freeze_level):
        text = f"The market is within {symbol.freeze_level} points: the order is frozen."
        return Refusal(ResultCode.TradeModifyDenied, text)
    return None


def check_expiration(expiration: datetime, now: datetime, *, allowed: bool) -> Refusal | None:
    """Whether a pending order may expire then; both on the server's clock. [S]

    ``allowed``: the group's right to expirations. No expiration is always fine.
    """
    if expiration == NO_TIME:
        return None
    if not allowed:
        return Refusal(ResultCode.TradeExpirationDenied, "The group does not allow expirations.")
    if expiration - now < SHORTEST_LIFE:
        text = "An order must live at least 10 minutes."
        return Refusal(ResultCode.TradeExpirationDenied, text)
    return None


def is_triggered(trade: Trade, quote: TwoSided) -> bool:
    """Whether a pending order opens at this quote: buys by Ask, sells by Bid. [S]"""
    return pending_gap(trade.trade_command, trade.open_price, quote) <= 0


def stop_hit(trade: Trade, quote: TwoSided) -> ActivationType:
    """Which of a position's stops this quote reaches: a buy's by Bid, a sell's by Ask. [S]

    Stop loss goes first where a jump of the price reaches both. [I]
    """
    market = closing_price(trade.trade_command, quote)
    sign = 1 if is_long(trade.trade_command) else -1
    if trade.sl and (market - trade.sl) * sign <= 0:
        return ActivationType.SL
    if trade.tp and (trade.tp - market) * sign <= 0:
        return ActivationType.TP
    return ActivationType.None_
