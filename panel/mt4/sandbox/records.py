"""What the server keeps beyond the records that travel.

Records are never changed in place: a change puts a new one (see `unit`), so that a refused
operation leaves nothing behind. All times are the server's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from panel.lib.money import quantize
from panel.mt4.protocol.enums import SymbolPriceDirection, TradeCommand, TradeRecordState
from panel.mt4.protocol.records import Group, GroupMargin, GroupSec, Trade, User


@dataclass(frozen=True, slots=True)
class Account:
    """An account with the digests of its two passwords, empty until one is set."""

    user: User
    password: str = ""
    investor_password: str = ""

    @property
    def login(self) -> int:
        return self.user.login


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A group's settings with its two nested tables."""

    group: Group
    securities: tuple[GroupSec, ...] = ()
    margins: tuple[GroupMargin, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """The market of a symbol: the prices of now, and the extremes of the bid today."""

    bid: Decimal
    ask: Decimal
    high: Decimal
    low: Decimal
    time: datetime
    direction: SymbolPriceDirection = SymbolPriceDirection.None_


def is_open(trade: Trade) -> bool:
    """Whether a record is a position or a pending order, not history."""
    return trade.trade_record_state <= TradeRecordState.OpenRestored


def is_position(trade: Trade) -> bool:
    """Whether a record is an open position."""
    return trade.trade_command <= TradeCommand.Sell and is_open(trade)


def in_currency(trade: Trade, currency: str) -> Trade:
    """A record written by hand, its amounts in the decimals of the account's currency."""
    return replace(
        trade,
        profit=quantize(trade.profit, currency),
        storage=quantize(trade.storage, currency),
        commission=quantize(trade.commission, currency),
        commission_agent=quantize(trade.commission_agent, currency),
        taxes=quantize(trade.taxes, currency),
    )
