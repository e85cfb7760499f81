"""Open trades and history."""

from __future__ import annotations

from datetime import datetime

from panel.mt4.protocol.records import Trade
from panel.mt4.sandbox.answers import Page, invalid, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.figures import shown
from panel.mt4.sandbox.paging import limit_of, page
from panel.mt4.sandbox.records import is_open, is_position
from panel.mt4.sandbox.state import SortedKeys

MOST_OF_A_SNAPSHOT = 1_000_000
SNAPSHOT = 100_000


def _shown(call: Call, ticket: int) -> Trade:
    return shown(call.state, call.state.trades[ticket])


def _known(call: Call, name: str) -> Trade:
    ticket = call.number(name)
    if ticket not in call.state.trades:
        raise not_found(f"There is no order {ticket}.")
    return _shown(call, ticket)


def open_page(call: Call) -> Page:
    return page(call, call.state.open_tickets.after, lambda ticket: _shown(call, ticket))


def open_page_of_group(call: Call) -> Page:
    group = call.text("group")
    if group is None:
        return open_page(call)
    state = call.state
    tickets = SortedKeys(
        ticket
        for ticket in state.open_tickets
        if state.accounts[state.trades[ticket].login].user.group == group
    )
    return page(call, tickets.after, lambda ticket: _shown(call, ticket))


def open_positions(call: Call) -> list[Trade]:
    """Every open position, without the pending orders."""
    trades = call.state.trades
    return [
        shown(call.state, trade)
        for ticket in call.state.open_tickets
        if is_position(trade := trades[ticket])
    ]


def open_of_symbol(call: Call) -> list[Trade]:
    symbol = call.text("symbol")
    if symbol is None:
        raise invalid("symbol must be given.")
    trades = call.state.trades
    return [
        shown(call.state, trade)
        for ticket in call.state.open_tickets
        if (trade := trades[ticket]).symbol == symbol
    ]


def of_group(call: Call) -> list[Trade]:
    """Records of a group's accounts, open ones only unless told otherwise."""
    state, group = call.state, call.params["group"]
    if group not in state.groups:
        raise not_found(f"There is no group {group}.")
    open_only = call.text("openOnly") is None or call.flag("openOnly")
    logins = [login for login in state.logins if state.accounts[login].user.group == group]
    found = [trade for login in logins for trade in state.open_trades(login)]
    if not open_only:
        found += [trade for login in logins for trade in state.closed_trades(login)]
    return [shown(state, trade) for trade in sorted(found, key=lambda trade: trade.order)]


def open_one(call: Call) -> Trade:
    trade = _known(call, "ticket")
    if not is_open(trade):
        raise not_found(f"Order {trade.order} is not open.")
    return trade


def open_of_login(call: Call) -> list[Trade]:
    """The bridge finds an account's trades through its group: the wrong group finds nothing."""
    account = call.state.accounts.get(call.number("login"))
    if account is None or account.user.group != call.params["group"]:
        return []
    return [shown(call.state, trade) for trade in call.state.open_trades(account.login)]


def one(call: Call) -> Trade:
    return _known(call, "order")


def several(call: Call) -> list[Trade]:
    known = (ticket for ticket in call.numbers("orders") if ticket in call.state.trades)
    return [_shown(call, ticket) for ticket in known]


def snapshot(call: Call) -> list[Trade]:
    limit = limit_of(call, MOST_OF_A_SNAPSHOT) or SNAPSHOT
    return [_shown(call, ticket) for ticket in call.state.open_tickets.after(0, limit)]


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
