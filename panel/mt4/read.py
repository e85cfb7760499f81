"""Reading from MT4: everybody may call. Nothing here changes anything.

Methods say whether they are live (asked of the trade server) or cached (answered by the
bridge): whatever money depends on must be live. Times are the server's clock. Every method
raises Rejected or Unavailable.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from panel.mt4.client import Client, Connection, shared
from panel.mt4.errors import OutcomeUnknown, Rejected, Unavailable
from panel.mt4.protocol.enums import ResultCode
from panel.mt4.protocol.envelope import Answer
from panel.mt4.protocol.operation import MAX_LIMIT, PLATFORMS_PATH
from panel.mt4.protocol.records import (
    BalanceDiff,
    Common,
    Group,
    GroupMargin,
    ManagerRights,
    MarginLevel,
    SymbolConfig,
    TickInfo,
    Trade,
    TradePlatform,
    User,
)
from panel.mt4.volley import Talk

TRIES = 3
"""How often one call among many is tried that found nobody."""


def reader(connection: Connection) -> Reader:
    """A reader of the platform behind ``connection``; connections are pooled per process."""
    return Reader(shared(connection))


class Reader:
    """Typed reads of one platform."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def platforms(self) -> list[TradePlatform]:
        """The platforms that this client may use."""
        return self._client.plain_list(PLATFORMS_PATH, TradePlatform)

    def server_time(self) -> datetime:
        """The trade server's clock, live."""
        return self._get("ServerTime")  # type: ignore[no-any-return]

    def common(self) -> Common:
        """Name, owner, build and time zone of the server."""
        return self._get("ManagerCommon")  # type: ignore[no-any-return]

    def identity(self) -> str:
        """What the server says of itself: its name and whose it is, `Name of Owner`."""
        return self.common().identity

    def manager_rights(self) -> list[ManagerRights]:
        """All manager accounts with their rights, live."""
        return self._all("CfgRequestManager")

    def groups(self) -> list[Group]:
        """All groups, live."""
        return self._all("GroupsRequest")

    def group(self, name: str) -> Group:
        """One group, cached. Rejected with NotFound if there is none."""
        return self._get("GroupRecordGet/{group}", group=name)  # type: ignore[no-any-return]

    def group_margins(self, name: str) -> list[GroupMargin]:
        """What a group sets for single symbols, cached. Rejected with NotFound if there is none."""
        return self._get("GroupSecMarginsGet/{group}", group=name) or []

    def symbols(self) -> list[SymbolConfig]:
        """All symbols with their settings, live."""
        return self._get("CfgRequestSymbol") or []

    def tick(self, symbol: str) -> TickInfo:
        """The last prices of a symbol. Rejected with NotFound if it is unknown or hidden."""
        return self._get("TickInfoLast/{symbol}", symbol=symbol)  # type: ignore[no-any-return]

    def account(self, login: int) -> User:
        """One account, live."""
        return self._get("UserRecordRequest/{login}", login=login)  # type: ignore[no-any-return]

    def accounts(self, limit: int = MAX_LIMIT) -> Iterator[list[User]]:
        """All accounts in pages, by login, live."""
        return self._client.pages("UsersRequest", limit=limit)

    def accounts_of(self, logins: Iterable[int]) -> list[User]:
        """Some accounts, live; logins that do not exist are left out."""
        return self._get("UserRecordsRequest", query={"logins": list(logins)}) or []

    def group_accounts(self, group: str) -> list[User]:
        """All accounts of a group, live."""
        return self._get("AdmUsersRequestSafe/{group}", group=group) or []

    def margin_level(self, login: int) -> MarginLevel:
        """State of one account, live. Its ``balance`` is balance plus credit."""
        path = "MarginLevelRequest/{login}"
        return self._get(path, login=login)  # type: ignore[no-any-return]

    def margin_levels_of(
        self, logins: Iterable[int], slots: threading.Semaphore
    ) -> dict[int, MarginLevel]:
        """The same of several accounts, by login, with a call under way for each slot."""
        found: dict[int, MarginLevel] = {}

        def ask(login: int) -> Talk[None]:
            answer = yield from self._asked("MarginLevelRequest/{login}", params={"login": login})
            found[login] = answer.data

        self._client.converse_all(map(ask, logins), slots)
        return found

    def histories_of(
        self, logins: Iterable[int], start: datetime, slots: threading.Semaphore
    ) -> dict[int, list[Trade]]:
        """Closed records of several accounts since a moment, by login, live, with a call under way
        for each slot."""
        found: dict[int, list[Trade]] = {}

        def ask(login: int) -> Talk[None]:
            answer = yield from self._asked(
                "TradesUserHistory/{login}", params={"login": login}, query={"fromTime": start}
            )
            found[login] = answer.data or []

        self._client.converse_all(map(ask, logins), slots)
        return found

    def trading_of_many(
        self,
        accounts: Iterable[tuple[int, str]],
        start: datetime | None,
        end: datetime | None,
        slots: threading.Semaphore,
    ) -> dict[int, tuple[list[Trade], list[Trade]]]:
        """Open trades (cached) and closed records (live) of accounts given by login and group.

        With a call under way for each slot; without bounds every closed record. Accounts of which
        MT4 refuses either are left out.
        """
        found: dict[int, tuple[list[Trade], list[Trade]]] = {}

        def ask(account: tuple[int, str]) -> Talk[None]:
            login, group = account
            try:
                opened = yield from self._asked(
                    "TradesGetByLogin/{login}/{group}", params={"login": login, "group": group}
                )
                closed = yield from self._asked(
                    "TradesUserHistory/{login}",
                    params={"login": login},
                    query={"fromTime": start, "toTime": end},
                )
            except Rejected:
                return
            found[login] = (opened.data or [], closed.data or [])

        self._client.converse_all(map(ask, accounts), slots)
        return found

    def margin_levels(self) -> list[MarginLevel]:
        """State of all accounts, cached: for lists, not for decisions."""
        return self._get("MarginsGet") or []

    def open_trades(self, limit: int = MAX_LIMIT) -> Iterator[list[Trade]]:
        """All open positions and pending orders in pages, by ticket, live."""
        return self._client.pages("TradesRequest", limit=limit)

    def trades_of(self, login: int, group: str) -> list[Trade]:
        """Open positions and pending orders of one account, cached."""
        return self._get("TradesGetByLogin/{login}/{group}", login=login, group=group) or []

    def trade(self, ticket: int) -> Trade:
        """One record, open or closed, live."""
        return self._get("TradeRecordRequest/{order}", order=ticket)  # type: ignore[no-any-return]

    def history(
        self, login: int, start: datetime | None = None, end: datetime | None = None
    ) -> list[Trade]:
        """Closed records of one account, balance and credit operations included, live.

        Without bounds: everything. A window for evidence must be wider than any doubt about
        the server's clock.
        """
        query = {"fromTime": start, "toTime": end}
        return self._get("TradesUserHistory/{login}", query=query, login=login) or []

    def reports(self, logins: Iterable[int], start: datetime, end: datetime) -> list[Trade]:
        """Closed records of many accounts in one call, live.

        Needs the manager's right ``reports``: without it MT4 may drop the connection.
        """
        query = {"from": start, "to": end, "logins": list(logins)}
        return self._get("ReportsRequest", query=query) or []

    def balance_check(self, login: int) -> BalanceDiff:
        """Recorded balance against history; a difference of 0.00 means they agree. Live."""
        return self._get("AdmBalanceCheck/{login}", login=login)  # type: ignore[no-any-return]

    def balance_checks(self, logins: Iterable[int]) -> list[BalanceDiff]:
        """The accounts among ``logins`` whose balance does not agree with history. Live."""
        return self._get("AdmBalanceCheck", query={"logins": list(logins)}) or []

    def check_password(self, login: int, password: str) -> bool:
        """Whether this is the account's password."""
        path = "UserPasswordCheck/{login}"
        try:
            return self._client.call(path, params={"login": login}, body=password).data is True
        except OutcomeUnknown as error:
            # The protocol counts this as a change, but it changes nothing.
            raise Unavailable(error.message, activity_id=error.activity_id) from error
        except Rejected as error:
            if error.manager_code == ResultCode.BadAccountInfo.wire:
                return False
            raise

    def _asked(self, path: str, **asked: Any) -> Talk[Answer]:
        """One call among many, tried again where it found nobody: a read changes nothing, and all
        the others would have to be asked again with it."""
        for _ in range(TRIES - 1):
            try:
                return (yield from self._client.talk(path, **asked))
            except Unavailable:
                continue
        return (yield from self._client.talk(path, **asked))

    def _get(self, path: str, query: dict[str, Any] | None = None, **params: str | int) -> Any:
        return self._client.call(path, params=params, query=query).data

    def _all(self, path: str) -> list[Any]:
        return [item for page in self._client.pages(path) for item in page]
