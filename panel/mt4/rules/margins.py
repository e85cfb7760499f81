"""Margin: what open positions tie up, by symbol, in the deposit currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from panel.lib.money import ZERO, quantize
from panel.mt4.protocol.enums import MarginCalculationMode
from panel.mt4.protocol.records import GroupMargin, SymbolConfig, Trade
from panel.mt4.rules.base import (
    HUNDRED,
    ONE,
    UNCHANGED,
    Ratio,
    UnknownMarketError,
    is_long,
    is_market,
    is_pending,
)
from panel.mt4.rules.choices import DEFAULTS, Choices
from panel.mt4.rules.volumes import lots


def units_per_lot(
    mode: MarginCalculationMode, contract_size: Decimal, margin_initial: Decimal
) -> Decimal:
    """Contract units that margin is taken for; the initial margin replaces them if it is set.

    Futures: the initial margin itself, in money per lot. [I]
    """
    if mode is MarginCalculationMode.Futures:
        return margin_initial
    if mode is MarginCalculationMode.Forex and margin_initial > 0:
        return margin_initial
    return contract_size


def unit_margin(
    mode: MarginCalculationMode,
    *,
    price: Decimal,
    rate: Decimal = ONE,
    tick_value: Decimal = ZERO,
) -> Decimal:
    """What one contract unit is worth in the deposit currency, of which margin takes a share.

    ``price`` is the open price [S], ``rate`` the one from margin to deposit currency fixed at
    open [S], so Forex margin does not float. Forex and Futures: 1; CFD and CFDLeverage: price;
    CFDIndex: price x tick value. [I]
    """
    if mode in (MarginCalculationMode.CFD, MarginCalculationMode.CFDLeverage):
        return rate * price
    if mode is MarginCalculationMode.CFDIndex:
        return rate * price * tick_value
    return rate


def margin_share(
    mode: MarginCalculationMode,
    *,
    leverage: int,
    part: Ratio = UNCHANGED,
    tick_size: Decimal = ZERO,
) -> Ratio:
    """The share of `unit_margin` that is taken: the same for all positions of a symbol.

    ``part`` is `margin_part`. Forex and CFDLeverage: by leverage, of which 0 counts as 1;
    CFDIndex: by tick size, and nothing without one. [I]
    """
    if mode in (MarginCalculationMode.Forex, MarginCalculationMode.CFDLeverage):
        return part * Ratio(over=Decimal(max(leverage, 1)))
    if mode is MarginCalculationMode.CFDIndex:
        return part * Ratio(over=tick_size) if tick_size else Ratio(times=ZERO)
    return part


@dataclass(frozen=True, slots=True)
class Leg:
    """An open position as margin sees it; ``unit`` comes from ``unit_margin``."""

    is_buy: bool
    lots: Decimal
    unit: Decimal


def exact_margin(
    legs: Iterable[Leg],
    *,
    units: Decimal,
    hedged_units: Decimal,
    share: Ratio = UNCHANGED,
    large_leg: bool = False,
) -> Decimal:
    """Margin of all positions of one symbol, not rounded; ``share`` is from `margin_share`.

    Where buys meet sells, both legs are charged ``hedged_units`` per lot (50,000 on a contract
    of 100,000: a full lock costs one lot) at the average unit margin; the rest is charged
    ``units``. ``large_leg``: only the dearer side counts, in full. [S]
    """
    buys = sells = buy_charge = sell_charge = ZERO
    for leg in legs:
        if leg.is_buy:
            buys += leg.lots
            buy_charge += leg.lots * leg.unit
        else:
            sells += leg.lots
            sell_charge += leg.lots * leg.unit
    if not buys or not sells or large_leg:
        return share.of(max(buy_charge, sell_charge) * units)
    hedged = 2 * min(buys, sells)
    charged = hedged * hedged_units + (buys + sells - hedged) * units
    return (share * Ratio(over=buys + sells)).of((buy_charge + sell_charge) * charged)


def margin(
    legs: Iterable[Leg],
    *,
    units: Decimal,
    hedged_units: Decimal,
    currency: str,
    share: Ratio = UNCHANGED,
    large_leg: bool = False,
) -> Decimal:
    """``exact_margin`` in the decimals of ``currency``. [S]"""
    exact = exact_margin(
        legs, units=units, hedged_units=hedged_units, share=share, large_leg=large_leg
    )
    return quantize(exact, currency)


def margin_part(
    symbol: SymbolConfig, override: GroupMargin | None = None, choices: Choices = DEFAULTS
) -> Ratio:
    """Part of the full margin: by the group's divider for the symbol, else by its percentage.

    A divider of d means one d-th [I]; whether 1 means "as the symbol has it" is open [U].
    """
    divider = override.margin_divider if override else ZERO
    if divider > 0 and not (divider == 1 and choices.divider_one_is_default):
        return Ratio(over=divider)
    if symbol.percentage > 0:
        return Ratio(symbol.percentage, HUNDRED)
    return Ratio(over=symbol.margin_divider) if symbol.margin_divider > 0 else UNCHANGED


def symbol_margin(
    symbol: SymbolConfig,
    trades: Iterable[Trade],
    *,
    leverage: int,
    currency: str,
    override: GroupMargin | None = None,
    large_leg: bool = False,
    market: Callable[[Trade], Decimal] | None = None,
    choices: Choices = DEFAULTS,
) -> Decimal:
    """Margin of positions, all of one symbol and account, in the decimals of its currency.

    ``market`` gives a position's price of now: needed only for a server whose margin follows
    the market. [U]
    """
    mode = symbol.margin_calculation_mode
    floats = market is not None and not choices.margin_at_open_price
    legs = [
        Leg(
            is_long(trade.trade_command),
            lots(trade.volume),
            unit_margin(
                mode,
                price=market(trade) if market and floats else trade.open_price,
                rate=trade.margin_rate or ONE,
                tick_value=symbol.tick_value,
            ),
        )
        for trade in trades
    ]
    return margin(
        legs,
        units=units_per_lot(mode, symbol.contract_size, symbol.margin_initial),
        hedged_units=symbol.margin_hedged,
        currency=currency,
        share=margin_share(
            mode,
            leverage=leverage,
            part=margin_part(symbol, override, choices),
            tick_size=symbol.tick_size,
        ),
        large_leg=large_leg,
    )


def takes_margin(trade: Trade, choices: Choices = DEFAULTS) -> bool:
    """Whether an open record takes margin: positions do, pending orders do not [S], or may [U]."""
    command = trade.trade_command
    return is_market(command) or (choices.pendings_take_margin and is_pending(command))


def margins_by_symbol(
    trades: Iterable[Trade],
    symbols: Mapping[str, SymbolConfig],
    *,
    leverage: int,
    currency: str,
    overrides: Mapping[str, GroupMargin] | None = None,
    large_leg: bool = False,
    market: Callable[[Trade], Decimal] | None = None,
    choices: Choices = DEFAULTS,
) -> dict[str, Decimal]:
    """Margin of an account's open records symbol by symbol; their sum is its margin.

    Raises UnknownMarketError for a symbol without settings.
    """
    held: dict[str, list[Trade]] = defaultdict(list)
    for trade in trades:
        if takes_margin(trade, choices):
            held[trade.symbol].append(trade)
    if missing := sorted(held.keys() - symbols.keys()):
        raise UnknownMarketError(f"There is no symbol {missing[0]}.")
    return {
        name: symbol_margin(
            symbols[name],
            group,
            leverage=leverage,
            currency=currency,
            override=(overrides or {}).get(name),
            large_leg=large_leg,
            market=market,
            choices=choices,
        )
        for name, group in held.items()
    }


def is_fully_hedged(trades: Iterable[Trade]) -> bool:
    """Whether there are positions, and each symbol's buys equal its sells. Volumes decide. [I]"""
    balance: dict[str, int] = defaultdict(int)
    for trade in trades:
        if is_market(trade.trade_command):
            balance[trade.symbol] += trade.volume if is_long(trade.trade_command) else -trade.volume
    return bool(balance) and not any(balance.values())
