"""Accounts: a list to search, and everything about one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from panel.mt4 import rules
from panel.mt4.protocol.enums import MarginLevelType
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import MarginLevel
from panel.mt4.sandbox.figures import margin_level
from panel.mt4.sandbox.pages.html import (
    NOTHING,
    Markup,
    badge,
    columns,
    field,
    join,
    link,
    money,
    table,
)
from panel.mt4.sandbox.pages.layout import Page
from panel.mt4.sandbox.records import Account
from panel.mt4.sandbox.state import State

SHOWN = 50
MANY = 10_000
USUALLY, SELDOM = 2, 30
"""Seconds between two looks at the server."""

_LIST = columns(
    "Login", "Name", "Group", "Currency", "#Balance", "#Credit", "#Equity", "#Margin", "#Free",
    "#Level %", "State",
)  # fmt: skip
_STATES = {
    MarginLevelType.Ok: ("ok", "good"),
    MarginLevelType.MarginCall: ("margin call", "warn"),
    MarginLevelType.StopOut: ("stop-out", "bad"),
}


def level_of(state: State, account: Account) -> MarginLevel | None:
    """An account's figures of now; None where a price is missing."""
    try:
        return margin_level(state, account)
    except rules.UnknownMarketError:
        return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which accounts to list: all words must be in one, logins begin behind `after`."""

    words: str = ""
    only_open: bool = False
    after: int = 0


def _found(state: State, wanted: Wanted) -> Iterator[Account]:
    words = wanted.words.lower().split()
    if wanted.only_open:
        logins = state.logins_with_open_trades()
        logins = logins[bisect_right(logins, wanted.after) :]
    else:
        logins = list(state.logins.after(wanted.after, None))
    for login in logins:
        account = state.accounts[login]
        user = account.user
        line = f"{login} {user.name} {user.group} {user.email} {user.external_id}".lower()
        if all(word in line for word in words):
            yield account


def listed(state: State, wanted: Wanted) -> Page:
    found = list(islice(_found(state, wanted), SHOWN + 1))
    shown_ones = found[:SHOWN]
    rows = (_row(state, account) for account in shown_ones)
    ticked = "checked" if wanted.only_open else ""
    search = Markup(
        '<form class="search" action="/accounts" role="search">'
        f"{field('q', 'Login, name, group or e-mail', kind='search', value=wanted.words)}"
        f'<label class="tick"><input type="checkbox" name="open" value="1" {ticked}>'
        "<span>with open orders only</span></label><button>Search</button></form>"
    )
    live = join(
        (
            table(_LIST, rows, "No account is like that."),
            _pager(state, wanted, shown_ones, is_last=len(found) <= SHOWN),
        )
    )
    # A search that looks at very many accounts is not repeated every two seconds.
    is_long = bool(wanted.words) and len(state.accounts) > MANY and len(found) <= SHOWN
    return Page("Accounts", live, above=search, every=SELDOM if is_long else USUALLY)


def _pager(state: State, wanted: Wanted, shown_ones: list[Account], *, is_last: bool) -> Markup:
    if not shown_ones or (is_last and not wanted.after):
        return Markup(f'<p class="quiet">{len(shown_ones)} of {len(state.accounts):,}</p>')
    first, last = shown_ones[0].login, shown_ones[-1].login
    links = [Markup(f'<span class="quiet">{first} to {last} of {len(state.accounts):,}</span>')]
    if wanted.after:
        links.append(link(_address(wanted, 0), "First page"))
    if not is_last:
        links.append(link(_address(wanted, last), "Next page"))
    return Markup(f'<nav class="pager" aria-label="Pages of accounts">{join(links, " ")}</nav>')


def _address(wanted: Wanted, after: int) -> str:
    query = {"q": wanted.words, "open": "1" if wanted.only_open else "", "after": after or ""}
    return f"/accounts?{urlencode({name: value for name, value in query.items() if value})}"


def _row(state: State, account: Account) -> tuple[Any, ...]:
    user, level = account.user, level_of(state, account)
    currency = state.groups[user.group].group.currency
    return (
        link(f"/accounts/{user.login}", user.login),
        user.name,
        user.group,
        currency,
        money(user.balance, currency),
        money(user.credit, currency),
        money(level.equity if level else None, currency),
        money(level.margin if level else None, currency),
        money(level.free if level else None, currency),
        percent(level),
        state_of(account, level),
    )


def percent(level: MarginLevel | None) -> str | Markup:
    if level is None or not level.margin:
        return NOTHING
    return f"{level.level:,.2f}"


def state_of(account: Account, level: MarginLevel | None) -> Markup:
    flags = account.user.enable_flags
    if EnableFlags.Enabled not in flags:
        return badge("disabled", "bad")
    if level is None:
        return badge("no price", "warn")
    if level.level_type is not MarginLevelType.Ok:
        return badge(*_STATES[level.level_type])
    return badge("read-only") if EnableFlags.ReadOnly in flags else badge("ok", "good")
