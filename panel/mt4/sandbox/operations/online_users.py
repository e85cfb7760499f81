"""Who is connected."""

from __future__ import annotations

from panel.mt4.sandbox.answers import Page
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.online import online
from panel.mt4.sandbox.paging import page
from panel.mt4.sandbox.state import SortedKeys


def sessions(call: Call) -> Page:
    """Sessions by login: the manager's own, and made up ones, see `sandbox.online`."""
    found = {each.login: each for each in online(call.state, [call.manager.login])}
    return page(call, SortedKeys(found).after, lambda logins: [found[login] for login in logins])


HANDLERS = {"OnlineGet": sessions, "OnlineRequest": sessions}
