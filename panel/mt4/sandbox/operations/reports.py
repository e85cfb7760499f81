"""Daily reports, flat and by account."""

from __future__ import annotations

from panel.mt4.protocol.records import DailyReport
from panel.mt4.sandbox.answers import invalid
from panel.mt4.sandbox.call import Call

LONGEST_NAME = 31


def daily(call: Call) -> list[DailyReport]:
    """By account as asked, then by day; accounts that are not there are left out."""
    since, until = call.time("from"), call.time("to")
    if since is None or until is None:
        raise invalid("from and to must be given.")
    if len(call.text("name") or "") > LONGEST_NAME:
        raise invalid(f"name must have at most {LONGEST_NAME} characters.")
    accounts = call.state.accounts
    logins = [login for login in dict.fromkeys(call.numbers("logins")) if login in accounts]
    return list(call.state.dailies.between(logins, since, until))


def daily_by_login(call: Call) -> dict[int, list[DailyReport]]:
    grouped: dict[int, list[DailyReport]] = {}
    for report in daily(call):
        grouped.setdefault(report.login, []).append(report)
    return grouped


HANDLERS = {"DailyReportsRequest": daily, "DailyReportsRequestEx": daily_by_login}
