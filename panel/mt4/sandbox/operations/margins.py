"""Margin levels, computed from the positions and prices of now."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from panel.mt4 import rules
from panel.mt4.protocol.records import MarginLevel
from panel.mt4.sandbox.answers import not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.figures import margin_level

LEVELS_AT_ONCE = 50
"""How many accounts are looked at before other callers get their turn: some milliseconds."""


def live(call: Call) -> MarginLevel:
    return margin_level(call.state, call.account())


def cached(call: Call) -> MarginLevel:
    """The bridge's cache knows accounts with open trades only."""
    account = call.account()
    if not call.state.open_trades(account.login):
        raise not_found(f"Account {account.login} has no open trades.")
    return margin_level(call.state, account)


async def all_cached(call: Call) -> list[MarginLevel]:
    """Of each account at the prices of the moment in which it is looked at."""
    state, found = call.unit.state, list[MarginLevel]()
    for index, login in enumerate(call.state.logins_with_open_trades()):
        if index % LEVELS_AT_ONCE == 0:
            await asyncio.sleep(0)
        account = state.accounts.get(login)
        if account is None:
            continue  # It was deleted meanwhile.
        with suppress(rules.UnknownMarketError):  # No figures of one that cannot be valued.
            found.append(margin_level(state, account))
    return found


HANDLERS = {
    "MarginLevelGet/{login}": cached,
    "MarginLevelRequest/{login}": live,
    "MarginsGet": all_cached,
}
