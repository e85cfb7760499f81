"""Margin levels, computed from the positions and prices of now."""

from __future__ import annotations

from collections.abc import Iterator

from panel.mt4 import rules
from panel.mt4.protocol.records import MarginLevel
from panel.mt4.sandbox.answers import not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.figures import margin_level


def live(call: Call) -> MarginLevel:
    return margin_level(call.state, call.account())


def cached(call: Call) -> MarginLevel:
    """The bridge's cache knows accounts with open trades only."""
    account = call.account()
    if not call.state.open_trades(account.login):
        raise not_found(f"Account {account.login} has no open trades.")
    return margin_level(call.state, account)


def _levels(call: Call) -> Iterator[MarginLevel]:
    state = call.state
    for login in state.logins_with_open_trades():
        try:
            yield margin_level(state, state.accounts[login])
        except rules.UnknownMarketError:
            continue  # The cache has no figures of an account that cannot be valued.


def all_cached(call: Call) -> list[MarginLevel]:
    return list(_levels(call))


HANDLERS = {
    "MarginLevelGet/{login}": cached,
    "MarginLevelRequest/{login}": live,
    "MarginsGet": all_cached,
}
