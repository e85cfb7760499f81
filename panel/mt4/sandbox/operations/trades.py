"""Open trades and history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial

from orjson import Fragment

from panel.mt4.protocol.records import Trade
from panel.mt4.sandbox.answers import Page, invalid, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.figures import all_shown, shown
from panel.mt4.sandbox.paging import limit_of, page
from panel.mt4.sandbox.records import is_open, is_position
from panel.mt4.sandbox.state import ChosenKeys

MOST_OF_A_SNAPSHOT = 1_000_000
SNAPSHOT = 100_000


def _shown(call: Call, trades: Iterable[Trade]) -> Fragment:
    """Records of this manager's accounts, at the prices of now."""
    # What is shown was chosen already: the whole state answers faster than the manager's view.
    return all_shown(call.unit.state, list(trades))


def _with_tickets(call: Call, tickets: Iterable[int]) -> Fragment:
    trades = call.unit.state.trades
    return _shown(call, (trades[ticket] for ticket in tickets))


def _known(call: Call, name: str) -> Trade:
    ticket = call.number(name)
    if ticket not in call.state.trades:
        raise not_found(f"There is no order {ticket}.")
    return shown(call.state, call.state.trades[ticket])


def _open(call: Call) -> Iterator[Trade]:
    """Positions and pending orders of this manager's accounts, by ticket."""
    trades = call.unit.state.trades
    return (trades[ticket] for ticket in call.state.open_tickets)


def open_page(call: Call) -> Page:
    return page(call, call.state.open_tickets.after, partial(_with_tickets, call))


def open_page_of_group(call: Call) -> Page:
    group = call.text("group")
    if group is None:
        return open_page(call)
    accounts, trades = call.unit.state.accounts, call.unit.state.trades

    def is_of_group(ticket: int) -> bool:
        return accounts[trades[ticket].login].user.group == group

    tickets = ChosenKeys(call.state.open_tickets, is_of_group)
    return page(call, tickets.after, partial(_with_tickets, call))


def open_positions(call: Call) -> Fragment:
    """Every open position, without the pending orders."""
    return _shown(call, filter(is_position, _open(call)))


def open_of_symbol(call: Call) -> Fragment:
    symbol = call.text("symbol")
    if symbol is None:
        raise invalid("symbol must be given.")
    return _shown(call, (trade for trade in _open(call) if trade.symbol == symbol))


def of_group(call: Call) -> Fragment:
    """Records of a group's accounts, open ones only unless told otherwise."""
    state, group = call.state, call.params["group"]
    if group not in state.groups:
        raise not_found(f"There is no group {group}.")
    open_only = call.text("openOnly") is None or call.flag("openOnly")
    logins = [login for login in state.logins if state.accounts[login].user.group == group]
    found = [trade for login in logins for trade in state.open_trades(login)]
    if not open_only:
        found += [trade for login in logins for trade in state.closed_trades(login)]
    return _shown(call, sorted(found, key=lambda trade: trade.order))


def open_one(call: Call) -> Trade:
    trade = _known(call, "ticket")
    if not is_open(trade):
        raise not_found(f"Order {trade.order} is not open.")
    return trade


def open_of_login(call: Call) -> Fragment:
    """The bridge finds an account's trades through its group: the wrong group finds nothing."""
    account = call.state.accounts.get(call.number("login"))
    if account is None or account.user.group != call.params["group"]:
        return _shown(call, ())
    return _shown(call, call.state.open_trades(account.login))


def one(call: Call) -> Trade:
    return _known(call, "order")


def several(call: Call) -> Fragment:
    trades = call.state.trades
    return _with_tickets(call, (each for each in call.numbers("orders") if each in trades))


def snapshot(call: Call) -> Fragment:
    limit = limit_of(call, MOST_OF_A_SNAPSHOT) or SNAPSHOT
    return _with_tickets(call, call.state.open_tickets.after(0, limit))


def _closed(call: Call, login: int, since: datetime | None, until: datetime | None) -> list[Trade]:
    return [
        trade
        for trade in call.state.closed_trades(login)
        if (since is None or trade.close_time >= since)
        and (until is None or trade.close_time <= until)
    ]


def history(call: Call) -> list[Trade]:
    """Closed records of an account by their closing time; both ends belong to the window."""
    return _closed(call, call.number("login"), call.time("fromTime"), call.time("toTime"))


def report(call: Call) -> list[Trade]:
    since, until = call.time("from"), call.time("to")
    if since is None or until is None:
        raise invalid("from and to must be given.")
    return [
        trade
        for login in dict.fromkeys(call.numbers("logins"))
        for trade in _closed(call, login, since, until)
    ]


HANDLERS = {
    "AdmTradesRequest/{group}": of_group,
    "TradesGet": open_page,
    "TradesGet/{ticket}": open_one,
    "TradesGetByLogin/{login}/{group}": open_of_login,
    "TradesGetByMarket": open_positions,
    "TradesGetBySymbol": open_of_symbol,
    "TradesRequest": open_page_of_group,
    "TradesSnapshot": snapshot,
    "TradeRecordGet/{order}": one,
    "TradeRecordRequest/{order}": one,
    "TradeRecordsRequest": several,
    "TradesUserHistory/{login}": history,
    "ReportsRequest": report,
}
