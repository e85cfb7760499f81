"""MT4's arithmetic, pure: profit, margin, swap, free margin, what can be withdrawn.

Lots are Decimals (1.00 lot), volumes MT4's integers (100 = 1 lot). Amounts come back rounded to
the cent unless said otherwise. Rates convert into the deposit currency by multiplication.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from panel.lib.money import ZERO, cents, cents_down
from panel.mt4.protocol.enums import (
    MarginCalculationMode,
    MarginControllingType,
    MarginLevelType,
    MarginMode,
    ProfitCalculationMode,
    SwapType,
)

ONE = Decimal(1)
HUNDRED = Decimal(100)
DAYS_PER_YEAR = 360
"""MT4 counts interest swaps by a year of 360 days."""


def lots(volume: int) -> Decimal:
    """Hundredths of a lot as lots."""
    return Decimal(volume) / 100


def lot_problem(volume: int, lot_min: int, lot_max: int, lot_step: int) -> str | None:
    """Why a volume is refused, in words, or None. All in hundredths of a lot."""
    if volume < lot_min or volume <= 0:
        return f"The smallest volume is {lots(lot_min):.2f} lots."
    if lot_max and volume > lot_max:
        return f"The largest volume is {lots(lot_max):.2f} lots."
    if lot_step and volume % lot_step:
        return f"The volume goes in steps of {lots(lot_step):.2f} lots."
    return None


def conversion_rate(
    source: str, target: str, price: Callable[[str], Decimal | None]
) -> Decimal | None:
    """Units of ``target`` for one of ``source``, not rounded; None when no pair leads there.

    ``price`` gives the price of a pair (``USDJPY``) or None. Goes over USD when it must.
    """
    if source == target:
        return ONE
    if direct := price(source + target):
        return direct
    if inverse := price(target + source):
        return ONE / inverse
    if "USD" in (source, target):
        return None
    first, second = (
        conversion_rate(source, "USD", price),
        conversion_rate("USD", target, price),
    )
    return first * second if first and second else None


def profit(
    mode: ProfitCalculationMode,
    *,
    is_buy: bool,
    lots: Decimal,
    open_price: Decimal,
    close_price: Decimal,
    contract_size: Decimal,
    tick_size: Decimal = ZERO,
    tick_value: Decimal = ZERO,
    rate: Decimal = ONE,
) -> Decimal:
    """Result of a position without swap and commission, in the deposit currency.

    A buy closes at Bid, a sell at Ask. ``rate`` converts from the symbol's profit currency.
    """
    move = close_price - open_price if is_buy else open_price - close_price
    if mode is ProfitCalculationMode.Futures:
        if not tick_size:
            return ZERO
        return cents(move / tick_size * tick_value * lots * rate)
    return cents(move * lots * contract_size * rate)


def units_per_lot(
    mode: MarginCalculationMode, contract_size: Decimal, margin_initial: Decimal
) -> Decimal:
    """Contract units that margin is taken for; the initial margin replaces them if it is set."""
    if mode is MarginCalculationMode.Futures:
        return margin_initial
    if mode is MarginCalculationMode.Forex and margin_initial > 0:
        return margin_initial
    return contract_size


def unit_margin(
    mode: MarginCalculationMode,
    *,
    price: Decimal,
    leverage: int,
    rate: Decimal = ONE,
    percentage: Decimal = HUNDRED,
    tick_size: Decimal = ZERO,
    tick_value: Decimal = ZERO,
) -> Decimal:
    """Margin for one contract unit in the deposit currency, not rounded.

    ``price`` is the open price, ``rate`` the one from margin to deposit currency fixed at open,
    so Forex margin does not float. A leverage of 0 counts as 1.
    """
    base = rate * percentage / HUNDRED
    if mode is MarginCalculationMode.Forex:
        return base / max(leverage, 1)
    if mode is MarginCalculationMode.CFD:
        return base * price
    if mode is MarginCalculationMode.CFDLeverage:
        return base * price / max(leverage, 1)
    if mode is MarginCalculationMode.CFDIndex:
        return base * price * tick_value / tick_size if tick_size else ZERO
    return base


@dataclass(frozen=True, slots=True)
class Leg:
    """An open position as margin sees it; ``unit`` comes from ``unit_margin``."""

    is_buy: bool
    lots: Decimal
    unit: Decimal


def margin(
    legs: Iterable[Leg],
    *,
    units: Decimal,
    hedged_units: Decimal,
    large_leg: bool = False,
) -> Decimal:
    """Margin of all positions of one symbol.

    Where buys meet sells, both legs are charged ``hedged_units`` per lot (50,000 on a contract
    of 100,000: a full lock costs one lot) at the average unit margin; the rest is charged
    ``units``. ``large_leg``: only the dearer side counts, in full.
    """
    sides = {True: ZERO, False: ZERO}
    charges = {True: ZERO, False: ZERO}
    for leg in legs:
        sides[leg.is_buy] += leg.lots
        charges[leg.is_buy] += leg.lots * leg.unit
    total = sides[True] + sides[False]
    if not total:
        return ZERO
    if large_leg:
        return cents(max(charges.values()) * units)
    hedged = 2 * min(sides.values())
    average = (charges[True] + charges[False]) / total
    return cents(average * (hedged * hedged_units + (total - hedged) * units))


def swap(
    kind: SwapType,
    *,
    lots: Decimal,
    value: Decimal,
    contract_size: Decimal,
    point: Decimal,
    price: Decimal,
    rate: Decimal = ONE,
    nights: int = 1,
) -> Decimal:
    """Swap of one position for ``nights`` (3 on the triple day), in the deposit currency."""
    if kind is SwapType.Points:
        amount = lots * contract_size * point * value
    elif kind is SwapType.Interest:
        amount = lots * contract_size * price * value / HUNDRED / DAYS_PER_YEAR
    else:
        amount = lots * value
    return cents(cents(amount * rate) * nights)


def equity(balance: Decimal, credit: Decimal, floating: Iterable[Decimal]) -> Decimal:
    """Balance, credit and the net result of every open position."""
    return cents(balance + credit + sum(floating, ZERO))


def free_margin(
    mode: MarginMode,
    *,
    balance: Decimal,
    credit: Decimal,
    floating: Iterable[Decimal],
    margin: Decimal,
) -> Decimal:
    """What is left for new positions; the group's mode says which results count."""
    results = list(floating)
    if mode is MarginMode.DontUse:
        results = []
    elif mode is MarginMode.UseProfit:
        results = [result for result in results if result > 0]
    elif mode is MarginMode.UseLoss:
        results = [result for result in results if result < 0]
    return cents(balance + credit + sum(results, ZERO) - margin)


def level(equity: Decimal, margin: Decimal) -> Decimal:
    """Margin level in percent, two decimals; 0 when there is no margin."""
    return cents(equity / margin * HUNDRED) if margin else ZERO


def margin_state(
    controlling: MarginControllingType,
    *,
    equity: Decimal,
    margin: Decimal,
    call: Decimal,
    stopout: Decimal,
) -> MarginLevelType:
    """Whether an account is at margin call or stop-out.

    Thresholds are a level in percent, or free margin in currency; reaching one counts. An
    account without margin is always fine.
    """
    if not margin:
        return MarginLevelType.Ok
    percent = controlling is MarginControllingType.Percent
    figure = equity / margin * HUNDRED if percent else equity - margin
    if figure <= stopout:
        return MarginLevelType.StopOut
    return MarginLevelType.MarginCall if figure <= call else MarginLevelType.Ok


def level_without_credit(equity: Decimal, credit: Decimal, margin: Decimal) -> Decimal:
    """Margin level in percent as if the credit were taken away; 0 when there is no margin."""
    return level(equity - credit, margin)


def withdrawable(
    *,
    balance: Decimal,
    credit: Decimal,
    equity: Decimal,
    margin: Decimal,
    minimum_level: Decimal = HUNDRED,
) -> Decimal:
    """The most that can be withdrawn, never below 0 and never out of credit.

    What stays must carry the margin ``minimum_level`` percent over without credit; a level
    under 100 counts as 100, for free margin must not fall below zero.
    """
    needed = margin * max(minimum_level, HUNDRED) / HUNDRED
    return max(ZERO, cents_down(min(balance, equity - credit - needed)))
