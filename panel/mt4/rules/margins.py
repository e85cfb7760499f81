"""Margin: what open positions tie up, by symbol, in the deposit currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from panel.lib.money import ZERO, cents
from panel.mt4.protocol.enums import MarginCalculationMode
from panel.mt4.protocol.records import GroupMargin, SymbolConfig, Trade
from panel.mt4.rules.base import HUNDRED, ONE, UnknownMarketError, is_long, is_market, is_pending
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
    leverage: int,
    rate: Decimal = ONE,
    percentage: Decimal = HUNDRED,
    tick_size: Decimal = ZERO,
    tick_value: Decimal = ZERO,
) -> Decimal:
    """Margin for one contract unit in the deposit currency, not rounded.

    ``price`` is the open price, ``rate`` the one from margin to deposit currency fixed at open
    [S], so Forex margin does not float. A leverage of 0 counts as 1. Forex: 1 / leverage; CFD:
    price; CFDLeverage: price / leverage; CFDIndex: price x tick value / tick size; Futures: 1;
    each x percentage. [I]
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


def exact_margin(
    legs: Iterable[Leg],
    *,
    units: Decimal,
    hedged_units: Decimal,
    large_leg: bool = False,
) -> Decimal:
    """Margin of all positions of one symbol, not rounded.

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
        return max(buy_charge, sell_charge) * units
    hedged = 2 * min(buys, sells)
    charged = hedged * hedged_units + (buys + sells - hedged) * units
    # Divided last, so that a figure on half a cent is not missed by the last digit.
    return (buy_charge + sell_charge) * charged / (buys + sells)


def margin(
    legs: Iterable[Leg],
    *,
    units: Decimal,
    hedged_units: Decimal,
    large_leg: bool = False,
) -> Decimal:
    """``exact_margin`` to the cent."""
    return cents(exact_margin(legs, units=units, hedged_units=hedged_units, large_leg=large_leg))


def margin_percentage(
    symbol: SymbolConfig, override: GroupMargin | None = None, choices: Choices = DEFAULTS
) -> Decimal:
    """Percent of the full margin: the group's divider for the symbol, else its percentage.

    A divider of d means 100 / d percent [I]; whether 1 means "as the symbol has it" is open [U].
    """
    divider = override.margin_divider if override else ZERO
    if divider > 0 and not (divider == 1 and choices.divider_one_is_default):
        return HUNDRED / divider
    if symbol.percentage > 0:
        return symbol.percentage
    return HUNDRED / symbol.margin_divider if symbol.margin_divider > 0 else HUNDRED


def symbol_margin(
    symbol: SymbolConfig,
    trades: Iterable[Trade],
    *,
    leverage: int,
    override: GroupMargin | None = None,
    large_leg: bool = False,
    market: Callable[[Trade], Decimal] | None = None,
    choices: Choices = DEFAULTS,
) -> Decimal:
    """Margin of positions, all of one symbol and account, to the cent in its currency.

    ``market`` gives a position's price of now: needed only for a server whose margin follows
    the market. [U]
    """
    mode = symbol.margin_calculation_mode
    percentage = margin_percentage(symbol, override, choices)
    floats = market is not None and not choices.margin_at_open_price
    legs = [
        Leg(
            is_long(trade.trade_command),
            lots(trade.volume),
            unit_margin(
                mode,
                price=market(trade) if market and floats else trade.open_price,
                leverage=leverage,
                rate=trade.margin_rate or ONE,
                percentage=percentage,
                tick_size=symbol.tick_size,
                tick_value=symbol.tick_value,
            ),
        )
        for trade in trades
    ]
    return margin(
        legs,
        units=units_per_lot(mode, symbol.contract_size, symbol.margin_initial),
        hedged_units=symbol.margin_hedged,
        large_leg=large_leg,
    )


def takes_margin(trade: Trade, choices: Choices = DEFAULTS) -> bool:
    """Whether an open record takes margin: positions do, pending orders do not [I], or may [U]."""
    command = trade.trade_command
    return is_market(command) or (choices.pendings_take_margin and is_pending(command))


def margins_by_symbol(
    trades: Iterable[Trade],
    symbols: Mapping[str, SymbolConfig],
    *,
    leverage: int,
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
