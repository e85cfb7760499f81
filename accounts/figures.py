"""What a change would do to an account's margin, from MT4's own arithmetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4 import rules
from panel.mt4.protocol.enums import MarginControllingType, MarginLevelType, TradeCommand
from panel.mt4.protocol.records import Group, MarginLevel, SymbolConfig, Trade

POSITIONS = (TradeCommand.Buy, TradeCommand.Sell)


def positions(trades: Iterable[Trade]) -> list[Trade]:
    """The open positions among an account's trades; pending orders use no margin."""
    return [trade for trade in trades if trade.trade_command in POSITIONS]


def margin_with(
    leverage: int, trades: Iterable[Trade], symbols: Iterable[SymbolConfig], *, large_leg: bool
) -> Decimal | None:
    """Margin of the positions at a leverage; None if a symbol is not known."""
    known = {symbol.symbol: symbol for symbol in symbols}
    by_symbol: dict[str, list[Trade]] = defaultdict(list)
    for trade in positions(trades):
        by_symbol[trade.symbol].append(trade)
    total = ZERO
    for name, held in by_symbol.items():
        symbol = known.get(name)
        if symbol is None:
            return None
        mode = symbol.margin_calculation_mode
        legs = [
            rules.Leg(
                is_buy=trade.trade_command is TradeCommand.Buy,
                lots=rules.lots(trade.volume),
                unit=rules.unit_margin(
                    mode,
                    price=trade.open_price,
                    leverage=leverage,
                    rate=trade.margin_rate or rules.ONE,
                    percentage=symbol.percentage or rules.HUNDRED,
                    tick_size=symbol.tick_size,
                    tick_value=symbol.tick_value,
                ),
            )
            for trade in held
        ]
        total += rules.margin(
            legs,
            units=rules.units_per_lot(mode, symbol.contract_size, symbol.margin_initial),
            hedged_units=symbol.margin_hedged,
            large_leg=large_leg,
        )
    return total


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
