"""The server's clock: Eastern European time, as brokers run it so that the day ends with New York.

MT4 shows its own wall clock everywhere, so a time here is a naive datetime of that clock.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

WINTER_OFFSET = 2


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


@lru_cache(maxsize=64)
def _summer(year: int) -> tuple[float, float]:
    return _last_sunday(year, 3).timestamp(), _last_sunday(year, 10).timestamp()


def offset_hours(utc: float) -> int:
    """Hours that the server's clock is ahead of UTC: 2, and 3 in summer by the EU's rule."""
    begin, end = _summer(time.gmtime(utc).tm_year)
    return WINTER_OFFSET + (begin <= utc < end)


def server_time(utc: float | None = None) -> datetime:
    """The server's clock now, or at a UTC instant, to the second."""
    instant = time.time() if utc is None else utc
    clock = int(instant) + offset_hours(instant) * 3600
    return datetime.fromtimestamp(clock, UTC).replace(tzinfo=None)


class Clock:
    """The clock that a server goes by: the real one, or one that stands until it is moved.

    `shift` is how wrong a running one is.
    """

    def __init__(self, standing: datetime | None = None) -> None:
        self.standing = standing
        self.shift = timedelta(0)

    def now(self) -> datetime:
        """The server's time, to the second."""
        return server_time() + self.shift if self.standing is None else self.standing

    def jump(self, by: timedelta) -> None:
        """Set the clock forwards or back."""
        if self.standing is None:
            self.shift += by
        else:
            self.standing += by


def from_unix(seconds: int) -> datetime:
    """A server time from the integer that MT4 packs it into."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def unix_seconds(clock: datetime) -> int:
    """A server time as MT4 packs it into an integer: its wall clock read as if it were UTC."""
    return int(clock.replace(tzinfo=UTC).timestamp())
