"""The server's clock."""

from __future__ import annotations

from datetime import datetime

from panel.mt4.sandbox.call import Call


def server_time(call: Call) -> datetime:
    return call.now()


HANDLERS = {"ServerTime": server_time}
