"""The server's journal: what it did, for whom, and what it refused. In memory, and on disk soon."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from panel.mt4.protocol.enums import LogType
from panel.mt4.sandbox.store import Store

KEPT = 20_000
KIND = "journal"

OK, TRADE, LOGIN, WARNING, ERROR, ATTENTION = "Ok", "Trade", "Login", "Warn", "Err", "Att"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `code` is how the journal marks it, `ip` where the call came from."""

    number: int
    time: datetime
    kind: LogType
    code: str
    ip: str
    message: str


class Journal:
    """The last lines. A kill loses those of the last seconds, as it does on any server."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._unwritten: list[Line] = []
        self._last = 0

    def load(self, store: Store) -> None:
        """Read what the last process left."""
        for number, (time, kind, code, ip, message) in store.rows(KIND):
            moment = datetime.fromisoformat(time)
            self._lines.append(Line(number, moment, LogType(kind), code, ip, message))
            self._last = number

    def add(self, message: str, *, kind: LogType, code: str = OK, ip: str = "") -> None:
        self._last += 1
        line = Line(self._last, self._now(), kind, code, ip, message)
        self._lines.append(line)
        self._unwritten.append(line)

    def flush(self, store: Store) -> None:
        """Write what is new, inside a transaction of the caller's."""
        lines, self._unwritten = self._unwritten[-KEPT:], []
        if not lines:
            return
        store.append(
            KIND,
            (
                (each.number, (each.time.isoformat(), each.kind, each.code, each.ip, each.message))
                for each in lines
            ),
        )
        store.trim(KIND, self._last - KEPT)

    def between(self, since: datetime, until: datetime) -> Iterator[Line]:
        """Lines of a window, both ends included, oldest first."""
        return (line for line in self._lines if since <= line.time <= until)

    def last(self, count: int) -> list[Line]:
        """The newest lines, newest first."""
        return [line for line, _ in zip(reversed(self._lines), range(count), strict=False)]
