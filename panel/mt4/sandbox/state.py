"""Everything the server knows, in memory, with the indexes that its questions need."""

from __future__ import annotations

import asyncio
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import ManagerRights, SymbolConfig, SymbolGroup, Trade
from panel.mt4.rules import Choices, Terms
from panel.mt4.sandbox.backups import Backups
from panel.mt4.sandbox.charts.book import Book
from panel.mt4.sandbox.clock import Clock
from panel.mt4.sandbox.configuration import Configuration
from panel.mt4.sandbox.dailies import Dailies
from panel.mt4.sandbox.exchange.levels import OrderLevels
from panel.mt4.sandbox.hooks import Hooks
from panel.mt4.sandbox.hours import Hours
from panel.mt4.sandbox.journal import Journal
from panel.mt4.sandbox.performance import Sampler
from panel.mt4.sandbox.post import Post
from panel.mt4.sandbox.records import Account, GroupEntry, is_open, is_position
from panel.mt4.sandbox.texts import TradeTexts
from panel.mt4.sandbox.ticks import Quotes, Ring

if TYPE_CHECKING:
    from panel.mt4.sandbox.exchange.reactions import Reactions

FIRST_LOGIN = 100001


class SortedKeys:
    """Ascending keys with cheap appends; inserts in the middle stay rare on this server."""

    def __init__(self, keys: Iterable[int] = ()) -> None:
        self._keys = sorted(keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def add(self, key: int) -> None:
        if not self._keys or key > self._keys[-1]:
            self._keys.append(key)
        else:
            insort(self._keys, key)

    def remove(self, key: int) -> None:
        del self._keys[bisect_right(self._keys, key) - 1]

    def after(self, key: int, count: int | None) -> Sequence[int]:
        """Up to `count` keys greater than `key`, ascending; all of them for None."""
        start = bisect_right(self._keys, key)
        return self._keys[start:] if count is None else self._keys[start : start + count]


class ChosenKeys(SortedKeys):
    """The keys of another list that are wanted, chosen as it is read."""

    def __init__(self, whole: SortedKeys, wanted: Callable[[int], bool]) -> None:
        super().__init__()
        self._whole = whole
        self._wanted = wanted

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[int]:
        return filter(self._wanted, self._whole)

    def after(self, key: int, count: int | None) -> Sequence[int]:
        return list(islice(filter(self._wanted, self._whole.after(key, None)), count))


def _levels_of(trade: Trade) -> tuple[object, ...]:
    return trade.trade_command, trade.open_price, trade.sl, trade.tp, trade.expiration


class State:
    """The server's records. Only `unit.Unit` and the loader put anything in.

    `live`: whether prices move by themselves, and markets close. `levels`: the prices at which
    orders wait. `switches`: what single groups do where MT4's behaviour is open. `touched`:
    accounts whose records changed since the market last looked. What the store keeps and memory
    does not (`dailies`), and the `reactions` to prices, are there from the end of loading on.
    """

    backups: Backups
    charts: Book
    dailies: Dailies
    reactions: Reactions

    def __init__(self) -> None:
        self.clock = Clock()
        self.live = False
        self.hours = Hours(self)
        self.levels = OrderLevels()
        self.touched: dict[int, None] = {}
        self.switches: dict[str, Choices] = {}
        self.terms: dict[tuple[str, int], tuple[GroupEntry, Choices, Terms]] = {}
        self.accounts: dict[int, Account] = {}
        self.logins = SortedKeys()
        self.trades: dict[int, Trade] = {}
        self.open_tickets = SortedKeys()
        self.texts = TradeTexts()
        self.groups: dict[str, GroupEntry] = {}
        self.symbols: dict[str, SymbolConfig] = {}
        self.quotes = Quotes()
        self.ticks = Ring()
        self.symbol_groups: list[SymbolGroup] = []
        self.managers: dict[int, ManagerRights] = {}
        self.config = Configuration()
        self.last_login = FIRST_LOGIN - 1
        self.last_ticket = 0
        self.changed_at: dict[int, datetime] = {}
        self.syncs: dict[tuple[str, str], list[Any]] = {}
        self.post = Post()
        self.hooks = Hooks()
        self.journal = Journal(lambda: self.clock.now())
        self.performance = Sampler(lambda: self.clock.now())
        self.feeder_logs: dict[str, list[str]] = {}
        self.stop = asyncio.Event()
        self.starts_again = False
        self._open_by_login: dict[int, dict[int, Trade]] = {}
        self._closed_by_login: dict[int, dict[int, Trade]] = {}

    def is_mine(self, group: str) -> bool:
        """Whether accounts of a group are this viewer's: of the whole state, everybody's."""
        return True

    def put_account(self, account: Account) -> None:
        if account.login not in self.accounts:
            self.logins.add(account.login)
        self.accounts[account.login] = account
        self.touched[account.login] = None
        self.changed_at[account.login] = self.clock.now()
        self.last_login = max(self.last_login, account.login)

    def drop_account(self, login: int) -> None:
        """Forget an account with all its records."""
        del self.accounts[login], self.changed_at[login]
        self.logins.remove(login)
        for ticket in self.tickets(login):
            self._take_out(self.trades.pop(ticket))

    def put_trade(self, trade: Trade) -> None:
        before = self.trades.get(trade.order)
        if before is not None:
            self._take_out(before)
        self.trades[trade.order] = trade
        self.last_ticket = max(self.last_ticket, trade.order)
        if is_open(trade):
            self.open_tickets.add(trade.order)
            if before is None or _levels_of(before) != _levels_of(trade):
                self.levels.add(trade)
        self.touched[trade.login] = None
        self._side(trade).setdefault(trade.login, {})[trade.order] = trade

    def drop_trade(self, ticket: int) -> None:
        """Forget a record."""
        trade = self.trades.pop(ticket)
        self._take_out(trade)
        self.touched[trade.login] = None

    def _take_out(self, trade: Trade) -> None:
        if is_open(trade):
            self.open_tickets.remove(trade.order)
            self.texts.forget(trade.order)
        del self._side(trade)[trade.login][trade.order]

    def _side(self, trade: Trade) -> dict[int, dict[int, Trade]]:
        return self._open_by_login if is_open(trade) else self._closed_by_login

    def open_trades(self, login: int) -> list[Trade]:
        """Positions and pending orders of an account, by ticket."""
        return list(self._open_by_login.get(login, {}).values())

    def closed_trades(self, login: int) -> list[Trade]:
        """Closed records of an account, balance and credit operations among them."""
        return list(self._closed_by_login.get(login, {}).values())

    def tickets(self, login: int) -> list[int]:
        """Every record of an account, open or closed."""
        sides = (self._open_by_login, self._closed_by_login)
        return [ticket for side in sides for ticket in side.get(login, {})]

    def positions(self, login: int) -> list[Trade]:
        """Open positions of an account, without its pending orders."""
        return [trade for trade in self.open_trades(login) if is_position(trade)]

    def logins_with_open_trades(self) -> list[int]:
        """Accounts with at least one position or pending order, ascending."""
        return sorted(login for login, trades in self._open_by_login.items() if trades)

    def recomputed_balance(self, login: int) -> Decimal:
        """What the closed records say the balance should be."""
        total = Decimal(0)
        for trade in self._closed_by_login.get(login, {}).values():
            if trade.trade_command <= TradeCommand.Sell:
                total += trade.profit + trade.storage + trade.commission + trade.taxes
            elif trade.trade_command is TradeCommand.Balance:
                total += trade.profit
        return total
