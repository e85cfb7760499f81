"""The server's memory on disk: one SQLite file, one transaction per operation.

Write-ahead log with `synchronous=OFF`: what a transaction wrote is in the operating system's pages
when COMMIT returns, so it outlives a kill -9 of this process. Only a crash of the whole machine
could lose the last changes, which a sandbox may.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from panel.mt4.protocol.records import Trade, User
from panel.mt4.sandbox.columns import Columns
from panel.mt4.sandbox.records import Account

_USER = Columns.of(User)
_TRADE = Columns.of(Trade)
_PASSWORDS = ("password", "investor_password")
_SCHEMA = f"""
{_USER.table("accounts", *_PASSWORDS)};
{_TRADE.table("trades")};
CREATE TABLE IF NOT EXISTS settings (
    kind TEXT, position INTEGER, body BLOB, PRIMARY KEY (kind, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS idempotency (
    id INTEGER PRIMARY KEY, name TEXT, expires REAL, body BLOB, code TEXT);
CREATE TABLE IF NOT EXISTS rows (
    kind TEXT, id INTEGER, body BLOB, PRIMARY KEY (kind, id)) WITHOUT ROWID;
"""
_PUT_ACCOUNT = _USER.insert("accounts", *_PASSWORDS)
_PUT_TRADE = _TRADE.insert("trades")
_PUT_KEY = "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?)"


class StoreBusyError(RuntimeError):
    """Another process has this data folder open."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """What became of an idempotency key; no body while its outcome cannot be told.

    Rows are only ever appended, as nothing is cheaper: of several with one name the last counts.
    """

    id: int
    name: str
    expires: float
    body: bytes | None
    code: str


def read_accounts(db: sqlite3.Connection) -> Iterator[Account]:
    """The accounts of a database, by login."""
    for user, passwords in _USER.read(db.execute("SELECT * FROM accounts ORDER BY login")):
        yield Account(user, *passwords)


def read_trades(db: sqlite3.Connection) -> Iterator[Trade]:
    """The trades of a database, by ticket."""
    rows = db.execute('SELECT * FROM trades ORDER BY "order"')
    return (trade for trade, _ in _TRADE.read(rows))


def write_copy(path: Path, accounts: Iterable[Account], trades: Iterable[Trade]) -> None:
    """A database file of its own with these records."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA + "BEGIN;")
        db.executemany(_PUT_ACCOUNT, map(_account_row, accounts))
        db.executemany(_PUT_TRADE, map(_TRADE.row, trades))
        db.execute("COMMIT")


def _account_row(account: Account) -> Sequence[Any]:
    return (*_USER.row(account.user), account.password, account.investor_password)


class Store:
    """The open database. Raises StoreBusyError when another sandbox works on the same folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._db = sqlite3.connect(folder / "sandbox.sqlite3", isolation_level=None, timeout=2)
        try:
            self._db.executescript(
                "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
                "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536;" + _SCHEMA
            )
        except sqlite3.OperationalError as error:
            raise StoreBusyError(f"{folder} is in use by another sandbox ({error})") from error

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written inside is there together, or, on an error, not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def put_accounts(self, accounts: Iterable[Account]) -> None:
        self._db.executemany(_PUT_ACCOUNT, map(_account_row, accounts))

    def put_trades(self, trades: Iterable[Trade]) -> None:
        self._db.executemany(_PUT_TRADE, map(_TRADE.row, trades))

    def replace_records(self, accounts: Iterable[Account], trades: Iterable[Trade]) -> None:
        """These accounts and records, and no others."""
        self._db.execute("DELETE FROM accounts")
        self._db.execute("DELETE FROM trades")
        self.put_accounts(accounts)
        self.put_trades(trades)

    def drop_account(self, login: int, tickets: Iterable[int]) -> None:
        """Delete an account with all its records, named because no index knows them."""
        self._db.execute("DELETE FROM accounts WHERE login = ?", (login,))
        self.drop_trades(tickets)

    def drop_trades(self, tickets: Iterable[int]) -> None:
        """Delete records."""
        rows = ((ticket,) for ticket in tickets)
        self._db.executemany('DELETE FROM trades WHERE "order" = ?', rows)

    def put_settings(self, kind: str, bodies: Iterable[object]) -> None:
        """A whole list of settings, in its order, instead of the one before."""
        self._db.execute("DELETE FROM settings WHERE kind = ?", (kind,))
        self._db.executemany(
            "INSERT INTO settings VALUES (?, ?, ?)",
            ((kind, index, orjson.dumps(body, default=str)) for index, body in enumerate(bodies)),
        )

    def define(self, script: str) -> None:
        """Create the tables of a module that keeps its own."""
        self._db.executescript(script)

    def write_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a module's own statement for each of these rows."""
        self._db.executemany(statement, rows)

    def query(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows of a module's own tables."""
        return iter(self._db.execute(statement, parameters).fetchall())

    def append(self, kind: str, rows: Iterable[tuple[int, object]]) -> None:
        """Rows of a list that only grows, such as the journal, by ascending numbers."""
        self._db.executemany(
            "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)",
            ((kind, number, orjson.dumps(body, default=str)) for number, body in rows),
        )

    def trim(self, kind: str, before: int) -> None:
        """Forget the rows of a growing list with smaller numbers."""
        self._db.execute("DELETE FROM rows WHERE kind = ? AND id < ?", (kind, before))

    def rows(self, kind: str) -> Iterator[tuple[int, Any]]:
        """The rows of a growing list, oldest first."""
        query = "SELECT id, body FROM rows WHERE kind = ? ORDER BY id"
        for number, body in self._db.execute(query, (kind,)):
            yield number, orjson.loads(body)

    def put_key(self, key: KeyRow) -> None:
        self._db.execute(_PUT_KEY, (key.id, key.name, key.expires, key.body, key.code))

    def forget_keys(self, ids: Iterable[int]) -> None:
        """Delete rows whose time is over."""
        with self.transaction():
            self._db.executemany("DELETE FROM idempotency WHERE id = ?", ((each,) for each in ids))

    def remembered(self) -> Iterator[KeyRow]:
        """All rows, oldest first."""
        for row in self._db.execute("SELECT * FROM idempotency ORDER BY id"):
            yield KeyRow(*row)

    def accounts(self) -> Iterator[Account]:
        return read_accounts(self._db)

    def trades(self) -> Iterator[Trade]:
        return read_trades(self._db)

    def settings(self, kind: str) -> Iterator[Any]:
        query = "SELECT body FROM settings WHERE kind = ? ORDER BY position"
        for (body,) in self._db.execute(query, (kind,)):
            yield orjson.loads(body)
