"""Incremental reads in two steps: start one from a moment on, then read until nothing comes.

Each client has a session of its own, so that two of them do not take each other's records.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from orjson import Fragment

from panel.mt4.protocol.enums import ResultCode
from panel.mt4.protocol.records import DailyReport, User
from panel.mt4.sandbox.answers import invalid, rejected
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.clock import from_unix
from panel.mt4.sandbox.figures import all_shown
from panel.mt4.sandbox.paging import limit_of

MOST, USUAL = 1_000_000, 100_000
LATEST = 2**31 - 1

USERS, TRADES, DAILIES = "users", "trades", "dailies"


def _since(call: Call) -> datetime:
    text = call.text("timestamp") or "0"
    if not text.isdecimal() or int(text) > LATEST:
        raise invalid(f"timestamp must be from 0 to {LATEST}.")
    return from_unix(int(text))


def _start(kind: str, found: Callable[[Call, datetime], list[Any]]) -> Callable[[Call], bool]:
    def start(call: Call) -> bool:
        records = found(call, _since(call))
        call.unit.then(
            lambda store: None,
            lambda: call.unit.state.syncs.__setitem__((call.client, kind), records),
        )
        return True

    return start


def _take(call: Call, kind: str, count: int) -> list[Any]:
    """The next records of a client's session, which are gone from it then."""
    left = call.unit.state.syncs.get((call.client, kind))
    if left is None:
        raise rejected(ResultCode.Error, "No synchronisation was started.")
    taken, left[:] = left[:count], left[count:]
    return taken


def _changed_users(call: Call, since: datetime) -> list[int]:
    changed = call.state.changed_at
    return [login for login in call.state.logins if changed[login] >= since]


def _changed_trades(call: Call, since: datetime) -> list[int]:
    trades = call.state.trades
    return sorted(ticket for ticket, trade in trades.items() if trade.time_stamp >= since)


def _new_dailies(call: Call, since: datetime) -> list[DailyReport]:
    accounts = call.state.accounts
    return [report for report in call.state.dailies.since(since) if report.login in accounts]


def users(call: Call) -> list[User]:
    """Records as they are now; accounts deleted since the start are left out."""
    accounts = call.state.accounts
    logins = _take(call, USERS, limit_of(call, MOST) or USUAL)
    return [accounts[login].user for login in logins if login in accounts]


def trades(call: Call) -> Fragment:
    known = call.state.trades
    tickets = _take(call, TRADES, limit_of(call, MOST) or USUAL)
    return all_shown(call.unit.state, [known[ticket] for ticket in tickets if ticket in known])


def dailies(call: Call) -> list[DailyReport]:
    return _take(call, DAILIES, MOST)


HANDLERS = {
    "UsersSyncStart": _start(USERS, _changed_users),
    "UsersSyncRead": users,
    "TradesSyncStart": _start(TRADES, _changed_trades),
    "TradesSyncRead": trades,
    "DailySyncStart": _start(DAILIES, _new_dailies),
    "DailySyncRead": dailies,
}
