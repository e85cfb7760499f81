"""Margin levels, computed from the positions and prices of now."""

from __future__ import annotations

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


def all_cached(call: Call) -> list[MarginLevel]:
    state = call.state
    return [margin_level(state, state.accounts[login]) for login in state.logins_with_open_trades()]


HANDLERS = {
    "MarginLevelGet/{login}": cached,
    "MarginLevelRequest/{login}": live,
    "MarginsGet": all_cached,
}
