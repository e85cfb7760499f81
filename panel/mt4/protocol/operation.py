"""What one operation of the WebAPI is, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

BASE = "/api/v2/MT4"
PLATFORMS_PATH = "/api/TradePlatforms"
MAX_LIMIT = 5000
"""Most items of one page."""


class Kind(StrEnum):
    """What an operation does to the server, which decides how its failures are read."""

    READ = "read"
    HISTORY = "history"
    CHANGE = "change"
    TRADE = "trade"
    MAINTENANCE = "maintenance"


DEADLINES = {
    Kind.TRADE: 5.0,
    Kind.READ: 10.0,
    Kind.CHANGE: 15.0,
    Kind.HISTORY: 30.0,
    Kind.MAINTENANCE: 60.0,
}
"""Default deadline by kind, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. ``body`` and ``result`` are types as ``wire.decode`` takes them."""

    path: str
    kind: Kind
    method: str
    area: str = ""
    query: tuple[str, ...] = ()
    body: Any = None
    result: Any = bool
    destructive: bool = False

    @property
    def name(self) -> str:
        """The first part of the path, as in faults, logs and the audit log."""
        return self.path.partition("/")[0]

    @property
    def deadline(self) -> float:
        """Default deadline in seconds."""
        return DEADLINES[self.kind]

    @property
    def changes(self) -> bool:
        """Whether a failure of transport leaves the outcome unknown."""
        return self.kind not in (Kind.READ, Kind.HISTORY)

    @property
    def paged(self) -> bool:
        """Whether the answer comes in pages."""
        return "cursor" in self.query

    def url(self, platform: str, **params: str | int) -> str:
        """The path from the root of the API.

        Raises KeyError for a missing parameter, ValueError for one that would change the path.
        """
        if any(str(value) in ("", ".", "..") for value in params.values()):
            raise ValueError(f"{self.name} cannot be called for an empty name")
        values = {name: quote(str(value), safe="") for name, value in params.items()}
        return f"{BASE}/{quote(platform, safe='')}/{self.path.format(**values)}"
