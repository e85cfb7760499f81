"""What one manager sees of the server: the accounts of the groups in their masks, and no others.

A manager of all groups gets the state itself; a view filters as it is read, and nothing may be
written into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

from panel.mt4.protocol.records import ManagerRights, Trade
from panel.mt4.sandbox.masks import matches
from panel.mt4.sandbox.records import Account, GroupEntry
from panel.mt4.sandbox.state import ChosenKeys, State

K = TypeVar("K")
V = TypeVar("V")

ALL_GROUPS = "*"


class _Seen(Mapping[K, V]):
    """The values of a mapping that may be seen."""

    def __init__(self, whole: Mapping[K, V], is_seen: Callable[[V], bool]) -> None:
        self._whole = whole
        self._is_seen = is_seen

    def __getitem__(self, key: K) -> V:
        value = self._whole[key]
        if not self._is_seen(value):
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[K]:
        return (key for key, value in self._whole.items() if self._is_seen(value))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class View(State):
    """A state with the accounts of some groups only; what is not filtered is the whole's."""

    def __init__(self, whole: State, manager: ManagerRights) -> None:
        # No super().__init__: everything that is not set here comes from the whole.
        self._whole = whole
        self._mine = {name for name in whole.groups if matches(manager.groups, name)}

        mine, accounts, trades = self._mine, whole.accounts, whole.trades

        def sees_account(account: Account) -> bool:
            return account.user.group in mine

        def sees_login(login: int) -> bool:
            return accounts[login].user.group in mine

        def sees_trade(trade: Trade) -> bool:
            return accounts[trade.login].user.group in mine

        def sees_ticket(ticket: int) -> bool:
            return accounts[trades[ticket].login].user.group in mine

        def sees_group(entry: GroupEntry) -> bool:
            return manager.admin or entry.group.group in mine

        self.accounts = cast("dict[int, Account]", _Seen(accounts, sees_account))
        self.trades = cast("dict[int, Trade]", _Seen(trades, sees_trade))
        self.groups = {name: each for name, each in whole.groups.items() if sees_group(each)}
        self.logins = ChosenKeys(whole.logins, sees_login)
        self.open_tickets = ChosenKeys(whole.open_tickets, sees_ticket)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def is_mine(self, group: str) -> bool:
        return group in self._mine

    def open_trades(self, login: int) -> list[Trade]:
        return self._whole.open_trades(login) if login in self.accounts else []

    def closed_trades(self, login: int) -> list[Trade]:
        return self._whole.closed_trades(login) if login in self.accounts else []

    def tickets(self, login: int) -> list[int]:
        return self._whole.tickets(login) if login in self.accounts else []

    def logins_with_open_trades(self) -> list[int]:
        return [login for login in self._whole.logins_with_open_trades() if login in self.accounts]


def view_of(state: State, manager: ManagerRights) -> State:
    """The state as a manager sees it."""
    return state if manager.groups.strip() == ALL_GROUPS else View(state, manager)
