"""Copies of a panel's database, made while it is in use, and put back as from a backup."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import sql

from tests.harness.postgres import binary


def keep(url: str, to: Path) -> Path:
    """Copy the database at this address into a file, whole and of one moment."""
    to.parent.mkdir(parents=True, exist_ok=True)
    if url.startswith("sqlite"):
        with closing(_open(url)) as live, closing(sqlite3.connect(to)) as copy:
            live.backup(copy)
    else:
        _run([binary("pg_dump"), "--format=custom", f"--file={to}", f"--dbname={url}"])
    return to


def put_back(url: str, copy: Path) -> None:
    """The copy in the database's place. Whoever has it open is thrown out."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(copy)) as old, closing(_open(url)) as live:
            old.backup(live)
        return
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        database = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
    _run([binary("pg_restore"), "--exit-on-error", f"--dbname={url}", str(copy)])


def _open(url: str) -> sqlite3.Connection:
    return sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{command[0]}\n{done.stderr}"
