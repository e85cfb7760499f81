"""Daily reports: one for each account and day of the server's clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import orjson

from panel.mt4.protocol.records import DailyReport
from panel.mt4.protocol.wire import from_wire, to_wire
from panel.mt4.sandbox.clock import unix_seconds
from panel.mt4.sandbox.store import Store

_SCHEMA = """CREATE TABLE IF NOT EXISTS dailies (
    login INTEGER, time INTEGER, body BLOB, PRIMARY KEY (login, time)) WITHOUT ROWID"""
_PUT = "INSERT OR REPLACE INTO dailies VALUES (?, ?, ?)"
_OF_LOGIN = "SELECT body FROM dailies WHERE login = ? AND time BETWEEN ? AND ? ORDER BY time"
_SINCE = "SELECT body FROM dailies WHERE time >= ? ORDER BY login, time"


class Dailies:
    """Reports on disk; none are held in memory, as there are many and few are asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.define(_SCHEMA)

    def add(self, reports: Iterable[DailyReport]) -> None:
        """Write reports, inside a transaction of the caller's; a second one of a day replaces."""
        self._store.write_many(
            _PUT,
            (
                (report.login, unix_seconds(report.ctm), orjson.dumps(to_wire(report)))
                for report in reports
            ),
        )

    def between(
        self, logins: Iterable[int], since: datetime, until: datetime
    ) -> Iterator[DailyReport]:
        """Reports of these accounts, by account and day; both ends belong to the window."""
        ends = unix_seconds(since), unix_seconds(until)
        for login in logins:
            for (body,) in self._store.query(_OF_LOGIN, (login, *ends)):
                yield from_wire(DailyReport, orjson.loads(body))

    def since(self, moment: datetime) -> Iterator[DailyReport]:
        """Every report of this day and later."""
        for (body,) in self._store.query(_SINCE, (unix_seconds(moment),)):
            yield from_wire(DailyReport, orjson.loads(body))
