"""The list of platforms, the one answer without an envelope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panel.mt4.protocol.wire import NO_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePlatform:
    """A trade server that the signed-in client may use; id is a UUID, login the manager's."""

    id: str = ""
    name: str = ""
    type: str = ""
    login: int = 0
    organization_id: str = ""
    created: datetime = NO_TIME
