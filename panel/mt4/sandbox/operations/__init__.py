"""The operations of the sandbox, one module per area.

A handler takes a `Call` and returns what goes into the envelope's `data`; it refuses by raising
`RefusalError`, and it changes things through `call.unit` only. One that reads for long is `async`
and lets others have their turn in between. `HANDLERS` is keyed by the path of
the catalogue, so that a new operation is one function and one line in its module's table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.operations import (
    accounts,
    backup_files,
    balances,
    bulk,
    charts,
    common,
    config_lists,
    config_managers,
    config_server,
    groups,
    groups_admin,
    journal_reads,
    mail,
    margins,
    money,
    news,
    online_users,
    passwords,
    plugins,
    reports,
    server_admin,
    symbols,
    symbols_admin,
    sync,
    trades,
    trades_admin,
)

Handler = Callable[[Call], Any]

_MODULES = (
    accounts,
    backup_files,
    balances,
    bulk,
    charts,
    common,
    config_lists,
    config_managers,
    config_server,
    groups,
    groups_admin,
    journal_reads,
    mail,
    margins,
    money,
    news,
    online_users,
    passwords,
    plugins,
    reports,
    server_admin,
    symbols,
    symbols_admin,
    sync,
    trades,
    trades_admin,
)

HANDLERS: Mapping[str, Handler] = {
    path: handler for module in _MODULES for path, handler in module.HANDLERS.items()
}
