"""Bringing the test database back after a test with real transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper


def keep() -> Callable[[], None]:
    """Remember the database as the migrations made it; what brings it back to that.

    Most tests have real transactions, so this has to be quick: a whole file on SQLite, only what
    differs on PostgreSQL.
    """
    return _keep_postgres() if connection.vendor == "postgresql" else _keep_sqlite()


def _keep_sqlite() -> Callable[[], None]:
    kept = sqlite3.connect(":memory:")
    connection.ensure_connection()
    connection.connection.backup(kept)

    def bring_back() -> None:
        connection.ensure_connection()
        kept.backup(connection.connection)

    return bring_back


def _keep_postgres() -> Callable[[], None]:
    with connection.cursor() as cursor:
        tables = connection.introspection.django_table_names(only_existing=True)
        filled = {table: rows for table in tables if (rows := _rows(cursor, table))}
        numbers = _numbers(cursor)
    empty = ";".join(f"DELETE FROM {table}" for table in tables if table not in filled)

    def bring_back() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            # The triggers of the audit log and of notes refuse to empty them, and foreign keys ask
            # for an order: for this moment neither is heard.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(empty)
            for table, rows in filled.items():
                if _rows(cursor, table) != rows:
                    cursor.execute(f"DELETE FROM {table}")
                    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                        copy.write(b"".join(rows))
            now = _numbers(cursor)
            for name, last in numbers.items():
                if now[name] != last:
                    cursor.execute("SELECT setval(%s, %s, %s)", [name, last or 1, last is not None])

    return bring_back


def _rows(cursor: CursorWrapper, table: str) -> Sequence[bytes]:
    """The rows of a table, as PostgreSQL writes them down."""
    with cursor.copy(f"COPY {table} TO STDOUT") as copy:
        return [bytes(row) for row in copy]


def _numbers(cursor: CursorWrapper) -> dict[str, int | None]:
    """The last number that each sequence gave; None when it gave none."""
    cursor.execute("SELECT sequencename, last_value FROM pg_sequences")
    return dict(cursor.fetchall())
