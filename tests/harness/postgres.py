"""A throw-away PostgreSQL cluster: made in under a second, gone after the tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import psycopg
from psycopg import sql

from scripts.services import Service
from tests.harness.waiting import free_port

# Safe only because nobody misses the data after a power cut.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres:
    """One cluster on a free port of loopback, without passwords.

    It is never written safely to disk, unless `options` say otherwise.
    """

    options: ClassVar[Sequence[str]] = _FAST

    def __init__(self) -> None:
        # PostgreSQL refuses to run as root, and its user must be able to reach the folder.
        self.user = "postgres" if os.getuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="panel-postgres-"))
        self.port = free_port()
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        data = self.folder / "data"
        initdb = [binary("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-N"]
        self._run([*initdb, "-E", "UTF8", "--locale", "C.UTF-8"])
        server = [binary("postgres"), "-D", str(data), "-p", str(self.port), "-k", "", "-h"]
        options = [part for option in self.options for part in ("-c", option)]
        self.service = Service.start(
            "postgres",
            [*server, "127.0.0.1", *options],
            log=self.folder / "postgres.log",
            env=os.environ,
            user=self.user,
        )
        self.service.wait_until(self._answers, 20)

    def url(self, name: str) -> str:
        """The address of a database, as DATABASE_URL has it."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, template: str = "template1") -> str:
        """Make a database, as a copy of another one; its address."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)
        return self.url(name)

    def stop(self) -> None:
        """Stop the server and remove its files."""
        # SIGINT is PostgreSQL's fast stop; SIGTERM would wait for every client to leave.
        self.service.signal_all(signal.SIGINT)
        self.service.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, command: list[str]) -> None:
        if self.user:
            command = ["runuser", "-u", self.user, "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)


def binary(name: str) -> str:
    """The path of a server program: Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    if not path:
        raise RuntimeError(f"PostgreSQL's {name} is missing: run `make test`, which installs it.")
    return path
