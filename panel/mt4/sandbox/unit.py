"""A unit of work: what one operation wants to change, written to disk and then shown to all.

An operation reads through its unit and puts new records into it. Nothing is visible to others
before `commit`, so an operation that is refused half-way leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable

from panel.mt4.protocol.enums import ResultCode
from panel.mt4.protocol.records import Trade
from panel.mt4.sandbox.answers import rejected
from panel.mt4.sandbox.records import Account, is_open
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import KeyRow, Store


class Unit:
    """The pending changes of one operation over a `State`."""

    def __init__(self, state: State, view: State | None = None) -> None:
        self.state = state
        self.view = state if view is None else view
        self._accounts: dict[int, Account] = {}
        self._trades: dict[int, Trade] = {}
        self._trades_of: dict[int, dict[int, Trade]] = {}
        self._dropped_trades: set[int] = set()
        self._dropped: set[int] = set()
        self._tickets = 0
        self._more: list[tuple[Callable[[Store], None], Callable[[], None]]] = []

    def account(self, login: int) -> Account | None:
        """An account as this operation sees it."""
        if login in self._dropped:
            return None
        return self._accounts.get(login) or self.view.accounts.get(login)

    def put_account(self, account: Account) -> None:
        """Raises NotEnoughRights for one that the manager may not hold, before or after."""
        known = self.state.accounts.get(account.login)
        groups = {each.user.group for each in (account, known) if each is not None}
        if not all(map(self.view.is_mine, groups)):
            raise rejected(
                ResultCode.NotEnoughRights, f"Account {account.login} is not among your groups."
            )
        self._accounts[account.login] = account

    def drop_account(self, login: int) -> None:
        """Delete an account and all its records."""
        self._accounts.pop(login, None)
        self._dropped.add(login)

    def next_ticket(self) -> int:
        self._tickets += 1
        return self.state.last_ticket + self._tickets

    def trade(self, ticket: int) -> Trade | None:
        """A record as this operation sees it."""
        if ticket in self._dropped_trades:
            return None
        return self._trades.get(ticket) or self.view.trades.get(ticket)

    def open_trades(self, login: int) -> list[Trade]:
        """Positions and pending orders of an account as this operation sees them."""
        trades = self.view.open_trades(login)
        if mine := self._trades_of.get(login):
            trades = [trade for trade in trades if trade.order not in mine]
            trades += [trade for trade in mine.values() if is_open(trade)]
        return trades

    def put_trade(self, trade: Trade) -> None:
        self._trades[trade.order] = trade
        self._trades_of.setdefault(trade.login, {})[trade.order] = trade

    def drop_trade(self, ticket: int) -> None:
        """Delete a record that exists, without a trace in the balance."""
        self._dropped_trades.add(ticket)

    def then(self, write: Callable[[Store], None], show: Callable[[], None]) -> None:
        """Any other change: how it is written to disk, and how it is made visible afterwards."""
        self._more.append((write, show))

    def forget(self) -> None:
        """Drop every change: the operation was refused after it had begun."""
        for changes in (self._accounts, self._trades, self._trades_of):
            changes.clear()
        self._dropped.clear()
        self._dropped_trades.clear()
        self._more.clear()
        self._tickets = 0

    def commit(self, store: Store, key: KeyRow | None) -> None:
        """Write everything with the key that asked for it, then make it visible."""
        touched = (
            self._accounts, self._trades, self._dropped, self._dropped_trades, self._more, key,
        )  # fmt: skip
        if not any(touched):
            return
        with store.transaction():
            self.write(store)
            if key is not None:
                store.put_key(key)
        self.show()

    def join(self, other: Unit) -> None:
        """Commit what another unit has changed together with this one."""
        self.then(other.write, other.show)

    def write(self, store: Store) -> None:
        """Write it to disk, inside a transaction of the caller's."""
        for login in self._dropped:
            store.drop_account(login, self.state.tickets(login))
        if self._accounts:
            store.put_accounts(self._accounts.values())
        if self._trades:
            store.put_trades(self._trades.values())
        if self._dropped_trades:
            store.drop_trades(self._dropped_trades)
        for write, _ in self._more:
            write(store)

    def show(self) -> None:
        """Make it visible, once it is on disk."""
        for login in self._dropped:
            self.state.drop_account(login)
        for account in self._accounts.values():
            self.state.put_account(account)
        for trade in self._trades.values():
            self.state.put_trade(trade)
        for ticket in self._dropped_trades:
            self.state.drop_trade(ticket)
        for _, show in self._more:
            show()
