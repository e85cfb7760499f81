"""Orders, positions and balance operations. Volume in hundredths of a lot, prices in quotes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4.protocol.enums import (
    ActivationType,
    TradeCommand,
    TradeRecordReason,
    TradeRecordState,
    TransactionType,
)
from panel.mt4.protocol.flags import TradeRequestFlags
from panel.mt4.protocol.wire import NO_TIME, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An open or closed record. Balance operations carry the amount in profit, closed at once."""

    order: int = 0
    login: int = 0
    symbol: str = ""
    digits: int = 0
    trade_command: TradeCommand = TradeCommand.Buy
    volume: int = 0
    volume_lots: Decimal = ZERO
    trade_record_state: TradeRecordState = TradeRecordState.OpenNormal
    open_price: Decimal = ZERO
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    open_time: datetime = NO_TIME
    close_time: datetime = NO_TIME
    close_price: Decimal = ZERO
    commission: Money = ZERO
    commission_agent: Money = ZERO
    storage: Money = ZERO
    profit: Money = ZERO
    taxes: Money = ZERO
    magic: int = 0
    comment: str = ""
    expiration: datetime = NO_TIME
    trade_record_reason: TradeRecordReason = TradeRecordReason.Client
    activation_type: ActivationType = ActivationType.None_
    time_stamp: datetime = NO_TIME
    margin_rate: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeTransaction:
    """A dealer's request and its echo. BrBalance: login in order_by, amount in price."""

    trade_transaction_type: TransactionType = TransactionType.BrBalance
    trade_command: TradeCommand = TradeCommand.Buy
    trade_request_flags: TradeRequestFlags = TradeRequestFlags.None_
    expiration: datetime = NO_TIME
    order: int = 0
    order_by: int = 0
    symbol: str = ""
    volume: int = 0
    price: Decimal = ZERO
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    ie_deviation: int = 0
    comment: str = ""
    crc: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeUpdate:
    """Direct edit of a trade record, past all checks of the server."""

    order: int = 0
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    magic: int = 0
    comment: str = ""
    commission: Money = ZERO
    commission_agent: Money = ZERO
    storage: Money = ZERO
    profit: Money = ZERO
    taxes: Money = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRestoreInput:
    """A trade record to bring back from a backup."""

    order: int = 0
    login: int = 0
    symbol: str = ""
    trade_command: TradeCommand = TradeCommand.Buy
    volume: int = 0
    open_price: Decimal = ZERO
    sl: Decimal = ZERO
    tp: Decimal = ZERO
    close_price: Decimal = ZERO
    profit: Money = ZERO
    storage: Money = ZERO
    commission: Money = ZERO
    open_time: datetime = NO_TIME
    close_time: datetime = NO_TIME
    expiration: datetime = NO_TIME
    magic: int = 0
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRestoreResult:
    """What became of one restored record: res 1 when it was restored, 0 when it was not."""

    order: int = 0
    res: int = 0
