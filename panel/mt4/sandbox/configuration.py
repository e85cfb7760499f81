"""The server's settings beyond groups, symbols and managers: each list in the server's own order.

The position by which MT4 updates, deletes and shifts an entry is its index in that order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from panel.mt4.protocol.records import (
    Access,
    Backup,
    CommonUpdate,
    DataServer,
    Feeder,
    GatewayAccount,
    GatewayMarkup,
    GatewayRule,
    Holiday,
    LiveUpdate,
    PluginParam,
    ServerTime,
    SymbolDaySessions,
    Sync,
)

HOURS_A_WEEK = 7 * 24

LISTS: Mapping[str, type[Any]] = {
    "access": Access,
    "data_servers": DataServer,
    "feeders": Feeder,
    "gateway_accounts": GatewayAccount,
    "gateway_markups": GatewayMarkup,
    "gateway_rules": GatewayRule,
    "holidays": Holiday,
    "live_updates": LiveUpdate,
    "plugins": PluginParam,
    "syncs": Sync,
}
"""Lists of `Configuration` by their attribute, which is their name on disk too."""

SINGLES: Mapping[str, type[Any]] = {
    "common": CommonUpdate,
    "backup": Backup,
    "access_hours": ServerTime,
}
"""Settings that the server has once."""


@dataclass(slots=True)
class Configuration:
    """Settings in force. `hidden` symbols get no ticks and take no orders."""

    access: list[Access] = field(default_factory=list)
    data_servers: list[DataServer] = field(default_factory=list)
    feeders: list[Feeder] = field(default_factory=list)
    gateway_accounts: list[GatewayAccount] = field(default_factory=list)
    gateway_markups: list[GatewayMarkup] = field(default_factory=list)
    gateway_rules: list[GatewayRule] = field(default_factory=list)
    holidays: list[Holiday] = field(default_factory=list)
    live_updates: list[LiveUpdate] = field(default_factory=list)
    plugins: list[PluginParam] = field(default_factory=list)
    syncs: list[Sync] = field(default_factory=list)
    common: CommonUpdate = field(default_factory=CommonUpdate)
    backup: Backup = field(default_factory=Backup)
    access_hours: ServerTime = field(
        default_factory=lambda: ServerTime(access_hours=(1,) * HOURS_A_WEEK)
    )
    sessions: dict[str, tuple[SymbolDaySessions, ...]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def sessions_of(self, symbol: str) -> tuple[SymbolDaySessions, ...]:
        """A symbol's quote and trade windows, seven days from Sunday on."""
        return self.sessions.get(symbol) or tuple(
            SymbolDaySessions(day_of_week=n) for n in range(7)
        )
