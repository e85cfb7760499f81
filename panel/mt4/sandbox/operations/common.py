"""The server itself: its clock, its settings, its managers."""

from __future__ import annotations

import time
from datetime import datetime

from panel.mt4.protocol.records import Common
from panel.mt4.sandbox.answers import Page
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.clock import offset_hours
from panel.mt4.sandbox.paging import page
from panel.mt4.sandbox.state import SortedKeys


def server_time(call: Call) -> datetime:
    return call.now()


def common(call: Call) -> Common:
    return Common(
        name="Sandbox-Demo",
        owner="Sandbox Markets Ltd",
        build=1403,
        version=400,
        time_zone=offset_hours(time.time()),
    )


def managers(call: Call) -> Page:
    found = call.state.managers
    return page(call, SortedKeys(found).after, found.__getitem__)


HANDLERS = {
    "ServerTime": server_time,
    "ManagerCommon": common,
    "CfgRequestCommon": common,
    "CfgRequestManager": managers,
}
