"""Open trades and history."""

from __future__ import annotations

from datetime import datetime

from panel.mt4.protocol.records import Trade
from panel.mt4.sandbox.answers import Page, invalid, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.figures import shown
from panel.mt4.sandbox.paging import limit_of, page
from panel.mt4.sandbox.records import is_open
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
    "TradesGet": open_page,
    "TradesGet/{ticket}": open_one,
    "TradesGetByLogin/{login}/{group}": open_of_login,
    "TradesRequest": open_page_of_group,
    "TradesSnapshot": snapshot,
    "TradeRecordGet/{order}": one,
    "TradeRecordRequest/{order}": one,
    "TradeRecordsRequest": several,
    "TradesUserHistory/{login}": history,
    "ReportsRequest": report,
}
