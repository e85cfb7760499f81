"""Settings of the whole server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """Name, owner, build and zone (hours from UTC) of the server."""

    name: str = ""
    owner: str = ""
    build: int = 0
    version: int = 0
    time_zone: int = 0

    @property
    def identity(self) -> str:
        """What the server says of itself, as far as a platform's row keeps it: name and owner."""
        return f"{self.name} of {self.owner}"[:300]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonUpdate:
    """Writable settings of the server."""

    name: str = ""
    owner: str = ""
    time_zone: int = 0
    daylight_correction: int = 0
    time_zone_real: int = 0
    time_sync: str = ""
    min_client: int = 0
    min_api: int = 0
    keep_emails: int = 0
    keep_ticks: int = 0
    anti_flood: int = 0
    flood_control: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTime:
    """168 access hours (day * 24 + hour, Sunday first), 1 allowed."""

    access_hours: tuple[int, ...] = ()
