"""Lots and prices that the server takes. Volumes are hundredths of a lot."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from panel.mt4.protocol.enums import ResultCode
from panel.mt4.protocol.records import GroupSec, SymbolConfig
from panel.mt4.rules.base import ONE, Refusal


def lots(volume: int) -> Decimal:
    """Hundredths of a lot as lots. [S]"""
    return Decimal(volume) / 100


def lot_problem(volume: int, lot_min: int, lot_max: int, lot_step: int) -> str | None:
    """Why a volume is refused, in words, or None. All in hundredths of a lot."""
    if volume < lot_min or volume <= 0:
        return f"The smallest volume is {lots(max(lot_min, 1)):.2f} lots."
    if lot_max and volume > lot_max:
        return f"The largest volume is {lots(lot_max):.2f} lots."
    if lot_step and volume % lot_step:
        return f"The volume goes in steps of {lots(lot_step):.2f} lots."
    return None


def check_volume(security: GroupSec, volume: int, *, held: int | None = None) -> Refusal | None:
    """Whether a group takes this volume on a symbol; ``held`` for a close: what there is of it.

    Closing all of a position is fine whatever the steps, or it could never be closed. [I]
    """
    if held is not None:
        if volume > held:
            text = f"The position has {lots(held):.2f} lots."
            return Refusal(ResultCode.TradeBadVolume, text)
        if 0 < volume == held:
            return None
    problem = lot_problem(volume, security.lot_min, security.lot_max, security.lot_step)
    return Refusal(ResultCode.TradeBadVolume, problem) if problem else None


def price_step(symbol: SymbolConfig) -> Decimal:
    """The smallest change of a price: the tick size, or one point where there is none. [I]"""
    return symbol.tick_size or symbol.point or ONE.scaleb(-symbol.digits)


def round_price(symbol: SymbolConfig, price: Decimal) -> Decimal:
    """The nearest price that the symbol can have, with its digits."""
    step = price_step(symbol)
    steps = (price / step).quantize(ONE, ROUND_HALF_UP)
    return round(steps * step, symbol.digits)


def check_price(symbol: SymbolConfig, price: Decimal) -> Refusal | None:
    """Whether a price is positive and a whole number of ticks. [S]"""
    if price <= 0:
        return Refusal(ResultCode.TradeBadPrices, "The price must be more than 0.")
    step = price_step(symbol)
    if price % step:
        text = f"The price goes in steps of {step.normalize():f}."
        return Refusal(ResultCode.TradeBadPrices, text)
    return None
