"""What a change would do to an account's margin, from MT4's own arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from panel.lib.money import ZERO, quantize
from panel.mt4 import rules
from panel.mt4.protocol.enums import MarginControllingType, MarginLevelType
from panel.mt4.protocol.records import Group, MarginLevel, SymbolConfig, Trade
from panel.mt4.rules import Terms

if TYPE_CHECKING:
    from panel.mt4.read import Reader


def positions(trades: Iterable[Trade]) -> list[Trade]:
    """The open positions among an account's trades; pending orders use no margin."""
    return [trade for trade in trades if rules.is_market(trade.trade_command)]


def terms_of(reader: Reader, group: Group, leverage: int) -> Terms:
    """What an account of the group trades under, with what the group sets for single symbols.

    Raises the errors of `panel.mt4.errors`.
    """
    return Terms.of(group, leverage, reader.group_margins(group.group))


def margin_with(
    terms: Terms, trades: Iterable[Trade], symbols: Iterable[SymbolConfig]
) -> Decimal | None:
    """Margin of the positions under these terms; None if a symbol is not known."""
    try:
        margins = rules.margins_by_symbol(
            positions(trades),
            {symbol.symbol: symbol for symbol in symbols},
            leverage=terms.leverage,
            currency=terms.group.currency,
            overrides=terms.overrides,
            large_leg=bool(terms.group.hedge_large_leg),
            choices=terms.choices,
        )
    except rules.UnknownMarketError:
        return None
    return quantize(sum(margins.values(), ZERO), terms.group.currency)


def margin_under(reader: Reader, level: MarginLevel, now: Terms, then: Terms) -> Decimal | None:
    """The margin that an account's positions would take under other terms.

    `level`: its figures under the terms of now. None if it cannot be told. Raises the errors of
    `panel.mt4.errors`.
    """
    held = positions(reader.trades_of(level.login, level.group))
    symbols = reader.symbols()
    before, after = (margin_with(terms, held, symbols) for terms in (now, then))
    if before is None or after is None:
        return None
    if before == level.margin:
        return after
    # A server that counts otherwise, by settings that cannot be read, does so afterwards too.
    return quantize(level.margin * after / before, then.group.currency) if before else None


def state_with(margin: Decimal, equity: Decimal, group: Group) -> MarginLevelType:
    """Where an account with these figures would stand in a group."""
    return rules.margin_state(
        group.margin_controlling_type,
        equity=equity,
        margin=margin,
        call=Decimal(group.margin_call),
        stopout=Decimal(group.margin_stopout),
    )


def level_of(level: MarginLevel) -> Decimal | None:
    """The margin level in percent; None while no margin is used."""
    return level.level if level.margin else None


def threshold(group: Group, value: int) -> str:
    """A group's margin call or stop-out level, in the unit the group keeps it in."""
    percent = group.margin_controlling_type is MarginControllingType.Percent
    return f"{value} %" if percent else f"{value} {group.currency}"
