"""An account's closed records over some days, as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from panel.lib.money import ZERO
from panel.models import Platform
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade as Record
from panel.mt4.protocol.wire import NO_TIME
from trading.clock import clock_text, stamp
from trading.models import Trade

MONEY = {TradeCommand.Balance: "balance", TradeCommand.Credit: "credit"}


@dataclass(frozen=True, slots=True)
class Closed:
    """One record; a money record has no symbol, lots or prices, and its amount is the profit."""

    ticket: int
    what: str
    is_money: bool
    symbol: str
    lots: int | None
    digits: int
    open_price: Decimal | None
    close_price: Decimal | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    swap: Decimal | None
    commission: Decimal | None
    taxes: Decimal | None
    profit: Decimal
    currency: str
    comment: str
    opened: datetime | None
    closed: datetime | None
    server_closed: str


@dataclass(frozen=True, slots=True)
class Totals:
    """What some records add up to; trading and money apart."""

    trades: int
    profit: Decimal
    swap: Decimal
    commission: Decimal
    taxes: Decimal
    came: Decimal
    went: Decimal
    credit: Decimal

    @property
    def costs(self) -> Decimal:
        """Swap, commission and taxes together."""
        return self.swap + self.commission + self.taxes

    @property
    def result(self) -> Decimal:
        """What trading brought in all."""
        return self.profit + self.costs


def closed(platform: Platform, records: Sequence[Record], currency: str) -> list[Closed]:
    """Records of one account for the table, the latest first; `currency` is the account's."""
    rows = sorted(records, key=lambda record: (record.close_time, record.order), reverse=True)
    return [_closed(platform, record, currency) for record in rows]


def totals(records: Sequence[Record]) -> Totals:
    """The sums over records of one account, in its currency."""
    trades = [record for record in records if record.trade_command not in MONEY]
    balance = [r.profit for r in records if r.trade_command is TradeCommand.Balance]
    credit = [r.profit for r in records if r.trade_command is TradeCommand.Credit]
    return Totals(
        trades=len(trades),
        profit=sum((record.profit for record in trades), ZERO),
        swap=sum((record.storage for record in trades), ZERO),
        commission=sum((record.commission for record in trades), ZERO),
        taxes=sum((record.taxes for record in trades), ZERO),
        came=sum((amount for amount in balance if amount > 0), ZERO),
        went=sum((amount for amount in balance if amount < 0), ZERO),
        credit=sum(credit, ZERO),
    )


def _closed(platform: Platform, record: Record, currency: str) -> Closed:
    money = MONEY.get(record.trade_command)
    return Closed(
        ticket=record.order,
        what=money or Trade.Command(int(record.trade_command)).label,
        is_money=money is not None,
        symbol=record.symbol,
        lots=None if money else record.volume,
        digits=record.digits,
        open_price=None if money else record.open_price,
        close_price=None if money else record.close_price,
        stop_loss=record.sl,
        take_profit=record.tp,
        swap=None if money else record.storage,
        commission=None if money else record.commission,
        taxes=None if money else record.taxes,
        profit=record.profit,
        currency=currency,
        comment=record.comment,
        opened=_moment(platform, record.open_time),
        closed=_moment(platform, record.close_time),
        server_closed=clock_text(stamp(record.close_time)),
    )


def _moment(platform: Platform, clock: datetime) -> datetime | None:
    return None if clock == NO_TIME else platform.from_server_time(clock)
