"""What the account does on MT4, read live: its open positions, and whether deposits were traded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from panel.commands.base import Check
from panel.lib.money import ZERO
from panel.mt4 import rules
from panel.mt4.errors import MT4Error
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from panel.mt4.read import Reader, reader
from panel.ui.figures import date_text, lots_text, money_text
from payments.desk.money import LAST
from payments.evidence import DOUBT
from payments.models import Withdrawal

MARKET = (TradeCommand.Buy, TradeCommand.Sell)
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Position:
    """An open position: volume in hundredths of a lot, result with swap, commission, taxes."""

    order: int
    symbol: str
    side: str
    volume: int
    result: Decimal


@dataclass(slots=True)
class Trading:
    """Open positions (the largest first) and the trades of 90 days; times on the server's clock.

    `trouble`: why MT4 could not be asked; then the rest is empty.
    """

    positions: list[Position] = field(default_factory=list)
    pending: int = 0
    floating: Decimal = ZERO
    closed: int = 0
    volume: int = 0
    deposit: Trade | None = None
    since: int = 0
    trouble: str = ""

    @property
    def shown(self) -> list[Position]:
        """As many as the page has room for."""
        return self.positions[:SHOWN]

    @property
    def more(self) -> int:
        """How many positions are not shown."""
        return max(0, len(self.positions) - SHOWN)


def trading_of(row: Withdrawal, currency: str) -> tuple[Trading, list[Check]]:
    """Read an account's positions and history; what goes wrong is told, not raised."""
    if row.platform.is_away:
        return Trading(trouble=f"{row.platform.name} does not answer."), []
    try:
        found = _read(row, reader(row.platform.connection))
    except MT4Error as error:
        return Trading(trouble=error.explain()), []
    return found, _checks(found, currency)


def _read(row: Withdrawal, live: Reader) -> Trading:
    payment = row.payment
    account = live.account(payment.login)
    opened = live.trades_of(payment.login, account.group)
    now = row.platform.server_time()
    history = live.history(payment.login, now - LAST, now + DOUBT)
    positions = [trade for trade in opened if trade.trade_command in MARKET]
    closed = [trade for trade in history if trade.trade_command in MARKET]
    deposits = [
        trade
        for trade in history
        if trade.trade_command is TradeCommand.Balance and trade.profit > 0
    ]
    last = max(deposits, key=lambda trade: (trade.close_time, trade.order), default=None)
    return Trading(
        positions=[_position(trade) for trade in sorted(positions, key=_largest_first)],
        pending=len(opened) - len(positions),
        floating=sum((result_of(trade) for trade in positions), ZERO),
        closed=len(closed),
        volume=sum(trade.volume for trade in closed),
        deposit=last,
        since=_after(last.close_time if last else None, [*positions, *closed]),
    )


def _largest_first(trade: Trade) -> tuple[int, int]:
    return -trade.volume, trade.order


def _position(trade: Trade) -> Position:
    side = trade.trade_command.name.lower()
    return Position(trade.order, trade.symbol, side, trade.volume, result_of(trade))


def result_of(trade: Trade) -> Decimal:
    """Profit with swap, commission and taxes, in the account's currency."""
    return rules.net(trade)


def _after(moment: datetime | None, trades: list[Trade]) -> int:
    if moment is None:
        return len(trades)
    return sum(1 for trade in trades if trade.open_time >= moment)


def _trades(number: int) -> str:
    return "1 trade" if number == 1 else f"{number} trades"


def _checks(found: Trading, currency: str) -> list[Check]:
    """Money that comes and goes without a trade is a pattern of laundering."""
    if found.deposit is None:
        return []
    amount = money_text(found.deposit.profit, currency)
    when = date_text(found.deposit.close_time.date())
    if found.since:
        return [Check("ok", f"{_trades(found.since)} since the last deposit ({amount} on {when}).")]
    if found.closed or found.positions:
        lots = lots_text(found.volume)
        return [
            Check(
                "warn",
                f"Nothing was traded since the last deposit of {amount} on {when}; "
                f"{_trades(found.closed)} of {lots} lots closed in the 90 days before.",
            )
        ]
    return [Check("warn", f"Deposit without trading: {amount} on {when}, and no trade since.")]
