"""A unit of work: what one operation wants to change, written to disk and then shown to all.

An operation reads through its unit and puts new records into it. Nothing is visible to others
before `commit`, so an operation that is refused half-way leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable

from panel.mt4.protocol.records import Trade
from panel.mt4.sandbox.records import Account
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.store import KeyRow, Store


class Unit:
    """The pending changes of one operation over a `State`."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._accounts: dict[int, Account] = {}
        self._trades: dict[int, Trade] = {}
        self._dropped: set[int] = set()
        self._tickets = 0
        self._more: list[tuple[Callable[[Store], None], Callable[[], None]]] = []

    def account(self, login: int) -> Account | None:
        """An account as this operation sees it."""
        if login in self._dropped:
            return None
        return self._accounts.get(login) or self.state.accounts.get(login)

    def put_account(self, account: Account) -> None:
        self._accounts[account.login] = account

    def drop_account(self, login: int) -> None:
        """Delete an account and all its records."""
        self._accounts.pop(login, None)
        self._dropped.add(login)

    def next_ticket(self) -> int:
        self._tickets += 1
        return self.state.last_ticket + self._tickets

    def put_trade(self, trade: Trade) -> None:
        self._trades[trade.order] = trade

    def then(self, write: Callable[[Store], None], show: Callable[[], None]) -> None:
        """Any other change: how it is written to disk, and how it is made visible afterwards."""
        self._more.append((write, show))

    def commit(self, store: Store, key: KeyRow | None) -> None:
        """Write everything with the key that asked for it, then make it visible."""
        if not (self._accounts or self._trades or self._dropped or self._more or key):
            return
        with store.transaction():
            for login in self._dropped:
                store.drop_account(login, self.state.tickets(login))
            if self._accounts:
                store.put_accounts(self._accounts.values())
            if self._trades:
                store.put_trades(self._trades.values())
            for write, _ in self._more:
                write(store)
            if key is not None:
                store.put_key(key)
        for login in self._dropped:
            self.state.drop_account(login)
        for account in self._accounts.values():
            self.state.put_account(account)
        for trade in self._trades.values():
            self.state.put_trade(trade)
        for _, show in self._more:
            show()
