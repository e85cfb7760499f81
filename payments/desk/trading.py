"""What the account does on MT4, read live: its open positions, and whether deposits were traded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from panel.commands.base import Check
from panel.lib.money import ZERO
from panel.lib.references import reference_in
from panel.models import Platform
from panel.mt4 import rules
from panel.mt4.errors import MT4Error
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from panel.mt4.read import Reader, reader
from panel.ui.figures import date_text, lots_text, money_text
from payments.desk.money import LAST
from payments.evidence import DOUBT
from payments.models import Kind, Payment, Topic, Withdrawal

MARKET = (TradeCommand.Buy, TradeCommand.Sell)
SHOWN = 6
# Money that came to the account, as MT4 books it, and is none of the client's that is new there:
# it was on the account before, or it is the house's. A transfer from another account is new here.
NOT_NEW = (
    Kind.WITHDRAWAL_RETURN,
    Kind.TRANSFER_RETURN,
    Kind.CORRECTION_IN,
    Kind.NEGATIVE_RESET,
)


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
    """Open positions (the largest first) and closed trades; times on the server's clock.

    `closed` and `volume` are of the records that were read. `deposit` is the last money that came,
    `since` and `since_volume` the trades opened after it. `traded` is when the last trade was
    opened (None without one in what was read), `untraded` the sum of what came after that, in
    `deposits` records. `trouble`: why MT4 could not be asked; then the rest is empty.
    """

    positions: list[Position] = field(default_factory=list)
    pending: int = 0
    floating: Decimal = ZERO
    closed: int = 0
    volume: int = 0
    deposit: Trade | None = None
    since: int = 0
    since_volume: int = 0
    traded: datetime | None = None
    untraded: Decimal = ZERO
    deposits: int = 0
    trouble: str = ""

    def with_older(self, whole: Trading) -> Trading:
        """The same, with what only the whole history tells of the deposits and the last trade."""
        return replace(
            self,
            deposit=whole.deposit,
            since=whole.since,
            since_volume=whole.since_volume,
            traded=whole.traded,
            untraded=whole.untraded,
            deposits=whole.deposits,
        )

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
    return found, trading_checks(found, currency)


def _read(row: Withdrawal, live: Reader) -> Trading:
    payment = row.payment
    account = live.account(payment.login)
    opened = live.trades_of(payment.login, account.group)
    now = row.platform.server_time()
    history = live.history(payment.login, now - LAST, now + DOUBT)
    found = trading_from(opened, history, not_new(row.platform, history))
    if found.traded is None:
        # The last trade lies further back, and so may deposits that came after it.
        whole = live.history(payment.login)
        found = found.with_older(trading_from(opened, whole, not_new(row.platform, whole)))
    return found


def not_new(platform: Platform, records: Iterable[Trade]) -> set[int]:
    """Tickets of records that brought no new money; one query for any number of accounts.

    Known by MT4's ticket or by the reference in the comment: a plug-in may have changed either.
    """
    came = [trade for trade in records if _is_money(trade)]
    if not came:
        return set()
    rows = Payment.objects.filter(platform=platform, kind__in=NOT_NEW)
    rows = rows.filter(login__in={trade.login for trade in came})
    known = set(rows.order_by().values_list("ticket", "reference"))
    tickets = {ticket for ticket, _ in known}
    references = {reference for _, reference in known}
    return {
        trade.order
        for trade in came
        if trade.order in tickets or reference_in(trade.comment) in references
    }


def _is_money(trade: Trade) -> bool:
    return trade.trade_command is TradeCommand.Balance and trade.profit > 0


def trading_from(
    opened: Sequence[Trade], history: Sequence[Trade], skipped: Collection[int] = ()
) -> Trading:
    """What one account's open trades and its closed records say. Pure.

    `skipped` are tickets of records that brought no new money (`not_new`). Where `traded` comes
    out as None, the last trade may lie before the records: give all of them for a whole answer.
    """
    positions = [trade for trade in opened if trade.trade_command in MARKET]
    closed = [trade for trade in history if trade.trade_command in MARKET]
    came = [trade for trade in history if _is_money(trade) and trade.order not in skipped]
    last = max(came, key=lambda trade: (trade.close_time, trade.order), default=None)
    trades = [*positions, *closed]
    traded = max((trade.open_time for trade in trades), default=None)
    after = [trade for trade in came if traded is None or trade.close_time > traded]
    since = [trade for trade in trades if last is None or trade.open_time >= last.close_time]
    return Trading(
        positions=[_position(trade) for trade in sorted(positions, key=_largest_first)],
        pending=len(opened) - len(positions),
        floating=sum((result_of(trade) for trade in positions), ZERO),
        closed=len(closed),
        volume=sum(trade.volume for trade in closed),
        deposit=last,
        since=len(since),
        since_volume=sum(trade.volume for trade in since),
        traded=traded,
        untraded=sum((trade.profit for trade in after), ZERO),
        deposits=len(after),
    )


def _largest_first(trade: Trade) -> tuple[int, int]:
    return -trade.volume, trade.order


def _position(trade: Trade) -> Position:
    side = trade.trade_command.name.lower()
    return Position(trade.order, trade.symbol, side, trade.volume, result_of(trade))


def result_of(trade: Trade) -> Decimal:
    """Profit with swap, commission and taxes, in the account's currency."""
    return rules.net(trade)


def _trades(number: int) -> str:
    return "1 trade" if number == 1 else f"{number} trades"


def trading_checks(found: Trading, currency: str) -> list[Check]:
    """Money that comes and goes without a trade is a pattern of laundering."""
    if found.deposit is None:
        return []
    amount = money_text(found.deposit.profit, currency)
    when = date_text(found.deposit.close_time.date())
    if not found.deposits:
        lots = lots_text(found.since_volume)
        text = f"{_trades(found.since)} of {lots} lots since the last deposit ({amount} on {when})."
        return [Check("ok", text)]
    last = f"{amount} on {when}"
    if found.deposits > 1:
        total = money_text(found.untraded, currency)
        last = f"{total} in {found.deposits} deposits, the last {amount} on {when}"
    traded = "no trade since"
    if found.traded is not None:
        traded = f"no trade since {date_text(found.traded.date())}"
    return [Check("warn", f"Deposit without trading: {last}, and {traded}.", Topic.UNTRADED)]
