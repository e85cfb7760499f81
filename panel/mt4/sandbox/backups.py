"""Backups of accounts and orders: files beside the store, made when they are due.

Mode 0 lists the regular ones, mode 1 the first of each week. Accounts and orders of one moment are
in one SQLite file; MT4 lists them as two, so the name says which half is meant.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from panel.mt4.protocol.config_enums import BackupExecutionPeriod, BackupStorePeriod
from panel.mt4.protocol.records import Backup, BackupInfo, Trade
from panel.mt4.protocol.wire import to_wire
from panel.mt4.sandbox.records import Account
from panel.mt4.sandbox.store import Store, read_accounts, read_trades, write_copy

if TYPE_CHECKING:
    from panel.mt4.sandbox.state import State

USERS, ORDERS = "users", "orders"
MODES = ("daily", "weekly")
_STAMP = "%Y%m%d_%H%M%S"
_RESTORE = "restore"

EVERY: Mapping[BackupExecutionPeriod, timedelta] = {
    BackupExecutionPeriod.H1: timedelta(hours=1),
    BackupExecutionPeriod.H4: timedelta(hours=4),
    BackupExecutionPeriod.D1: timedelta(days=1),
}
KEEP: Mapping[BackupStorePeriod, timedelta] = {
    BackupStorePeriod.Mn1: timedelta(days=31),
    BackupStorePeriod.Mn3: timedelta(days=92),
    BackupStorePeriod.Mn6: timedelta(days=183),
    BackupStorePeriod.Y1: timedelta(days=366),
}


class Backups:
    """The files of one sandbox."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = store.folder / "backups"
        self._folder.mkdir(exist_ok=True)

    def _files(self, mode: int) -> list[Path]:
        return sorted(self._folder.glob(f"{MODES[mode]}_*.sqlite3"))

    def infos(self, mode: int, half: str) -> list[BackupInfo]:
        """The files of a mode, oldest first."""
        if not 0 <= mode < len(MODES):
            return []
        return [
            BackupInfo(file=f"{path.stem}.{half}", size=path.stat().st_size, time=_time(path))
            for path in self._files(mode)
        ]

    def path(self, file: str, half: str) -> Path | None:
        """The file that a name from `infos` means; None for any other name."""
        stem, _, given = file.rpartition(".")
        known = {path.stem: path for mode in range(len(MODES)) for path in self._files(mode)}
        return known.get(stem) if given == half else None

    async def make_if_due(self, state: State) -> bool:
        """Make a backup when the last one is too old by the settings; drop those that are over.

        It is written beside the work, from the records of one moment.
        """
        now, settings = state.clock.now(), state.config.backup
        if now - settings.full_backup_last_time < EVERY[settings.full_backup_period]:
            return False
        await self.make(state)
        return True

    def names(self) -> list[str]:
        """The regular backups that there are, oldest first."""
        return [path.stem for path in self._files(0)]

    async def make(self, state: State) -> str:
        """Make one now; its name. Raises OSError and sqlite3.Error."""
        now, settings = state.clock.now(), state.config.backup
        path = self._folder / f"{MODES[0]}_{now.strftime(_STAMP)}.sqlite3"
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        records = list(state.accounts.values()), list(state.trades.values())
        await asyncio.to_thread(write_copy, unfinished, *records)
        unfinished.replace(path)
        self._keep_weekly(path, now)
        state.config.backup = replace(state.config.backup, full_backup_last_time=now)
        self._save(state.config.backup)
        self._tidy(now - KEEP[settings.full_backup_store])
        return path.stem

    def _keep_weekly(self, path: Path, now: datetime) -> None:
        """The first backup of a week is its weekly one as well."""
        weekly = self._files(1)
        if not weekly or _time(weekly[-1]).isocalendar()[:2] != now.isocalendar()[:2]:
            path.with_name(path.name.replace(MODES[0], MODES[1])).hardlink_to(path)

    def _tidy(self, oldest: datetime) -> None:
        for mode in range(len(MODES)):
            for old in self._files(mode):
                if _time(old) < oldest:
                    old.unlink()

    def _save(self, settings: Backup) -> None:
        with self._store.transaction():
            self._store.put_settings("backup", [to_wire(settings)])

    def accounts(self, path: Path) -> Iterator[Account]:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            yield from read_accounts(db)

    def trades(self, path: Path) -> Iterator[Trade]:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            yield from read_trades(db)


def ask_to_restore(store: Store, name: str) -> None:
    """Have the next start go back to a regular backup."""
    with store.transaction():
        store.put_settings(_RESTORE, [name])


def restore_if_asked(store: Store) -> None:
    """Put the accounts and records of a backup in the place of those that there are."""
    backups = Backups(store)
    for name in store.settings(_RESTORE):
        path = backups.path(f"{name}.{USERS}", USERS)
        if path is None:
            raise FileNotFoundError(f"There is no backup {name}.")
        with store.transaction():
            store.put_settings(_RESTORE, [])
            store.replace_records(backups.accounts(path), backups.trades(path))


def _time(path: Path) -> datetime:
    return datetime.strptime(path.stem.partition("_")[2], _STAMP)  # noqa: DTZ007 - server's clock
